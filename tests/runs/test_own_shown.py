"""Own columns on the page and in ALERT_RULES, and a page that lacks columns."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from etl.alerts.thresholds import crossings
from etl.archive.job import without_secrets
from etl.errors import ConfigError
from etl.settings.alert_rules import rules
from etl.store.memory import MemoryStore
from tests.support.page_reader import read_page
from tests.support.runs import NOW, assert_settled, contents, growing, run, settings

BEDS = "iso3,beds,note,open,a,b,c,d\nESP,3.5,x,true,1,2,3,4\nUSA,2.8,y,false,1,2,3,4\n"


@pytest.fixture
def published(tmp_path: Path) -> Any:
    store, source = MemoryStore(), tmp_path / "stats.json"
    source.write_bytes(growing(20))
    (tmp_path / "beds.csv").write_text(BEDS)

    def publish(step: str = "", **variables: Any) -> dict[str, bytes]:
        if step:
            (tmp_path / "s.py").write_text(f"def transform(table):\n    return {step}\n")
            variables["TRANSFORM"] = str(tmp_path / "s.py")
        run(store, source, now=NOW + timedelta(days=1), **variables)
        return contents(store)

    publish.beds = str(tmp_path / "beds.csv")  # type: ignore[attr-defined]
    return publish


def test_the_first_four_numbers_are_in_table_and_ranking(published: Any) -> None:
    objects = published(TABLES=published.beds)
    page = read_page(objects["index.html"].decode())
    columns = [one.attributes.get("data-column") for one in page.all("th")]
    assert [name for name in columns if name][-4:] == ["beds", "a", "b", "c"]
    choices = [one.text for one in page.all("option")]
    assert "Beds" in choices
    [spain] = [row for row in page.all("tr") if row.attributes.get("data-key") == "spain"]
    assert "3.500" in spain.text


def test_a_page_without_columns_says_so(published: Any) -> None:
    names = ["country", "iso3", "stale", "cases_7d_avg", "deaths_7d_avg", "cumulative_deaths"]
    objects = published(f"table.drop(columns={names})")
    manifest = assert_settled(objects)
    assert not [line for line in manifest["checks"]["warnings"] if "page" in line]
    text = objects["index.html"].decode()
    assert f"without the columns {', '.join(manifest['own']['step']['columns_dropped'])}" in text
    assert {"spain", "united-states"} <= {
        one.attributes.get("data-key") for one in read_page(text).all("tr")
    }


def test_a_rule_may_name_an_own_column(published: Any) -> None:
    over = "ESP:beds>3,*:bed>1,USA:note>1,USA:open>0"
    objects = published(TABLES=published.beds, ALERT_RULES=over)
    [warning] = [
        line
        for line in assert_settled(objects)["checks"]["warnings"]
        if line.startswith("ALERT_RULES")
    ]
    assert warning.startswith("ALERT_RULES: no figure is called bed, note, open; there are new_")
    assert warning.endswith("case_fatality, beds, a, b, c, d")
    latest = json.loads(objects["latest.json"])["countries"]
    assert crossings(rules(over), latest, {})[0] == {
        "ESP:beds>3": ["spain"],
        "*:bed>1": [],
        "USA:note>1": [],
        "USA:open>0": [],
    }


def test_without_own_columns_an_unknown_measure_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"ALERT_RULES: expected rules .* got 'ESP:beds>3'"):
        settings("x", ALERT_RULES="ESP:beds>3")


def test_a_job_for_other_machines_holds_the_step_and_no_password(tmp_path: Path) -> None:
    (tmp_path / "s.py").write_text("def transform(table):\n    return table\n")
    ours = settings(
        "x", TRANSFORM=str(tmp_path / "s.py"), TABLES="a=https://u:s3cret@example.org/b.csv"
    )
    sent = without_secrets(ours)
    assert sent.table.own_step == ours.table.own_step
    assert "s3cret" not in sent.table.own_tables[0].url
