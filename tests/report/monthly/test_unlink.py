"""The reports' links to the page, once OUTPUTS leaves it out."""

import re
from datetime import timedelta
from pathlib import Path

from tests.support.desk import Desk
from tests.support.runs import NOW, contents, run

TO_PAGE = re.compile(r'href="(?:\.\./)+index\.html[^"]*"')


def links(objects: dict[str, bytes]) -> dict[str, set[str]]:
    reports = {key: body for key, body in objects.items() if key.startswith("reports/")}
    pages = {key: body.decode() for key, body in reports.items() if key.endswith(".html")}
    return {key: {found[0] for found in TO_PAGE.finditer(text)} for key, text in pages.items()}


def test_links_to_the_page_disappear_with_it(local_desk: Desk) -> None:
    local_desk.publish(20)
    assert local_desk("report", "2021-01").status == 0
    before = links(contents(local_desk.store))
    report = "reports/2021-01/final_report.html"
    assert 'href="../../index.html#chart=spain"' in before[report]
    assert before["reports/index.html"] == {'href="../index.html"'}
    run(local_desk.store, Path("stats.json"), now=NOW + timedelta(days=1), OUTPUTS="none")
    objects = contents(local_desk.store)
    after = links(objects)
    assert after["reports/index.html"] == set()
    assert {link for found in after.values() for link in found} == {'href="../index.html"'}
    assert 'href="../latest.csv"' in objects["reports/index.html"].decode()
    assert "Spain" in objects[report].decode()
