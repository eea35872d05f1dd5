"""The Parquet files as other programs read them."""

from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from etl.load import parquet
from etl.load.table import TableFiles, find_value, read_table, read_whole
from etl.store.layout import TABLE_PARQUET
from etl.transform.columns import table_columns, table_fields
from etl.transform.derive import tidy
from etl.transform.repair import repair
from tests.support.frames import countries, days, rows, values

KEYS = ("austria", "france", "malta", "spain")
TABLE = rows(**{key: days("2020-03-01", range(n, n + 9)) for n, key in enumerate(KEYS)})
TIDY = tidy(repair(TABLE)[0], countries(*KEYS, spain={"iso3": "ESP"}), {"malta"})
ABOUT = {"title": "A title", "source": "A source", "licence": "CC0"}
TYPES = {
    "string": pa.string(),
    "date": pa.date32(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of four series of nine rows, two a row group."""
    monkeypatch.setattr(parquet, "GROUP_ROWS", 10)
    with TableFiles(tmp_path, ABOUT, csv=False) as files:
        files.add(TIDY)
    return tmp_path / TABLE_PARQUET


def test_every_column_has_the_type_unit_and_description_of_the_register(path: Path) -> None:
    schema = pq.read_schema(path)
    for field in table_fields():
        found = schema.field(field.name)
        assert found.type == TYPES[field.type], field.name
        unit = {b"unit": field.unit.encode()} if field.unit else {}
        assert found.metadata == {b"description": field.meaning.encode()} | unit
    assert schema.names == table_columns()


def test_the_file_says_what_it_is(path: Path) -> None:
    found = pq.read_schema(path).metadata
    assert {name: found[name.encode()].decode() for name in ABOUT} == ABOUT
    assert found[b"format"] == b"1"


def test_a_row_group_has_whole_series_in_the_order_that_the_file_declares(path: Path) -> None:
    with pq.ParquetFile(path) as file:
        assert file.num_row_groups == 2
        for n, keys in enumerate((KEYS[:2], KEYS[2:])):
            group = file.metadata.row_group(n)
            assert [c.column_index for c in group.sorting_columns] == [0, 3]
            held = group.column(0).statistics
            assert (held.min, held.max) == (keys[0], keys[-1])
            ordered = file.read_row_group(n).sort_by([("country_key", "ascending")])
            assert ordered.equals(file.read_row_group(n))


def test_pandas_polars_and_duckdb_read_the_same(path: Path) -> None:
    by_polars = pl.read_parquet(path)
    by_duckdb = duckdb.read_parquet(str(path)).pl()
    assert by_polars.equals(by_duckdb)
    assert by_polars.schema["date"] == pl.Date
    assert by_polars.schema["new_cases"] == pl.Int64
    by_pandas = pd.read_parquet(path)
    assert str(by_pandas["new_cases"].dtype) == "Int64"
    for name in table_columns():
        in_polars = [str(c) if name == "date" else c for c in by_polars[name].to_list()]
        assert values(by_pandas, name) == in_polars == values(TIDY, name), name


def test_a_file_of_an_older_run_is_read_alike(path: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.parquet"  # text as dictionaries, days as times
    pq.write_table(pa.Table.from_pandas(TIDY, preserve_index=False), old)
    columns = ["country_key", "date", "new_cases", "no_such_column"]
    for read in (read_whole(old, columns), *read_table(old, columns)):
        pd.testing.assert_frame_equal(read, read_whole(path, columns))
    for where in (old, path):
        day = TABLE["date"].iloc[4].date()
        assert find_value(where, "malta", "cumulative_cases", day) == 6
        assert find_value(where, "atlantis", "cumulative_cases", day) is None
