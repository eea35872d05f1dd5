import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from etl.store import Upload
from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from tests.support.builders import country, day, stats_json
from tests.support.reports import FEBRUARY, JANUARY, at, january, made, page, publish, table
from tests.support.runs import document, growing, run

DAY = timedelta(days=1)


def test_the_index_names_every_report_with_its_date_and_size(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "out")
    publish(store, tmp_path, "2021-01-21T07:00", growing(20))
    publish(store, tmp_path, "2021-02-02T07:00", growing(32))
    store.write(Upload("reports/notes/final_report.csv", b"somebody's own"))
    made(store, JANUARY)
    made(store, FEBRUARY)
    index = (tmp_path / "out" / "reports" / "index.html").read_text()
    listed = re.findall(
        r'<a href="([^"]+)">([^<]+)</a></th>\s*<td><time datetime="([^"]+)">.+</time></td>\s*'
        r'<td class="number"><data value="([0-9]+)">[0-9.]+ k?B',
        index,
    )
    assert [href.partition("/")[0] for href, *_ in listed] == ["2021-02"] * 4 + ["2021-01"] * 4
    assert listed[0][1] == "February 2021: report"
    assert 'href="2021-02/final_report.html">The latest: February 2021: report</a>' in index
    for href, _, modified, size in listed:
        file = (tmp_path / "out" / "reports" / href).stat()
        assert int(size) == file.st_size
        assert modified == f"{datetime.fromtimestamp(int(file.st_mtime), UTC):%Y-%m-%dT%H:%M:%SZ}"


def test_hostile_names_stay_text_in_the_page_the_charts_and_a_spreadsheet(tmp_path: Path) -> None:
    names = [
        "<script>alert(1)</script>",
        "=cmd()|'/c calc'!A1",
        "</script><b>",
        "$$x$$",
        "中国 ü",
    ]
    days = {str(date(2021, 1, 1) + n * DAY): day(cumulative_cases=9 + n) for n in range(9)}
    store = MemoryStore()
    elements = [country(f"c{n}", name, days) for n, name in enumerate(names)]
    twins = [country("x1", "Congo", days), country("x2", "Congo", days)]
    publish(store, tmp_path, "2021-01-10T07:00", stats_json(elements + twins))
    made(store)
    for name in ("final_report.html", "final_chart.html"):
        shown = page(store, name)
        assert "alert(1)" in shown
        assert "<script>alert" not in shown
        assert "</script><b>" not in shown
    assert table(store)["c1"]["country"] == "'" + names[1]


def test_the_pages_ask_nothing_of_another_host(tmp_path: Path) -> None:
    store = MemoryStore()
    january(store, tmp_path)
    made(store)
    stored = store.read("reports/index.html")
    assert stored is not None
    for shown in (page(store), page(store, "final_chart.html"), stored.body.decode()):
        links = re.findall(r'(?:src|href)="([^"]*)"', shown)
        assert len(links) >= 3
        assert not [link for link in links if "//" in link]
        assert '<html lang="en">' in shown
        assert shown.count("<h1>") == 1


def test_the_biggest_changes_are_those_of_countries_up_or_down(tmp_path: Path) -> None:
    january = {"spain": 900, "italy": 200, "france": 10, "diamond-princess": 999}  # a ship
    cases = {key: [30 * n for n in range(32)] + [930 + total] for key, total in january.items()}
    cases["france"][-1] = 920  # the source took back 10
    store = MemoryStore()
    publish(store, tmp_path, "2021-02-03T07:00", document(cases))
    made(store, FEBRUARY)
    shown = page(store, month=FEBRUARY)
    start = shown.index('<h2 id="movers">')
    movers = shown[start : shown.index("</section>", start)]
    links = re.findall(r'<th scope="row"><a href="([^"]+)">([^<]+)</a>', movers)
    assert links[0] == ("../../index.html#chart=spain", "Spain")
    assert [name for _, name in links] == ["Spain", "Italy", "France"]
    assert movers.count("\u2212") == 2
    assert "-" not in re.sub("<[^>]+>", "", movers)


def test_without_a_page_no_name_is_a_link(tmp_path: Path) -> None:
    store, source = MemoryStore(), tmp_path / "stats.json"
    source.write_bytes(growing(20))
    assert run(store, source, now=at("2021-01-21T07:00"), OUTPUTS="none").outcome == "published"
    made(store)
    assert '<th scope="row">Spain</th>' in page(store)
    assert "index.html#" not in page(store)
