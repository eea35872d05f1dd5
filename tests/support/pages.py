"""Publish the page from the sample or from small documents, and read it back."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from etl.extract.sources import SAMPLES
from etl.settings.languages import ORIGINAL
from etl.store import Store
from etl.store.memory import MemoryStore
from tests.support.page_reader import Element, read_page
from tests.support.runs import NOW, run

DAY = timedelta(days=1)
LATER = NOW + 31 * DAY  # the day after the sample's last


def page_of(store: Store, language: str = ORIGINAL) -> Element:
    stored = store.read("index.html" if language == ORIGINAL else f"index.{language}.html")
    assert stored is not None
    return read_page(stored.body.decode())


def publish_sample(store: Store, **variables: Any) -> None:
    variables |= {"SOURCE": "sample", "COUNTRIES_URL": str(SAMPLES / "InfoPaisosExtra.xlsx")}
    ended = run(store, SAMPLES / "stats.json.gz", now=LATER, **variables)
    assert ended.outcome == "published"


def publish(source: Path, content: bytes, **variables: str) -> MemoryStore:
    source.write_bytes(content)
    store = MemoryStore()
    settings: dict[str, Any] = variables
    assert run(store, source, **settings).outcome == "published"
    return store


def table(read: Element) -> list[list[str]]:
    body = read.one("table", id="table").one("tbody")
    return [[cell.text for cell in row.children] for row in body.all("tr")]
