"""The result of every comparison: how a table differs from an earlier one."""

from datetime import date

from msgspec import Struct


class Series(Struct, frozen=True):
    """A country, region or place; `name` includes what it is part of (Ohio, United States)."""

    key: str
    name: str


class RestatedCell(Struct, frozen=True):
    """A figure of one series on one day, before and after; None where it is missing."""

    key: str
    name: str
    date: date
    measure: str
    before: int | None
    after: int | None


class MeasureChange(Struct, frozen=True):
    """A measure's cells: how many were compared, and how many were restated.

    `net` is the sum of the changes. For a cumulative measure it adds each series' change on the
    last day that both tables have; for a new one, the changes of all days.
    """

    compared: int
    restated: int
    net: int


class Difference(Struct, frozen=True, kw_only=True):
    """A table compared with an earlier one.

    `compared_with` is the earlier run; None if there was nothing to compare with. A row is a series
    on a day, a cell a measure of it. `cells_compared` counts the cells in both tables;
    `restated_share` is a share of them (0.01 is 1 %), rounded to 6 places. `biggest` are the
    restated cells that differ most. `appeared` and `gone` are series that only one table has.

    `restated_by_series` counts restated cells by the series' key, the most first. `cells_lost`
    counts those of the restated cells that became missing. These two are not part of changes.json.
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
    cells_lost: int = 0
