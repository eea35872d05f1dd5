"""docs/reading.md: its Python examples run against a folder that was published."""

import http.server
import re
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from etl import PROJECT
from etl.store.directory import DirectoryStore
from tests.support.runs import growing, run

TEXT = (PROJECT / "docs" / "reading.md").read_text(encoding="utf-8")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a published folder."""
    path = tmp_path_factory.mktemp("reading")
    (path / "stats.json").write_bytes(growing(20))
    run(DirectoryStore(path / "out"), path / "stats.json")
    handler = partial(Quiet, directory=str(path / "out"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port} {path / 'out'}"
    server.shutdown()
    server.server_close()


def examples(heading: str) -> list[str]:
    section = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


@pytest.mark.parametrize("heading", ["pandas", "Polars", "DuckDB"])
def test_a_table_is_read_as_described(
    heading: str, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    [example] = examples(heading)
    names: dict[str, Any] = {"FOLDER": folder.split(" ")[1]}
    exec(example, names)  # noqa: S102  our own document
    assert "ESP" not in capsys.readouterr().err
    if heading == "pandas":
        assert set(names["table"]["country"]) == {"Spain"}
    if heading == "Polars":
        assert set(names["table"].collect()["country"]) == {"Spain"}
    if heading == "DuckDB":
        assert "Spain" in {
            row[0]
            for row in names["duckdb"]
            .execute(names["query"], [f"{names['FOLDER']}/timeseries.parquet"])
            .fetchall()
        }


def test_a_version_is_pinned_and_its_digest_verified_by_url(folder: str) -> None:
    names: dict[str, Any] = {"FOLDER": folder.split(" ")[0]}
    for heading in ("Pin a version", "Verify a digest"):
        [example] = examples(heading)
        exec(example, names)  # noqa: S102  our own document
    assert names["table"]["key"].startswith("runs/")


def test_every_file_that_the_document_names_is_published(folder: str) -> None:
    root = Path(folder.split(" ")[1])
    for name in ("latest.csv", "latest.xlsx", "countries/ESP.json", "world.json", "schemas"):
        assert f"`{name}" in TEXT
        assert (root / name).exists()
