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
from etl.report.page.assets import scripts, series_scripts
from etl.report.page.encoding import AVERAGES, TOTALS
from etl.report.page.words import Measure
from etl.transform.derive import stale_keys, tidy
from etl.transform.repair import repair
from etl.transform.world import world
from tests.support.chart_series import decoded
from tests.support.frames import countries, days, rows, some, tables


def published_files(folder: Path, frame: pd.DataFrame, about: pd.DataFrame | None = None) -> None:
    """The files of a table of the source's, as a run writes them."""
    repaired, stale = repair(frame)[0], stale_keys(frame, 14)
    if about is None:
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
def test_the_charts_series_are_the_published_columns(
    tmp_path_factory: pytest.TempPathFactory, frame: pd.DataFrame
) -> None:
    folder = tmp_path_factory.mktemp("files") / "files"
    published_files(folder, frame)
    found = json.loads(series.encode(folder)[0])
    [table] = read_table(folder / "timeseries.parquet", ["country_key", "date", *TOTALS, *AVERAGES])
    assert found["series"].keys() == set(table["country_key"])
    for key, rows_of in table.groupby("country_key", observed=True):
        published = rows_of.set_index("date").astype(dict.fromkeys(TOTALS, "float64"))
        for name in (*TOTALS, *AVERAGES):
            shown = decoded(found, found["series"][key], name)
            expected = published[name].reindex(shown.index)
            assert (shown.isna() == expected.isna()).all()
            # averages: a whole number of sevenths; across a gap they are rounded to one
            off = (shown - expected).abs().max()
            assert np.isnan(off) or off <= (0.5 / 7 + 1e-4 if name in AVERAGES else 0)


def test_one_day_in_seven_has_the_last_day_and_the_same_averages(tmp_path: Path) -> None:
    table = rows(spain=days("2020-03-01", [n * n for n in range(30)], list(range(30))))
    published_files(tmp_path / "files", table)
    encoded = series.encode(tmp_path / "files", each=(1, 7, 28))
    every, week, month = map(json.loads, encoded)
    for name in (*TOTALS, *AVERAGES):
        line = decoded(week, week["series"]["spain"], name)
        assert [f"{day:%m-%d}" for day in line.index] == [
            "03-02",
            "03-09",
            "03-16",
            "03-23",
            "03-30",
        ]
        whole = decoded(every, every["series"]["spain"], name)
        pd.testing.assert_series_equal(line, whole[line.index], check_freq=False)
        few = decoded(month, month["series"]["spain"], name)
        pd.testing.assert_series_equal(few, whole[few.index], check_freq=False)
        assert [f"{day:%m-%d}" for day in few.index] == ["03-02", "03-30"]


def test_the_worlds_series_is_that_of_its_file(tmp_path: Path) -> None:
    published_files(tmp_path / "files", rows(spain=days("2020-03-01", range(0, 90, 9))))
    found = json.loads(series.encode(tmp_path / "files")[0])
    averages = decoded(found, found["sums"][""], "cases_7d_avg")
    assert averages.isna().tolist() == [True] * 7 + [False] * 3
    assert averages.iloc[-1] == 9


