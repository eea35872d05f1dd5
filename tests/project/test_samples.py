import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from dev.bench import extend
from samples import levels, living, make

FOLDER = Path(make.__file__).parent
MEASURES = ("cases", "deaths", "recoveries")
LAST = "2021-02-24"
OTHERS = {**living.files(), **levels.files()}
FILES = {
    "stats.json.gz",
    "stats-next-day.json.gz",
    "InfoPaisosExtra.xlsx",
    "InfoPaisosExtra.csv",
    *OTHERS,
}
# Of the countries that the facts leave without one.
POPULATIONS = {"eritrea": 3_500_000, "taiwan": 23_800_000}
FACTS_NAMES = {
    "congo": "Congo, Rep.",
    "congo-kinshasa": "Congo, Dem. Rep.",
    "egypt": "Egypt, Arab Rep.",
    "hong-kong": "Hong Kong SAR, China",
    "iran": "Iran, Islamic Rep.",
    "ivory-coast": "Cote d'Ivoire",
    "palestine": "West Bank and Gaza / Palestine",
    "russia": "Russian Federation",
    "south-korea": "Korea, Rep.",
    "west-bank-and-gaza": "West Bank and Gaza / Palestine",
}

Entry = dict[str, Any]
Cell = tuple[str, str, str]


def committed(name: str) -> bytes:
    return gzip.decompress((FOLDER / name).read_bytes())


@pytest.fixture(scope="module")
def today() -> dict[str, Entry]:
    return by_key(committed("stats.json.gz"))


@pytest.fixture(scope="module")
def next_day() -> dict[str, Entry]:
    return by_key(committed("stats-next-day.json.gz"))


@pytest.fixture(scope="module")
def facts() -> list[list[str]]:
    with (FOLDER / "InfoPaisosExtra.csv").open(encoding="utf-8", newline="") as file:
        return [*csv.reader(file)]


def by_key(content: bytes) -> dict[str, Entry]:
    return {entry["country"]["key"]: entry for entry in json.loads(content)}


def pairs(entry: Entry) -> Iterator[tuple[str, Any, str, Any]]:
    """Each day but the first, with the day before it."""
    days = [*entry["dates"].items()]
    for (before, then), (iso, now) in pairwise(days):
        yield before, then, iso, now


def falls(entries: dict[str, Entry]) -> dict[Cell, tuple[int, int]]:
    return {
        (entry["country"]["name"], iso, measure): (then, now)
        for entry in entries.values()
        for _, day_before, iso, day in pairs(entry)
        for measure in MEASURES
        if (now := day["cumulative"][measure]) < (then := day_before["cumulative"][measure])
    }


def readme_tables() -> dict[Cell, tuple[int, int]]:
    """The rows of README.md that name a series, a date, a count and two numbers."""
    rows = [line.strip("| ").split(" | ") for line in readme().splitlines() if "|" in line]
    return {
        (name, iso, measure): (int(then.replace(",", "")), int(now.replace(",", "")))
        for name, iso, measure, then, now in (row for row in rows if len(row) == 5)
        if measure in MEASURES
    }


def readme() -> str:
    return (FOLDER / "README.md").read_text(encoding="utf-8")


def assert_in_the_sources_format(content: bytes) -> None:
    entries = json.loads(content)
    assert json.dumps(entries, separators=(",", ":")).encode() == content
    for entry in entries:
        assert [*entry] == ["country", "dates"]
        assert [*entry["country"]] == ["key", "name"]
        assert [*entry["dates"]] == sorted(entry["dates"])
        for day in entry["dates"].values():
            assert [*day] == ["new", "cumulative"]
            for counts in day.values():
                assert [*counts] == [*MEASURES]
                assert all(type(count) is int and count >= 0 for count in counts.values())
    ends = [[*entry["dates"].values()][-1]["cumulative"]["cases"] for entry in entries]
    assert ends == sorted(ends, reverse=True)


@pytest.mark.parametrize(
    ("name", "until"),
    [("stats.json.gz", make.LAST_DAY), ("stats-next-day.json.gz", make.NEXT_DAY)],
)
def test_the_committed_statistics_are_exactly_what_the_script_makes(name: str, until: date) -> None:
    assert committed(name) == make.stats(until)


def test_the_committed_workbook_holds_the_table_of_the_csv(facts: list[list[str]]) -> None:
    book = CalamineWorkbook.from_path(FOLDER / "InfoPaisosExtra.xlsx")
    assert book.sheet_names == ["Database_option2"]
    assert book.get_sheet_by_index(0).to_python() == make.facts()
    assert [[str(cell) for cell in row] for row in make.facts()] == facts


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_the_committed_samples_of_other_sources_are_exactly_what_the_script_makes(
    name: str,
) -> None:
    packed = name.endswith(".gz")
    there = committed(name) if packed else (FOLDER / name).read_bytes()
    assert there == OTHERS[name]


