"""The runs of a whole archive made anew: the same bytes, what fails, what stays as it is."""

import gzip
import pickle
from datetime import date, timedelta
from pathlib import Path

import pytest

from etl.archive import backfill as filling
from etl.archive.backfill import Backfilled, Span
from etl.archive.backlog import read_backlog
from etl.archive.cluster import Here
from etl.archive.job import Job, WrongWorker, job
from etl.archive.rebuild import RebuildTask, RebuiltRun, rebuild
from etl.errors import EtlError, StoreError
from etl.extract.sources import SAMPLES
from etl.history import catalogue, history
from etl.history.record import Failure
from etl.store import Upload
from etl.store.directory import DirectoryStore
from etl.upkeep import prune
from etl.upkeep.doctor import published as doctor
from etl.upkeep.restore import restore
from tests.runs.test_pipeline import DOCUMENTS
from tests.support.archives import DAY, LATER, fill, live, manifest_of, raw_alone, restating
from tests.support.processes import on_a_terminal
from tests.support.reports import made, table
from tests.support.runs import NOW, assert_settled, contents, growing, moment, run, settings
from tests.support.stores import Broken, Wrapped, once

FACTS = str(SAMPLES / "InfoPaisosExtra.xlsx")


def outcomes(done: Backfilled) -> list[str]:
    return [day.outcome for day in done.days]


def failures(done: Backfilled) -> list[tuple[str, str]]:
    return [(day.failure.kind, day.failure.message) for day in done.days if day.failure]


# ---- the same bytes


