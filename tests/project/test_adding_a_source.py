"""The example of docs/adding-a-source.md, run as it stands there."""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etl import PROJECT, pipeline
from etl.errors import DataRejected, SourceChanged
from etl.extract.sources import SAMPLES, SOURCES, Source
from etl.store.memory import MemoryStore
from tests.support.runs import assert_settled, contents, settings

DOCUMENT = PROJECT / "docs" / "adding-a-source.md"
NOW = datetime(2020, 5, 27, tzinfo=UTC)
SPAIN = {"iso": "ESP", "name": "España", "day": "2020-05-25", "cases": 235_772, "deaths": None}
NAMIBIA = {"iso": "NAM", "name": "Namibia", "day": "2020-05-26", "cases": 21, "deaths": 0}


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    module, entry = re.findall(r"^```python\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.M | re.S)
    (tmp_path / "lines.py").write_text(module, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    made = eval(entry, {"Source": Source})  # noqa: S307  our own document
    assert made.module == "etl.extract.sources.lines"
    source = replace(made, module="lines")
    monkeypatch.setitem(SOURCES, source.name, source)
    yield source
    sys.modules.pop("lines", None)


def run(store: MemoryStore, folder: Path, *lines: object) -> str:
    path = folder / "covid.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    facts = str(SAMPLES / "InfoPaisosExtra.xlsx")
    wanted = settings(path)
    source = replace(wanted.source, name="lines", data_set="lines", facts_url=facts)
    wanted = replace(wanted, source=source)
    return pipeline.run(wanted, store, now=NOW).outcome


def test_the_example_is_published_like_any_source(source: Source, tmp_path: Path) -> None:
    store = MemoryStore()
    next_day = {**SPAIN, "day": "2020-05-26", "cases": 236_259, "deaths": 27_117}
    assert run(store, tmp_path, SPAIN, next_day, NAMIBIA) == "published"
    objects = contents(store)
    manifest = assert_settled(objects)
    assert manifest["source"]["attribution"] == source.attribution
    assert manifest["source"]["lacks"] == ["recoveries"]
    spain = json.loads(objects["countries/ESP.json"])
    assert (spain["country_key"], spain["country"]) == ("spain", "España")
    assert spain["continent"] == "Europe"
    assert spain["cumulative_deaths"] == [None, 27_117]
    assert spain["new_cases"] == [None, 487]
    assert run(store, tmp_path, SPAIN, next_day, NAMIBIA) == "unchanged"


def test_the_example_names_every_fault(source: Source, tmp_path: Path) -> None:
    wrong = ({**SPAIN, "day": "25/05/2020"}, NAMIBIA, {**SPAIN, "cases": 2**31})
    with pytest.raises(SourceChanged) as caught:
        run(MemoryStore(), tmp_path, *wrong)
    assert [fault.partition(":")[0] for fault in caught.value.faults] == ["line 1", "line 3"]
    with pytest.raises(SourceChanged) as caught:
        run(MemoryStore(), tmp_path, SPAIN, NAMIBIA, SPAIN)
    assert caught.value.faults == ["España, 2020-05-25: this day appears twice"]
    with pytest.raises(DataRejected, match="the source has no rows"):
        run(MemoryStore(), tmp_path)
