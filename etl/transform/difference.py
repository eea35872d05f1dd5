"""What one table says differently from an earlier one: the result of every comparison."""

from datetime import date

from msgspec import Struct


class Series(Struct, frozen=True):
    """A country, region or place; `name` includes what it lies in."""

    key: str
    name: str


class RestatedCell(Struct, frozen=True):
    """A figure of one series on one day; None where it is missing."""

    key: str
    name: str
    date: date
    measure: str
    before: int | None
    after: int | None


class MeasureChange(Struct, frozen=True):
    """A measure's cells.

    `net` is the sum of what restatements changed: of a cumulative measure each series' change on
    the last day that both tables have, of a new one the changes of all days.
    """

    compared: int
    restated: int
    net: int


class Difference(Struct, frozen=True, kw_only=True):
    """A table compared with an earlier one.

    `compared_with` is the earlier run, None if there was nothing to compare with. Rows are days of
    series. A cell is a measure of a series on a day: `cells_compared` are in both tables, and
    `restated_share` is a share of them (0.01 is 1 %), rounded to 6 places. `biggest` are the
    restated cells that differ most. `appeared` and `gone` are the series of one table only.

    `restated_by_series`: restated cells by the series' key, most first; not in changes.json.
    """

    compared_with: str | None = None
    last_date_before: date | None = None
    last_date: date | None = None
    rows_added: int = 0
    rows_removed: int = 0
    cells_compared: int = 0
    cells_restated: int = 0
    restated_share: float = 0.0
    measures: dict[str, MeasureChange] = {}
    biggest: list[RestatedCell] = []
    appeared: list[Series] = []
    gone: list[Series] = []
    restated_by_series: dict[str, int] = {}