def test_the_script_makes_the_same_files_each_time(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl", reason="the sample workbook was NOT remade: no openpyxl")
    for run in ("one", "two"):
        make.main(["--out", str(tmp_path / run)])
    made, again = (
        {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}
        for folder in (tmp_path / "one", tmp_path / "two")
    )
    assert made == again
    assert {*made} == FILES
    book = CalamineWorkbook.from_filelike(io.BytesIO(made["InfoPaisosExtra.xlsx"]))
    assert book.get_sheet_by_index(0).to_python() == make.facts()


def test_nothing_in_the_files_tells_when_they_were_made() -> None:
    for name in ("stats.json.gz", "stats-next-day.json.gz"):
        header = (FOLDER / name).read_bytes()[:10]
        assert header[3:8] == bytes(5)  # no name, no time
    with zipfile.ZipFile(FOLDER / "InfoPaisosExtra.xlsx") as book:
        assert {part.date_time for part in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        properties = book.read("docProps/core.xml").decode()
    assert properties.count(f"{LAST}T00:00:00Z") == 2


def test_the_files_are_small() -> None:
    assert all((FOLDER / name).stat().st_size < 190_000 for name in FILES)


@pytest.mark.parametrize("name", ["stats.json.gz", "stats-next-day.json.gz"])
def test_the_statistics_have_the_sources_format(name: str) -> None:
    assert_in_the_sources_format(committed(name))


def test_thirty_series_live_and_five_ended_in_march_2020(today: dict[str, Entry]) -> None:
    ends = {key: max(entry["dates"]) for key, entry in today.items()}
    stale = {key for key, end in ends.items() if end != LAST}
    assert len(ends) == 35
    assert stale == {"cruise-ship", "others", "hong-kong", "congo", "palestine"}
    assert all(ends[key].startswith("2020-03-") for key in stale)


def test_the_longest_series_has_400_days(today: dict[str, Entry]) -> None:
    assert max(len(entry["dates"]) for entry in today.values()) == 400
    assert min(min(entry["dates"]) for entry in today.values()) == "2020-01-22"
    assert f"{sum(len(entry['dates']) for entry in today.values()):,} days" in readme()


def test_new_repeats_the_whole_count_on_new_years_day_in_every_living_country(
    today: dict[str, Entry],
) -> None:
    spikes = [entry["dates"].get("2021-01-01") for entry in today.values()]
    assert len([day for day in spikes if day]) == 30
    assert all(day["new"] == day["cumulative"] for day in spikes if day)


def test_new_is_else_the_difference_but_never_negative(next_day: dict[str, Entry]) -> None:
    for entry in next_day.values():
        first = next(iter(entry["dates"].values()))
        assert first["new"] == first["cumulative"]
        for _, then, iso, now in pairs(entry):
            differences = {m: now["cumulative"][m] - then["cumulative"][m] for m in MEASURES}
            if iso != "2021-01-01":
                assert now["new"] == {m: max(more, 0) for m, more in differences.items()}


def test_counts_fall_exactly_where_the_script_says(today: dict[str, Entry]) -> None:
    said = {(today[key]["country"]["name"], iso, measure) for key, measure, iso, _ in make.DROPS}
    assert {*falls(today)} == said
    assert {measure for _, _, measure in said} == {*MEASURES}


def test_the_recoveries_of_the_united_states_are_0_since_15_december(
    today: dict[str, Entry],
) -> None:
    dates = today["united-states"]["dates"]
    assert dates["2020-12-14"]["cumulative"]["recoveries"] > 1_000_000
    since = [day["cumulative"]["recoveries"] for iso, day in dates.items() if iso >= "2020-12-15"]
    assert len(since) == 72
    assert not any(since)


def test_three_series_have_gaps(today: dict[str, Entry]) -> None:
    gaps = [
        (key, before, iso)
        for key, entry in today.items()
        for before, _, iso, _ in pairs(entry)
        if date.fromisoformat(iso) - date.fromisoformat(before) > timedelta(days=1)
    ]
    assert gaps == [
        ("brazil", "2020-01-28", "2020-02-26"),
        ("kosovo", "2020-08-07", "2020-08-13"),
        ("ivory-coast", "2020-09-11", "2020-09-13"),
        ("ivory-coast", "2021-01-15", "2021-01-19"),
    ]


def test_nobody_dies_or_recovers_who_was_no_case(next_day: dict[str, Entry]) -> None:
    for entry in next_day.values():
        for day in entry["dates"].values():
            counts = day["cumulative"]
            assert counts["deaths"] + counts["recoveries"] <= counts["cases"]


def test_every_living_country_has_two_waves(today: dict[str, Entry]) -> None:
    for key, entry in today.items():
        if LAST in entry["dates"]:
            cases = [day["cumulative"]["cases"] for day in entry["dates"].values()]
            weeks = [after - before for before, after in pairwise(cases[::-7][::-1])]
            late = weeks.index(max(weeks[-25:]))
            early = weeks.index(max(weeks[: late - 15]))
            assert min(weeks[early:late]) < 0.5 * min(weeks[early], weeks[late]), key


def test_deaths_are_about_two_in_a_hundred_cases(today: dict[str, Entry]) -> None:
    for entry in today.values():
        if day := entry["dates"].get(LAST):
            assert 0.015 < day["cumulative"]["deaths"] / day["cumulative"]["cases"] < 0.025


def test_cases_stay_well_below_the_population(
    next_day: dict[str, Entry], facts: list[list[str]]
) -> None:
    people = {row[0]: row[8] for row in facts}
    for key, entry in next_day.items():
        population = people.get(FACTS_NAMES.get(key, entry["country"]["name"]), "NA")
        if population == "NA":
            population = str(POPULATIONS.get(key, 5_000 if key in ("others", "cruise-ship") else 0))
        cases = [*entry["dates"].values()][-1]["cumulative"]["cases"]
        assert cases < 0.15 * int(population), key


def test_the_next_day_adds_a_row_to_every_living_series(
    today: dict[str, Entry], next_day: dict[str, Entry]
) -> None:
    for key, entry in next_day.items():
        more = {*entry["dates"]} - {*today[key]["dates"]}
        assert more == ({"2021-02-25"} if LAST in today[key]["dates"] else set())
        assert {*today[key]["dates"]} <= {*entry["dates"]}


def test_the_next_day_restates_what_the_script_says_and_nothing_else(
    today: dict[str, Entry], next_day: dict[str, Entry]
) -> None:
    restated = {
        (key, measure, iso, next_day[key]["dates"][iso]["cumulative"][measure] - count)
        for key, entry in today.items()
        for iso, day in entry["dates"].items()
        for measure, count in day["cumulative"].items()
        if next_day[key]["dates"][iso]["cumulative"][measure] != count
    }
    assert restated == {*make.RESTATED}
    assert {*falls(next_day)} == {*falls(today)}


def test_the_readme_names_every_fall_and_every_restated_cell(
    today: dict[str, Entry], next_day: dict[str, Entry]
) -> None:
    restated = {}
    for key, measure, iso, more in make.RESTATED:
        before = today[key]["dates"][iso]["cumulative"][measure]
        restated[(today[key]["country"]["name"], iso, measure)] = (before, before + more)
    assert readme_tables() == falls(today) | restated


def test_the_readme_says_that_all_is_invented() -> None:
    assert "Every figure in these files is invented" in readme()


def test_the_facts_have_the_fields_header(facts: list[list[str]]) -> None:
    assert ",".join(facts[0]) == (
        "COUNTRY,Continent,Country_Clasification,Government_Type,Corruption_preception,"
        "Development_Status,Land_Conditions,GDP_per_unit_of_energy_use_constant,"
        "Population_total,Urban_population_PC_of_total_population"
    )
    assert {len(row) for row in facts} == {10}
    assert len(facts) == 1 + 34


def test_every_country_but_taiwan_has_facts_under_the_world_banks_name(
    today: dict[str, Entry], facts: list[list[str]]
) -> None:
    wanted = {FACTS_NAMES.get(key, entry["country"]["name"]) for key, entry in today.items()}
    names = [row[0] for row in facts[1:]]
    assert wanted - {*names} == {"Taiwan", "Others", "Cruise Ship"}
    assert {*names} - wanted == {"Korea, Dem. People\u2019s Rep.", "San Marino", "Kiribati"}
    assert len({*names}) == len(names)


def test_the_facts_have_the_fields_traps(facts: list[list[str]]) -> None:
    table = {row[0]: dict(zip(facts[0], row, strict=True)) for row in facts[1:]}
    assert table["San Marino"]["Corruption_preception"] == "NI "
    assert table["Kiribati"]["Corruption_preception"] == "NI"
    assert table["Eritrea"]["Population_total"] == "NA"
    assert table["Kosovo"]["Urban_population_PC_of_total_population"] == "NA"
    assert table["India"]["Government_Type"] == "Parlamentary republic"
    assert table["Saudi Arabia"]["Government_Type"] == "Absolut monarchy"
    assert {row["Country_Clasification"] for row in table.values()} == {"OECD", "BRICS", "NC"}


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    output = tmp_path_factory.mktemp("bench") / "big" / "countries.json"
    extend.main([str(FOLDER / "stats.json.gz"), str(output)])
    return output.read_bytes()


def small(tmp_path: Path, last: str = "2020-12-30", days: int = 40) -> Path:
    """A file of one country with 10 new cases a day, and of a stale one."""
    end = date.fromisoformat(last)
    dates: dict[str, Any] = {}
    for n in range(days):
        cumulative = {"cases": 10 * (n + 1), "deaths": n // 5, "recoveries": 5 * n}
        dates[str(end - timedelta(days=days - 1 - n))] = {"new": {}, "cumulative": cumulative}
    stale = {iso: dates[iso] for iso in [*dates][:3]}
    path = tmp_path / "small.json"
    content = [
        {"country": {"key": "atlantis", "name": "Atlantis"}, "dates": dates},
        {"country": {"key": "thule", "name": "Thule"}, "dates": stale},
    ]
    path.write_text(json.dumps(content))
    return path


def run_extend(source: Path, *options: str) -> dict[str, Entry]:
    output = source.with_name("output.json")
    extend.main([str(source), str(output), *options])
    return by_key(output.read_bytes())


def test_extending_keeps_the_format(extended: bytes) -> None:
    assert_in_the_sources_format(extended)


def test_extending_carries_living_series_on_to_1143_days_and_leaves_stale_ones(
    extended: bytes, today: dict[str, Entry]
) -> None:
    for key, entry in by_key(extended).items():
        alive = LAST in today[key]["dates"]
        assert max(entry["dates"]) == ("2023-03-09" if alive else max(today[key]["dates"]))
        assert entry["dates"].items() >= today[key]["dates"].items()
        assert (entry == today[key]) is not alive


def test_extending_twice_gives_the_same_bytes(extended: bytes, tmp_path: Path) -> None:
    extend.main([str(FOLDER / "stats.json.gz"), str(tmp_path / "again.json")])
    assert (tmp_path / "again.json").read_bytes() == extended


def test_extended_counts_stay_plausible(
    extended: bytes, today: dict[str, Entry], facts: list[list[str]]
) -> None:
    people = {row[0]: int(row[8]) for row in facts[1:] if row[8] != "NA"}
    for key, entry in by_key(extended).items():
        before = [*today[key]["dates"].values()][-1]["cumulative"]
        after = [*entry["dates"].values()][-1]["cumulative"]
        name = FACTS_NAMES.get(key, entry["country"]["name"])
        assert after["cases"] < 0.4 * people.get(name, after["cases"] * 3), key
        assert all(after[m] <= extend.MOST_GROWTH * before[m] for m in MEASURES)
        assert after["deaths"] + after["recoveries"] <= after["cases"]


def test_the_days_added_have_the_sources_defects(tmp_path: Path) -> None:
    dates = run_extend(small(tmp_path), "--days", "1000")["atlantis"]["dates"]
    added = {iso: day for iso, day in dates.items() if iso > "2020-12-30"}
    assert added["2021-01-01"]["new"] == added["2021-01-01"]["cumulative"]
    for _, then, iso, now in pairs({"dates": added}):
        differences = {m: now["cumulative"][m] - then["cumulative"][m] for m in MEASURES}
        if iso != "2021-01-01":
            assert now["new"] == {m: max(more, 0) for m, more in differences.items()}


def test_extending_corrects_some_counts_downwards(extended: bytes, today: dict[str, Entry]) -> None:
    assert len(falls(by_key(extended))) > len(falls(today)) + 10


def test_a_count_grows_no_more_than_twentyfold(tmp_path: Path) -> None:
    dates = run_extend(small(tmp_path), "--days", "4000")["atlantis"]["dates"]
    assert [*dates.values()][-1]["cumulative"]["cases"] == 20 * dates["2020-12-30"]["cumulative"][
        "cases"
    ]


def test_copies_get_keys_and_names_of_their_own(tmp_path: Path) -> None:
    entries = run_extend(small(tmp_path), "--days", "50", "--copies", "3")
    names = {key: entry["country"]["name"] for key, entry in entries.items()}
    assert names == {
        "atlantis": "Atlantis",
        "atlantis-2": "Atlantis 2",
        "atlantis-3": "Atlantis 3",
        "thule": "Thule",
        "thule-2": "Thule 2",
        "thule-3": "Thule 3",
    }
    assert entries["atlantis-3"]["dates"] == entries["atlantis"]["dates"]
    assert max(entries["atlantis"]["dates"]) == "2021-01-09"


@pytest.mark.parametrize("options", [["--days", "39"], ["--copies", "0"]])
def test_extending_to_fewer_days_or_no_copy_is_refused(
    tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        run_extend(small(tmp_path), *options)
    assert "--days must reach 2020-12-30 (40)" in capsys.readouterr().err


def test_the_extended_file_is_written_country_by_country(tmp_path: Path) -> None:
    entries = extend.read(small(tmp_path))
    plan = extend.Plan(date(2020, 11, 21), date(2021, 1, 9), date(2020, 12, 16))
    pieces = [*extend.written(entries, plan, copies=2)]
    assert len(pieces) == 2 * 2 + 1
