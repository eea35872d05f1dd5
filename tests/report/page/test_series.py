import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from etl.load.files import Filter, Tidy, write_files
from etl.load.table import read_table
from etl.load.values import Header
from etl.report.page import series
from etl.transform.derive import stale_keys, tidy
from etl.transform.repair import repair
from etl.transform.world import world
from tests.support.frames import countries, days, rows, some, tables


def published_files(folder: Path, frame: pd.DataFrame) -> None:
    """The files of a table of the source's, as a run writes them."""
    repaired, stale = repair(frame)[0], stale_keys(frame, 14)
    about = countries(*frame["country_key"].cat.categories)
    written = Tidy(
        groups=[tidy(repaired, about, stale)],
        rows=repaired,
        countries=about.assign(file=[f"countries/{key}.json" for key in about["country_key"]]),
        world=world(repaired, stale),
        left_out=stale,
    )
    write_files(folder, Header("a source", "somebody", "none", "2021-01-01"), written, Filter())


@some
@given(tables())
def test_the_charts_series_are_the_published_averages(
    tmp_path_factory: pytest.TempPathFactory, frame: pd.DataFrame
) -> None:
    folder = tmp_path_factory.mktemp("files") / "files"
    published_files(folder, frame)
    found = json.loads(series.encode(folder))
    [table] = read_table(folder / "timeseries.parquet", ["country_key", "date", *series.AVERAGES])
    assert found["countries"].keys() == set(table["country_key"])
    for key, rows_of in table.groupby("country_key", observed=True):
        first, *steps = found["countries"][key]
        by_day = {at: n for n, at in enumerate(rows_of["date"])}
        for column, moves in zip(series.AVERAGES, steps, strict=True):
            total = 0
            for n, move in enumerate(moves):
                total += move or 0
                at = pd.Timestamp((first + n) * 86400, unit="s")
                value = rows_of[column].iloc[by_day[at]] if at in by_day else np.nan
                assert (move is None) == bool(np.isnan(value))
                # a whole number of sevenths; across a gap it is rounded to one
                assert move is None or abs(total / 7 - value) <= 0.5 / 7 + 1e-4


def test_the_worlds_series_begins_where_seven_days_are_known(tmp_path: Path) -> None:
    published_files(tmp_path / "files", rows(spain=days("2020-03-01", range(0, 90, 9))))
    found = json.loads(series.encode(tmp_path / "files"))
    assert found["world"] == [18322, [*[None] * 7, 63, 0, 0], [*[None] * 7, 0, 0, 0]]
