"""The runs of a whole archive rebuilt: the same bytes, what fails, what stays as it is."""

import gzip
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from etl.archive.backfill import Backfilled, Span
from etl.errors import EtlError
from etl.extract.sources import SAMPLES
from etl.history import catalogue
from etl.store import Upload
from etl.store.directory import DirectoryStore
from tests.support.archives import (
    DAY,
    FACTS,
    LATER,
    fill,
    live,
    manifest_of,
    outcomes,
    raw_alone,
    restating,
)
from tests.support.bad_documents import DOCUMENTS
from tests.support.processes import on_a_terminal
from tests.support.runs import NOW, assert_settled, contents, growing


def failures(done: Backfilled) -> list[tuple[str, str]]:
    return [(day.failure.kind, day.failure.message) for day in done.days if day.failure]


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"COUNTRIES_URL": FACTS},
        {"KEEP": "new", "COUNTRIES": "ESP", "SINCE": "2021-01-05"},
        {"TRANSFORM": str(SAMPLES / "steps" / "growth.py")},
    ],
    ids=["plain", "facts", "filters", "step"],
)
def test_raw_inputs_alone_give_the_bytes_that_the_daily_runs_wrote(
    store: DirectoryStore, source: Path, tmp_path: Path, variables: dict[str, str]
) -> None:
    published = live(store, source, restating(4), **variables)
    other = raw_alone(store, tmp_path / "other")
    done = fill(other, source, **variables)  # type: ignore[arg-type]
    assert outcomes(done) == ["made"] * 4
    for before, day in zip(published, done.days, strict=True):
        daily, again = manifest_of(store, before), manifest_of(other, day.run_id)
        digests = [{f.name: f.sha256 for f in m.files} for m in (daily, again)]
        # the page tells of its run, and shows the runs before it; nothing else in it differs
        assert digests[0].pop("index.html") != digests[1].pop("index.html")
        assert digests[0] == digests[1]
        assert daily.digests() == again.digests()
        assert (daily.source, daily.checks) == (again.source, again.checks)
        assert (daily.slot, daily.started_at) == (again.slot, again.started_at)
        assert (daily.settings, daily.fingerprint) == (again.settings, again.fingerprint)
        assert [one.key for one in daily.inputs] == [one.key for one in again.inputs]
        assert (daily.rebuilt, again.rebuilt) == (False, True)
    assert manifest_of(other, done.days[2].run_id).checks.restated


def test_all_runs_get_the_tables_of_today(
    store: DirectoryStore, source: Path, tmp_path: Path
) -> None:
    (tmp_path / "beds.csv").write_text("iso,beds\nESP,3\nUSA,2\n")
    tables: dict[str, Any] = {"TABLES": str(tmp_path / "beds.csv")}
    published = live(store, source, restating(2), **tables)
    other = raw_alone(store, tmp_path / "other")
    done = fill(other, source, **tables)
    assert outcomes(done) == ["made"] * 2
    for before, day in zip(published, done.days, strict=True):
        daily, again = manifest_of(store, before), manifest_of(other, day.run_id)
        assert (daily.digests(), daily.own) == (again.digests(), again.own)
        assert daily.fingerprint == again.fingerprint
    (tmp_path / "beds.csv").write_text("<html>")
    with pytest.raises(EtlError, match="table beds: an HTML page"):
        fill(raw_alone(store, tmp_path / "third"), source, **tables)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_bad_snapshot_is_listed_and_the_others_are_as_if_it_had_not_been(
    store: DirectoryStore, source: Path, tmp_path: Path, name: str
) -> None:
    body, error, _ = DOCUMENTS[name]
    days = restating(3)
    published = live(store, source, [days[0], body, *days[1:]], MAX_SOURCE_MB="10")
    other = raw_alone(store, tmp_path / "other")
    if name == "gzip bomb":  # too large to be kept aside
        packed = f"raw/{NOW + DAY:%Y-%m-%dT%H%M%SZ}-abcd/stats.json.gz"
        other.write(Upload(packed, body))
    done = fill(other, source, MAX_SOURCE_MB="10")
    assert outcomes(done) == ["made", "failed", "made", "made"]
    [(kind, told)] = failures(done)
    assert kind == error.__name__
    assert str(other.root) not in told
    assert "\n" not in told
    made = [day.run_id for day in done.days if day.run_id]
    for before, again in zip(published, made, strict=True):
        assert manifest_of(store, before).digests() == manifest_of(other, again).digests()


@pytest.mark.parametrize(
    ("packed", "kind", "message"),
    [
        (gzip.compress(growing(21))[:-20], "SourceUnavailable", "a gzip that ends too early"),
        (gzip.compress(growing(21))[:50] + b"\0" * 99, "SourceChanged", "can't be unpacked"),
        (b"", "SourceChanged", "stats.json.gz is empty"),
        (gzip.compress(b"<!doctype html><p>Sorry"), "SourceChanged", "it begins '<!doctype html>"),
    ],
    ids=["truncated gzip", "broken gzip", "empty", "html"],
)
def test_an_archived_file_that_is_damaged_costs_its_own_day_alone(
    store: DirectoryStore, source: Path, tmp_path: Path, packed: bytes, kind: str, message: str
) -> None:
    [_, damaged, _] = live(store, source, restating(3))
    other = raw_alone(store, tmp_path / "other")
    other.write(Upload(f"raw/{damaged}/stats.json.gz", packed))
    done = fill(other, source)
    assert outcomes(done) == ["made", "failed", "made"]
    [failure] = failures(done)
    assert failure[0] == kind
    assert message in failure[1]
    assert "/tmp" not in failure[1]  # noqa: S108  that it is not told


