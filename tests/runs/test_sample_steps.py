"""The steps and the table in samples/, in whole runs on the made-up statistics."""

import importlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from etl.extract.sources import SAMPLES
from etl.store.directory import DirectoryStore
from tests.support.runs import assert_settled, contents, run

NOW = datetime(2021, 2, 25, 7, tzinfo=UTC)
STEPS = SAMPLES / "steps"
FILES = sorted(path.name for path in STEPS.glob("*.py"))


def published(tmp_path: Path, **variables: Any) -> tuple[pd.DataFrame, dict[str, Any]]:
    store = DirectoryStore(tmp_path / "out")
    run(store, SAMPLES / "stats.json.gz", now=NOW, OUTPUTS="none", **variables)
    table = pd.read_parquet(tmp_path / "out/timeseries.parquet")
    table["date"] = pd.to_datetime(table["date"])
    return table, assert_settled(contents(store))


def of(table: pd.DataFrame, key: str) -> pd.DataFrame:
    return table[table["country_key"] == key].set_index("date")


@pytest.mark.parametrize("name", FILES)
def test_a_step_is_short_and_describes_its_columns(name: str) -> None:
    assert len((STEPS / name).read_text().splitlines()) < 40
    step = importlib.import_module(f"samples.steps.{name.removesuffix('.py')}")
    assert all(unit and meaning for unit, meaning in step.COLUMNS.values())


def test_there_are_three() -> None:
    assert FILES == ["growth.py", "projection.py", "reproduction.py"]


def test_growth_and_doubling_time(tmp_path: Path) -> None:
    table, manifest = published(tmp_path, TRANSFORM=str(STEPS / "growth.py"))
    spain = of(table, "spain")
    now, before = spain["cases_7d_avg"].loc["2020-03-20"], spain["cases_7d_avg"].loc["2020-03-13"]
    assert spain["growth_7d"].loc["2020-03-20"] == pytest.approx(now / before - 1, abs=1e-4)
    days = spain["doubling_days"].loc["2020-03-20"]
    assert (now / before) ** (days / 7) == pytest.approx(2, rel=0.01)
    falling = table[table["growth_7d"] < 0]
    assert len(falling)
    assert falling["doubling_days"].isna().all()
    assert np.isfinite(table["growth_7d"].dropna()).all()
    [growth, _] = manifest["own"]["columns"]
    assert (growth["unit"], 0 < growth["missing"] < 0.1) == ("share", True)


def test_the_reproduction_number_is_that_of_the_formula(tmp_path: Path) -> None:
    table, _ = published(tmp_path, TRANSFORM=str(STEPS / "reproduction.py"))
    step: Any = importlib.import_module("samples.steps.reproduction")
    italy = of(table, "italy")
    cases = italy["cumulative_cases"].astype(float).diff().clip(lower=0).fillna(0).tolist()
    end = len(cases) - 1
    window = range(end - 6, end + 1)
    load = sum(step.WEIGHTS[k] * cases[t - k] for t in window for k in range(1, 22))
    expected = (1 + sum(cases[t] for t in window)) / (1 / 5 + load)
    assert italy["reproduction_number"].iloc[-1] == pytest.approx(expected, abs=0.001)
    assert sum(step.WEIGHTS) == pytest.approx(1)
    assert sum(k * w for k, w in enumerate(step.WEIGHTS)) == pytest.approx(4.7, abs=0.1)


def test_steady_growth_gives_the_number_that_its_serial_interval_says() -> None:
    step: Any = importlib.import_module("samples.steps.reproduction")
    total = np.cumsum(1000 * 1.05 ** np.arange(120))
    days = pd.date_range("2020-03-01", periods=120, unit="s")
    found = step.reproduction(pd.DataFrame({"date": days, "cumulative_cases": total}))
    expected = 1 / sum(w * 1.05**-k for k, w in enumerate(step.WEIGHTS))
    assert found.iloc[-1] == pytest.approx(expected, abs=0.01)


def test_the_projection_is_on_each_last_day(tmp_path: Path) -> None:
    table, _ = published(tmp_path, TRANSFORM=str(STEPS / "projection.py"))
    projected = table.dropna(subset="projected_cases_7d_avg")
    last = table.groupby("country_key", observed=True)["date"].transform("max")
    assert (projected["date"] == last[projected.index]).all()
    known = table.groupby("country_key", observed=True)["cases_7d_avg"].count()
    assert set(projected["country_key"]) == set(known.index[known >= 28])
    middle = projected["projected_cases_7d_avg"]
    assert projected["projected_low"].le(middle).all()
    assert projected["projected_high"].gt(middle).all()


def test_the_interval_is_the_sum_of_its_parts() -> None:
    step: Any = importlib.import_module("samples.steps.projection")
    weights = [
        step.A + step.B * sum(step.PHI**i for i in range(1, j + 1)) for j in range(1, step.H)
    ]
    variance = 1 + sum(weight**2 for weight in weights)
    assert pytest.approx(1.96 * variance**0.5) == step.SPREAD
    assert step.project([5.0] * 40) == (5, 5, 5)


def test_a_table_of_weeks_is_merged_by_day(tmp_path: Path) -> None:
    table, manifest = published(tmp_path, TABLES=f"vax={SAMPLES / 'vaccinations.csv'}#fill=6d")
    spain = of(table, "spain")
    [note] = manifest["own"]["tables"]
    assert (note["rows"], note["matched"], note["left_out"], note["unmatched"]) == (96, 12, 0, [])
    assert note["columns"] == ["people_vaccinated", "share"]
    shares = spain["share"].dropna()
    assert str(shares.index[0].date()) == "2021-01-03"
    assert len(shares) == 7 * 7 + 4  # to the statistics' last day
    assert shares.is_monotonic_increasing
    assert json.dumps(manifest["own"]["columns"]).count("from the table vax") == 2
