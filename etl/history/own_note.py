"""What a manifest says about TABLES and TRANSFORM."""

from msgspec import Struct


class TableNote(Struct, frozen=True):
    """One of TABLES: its file's rows and digest, and what of it was joined.

    `matched` counts the countries that the statistics have too, `unmatched` lists texts that name
    no country, `left_out` counts rows of countries or days that the statistics lack.
    """

    name: str
    rows: int
    matched: int
    unmatched: list[str]
    left_out: int
    columns: list[str]
    sha256: str


class StepNote(Struct, frozen=True):
    """The step of TRANSFORM, and what it did to the table."""

    name: str
    sha256: str
    rows_dropped: int
    columns_dropped: list[str]
    columns_added: list[str]


class ColumnNote(Struct, frozen=True):
    """A published column of TABLES or TRANSFORM; `missing` is the share of rows without a value."""

    name: str
    type: str
    unit: str
    meaning: str
    missing: float


class OwnNote(Struct, frozen=True):
    """What TABLES and TRANSFORM brought into a version."""

    tables: list[TableNote] = []
    step: StepNote | None = None
    columns: list[ColumnNote] = []
