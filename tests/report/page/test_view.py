import base64
import gzip
import json
import re
from datetime import date
from pathlib import Path

import pytest

from etl.report.page import view
from etl.store import Store
from etl.store.memory import MemoryStore
from tests.support.builders import country, day, stats_json
from tests.support.frames import MOST
from tests.support.pages import DAY, page_of, publish, table
from tests.support.runs import (
    contents,
    document,
    growing,
    records,
)

PACKED = re.compile(r'\(window\.packed \?\?= \{\}\)\["([a-z]+)"\] = "([A-Za-z0-9+/=]+)";\n')


def unpacked(store: Store, name: str) -> bytes:
    """What an asset brings, by the way that the page takes."""
    [src] = [s.attributes["src"] for s in page_of(store).all("script") if f"/{name}-" in str(s)]
    stored = store.read(src)
    assert stored is not None
    match = PACKED.fullmatch(stored.body.decode())
    assert match is not None
    assert match[1] == name
    return gzip.decompress(base64.b64decode(match[2]))


def test_world_figures_table_and_ranking_say_what_the_files_say(sample: MemoryStore) -> None:
    objects, read = contents(sample), page_of(sample)
    latest = {row["country"]: row for row in json.loads(objects["latest.json"])["countries"]}
    totals = json.loads(objects["world.json"])["totals"]
    figures = [found.text for found in read.one("dl", class_="figures").all("strong")]
    assert figures[:2] == [f"{totals[f'cumulative_{m}']:,}" for m in ("cases", "deaths")]
    names = [link.text for link in read.one("table", id="table").all("a") if link.text != "JSON"]
    assert names == sorted(latest)
    spain = next(cells for cells in table(read) if cells[0] == "Spain")
    row = latest["Spain"]
    assert spain[1:] == [
        f"{row['cumulative_cases']:,}",
        f"{row['cumulative_deaths']:,}",
        f"{row['cases_7d_avg']:,.1f}",
        f"{row['deaths_7d_avg']:,.1f}",
        f"{row['cases_7d_per_100k']:,.1f}",
        f"{row['case_fatality'] * 100:.2f}%",
        f"{row['population']:,}",
        "JSON",
    ]
    bars = read.one("table", id="bars").one("tbody").all("tr")
    ranked = sorted(
        (r for r in latest.values() if r["cases_7d_per_100k"] is not None and not r["stale"]),
        key=lambda r: -r["cases_7d_per_100k"],
    )
    assert [bar.one("a").text for bar in bars] == [r["country"] for r in ranked[: len(bars)]]
    assert len(bars) == view.RANKED


def test_names_in_any_script_are_sorted_and_shown(tmp_path: Path) -> None:
    names = ["Österreich", "中国", "Perú", "مصر", "Ελλάδα", "aland"]
    elements = [country(f"c{n}", name, days=10) for n, name in enumerate(names)]
    shown = [
        cells[0] for cells in table(page_of(publish(tmp_path / "s.json", stats_json(elements))))
    ]
    assert sorted(shown) == sorted(names)
    assert shown[:3] == ["aland", "Österreich", "Perú"]


MADE_UP = {
    "no deaths or recoveries": [country("spain", days=20), country("italy", days=20)],
    "one country": [country("spain", days=20)],
    "one day": [country("spain", days=1)],
    "nothing but gaps": [
        country("spain", days={str(date(2020, 2, 1) + 9 * n * DAY): day() for n in range(5)})
    ],
    "the greatest numbers": [
        country(
            "spain",
            days={
                str(date(2020, 2, 1) + n * DAY): day(
                    cumulative_cases=MOST * (n % 2), cumulative_deaths=MOST
                )
                for n in range(9)
            },
        )
    ],
}


@pytest.mark.parametrize("name", MADE_UP)
def test_the_page_stands_with(tmp_path: Path, name: str) -> None:
    store = publish(tmp_path / "stats.json", stats_json(MADE_UP[name]))
    of_amounts = ("the total of ", "more deaths than cases: ")
    assert [w for w in records(store)[-1]["warnings"][1:] if not w.startswith(of_amounts)] == []
    assert len(table(page_of(store))) == len(MADE_UP[name])
    assert len(json.loads(unpacked(store, "series"))["series"]) == len(MADE_UP[name])


@pytest.mark.parametrize(
    ("variables", "headings"),
    [
        ({"KEEP": "new"}, ["Cases a day", "Deaths a day"]),
        ({"KEEP": "cumulative"}, ["Cases", "Deaths", "Case fatality rate"]),
        (
            {"SINCE": "2021-01-20"},
            ["Cases", "Deaths", "Cases a day", "Deaths a day", "Case fatality rate"],
        ),
        ({"SINCE": "2021-01-20", "KEEP": "new"}, ["Cases a day", "Deaths a day"]),
    ],
)
def test_the_page_shows_what_the_filters_leave(
    tmp_path: Path, variables: dict[str, str], headings: list[str]
) -> None:
    store = publish(tmp_path / "stats.json", growing(20), **variables)
    read = page_of(store)
    assert [th.text for th in read.one("table", id="table").all("th", scope="col")] == [
        "Country",
        *headings,
        "Series",
    ]
    assert "narrowed down" in read.one("section", id="corrections").text
    found = json.loads(unpacked(store, "series"))
    assert ("cases_7d_avg" in found["columns"]) == (variables.get("KEEP") != "cumulative")
    assert ("cumulative_cases" in found["columns"]) == (variables.get("KEEP") != "new")


def test_the_page_stands_where_every_series_left_has_ended(tmp_path: Path) -> None:
    content = document({"spain": [1] * 24, "italy": [1]})
    store = publish(tmp_path / "stats.json", content, COUNTRIES="italy")
    read = page_of(store)
    assert [cells[0] for cells in table(read)] == ["Italy ended 2021-01-01"]
    assert "nothing to rank" in read.one("section", id="ranking").text
