"""The rows of timeseries.csv.gz, which are made of texts that other files need as well."""

import pandas as pd
import pyarrow as pa
import pyarrow.csv
from hypothesis import given
from hypothesis import strategies as st

from etl.load.table import csv_lines, to_csv_table
from etl.load.values import Cells

TEXT = st.text() | st.sampled_from(["=1+1", 'a "quoted" name', "two\nlines", "-", "'", "a,b", ""])
ROWS = st.lists(
    st.tuples(
        st.none() | TEXT,
        st.none() | TEXT,
        st.datetimes(pd.Timestamp("1900-01-01"), pd.Timestamp("2200-01-01")),
        st.none() | st.integers(-(2**53), 2**53),
        st.none() | st.floats(allow_nan=False),
        st.sampled_from([1.5, 5e-324, None]),  # mostly runs of equal values, as facts are
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


def frame(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    names = ["key", "remark", "date", "count", "share", "fact", "stale"]
    made = pd.DataFrame(rows, columns=names)
    kinds = {"remark": "str", "count": "Int64", "share": "float64", "fact": "float64"}
    made = made.astype({"key": "category", "date": "datetime64[s]", "stale": "bool", **kinds})
    return made.sort_values("fact")


@given(ROWS)
def test_the_rows_are_those_that_arrows_own_writer_writes(rows: list[tuple[object, ...]]) -> None:
    table = frame(rows)
    sink = pa.BufferOutputStream()
    options = pa.csv.WriteOptions(include_header=False)
    plain = to_csv_table(pa.Table.from_pandas(table, preserve_index=False))
    pa.csv.write_csv(plain, sink, options)
    ours = b"".join(bytes(piece) for piece in csv_lines(Cells(table), list(table.columns)))
    assert ours == sink.getvalue().to_pybytes()
