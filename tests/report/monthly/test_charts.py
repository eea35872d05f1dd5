import json
import re
from pathlib import Path
from typing import Any

import pytest

from etl.store.memory import MemoryStore
from tests.support.reports import january, made, page


class Definitions:
    """Walks a Bokeh document in its order, as Bokeh does."""

    def __init__(self) -> None:
        self.known: set[str] = set()

    def walk(self, node: Any) -> None:
        if isinstance(node, dict):
            if set(node) == {"id"}:
                assert node["id"] in self.known
            elif "id" in node:
                self.known.add(node["id"])
            for value in node.values():
                self.walk(value)
        elif isinstance(node, list):
            for item in node:
                self.walk(item)


def test_the_charts_are_whole_documents_in_an_order_that_bokeh_can_read(tmp_path: Path) -> None:
    store = MemoryStore()
    january(store, tmp_path)
    made(store)
    [embedded] = re.findall(
        r'<script type="application/json" id="documents">(.*)</script>',
        page(store, "final_chart.html"),
    )
    # no NaN: browsers refuse it
    documents = json.loads(embedded, parse_constant=pytest.fail)["charts"]
    assert list(documents) == ["daily-cases", "daily-deaths", "ranking"]
    for name, chart in documents.items():
        reading = Definitions()
        reading.walk(chart["doc"]["roots"])
        assert chart["root_id"] in reading.known
        assert f'id="{name}"' in page(store, "final_chart.html")
        assert "Spain" in embedded
