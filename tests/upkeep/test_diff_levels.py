"""The same of regions and places."""

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from etl.extract import levels
from etl.extract.sources import SAMPLES
from etl.history.run import Options
from tests.support.desk import Desk
from tests.support.differing import DAY, changes
from tests.support.page_reader import read_page
from tests.support.runs import (
    NOW,
    contents,
    run,
)


def restated_sample(level: str) -> tuple[dict[str, Any], str, int]:
    """A level's sample with the last total of cases of the first series raised by 7.

    Its series' entity, the day, and the figure before.
    """
    source = json.loads(gzip.decompress((SAMPLES / f"{level}.json.gz").read_bytes()))
    days = source[0]["dates"]
    last = max(days)
    counts = days[last]["cumulative"]
    before = counts["cases"]
    counts["cases"] += 7
    Path("restated.json").write_text(json.dumps(source))
    return source[0][levels.one(level)], last, before


@pytest.mark.parametrize("level", ["regions", "places"])
def test_what_changed_of_regions_and_places_is_told_by_their_names(
    level: str, local_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEVEL", level)
    entity, last, before = restated_sample(level)
    key, full_name = entity["key"], entity["full_name"]
    for n, source in enumerate((SAMPLES / f"{level}.json.gz", Path("restated.json"))):
        made = run(
            local_desk.store, source, LEVEL=level, now=NOW + n * DAY, options=Options(force=True)
        )
        assert made.outcome == "published"
    cell = {
        "key": key,
        "name": full_name,
        "date": last,
        "measure": "cumulative_cases",
        "before": before,
        "after": before + 7,
    }
    assert changes(local_desk.store)["biggest"] == [cell]
    assert local_desk("diff", "previous", "--json").json()["biggest"] == [cell]
    assert full_name in local_desk("diff", "previous").out
    page = contents(local_desk.store)["index.html"].decode()
    section = read_page(page).one("section", id="changes")
    assert full_name in section.text
    for name in (key, full_name):
        told = local_desk("vintage", name, last, "--json").json()
        assert [line["value"] for line in told] == [before, before + 7]
        assert {line["name"] for line in told} == {full_name}
    shutil.rmtree(f"out/runs/{told[0]['run_id']}")
    archived = local_desk("vintage", key, last, "--json").json()
    assert archived == [{**told[0], "kept_in": "raw"}, told[1]]


def test_a_name_that_several_places_have_is_asked_for_by_its_key(
    local_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEVEL", "places")
    source = json.loads(gzip.decompress((SAMPLES / "places.json.gz").read_bytes()))
    for one in source[:2]:
        one["place"]["name"] = "Springfield"
    Path("places.json").write_text(json.dumps(source))
    run(local_desk.store, Path("places.json"), LEVEL="places")
    said = local_desk("vintage", "springfield", "2020-07-01")
    assert (said.status, said.out) == (1, "")
    keys = ", ".join(one["place"]["key"] for one in source[:2])
    assert f"'springfield' matches 2; use one of their keys: {keys}" in said.err


def test_runs_of_different_levels_cant_be_compared(local_desk: Desk) -> None:
    ids = []
    for n, level in enumerate(("regions", "places")):
        made = run(local_desk.store, SAMPLES / f"{level}.json.gz", LEVEL=level, now=NOW + n * DAY)
        assert made.record
        ids.append(made.record.run_id)
    said = local_desk("diff", *ids)
    assert said.status == 1
    assert "one has regions, the other places" in said.err
