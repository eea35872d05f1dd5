"""What commands do in a folder while its S3 server fails: rows of test_faults.py."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path

from etl.alerts.teller import Teller
from etl.archive import backfill as filling
from etl.archive.engine import Here, Progress
from etl.archive.import_versions import import_archive
from etl.history import history
from etl.inbox import rounds
from etl.report.monthly.make import make_report
from etl.store import Store, Upload
from etl.store.memory import MemoryStore
from etl.store.s3.store import S3Store
from etl.upkeep import prune
from etl.upkeep.restore import restore
from tests.support.archives import DAY, LATER, live, restating
from tests.support.letters import jpeg
from tests.support.reader import assert_settled
from tests.support.reports import JANUARY
from tests.support.runs import NOW, contents, growing, moment, settings
from tests.support.scenes import WITH_INBOX, Contents, Scene, publish_yesterday

DONE = "done"
LETTERS = {"1-remark": b"All of it is wrong, I say.", "2-photo": jpeg(), "3-gif": b"GIF89a"}


def _three_runs(folder: Path) -> MemoryStore:
    store = MemoryStore()
    live(store, folder / "daily.json", restating(3), OUTPUTS="countries")
    return store


def put_back(folder: Path) -> Scene:
    """`restore`, to the first of three runs."""
    store = _three_runs(folder)
    wanted = history.read(store)[0].records[0].run_id

    def act(store: S3Store) -> str:
        record = restore(store, wanted, moment(settings("unused"), NOW + 3 * DAY))
        return record.outcome if record else "there"

    def settled(before: Contents, after: Contents) -> None:
        assert assert_settled(after)["run_id"] == wanted
        assert json.loads(after["history.json"])["records"][-1]["published_run"] == wanted

    return Scene(contents(store), act, act, settled)


def cleared(folder: Path) -> Scene:
    """`prune`, a year later; the crashed run's folder is younger on the server than a day."""
    store = _three_runs(folder)
    later = datetime.now(UTC) + 2 * DAY
    store.write(Upload("runs/2021-01-20T070000Z-0001/latest.csv", b"left by a crash"))
    before = contents(store)
    prune.clear_old(store, 30, later)
    wanted = contents(store)
    assert len(wanted) < len(before)

    def act(store: S3Store) -> str:
        prune.clear_old(store, 30, later)
        return DONE

    def promises(before: Contents, after: Contents) -> None:
        assert {key: after.get(key) for key in wanted} == wanted, "something is gone, or changed"
        assert after.keys() <= before.keys()
        for key in after.keys() - wanted.keys():
            if fnmatch(key, "runs/*Z-????/manifest.json"):
                of_run = {file["key"] for file in json.loads(after[key])["files"]}
                assert of_run <= after.keys(), "half a run that looks whole"

    def settled(before: Contents, after: Contents) -> None:
        assert _differing(after, wanted) <= _trials(after)

    return Scene(before, act, act, settled, promises)


def filled(folder: Path) -> Scene:
    """`backfill --publish` of three days with other settings than their runs had."""
    of = settings("unused", KEEP="new", OUTPUTS="none")

    def act(store: S3Store) -> str:
        done = filling.backfill(of, store, Here(), filling.Span(), LATER, Progress())
        filling.publish(of, store, done, NOW + 3 * DAY)
        return DONE if {day.outcome for day in done.days} <= {"made", "there"} else "failed"

    def settled(before: Contents, after: Contents) -> None:
        manifest = assert_settled(after)
        assert (manifest["settings"]["KEEP"], manifest["slot"]) == ("new", "2021-01-27")
        rebuilt = json.loads(after["catalogue.json"])["rebuilt"]
        assert [one["slot"] for one in rebuilt] == ["2021-01-25", "2021-01-26", "2021-01-27"]
        for one in rebuilt:
            assert f"runs/{one['run_id']}/manifest.json" in after

    return Scene(contents(_three_runs(folder)), act, act, settled)