def test_an_archived_file_that_is_another_than_the_history_says_is_not_taken(
    store: DirectoryStore, source: Path
) -> None:
    [_, damaged] = live(store, source, restating(2))
    store.write(Upload(f"raw/{damaged}/stats.json.gz", gzip.compress(growing(22))))
    done = fill(store, source, KEEP="new")
    assert outcomes(done) == ["made", "failed"]
    assert "was changed after it was archived: its SHA-256 differs" in failures(done)[0][1]


def test_a_snapshot_that_goes_back_is_refused_and_the_next_one_compared_with_the_last_good_one(
    store: DirectoryStore, source: Path, tmp_path: Path
) -> None:
    earlier = growing(15)
    published = live(store, source, [growing(20), earlier, growing(21)])
    other = raw_alone(store, tmp_path / "other")
    done = fill(other, source)
    assert [kind for kind, _ in failures(done)] == ["DataRejected"]
    changes = other.read(f"runs/{done.days[2].run_id}/changes.json")
    assert changes
    assert f'"compared_with":"{published[0]}"'.encode() in changes.body


def test_the_first_day_of_a_span_is_compared_with_the_one_in_front_of_it(
    store: DirectoryStore, source: Path, tmp_path: Path
) -> None:
    live(store, source, restating(5))
    whole, part = raw_alone(store, tmp_path / "whole"), raw_alone(store, tmp_path / "part")
    every = fill(whole, source)
    some = fill(part, source, span=Span(date(2021, 1, 27), date(2021, 1, 28)))
    assert [day.run_id for day in some.days] == [day.run_id for day in every.days[2:4]]
    for day in some.days:
        start = f"runs/{day.run_id}/"
        ours, theirs = (
            {entry.key: one.read(entry.key) for entry in one.list(start)} for one in (part, whole)
        )
        assert ours == theirs


def test_said_again_it_does_nothing_and_goes_on_where_it_was_stopped(
    store: DirectoryStore, source: Path, tmp_path: Path
) -> None:
    live(store, source, restating(3))
    other = raw_alone(store, tmp_path / "other")
    first = fill(other, source, span=Span(last=date(2021, 1, 26)))
    after = contents(other)
    assert outcomes(fill(other, source)) == ["there", "there", "made"]
    whole = contents(other)
    assert {key: whole[key] for key in after if key != "catalogue.json"} == {
        key: body for key, body in after.items() if key != "catalogue.json"
    }
    assert outcomes(fill(other, source)) == ["there"] * 3
    assert contents(other) == whole
    assert [run.run_id for run in catalogue.read(other).rebuilt][:2] == [
        day.run_id for day in first.days
    ]


def test_stopped_before_a_manifest_the_day_is_made_again_byte_for_byte(
    store: DirectoryStore, source: Path, tmp_path: Path
) -> None:
    live(store, source, restating(2))
    other = raw_alone(store, tmp_path / "other")
    [_, day] = fill(other, source).days
    whole = contents(other)
    other.delete(f"runs/{day.run_id}/manifest.json")
    other.delete(f"runs/{day.run_id}/latest.csv")
    assert outcomes(fill(other, source)) == ["there", "made"]
    assert contents(other) == whole


def test_runs_that_were_made_but_not_listed_are_listed_then(
    store: DirectoryStore, source: Path, tmp_path: Path
) -> None:
    live(store, source, restating(2))
    other = raw_alone(store, tmp_path / "other")
    fill(other, source)
    listed = catalogue.read(other)
    other.delete("catalogue.json")
    assert outcomes(fill(other, source)) == ["there"] * 2
    again = catalogue.read(other).rebuilt  # each is as old as its manifest now
    assert [replace(one, made_at=LATER) for one in again] == listed.rebuilt


def test_daily_runs_of_the_same_code_and_settings_are_not_made_twice(
    store: DirectoryStore, source: Path
) -> None:
    published = live(store, source, restating(3))
    before = contents(store)
    done = fill(store, source)
    assert outcomes(done) == ["there"] * 3
    assert [day.run_id for day in done.days] == published
    assert contents(store) == before
    assert outcomes(fill(store, source, KEEP="cumulative")) == ["made"] * 3
    after = contents(store)
    # nothing that was there is another now, and readers have what they had
    assert {key: after[key] for key in before} == before
    assert_settled(after)


def test_an_archive_of_nothing_says_what_to_do(store: DirectoryStore, source: Path) -> None:
    with pytest.raises(EtlError, match=r"no snapshots of coviddata; import some"):
        fill(store, source)
    live(store, source, restating(1))
    with pytest.raises(EtlError, match="in that span; there are some from 2021-01-25 to 2021-01"):
        fill(store, source, span=Span(date(2022, 1, 1)))
    with pytest.raises(EtlError, match="no snapshots of who;"):
        fill(store, source, SOURCE="who")


def test_on_a_terminal_it_is_told_how_far_it_is(source: Path, tmp_path: Path) -> None:
    live(DirectoryStore(tmp_path / "out"), source, restating(2))
    variables = {"SOURCE": "coviddata", "COUNTRIES_URL": "", "KEEP": "new"}
    status, seen = on_a_terminal("backfill", cwd=tmp_path, **variables)
    assert status == 0
    assert re.search(r"rebuild \S+ +2 of 2", seen)
    assert "2 snapshots: 2 made (" in seen
