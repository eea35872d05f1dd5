"""OUTPUTS=none on S3: the commands work, and say what is switched off."""

import json
import time
from pathlib import Path

import pytest

from etl.store.layout import CATALOGUE, FORM, INBOX, INCOMING, LATEST_CSV, SHARED
from tests.runs.test_outputs import ALWAYS, stable
from tests.support.desk import Desk
from tests.support.feedback import data, post
from tests.support.language_server import language_server
from tests.support.runs import contents, growing
from tests.support.web import fetch

SAID_OFF = "OUTPUTS leaves it out"


def two_runs(desk: Desk) -> list[str]:
    ids = []
    for n in range(2):
        Path("stats.json").write_bytes(growing(20 + n, step=100 + n))
        assert desk("run", "--force").status == 0
        time.sleep(1 - time.time() % 1)  # runs of one second have no order
        ids.append(json.loads(contents(desk.store)["manifest.json"])["run_id"])
    return ids


def test_all_commands_work_without_the_optional_files(
    moto_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    switched = {"OUTPUTS": "none", "INBOX": "on", "COUNTRIES_URL": "", "SOURCE_URL": "stats.json"}
    for name, value in switched.items():
        monkeypatch.setenv(name, value)
    first, second = two_runs(moto_desk)
    assert stable(contents(moto_desk.store)) == ALWAYS | {FORM}
    assert_readers_can_write(moto_desk, monkeypatch)
    assert_the_lack_of_a_page_is_said(moto_desk)
    found = moto_desk("vintage", "ESP", "2021-01-05", "--json").json()
    assert [line["value"] for line in found] == [500, 505]
    assert moto_desk("diff", first, second, "--json").json()["biggest"]
    for command in (
        ("restore", first),
        ("prune", "--yes"),
        ("backfill", "--json"),
        ("ls",),
        ("status",),
    ):
        said = moto_desk(*command)
        assert said.status == 0, (command, said)
    objects = contents(moto_desk.store)
    assert json.loads(objects["manifest.json"])["run_id"] == first
    published = {key for key in stable(objects) if not key.startswith((SHARED, INBOX))}
    assert published - {CATALOGUE} == ALWAYS | {FORM}


def assert_readers_can_write(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    renewed = contents(desk.store)[FORM].decode()
    for form in (renewed, fetch(shared(desk, "--inbox")).text):
        way = data(form)["ways"]["remark"]
        assert post(way, f"1-{len(form)}", b"Las cifras son wrong").status_code == 204
        assert "index.html" not in form
    assert list(desk.store.list(INCOMING))
    with language_server(monkeypatch):
        assert {one["kind"] for one in desk("inbox", "--json").json()["letters"]} == {"text"}
    assert not list(desk.store.list(INCOMING))


def assert_the_lack_of_a_page_is_said(desk: Desk) -> None:
    for command in (("open", "--print"), ("share", "--page")):
        said = desk(*command)
        assert (said.status, said.out, SAID_OFF in said.err) == (1, "", True)
    assert fetch(shared(desk, LATEST_CSV)).content == contents(desk.store)[LATEST_CSV]
    assert "the page: switched off by OUTPUTS" in desk("doctor").out


def shared(desk: Desk, *how: str) -> str:
    said = desk("share", *how)
    assert said.status == 0, said.err
    return said.out.strip()
