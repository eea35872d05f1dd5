"""coviddata's negative totals and names with broken characters, at every level."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from etl.errors import SourceChanged
from etl.extract.sources.coviddata import read_countries, read_places, read_regions
from etl.extract.sources.table import Mended, SourceTable
from etl.store.memory import MemoryStore
from tests.support.builders import day, stats_json
from tests.support.frames import values
from tests.support.runs import contents, run

Reader = Callable[[Path], SourceTable]
LEVELS = pytest.mark.parametrize(
    ("what", "read"),
    [("country", read_countries), ("region", read_regions), ("place", read_places)],
)
IVORY = {"key": "cote-d-ivoire", "name": "C\ufffdte d'Ivoire"}


def document(what: str, *below: int, days: int = 400) -> list[dict[str, Any]]:
    """One series of Côte d'Ivoire; its deaths are -2 on the days `below`."""
    inside = IVORY if what == "country" else {"key": "abidjan", "name": "Abidjan", "country": IVORY}
    dates = {
        str(date(2020, 1, 22) + timedelta(days=n)): day(
            cumulative_cases=n, cumulative_deaths=-2 if n in below else 1
        )
        for n in range(days)
    }
    return [{what: inside, "dates": dates}]


def reading(read: Reader, folder: Path, elements: list[dict[str, Any]]) -> SourceTable:
    path = folder / "stats.json"
    path.write_bytes(stats_json(elements))
    return read(path)


@LEVELS
def test_a_rare_negative_total_is_missing_and_named(
    tmp_path: Path, what: str, read: Reader
) -> None:
    table = reading(read, tmp_path, document(what, 300))
    key = table.entities.columns[0]
    deaths = values(table.rows, "cumulative_deaths")
    assert [n for n, count in enumerate(deaths) if count is None] == [300]
    cell = f"{table.entities[key][0]}, 2020-11-17, cumulative_deaths: -2"
    assert table.mended == Mended(negative=(cell,), names_replaced=1)
    assert table.mended.warnings() == [f"negative counts, treated as missing: {cell}"]


@LEVELS
def test_many_negative_totals_are_refused_in_one_line(
    tmp_path: Path, what: str, read: Reader
) -> None:
    with pytest.raises(SourceChanged) as caught:
        reading(read, tmp_path, document(what, 300, 301))
    (fault,) = caught.value.faults
    assert fault.endswith(
        "2020-11-17, cumulative_deaths: expected a count that is not negative, got -2 "
        "(and 1 more like it)"
    )


def test_dates_that_may_begin_with_the_day_are_refused_in_one_line(tmp_path: Path) -> None:
    [ivory] = document("country", days=2)
    ivory["dates"] |= {"03/04/2020": day(), "13/04/2020": day()}
    with pytest.raises(SourceChanged) as caught:
        reading(read_countries, tmp_path, [ivory])
    (fault,) = caught.value.faults
    assert fault.endswith(
        "expected a date such as 2020-01-22, got '03/04/2020', "
        "where the day or the month may come first (and 1 more like it)"
    )


def test_a_series_of_nothing_but_a_negative_total_is_left_out(tmp_path: Path) -> None:
    alone = {"2021-01-01": day(cumulative_cases=-1, cumulative_deaths=-1, cumulative_recoveries=-1)}
    [ivory] = document("country", days=2000)
    other = {"country": {"key": "spain", "name": "Spain"}, "dates": alone}
    table = reading(read_countries, tmp_path, [other, ivory])
    assert table.entities["country_key"].tolist() == ["cote-d-ivoire"]
    assert table.rows["country_key"].cat.categories.tolist() == ["cote-d-ivoire"]
    assert len(table.rows) == 2000
    assert len(table.mended.negative) == 3


def test_both_are_published_as_corrections(tmp_path: Path) -> None:
    store, source = MemoryStore(), tmp_path / "stats.json"
    source.write_bytes(stats_json(document("country", 300, days=350)))
    assert run(store, source).outcome == "published"
    objects = contents(store)
    checks = json.loads(objects["manifest.json"])["checks"]
    corrections = checks["corrections"]
    assert (corrections["negative_missing"], corrections["names_replaced"]) == (1, 1)
    assert any(
        line.startswith("negative counts, treated as missing") for line in checks["warnings"]
    )
    (latest,) = json.loads(objects["latest.json"])["countries"]
    assert (latest["country"], latest["iso3"]) == ("Ivory Coast", "CIV")
    series = json.loads(objects["countries/CIV.json"])
    assert series["cumulative_deaths"][299:302] == [1, None, 1]
