"""changes.json: what a version says otherwise than the one before it, and the same of any two."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path

import msgspec
from msgspec import Struct

from etl.load.file import File
from etl.load.values import Header, write_json
from etl.store.layout import CHANGES
from etl.transform.changes import Changes

# changes.json alone never makes a version count as new
NO_CONTENT = hashlib.sha256(b"").hexdigest()


class Series(Struct, frozen=True):
    """A country, region or place; `name` says what it lies in as well."""

    key: str
    name: str


class RestatedCell(Struct, frozen=True):
    """A figure of one series on one day; null where it is missing."""

    key: str
    name: str
    date: date
    measure: str
    before: int | None
    after: int | None


class MeasureChange(Struct, frozen=True):
    """As etl.transform.changes.Measured."""

    compared: int
    restated: int
    net: int


class Difference(Struct, frozen=True, kw_only=True):
    """`compared_with` is the earlier run, None where there was nothing to compare with.

    Rows are days of series; a cell is a measure of a series on a day, `restated_share` a share of
    those that stand in both (0.01 is 1 %).
    """

    compared_with: str | None
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


def difference(
    found: Changes,
    names: Mapping[str, str],
    before: str,
    last_before: date,
    last: date | None,
) -> Difference:
    """`names`: of series by key, as far as they are known; `before`: the run compared with."""

    def named(key: str) -> Series:
        return Series(key, names.get(key, key))

    return Difference(
        compared_with=before,
        last_date_before=last_before,
        last_date=last,
        rows_added=found.added,
        rows_removed=found.removed,
        cells_compared=found.compared,
        cells_restated=found.restated,
        restated_share=round(found.restated_share, 6),
        measures={name: MeasureChange(**asdict(m)) for name, m in found.measures.items()},
        biggest=[RestatedCell(name=named(cell.key).name, **asdict(cell)) for cell in found.biggest],
        appeared=[named(key) for key in found.appeared],
        gone=[named(key) for key in found.gone],
    )


def write_changes(folder: Path, header: Header, told: Difference) -> File:
    write_json(folder / CHANGES, {**header.fields(), **msgspec.to_builtins(told)})
    return File(CHANGES, folder / CHANGES, len(told.biggest), content_sha256=NO_CONTENT)


def read_changes(content: bytes) -> Difference:
    """Raises msgspec.DecodeError."""
    return msgspec.json.decode(content, type=Difference)