def test_continents_are_the_sums_of_their_countries_that_are_not_stale(tmp_path: Path) -> None:
    table = rows(
        spain=days("2020-03-01", [10, 20, 20, 50, 60], [1, 1, 2, 2, 3]),
        france=[("2020-03-02", 5, 0, 0), ("2020-03-04", 9, 1, 0)],  # a gap, and it ends earlier
        monaco=days("2020-03-03", [1, 1, 2]),  # of unknown population
        others=[("2020-01-05", 700, 7, 0)],  # stale
        chad=days("2020-03-04", [3, 4]),
    )
    europe = {"continent": "Europe"}
    facts = countries(
        spain={**europe, "population": 100},
        france={**europe, "population": 50},
        monaco=europe,
        others=europe,
        chad={"continent": "North Africa", "population": 10},
    )
    published_files(tmp_path / "files", table, facts.sort_values("country_key"))
    found = json.loads(series.encode(tmp_path / "files")[0])
    assert set(found["sums"]) == {"", "@europe", "@north-africa"}
    line = found["sums"]["@europe"]
    about = [line[name] for name in ("name", "members", "peopled", "population")]
    assert about == ["Europe", 3, 2, 150]
    assert decoded(found, line, "cumulative_cases").tolist() == [10, 25, 26, 60, 71]
    assert decoded(found, line, "cumulative_deaths").tolist() == [1, 1, 2, 3, 4]
    assert decoded(found, line, "cumulative_cases", "heads").tolist() == [10, 25, 25, 59, 69]
    africa = found["sums"]["@north-africa"]
    assert "heads" not in africa
    assert decoded(found, africa, "cumulative_cases").tolist() == [3, 4]
    whole = found["sums"][""]
    assert decoded(found, whole, "cumulative_cases").iloc[-1] == 75
    assert decoded(found, whole, "cumulative_cases", "heads").iloc[-1] == 73
    assert (whole["members"], whole["population"]) == (4, 160)


def test_a_line_says_how_its_source_reported(tmp_path: Path) -> None:
    weekly = [100 + 70 * (n // 7) for n in range(60)]
    lowered = [*range(0, 50, 5), *range(30, 80)]
    table = rows(
        spain=[day for day in days("2020-03-01", lowered) if day[0] not in ("2020-04-07",)],
        france=days("2020-03-01", weekly),
    )
    about = countries(spain={"iso3": "ESP", "population": 9}, france={})
    published_files(tmp_path / "files", table, about.sort_values("country_key"))
    found = json.loads(series.encode(tmp_path / "files")[0])["series"]
    day = 18322  # 1 March 2020
    assert found["spain"]["reported"] == {
        "lowered": {"cumulative_cases": [day + 10]},
        "missing": [1, day + 37, day + 37],
    }
    assert (found["spain"]["name"], found["spain"]["iso3"]) == ("Spain", "ESP")
    assert found["spain"]["population"] == 9
    assert found["france"]["reported"] == {"weekly": True}


def test_columns_of_the_users_own_have_the_decimals_of_their_measure(tmp_path: Path) -> None:
    table = rows(spain=days("2020-03-01", range(0, 90, 9)))
    published_files(tmp_path / "files", table)
    own = [Measure("case_fatality", "", "deaths of cases", 3), Measure("beds", "", "beds", 1)]
    found = json.loads(series.encode(tmp_path / "files", own=own)[0])
    assert found["own"] == [["case_fatality", "deaths of cases", 3, False]]  # beds: not published
    assert found["scales"][found["columns"].index("case_fatality")] == 1000


def test_the_scripts_length_is_estimated_from_the_table(folder: Path) -> None:
    names = ("deaths_7d_avg", "case_fatality", "new_cases")
    own = [Measure(name, name, name, places=4) for name in names]
    estimated = series.estimate_bytes(folder, own)
    script = series_scripts(folder, "countries", (1,), own)[1]
    made = sum(len(body) for _, body in scripts("countries", script))
    assert 0.5 * made < estimated < 1.5 * made


def test_continents_that_lack_countries_are_not_summed(tmp_path: Path) -> None:
    table = rows(spain=days("2020-03-01", range(0, 90, 9)))
    folder = tmp_path / "files"
    about = countries(spain={"continent": "Europe", "population": 9})
    published_files(folder, table, about)
    assert {*json.loads(series.encode(folder)[0])["sums"]} == {"", "@europe"}
    world = json.loads((folder / "world.json").read_bytes())
    world["totals"]["cumulative_cases"] += 1  # of a country that COUNTRIES leaves out
    (folder / "world.json").write_text(json.dumps(world))
    assert {*json.loads(series.encode(folder)[0])["sums"]} == {""}
