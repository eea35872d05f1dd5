"""Whole runs of files in the odd forms that publishers really write, over HTTP on loopback."""

import gzip
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etl.errors import SourceChanged
from etl.extract.sources import SAMPLES
from etl.store.memory import MemoryStore
from tests.support.runs import contents, run
from tests.support.web_server import Reply, WebServer, web_server

NOW = datetime(2024, 3, 11, tzinfo=UTC)
WHO = gzip.decompress((SAMPLES / "who.csv.gz").read_bytes())


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


def test_what_was_put_right_is_in_the_manifest_and_the_warnings(tmp_path: Path) -> None:
    source = tmp_path / "who.csv"
    source.write_bytes(
        WHO.replace(b"Spain", "Espa\ufffda".encode()) + b"2024-03-01,,,,0,0,0,0\n" * 3
    )
    store = MemoryStore()
    result = run(store, source, now=NOW, SOURCE="who", COUNTRIES_URL="")
    checks = json.loads(contents(store)["manifest.json"])["checks"]
    assert checks["corrections"]["names_replaced"] == 1
    assert checks["corrections"]["rows_nameless"] == 3
    assert checks["corrections"]["negative_missing"] == 0
    assert result.record is not None
    assert "rows without a name, left out: 3" in result.record.warnings
    assert json.loads(contents(store)["countries/ESP.json"])["country"] == "Spain"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(WHO.rstrip()),
        Reply(WHO.rstrip(), chunk=5000),
        Reply(gzip.compress(WHO.rstrip()), length=-1),
    ],
    ids=["length", "chunks", "gzip"],
)
def test_a_last_line_without_a_newline_is_read_where_its_end_was_announced(
    web: WebServer, reply: Reply
) -> None:
    if reply.length == -1:
        reply = Reply(reply.body, length=-1, headers={"Content-Encoding": "gzip"})
    store, url = MemoryStore(), web.on("/who.csv", reply)
    result = run(store, url, now=NOW, SOURCE="who", COUNTRIES_URL="")
    assert result.outcome == "published"


def test_a_last_line_without_a_newline_is_refused_where_nothing_shows_its_end(
    web: WebServer,
) -> None:
    url = web.on("/who.csv", Reply(WHO.rstrip(), length=-1))
    with pytest.raises(SourceChanged) as caught:
        run(MemoryStore(), url, now=NOW, SOURCE="who", COUNTRIES_URL="")
    (fault,) = caught.value.faults
    assert fault.startswith(f"{url} ends in the middle of its last line: '...")
    assert fault.endswith("; the server did not announce its length")
    url = web.on("/whole.csv", Reply(WHO, length=-1))
    run(MemoryStore(), url, now=NOW, SOURCE="who", COUNTRIES_URL="")


@pytest.mark.parametrize("source", ["who", "owid", "coviddata"])
def test_messages_name_the_url_without_its_secrets(web: WebServer, source: str) -> None:
    url = web.on("/a/mine", Reply(b"\n\n<!DOCTYPE html>\n"))
    with pytest.raises(SourceChanged) as caught:
        run(MemoryStore(), f"{url}?token=secret", now=NOW, SOURCE=source, COUNTRIES_URL="")
    (fault,) = caught.value.faults
    assert fault.startswith(f"{url} is an HTML page, not ")
    assert "secret" not in fault


@pytest.mark.parametrize("name", ["who", "owid"])
def test_published_text_never_holds_nat_or_nan(tmp_path: Path, name: str) -> None:
    source = tmp_path / f"{name}.csv"
    source.write_bytes(gzip.decompress((SAMPLES / f"{name}.csv.gz").read_bytes()))
    store = MemoryStore()
    run(store, source, now=NOW, SOURCE=name, COUNTRIES_URL="")
    for key, body in contents(store).items():
        if key.startswith("raw/") or key.endswith((".parquet", ".js")):
            continue
        text = gzip.decompress(body) if key.endswith(".gz") else body
        assert not re.search(rb"\bNaT\b|(?<![\w.])[Nn]a[Nn](?![\w(])", text), key
