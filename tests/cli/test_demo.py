"""The demo: two runs on made-up data, labelled as such wherever a person or a program looks."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import command, on_a_terminal, snapshot

NOTICE = "Made-up sample data: every figure is invented."
# The source's own bare shape, and what tells of runs alone, have no room for it; the standard's
# form has it in its description.
WITHOUT_NOTICE = {"stats.json", "history.json", "status.json", "croissant.json"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def ended(folder: Path) -> subprocess.CompletedProcess[str]:
    """The first demo, by somebody who has a bucket already: it could not even be looked for."""
    bucket = {"S3_BUCKET": "bucket", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"}
    return command("demo", cwd=folder, OUTPUT_DIR="shown here", **bucket)


def records(out: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((out / "history.json").read_bytes())["records"]
    return found


def test_the_demo_publishes_into_the_folder_and_then_finds_nothing_new(
    ended: subprocess.CompletedProcess[str], folder: Path
) -> None:
    assert ended.returncode == 0
    events = [line.split(" ", 1)[0] for line in ended.stderr.splitlines()]
    assert [event for event in events if event != "run.warning"] == [
        "run.published",
        "run.unchanged",
    ]
    published, unchanged = records(folder / "shown here")
    assert (published["outcome"], unchanged["outcome"]) == ("published", "unchanged")
    assert unchanged["published_run"] == published["run_id"]
    assert [path.name for path in folder.iterdir()] == ["shown here"]


def test_the_demo_says_that_all_is_made_up_and_what_lies_where(
    ended: subprocess.CompletedProcess[str], folder: Path
) -> None:
    assert "made-up" in ended.stdout
    assert "invented" in ended.stdout
    assert "http://127.0.0.1:" in ended.stdout
    listed = ended.stdout.split("files in shown here/")[1]
    names = re.findall(r"^  (\S+) ", listed, re.MULTILINE)
    assert len(names) >= 8
    assert [name for name in names if not (folder / "shown here" / name).exists()] == []


@pytest.mark.usefixtures("ended")
def test_every_json_file_of_data_says_that_it_is_made_up(folder: Path) -> None:
    found = {
        name: json.loads(content)
        for name, content in snapshot(folder / "shown here").items()
        if name.endswith(".json")
        and name.rpartition("/")[2] not in WITHOUT_NOTICE
        and "schemas/" not in name
    }
    assert {"latest.json", "world.json", "countries.json", "countries/ESP.json"} <= set(found)
    for name, content in found.items():
        about = content["source"] if name.endswith("manifest.json") else content
        assert about["notice"] == NOTICE, name


@pytest.mark.usefixtures("ended")
def test_a_second_demo_leaves_everything_as_it_was(folder: Path) -> None:
    before = snapshot(folder)
    again = command("demo", cwd=folder, OUTPUT_DIR="shown here")
    assert again.returncode == 0
    events = [line.split(" ", 1)[0] for line in again.stderr.splitlines()]
    assert events == ["run.warning", "run.unchanged"] * 2  # its last date is long ago
    after = snapshot(folder)
    assert {name for name in after if before.get(name) != after[name]} == {
        "shown here/history.json",
        "shown here/status.json",
    }


@pytest.mark.usefixtures("ended")
def test_the_demo_does_not_publish_over_real_data(folder: Path, tmp_path: Path) -> None:
    manifest = json.loads((folder / "shown here" / "manifest.json").read_bytes())
    manifest["source"]["name"] = "coviddata"
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.json").write_text(json.dumps(manifest))
    before = snapshot(tmp_path)
    refused = command("demo", cwd=tmp_path)
    assert refused.returncode == 2
    assert refused.stdout == ""
    (line,) = refused.stderr.splitlines()
    assert "OUTPUT_DIR: out holds data of coviddata" in line
    assert "OUTPUT_DIR=out-demo" in line
    assert snapshot(tmp_path) == before


def test_on_a_terminal_the_demo_shows_what_a_run_shows(tmp_path: Path) -> None:
    status, shown = on_a_terminal("demo", cwd=tmp_path)
    assert status == 0
    assert re.search(r"load [━╸╺]+ *([0-9]+) of \1", shown)
    assert "run.published" not in shown