@pytest.mark.parametrize(
    "variables",
    [{}, {"COUNTRIES_URL": FACTS}, {"KEEP": "new", "COUNTRIES": "ESP", "SINCE": "2021-01-05"}],
    ids=["plain", "facts", "filters"],
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
        (b"", "SourceChanged", "the source is empty"),
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
    assert "not what was archived: its SHA-256 is another" in failures(done)[0][1]


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


# ---- again


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
    assert catalogue.read(other) == listed


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


def test_a_run_of_that_name_that_says_otherwise_is_never_overwritten(
    store: DirectoryStore, source: Path, tmp_path: Path
) -> None:
    live(store, source, restating(1))
    other = raw_alone(store, tmp_path / "other")
    [day] = fill(other, source).days
    key = f"runs/{day.run_id}/manifest.json"
    snapshot = catalogue.read(other).rebuilt[0].snapshot
    shared = job(settings(source, OUTPUT_DIR=str(other.root)))
    [found] = read_backlog(
        other, shared.settings, history.History([]), catalogue.Catalogue(), LATER
    ).snapshots
    assert found.run_id == snapshot
    task = RebuildTask(found, str(day.run_id))
    assert isinstance(rebuild(shared, task), RebuiltRun)  # another was first: fine
    other.write(Upload(key, b"another's"))
    failure = rebuild(shared, task)
    assert isinstance(failure, Failure)
    assert "is there already and says otherwise" in failure.message
    stored = other.read(key)
    assert stored
    assert stored.body == b"another's"


# ---- what is in the archive


def test_a_folder_that_lacks_a_document_is_told_and_one_of_a_run_that_may_go_on_is_left_alone(
    store: DirectoryStore, source: Path, tmp_path: Path
) -> None:
    live(store, source, restating(1))
    other = raw_alone(store, tmp_path / "other")
    other.write(Upload("raw/2021-01-26T070000Z-abcd/InfoPaisosExtra.xlsx", b"alone"))
    other.write(Upload("raw/2021-01-27T070000Z-abcd/stats.json.gz", gzip.compress(growing(22))))
    other.write(Upload("raw/notes/stats.json.gz", b"not ours"))
    done = fill(other, source, now=NOW + 2 * DAY + timedelta(hours=1))
    assert (outcomes(done), done.unfinished) == (["made"], ["2021-01-26T070000Z-abcd"])
    assert len(fill(other, source, now=NOW + 4 * DAY).days) == 2


def test_an_archive_of_nothing_says_what_to_do(store: DirectoryStore, source: Path) -> None:
    with pytest.raises(EtlError, match=r"no snapshots of coviddata; import some"):
        fill(store, source)
    live(store, source, restating(1))
    with pytest.raises(EtlError, match="in that span; there are some from 2021-01-25 to 2021-01"):
        fill(store, source, span=Span(date(2022, 1, 1)))
    with pytest.raises(EtlError, match="no snapshots of who;"):
        fill(store, source, SOURCE="who")


def test_snapshots_without_facts_are_merged_with_todays_which_are_kept_once(
    store: DirectoryStore, source: Path
) -> None:
    live(store, source, restating(2))
    done = fill(store, source, COUNTRIES_URL=FACTS)
    keys = {manifest_of(store, day.run_id).inputs[-1].key for day in done.days}
    [key] = keys
    assert key.startswith("raw/facts/")
    stored = store.read(key)
    assert stored
    assert stored.body == Path(FACTS).read_bytes()
    assert outcomes(fill(store, source, COUNTRIES_URL=FACTS)) == ["there"] * 2


def test_a_month_whose_snapshots_have_no_facts_is_reported_with_those_they_were_merged_with(
    store: DirectoryStore, source: Path
) -> None:
    live(store, source, restating(2))

    assert [note for note in made(store).notes if "no population, no incidence" in note]
    assert table(store)["spain"]["cases_per_100k"] == ""
    fill(store, source, COUNTRIES_URL=FACTS)
    assert not [note for note in made(store).notes if "population" in note]
    spain = table(store)["spain"]
    people = int(spain["population"])
    per_100k = int(spain["new_cases"]) / people * 100_000
    assert float(spain["cases_per_100k"]) == pytest.approx(per_100k, abs=0.01)


# ---- what readers see


def test_publishing_gives_readers_the_newest_run_and_the_next_daily_run_goes_on_from_there(
    store: DirectoryStore, source: Path
) -> None:
    [*_, last] = live(store, source, restating(3))
    wanted = settings(source, OUTPUT_DIR=str(store.root), KEEP="new")
    done = fill(store, source, KEEP="new")
    run_id = filling.publish(wanted, store, done, NOW + 3 * DAY)
    assert run_id == done.days[-1].run_id
    manifest = assert_settled(contents(store))
    assert manifest["run_id"] == run_id
    record = history.read(store)[0].records[-1]
    assert (record.outcome, record.slot, record.published_run) == (
        "restored", date(2021, 1, 28), run_id,
    )  # fmt: skip
    assert {finding.level for finding in doctor.published_findings(store)} == {"ok"}
    source.write_bytes(growing(24, step=102))
    made = run(store, source, now=NOW + 4 * DAY, KEEP="new")
    assert made.manifest
    assert made.manifest.previous
    assert made.manifest.previous.run_id == run_id
    back = restore(store, last, moment(wanted, NOW + 5 * DAY))
    assert back
    assert_settled(contents(store))


def test_an_archive_can_be_the_first_that_readers_get(
    store: DirectoryStore, source: Path, tmp_path: Path
) -> None:
    live(store, source, restating(2))
    other = raw_alone(store, tmp_path / "other")
    wanted = settings(source, OUTPUT_DIR=str(other.root))
    run_id = filling.publish(wanted, other, fill(other, source), LATER)
    assert assert_settled(contents(other))["run_id"] == run_id
    assert filling.publish(wanted, other, fill(other, source), LATER) == run_id


def test_nothing_is_published_where_the_newest_snapshot_failed(
    store: DirectoryStore, source: Path
) -> None:
    live(store, source, [*restating(2), b"<html>"])
    before = store.read("manifest.json")
    wanted = settings(source, OUTPUT_DIR=str(store.root))
    with pytest.raises(EtlError, match="the newest snapshot, of 2021-01-27, failed"):
        filling.publish(wanted, store, fill(store, source), LATER)
    assert store.read("manifest.json") == before


def test_a_publication_that_breaks_off_is_healed_as_what_it_was(
    store: DirectoryStore, source: Path
) -> None:
    live(store, source, restating(2))
    wanted = settings(source, OUTPUT_DIR=str(store.root), KEEP="new")
    done = fill(store, source, KEEP="new")

    def die() -> None:
        raise Broken

    wrapped = Wrapped(store, after=once("write", "manifest.json", die))
    with pytest.raises(Broken):
        filling.publish(wanted, wrapped, done, NOW + 2 * DAY)
    told = [finding for finding in doctor.published_findings(store) if finding.level != "ok"]
    assert any("no record" in finding.what for finding in told)
    list(doctor.heal(store))
    assert history.read(store)[0].records[-1].outcome == "published"  # of the day before
    run(store, source, now=NOW + 3 * DAY, KEEP="new")
    healed = history.read(store)[0].records[2]
    assert (healed.outcome, healed.healed, healed.slot) == ("restored", True, date(2021, 1, 28))
    assert_settled(contents(store))


# ---- what else knows of them


def test_runs_made_anew_are_as_old_as_they_are_and_not_as_their_days(
    store: DirectoryStore, source: Path, tmp_path: Path
) -> None:
    live(store, source, restating(3))
    other = raw_alone(store, tmp_path / "other")
    wanted = settings(source, OUTPUT_DIR=str(other.root))
    done = fill(other, source)
    filling.publish(wanted, other, done, LATER)
    plan = prune.make_plan(other, 30, LATER + 29 * DAY)
    assert not any(folder.name.startswith("runs/") for fs in plan.groups.values() for folder in fs)
    prune.clear(other, prune.make_plan(other, 30, LATER + 31 * DAY))
    kept = {entry.key.split("/")[1] for entry in other.list("runs/")}
    assert kept == {done.days[-1].run_id}
    assert [run.run_id for run in catalogue.read(other).rebuilt] == [done.days[-1].run_id]


def test_a_day_without_a_daily_run_means_the_run_made_anew(
    store: DirectoryStore, source: Path, tmp_path: Path
) -> None:
    live(store, source, restating(3))
    other = raw_alone(store, tmp_path / "other")
    done = fill(other, source)
    wanted = settings(source, OUTPUT_DIR=str(other.root))
    filling.publish(wanted, other, done, LATER)
    record = restore(other, "2021-01-26", moment(wanted, LATER))
    assert record
    assert record.published_run == done.days[1].run_id
    with pytest.raises(
        StoreError, match=rf"these can be restored: {done.days[2].run_id} \(of 2021"
    ):
        restore(other, "2021-01-01", moment(wanted, LATER))


def test_of_daily_runs_that_were_cleared_away_figures_are_read_from_those_made_anew(
    store: DirectoryStore, source: Path
) -> None:
    from etl.archive.figure_history import FigureKey, read_figure_history

    first, second = live(store, source, restating(2))
    done = fill(store, source, COUNTRIES="ESP,USA")
    for entry in list(store.list(f"runs/{first}/")):
        store.delete(entry.key)
    past = history.read(store)[0]
    figure = FigureKey("ESP", date(2021, 1, 2), "cumulative_cases")
    found = list(read_figure_history(store, past, figure, source.parent, 10**9))
    assert [(one.run_id, one.kept_in) for one in found] == [
        (done.days[0].run_id, "runs"), (second, "runs"),
    ]  # fmt: skip


def test_on_a_terminal_it_is_told_how_far_it_is(source: Path, tmp_path: Path) -> None:
    live(DirectoryStore(tmp_path / "out"), source, restating(2))
    variables = {"SOURCE": "coviddata", "COUNTRIES_URL": "", "KEEP": "new"}
    status, seen = on_a_terminal("backfill", cwd=tmp_path, **variables)
    assert status == 0
    assert "rebuild ... 2 of 2" in seen
    assert "2 snapshots: 2 made (" in seen


# ---- workers elsewhere


def test_what_travels_to_the_workers_holds_no_secret(tmp_path: Path) -> None:
    secret = "CANARY"  # noqa: S105  made up
    url = f"https://me:{secret}@example.org/x?token={secret}"
    shared = job(
        settings(
            url, COUNTRIES_URL=url, PING_URL=url, OUTPUT_DIR=str(tmp_path),
            ALERT_TOPIC="news", TRANSLATE_TO="es",
        )
    )  # fmt: skip
    assert secret.encode() not in pickle.dumps(shared)
    assert secret not in repr(shared)


def test_a_worker_with_other_code_does_nothing(store: DirectoryStore, source: Path) -> None:
    live(store, source, restating(1))
    shared = job(settings(source, OUTPUT_DIR=str(store.root)))
    elsewhere = Job(shared.settings, shared.fingerprint, "another version")
    with pytest.raises(WrongWorker, match="another version of this project"):
        list(Here().map(elsewhere.__class__.verify, [elsewhere]))