def imported(folder: Path) -> Scene:
    """`import-archive` of three versions, into a folder with a run."""
    versions = folder / "versions"
    versions.mkdir()
    for n in range(3):
        (versions / f"2020-12-0{n + 1}.json").write_bytes(growing(20 + n))
    of = settings("unused")

    def act(store: S3Store) -> str:
        taken = import_archive(of, store, versions, LATER, Progress())
        return DONE if all(one.run_id for one in taken) else "failed"

    def settled(before: Contents, after: Contents) -> None:
        assert_settled(after)
        listed = json.loads(after["catalogue.json"])["imported"]
        assert [one["slot"] for one in listed] == ["2020-12-01", "2020-12-02", "2020-12-03"]
        assert {one["statistics"][0]["key"] for one in listed} <= after.keys()

    return Scene(contents(publish_yesterday(folder, OUTPUTS="none")), act, act, settled)


def reported(folder: Path) -> Scene:
    """`report 2021-01`."""
    store = _three_runs(folder)
    before = contents(store)

    def act(store: Store) -> str:
        make_report(store, history.read(store)[0], JANUARY, max_bytes=10**7)
        return DONE

    act(store)
    wanted = _without_times(contents(store))

    def settled(before: Contents, after: Contents) -> None:
        assert _differing(_without_times(after), wanted) <= _trials(after)

    return Scene(before, act, act, settled)


def _without_times(objects: Contents) -> Contents:
    """Leave out when the reports were written, which their list says."""
    index = "reports/index.html"
    return {
        **objects,
        index: re.sub(rb"\d{4}-\d\d-\d\d(T[\d:]+Z)?|\d\d:\d\d:\d\d", b"", objects[index]),
    }


def _differing(one: Contents, other: Contents) -> set[str]:
    return {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}


def letters(folder: Path) -> Scene:
    """A round through the inbox, with a text, a picture and what is neither."""
    of = settings("unused", **WITH_INBOX)

    def act(store: S3Store, later: timedelta = timedelta(0)) -> str:
        now = datetime.now(UTC) + later
        done = rounds.make_round(of.inbox, store, Teller(of, store), now)
        return "waiting" if done.waiting else DONE

    def mend(store: S3Store) -> None:
        for minutes in (16, 32, 48):  # a claim holds for a quarter of an hour
            act(store, later=timedelta(minutes=minutes))

    def promises(before: Contents, after: Contents) -> None:
        results = {
            json.loads(body)["key"]
            for key, body in after.items()
            if key.startswith("inbox/results/")
        }
        begun = {
            json.loads(body)["key"]
            for key, body in after.items()
            if key.startswith("inbox/pending/")
        }
        assert before.keys() <= results | begun | after.keys(), "a letter is lost"

    def settled(before: Contents, after: Contents) -> None:
        found = [json.loads(after[key]) for key in after if key.startswith("inbox/results/")]
        by_key = {letter["key"]: letter for letter in found}
        assert len(by_key) == len(found), "a letter has two results"
        assert by_key.keys() == before.keys()
        picture = by_key["inbox/incoming/2-photo"]
        assert by_key["inbox/incoming/1-remark"]["mood"] == "negative"
        assert picture["labels"]
        assert "GIF" in by_key["inbox/incoming/3-gif"]["notes"]["contents"]
        left = {key for key in after if not key.startswith(("inbox/results/", "inbox/usage/"))}
        assert left - _trials(after) == {picture["picture"]}

    objects = {f"inbox/incoming/{name}": body for name, body in LETTERS.items()}
    return Scene(objects, act, mend, settled, promises)


def _trials(objects: Contents) -> set[str]:
    """Return the objects on which conditions were tried; deleting them may have failed."""
    return {key for key in objects if key.startswith("_doctor-")}


SCENES: dict[str, Callable[[Path], Scene]] = {
    "restore": put_back,
    "prune": cleared,
    "backfill": filled,
    "import": imported,
    "report": reported,
    "inbox": letters,
}
