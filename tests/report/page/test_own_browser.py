"""The user's own columns in a browser: in ranking, map and chart, and those beyond the fourth."""

from pathlib import Path

from dev.bench.browser import Browser
from etl.store.directory import DirectoryStore
from tests.report.page.test_chart_browser import LINES, VALUES
from tests.support.runs import growing, run

TABLE = "iso3,beds,doctors,nurses,rank,fifth\nESP,3.5,40,7,-1,1\nUSA,2.8,26,9,-2.5,2\n"
CHOOSE = """
const chooser = document.getElementById(arguments[0]);
chooser.value = [...chooser.options].find((one) => one.text === arguments[1]).value;
chooser.dispatchEvent(new Event("change", { bubbles: true }));
"""
MINUS_ONE = "\u22121.000"
COLOURED = "return [...document.querySelectorAll('#map path:not(.none)')].length"


def test_own_columns_are_ranked_mapped_and_drawn(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE)
    (tmp_path / "stats.json").write_bytes(growing(20))
    run(DirectoryStore(tmp_path / "out"), tmp_path / "stats.json", TABLES=str(tmp_path / "t.csv"))
    browser.open((tmp_path / "out/index.html").as_uri())
    browser.run(CHOOSE, "measure", "Beds")
    assert browser.one("#map-measure").text == "beds, from the table t"
    assert browser.run(COLOURED) == 2
    for name, value in (("beds", "3.500"), ("doctors", "40"), ("rank", MINUS_ONE)):
        browser.open((tmp_path / "out/index.html").as_uri() + f"#chart=spain&measure={name}")
        assert (browser.run(LINES), browser.run(VALUES)) == (["Spain"], [value])
    also = "Also published: Fifth (in latest.csv, described in the data dictionary)."
    assert also in browser.one("#countries").text
    assert browser.one("#countries a[href='#dictionary']").text == "data dictionary"
