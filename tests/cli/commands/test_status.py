"""`status`, `open` and `--version`."""

import json
import tomllib
from pathlib import Path

import pytest

from etl import PROJECT
from tests.support.commands import last_record
from tests.support.desk import Desk
from tests.support.processes import command
from tests.support.sharing import publish_page
from tests.support.web import fetch


def test_status_of_a_published_folder_is_five_lines(published: Path, tmp_path: Path) -> None:
    ended = command("status", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    names = [line[:12].strip() for line in ended.stdout.splitlines()]
    assert names == ["published", "last check", "next run", "source", "folder"]
    assert "11,423 rows" in ended.stdout
    assert "(stale, " in ended.stdout


def test_status_after_a_failure_ends_with_1_and_gives_the_reason(
    published: Path, tmp_path: Path
) -> None:
    command("run", cwd=tmp_path, SOURCE_URL="[bold]nothing.json")
    text, as_json = command("status", cwd=tmp_path), command("status", "--json", cwd=tmp_path)
    assert text.returncode == as_json.returncode == 1
    assert "failed (SourceUnavailable: [bold]nothing.json" in text.stdout
    seen = json.loads(as_json.stdout)
    assert (seen["well"], seen["outcome"]) == (False, "failed")
    assert seen["failure"].endswith(last_record(published)["failure"]["message"])


def test_status_of_an_empty_folder_names_the_next_step(tmp_path: Path) -> None:
    ended = command("status", cwd=tmp_path)
    assert ended.returncode == 1
    assert "python app.py run" in ended.stdout
    assert list(tmp_path.iterdir()) == []


def test_open_prints_the_file_of_a_local_page(published: Path, tmp_path: Path) -> None:
    ended = command("open", "--print", cwd=tmp_path)
    assert ended.stdout.strip() == (published / "index.html").resolve().as_uri()


@pytest.mark.parametrize(("browser", "printed"), [("/bin/true %s", False), ("", True)])
def test_open_prints_the_address_if_there_is_no_browser(
    published: Path, tmp_path: Path, browser: str, printed: bool
) -> None:
    # without a screen xdg-open only complains, after it has been started
    opener = tmp_path / "bin" / "xdg-open"
    opener.parent.mkdir()
    opener.write_text("#!/bin/sh\necho no method available >&2; exit 3\n")
    opener.chmod(0o755)
    ended = command("open", cwd=tmp_path, BROWSER=browser, PATH=str(opener.parent))
    address = (published / "index.html").resolve().as_uri()
    assert (ended.stdout.strip(), ended.stderr) == (address if printed else "", "")


def test_open_without_a_page_says_so(tmp_path: Path) -> None:
    ended = command("open", "--print", cwd=tmp_path)
    assert ended.returncode == 1
    assert "nothing is published yet" in ended.stderr


def test_the_page_of_a_private_bucket_is_opened_by_a_link_that_expires(s3_desk: Desk) -> None:
    s3_desk.publish(20)
    publish_page(s3_desk.store)
    said = s3_desk("open", "--print")
    assert said.status == 0
    assert fetch(said.out.strip()).text.startswith("<!doctype html>")


def test_the_version_is_the_projects(tmp_path: Path) -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert command("--version", cwd=tmp_path).stdout.split()[-1] == project["version"]
