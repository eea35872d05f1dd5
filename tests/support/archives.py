"""Archives for tests: daily runs, only their raw inputs, and backfills of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from etl.archive.backfill import Backfilled, Span, backfill
from etl.archive.engine import Engine, Here, Progress
from etl.archive.import_versions import ImportOutcome, import_archive
from etl.errors import EtlError
from etl.extract.sources import SAMPLES
from etl.history import manifest as manifests
from etl.history.manifest import Manifest
from etl.store import Store, Upload
from etl.store.directory import DirectoryStore
from etl.store.layout import run_key
from tests.support.runs import NOW, growing, run, settings

FACTS = str(SAMPLES / "InfoPaisosExtra.xlsx")
LATER = datetime(2026, 11, 22, 7, tzinfo=UTC)
DAY = timedelta(days=1)
EVERYTHING = Span()


def live(store: Store, source: Path, days: Sequence[bytes], **variables: str) -> list[str]:
    """Make a daily run of each document, from NOW on; return the ids of those that published."""
    published = []
    for n, body in enumerate(days):
        source.write_bytes(body)
        try:
            made = run(store, source, now=NOW + n * DAY, options=None, **variables)
        except EtlError:
            continue
        if made.outcome == "published" and made.manifest:
            published.append(made.manifest.run_id)
    return published


def restating(days: int) -> list[bytes]:
    """Return consecutive days' documents; from the third on, each restates all of the past."""
    return [growing(20 + n, step=100 + max(n - 1, 0)) for n in range(days)]


def raw_alone(store: Store, folder: Path) -> DirectoryStore:
    """Return another folder that has only the raw inputs of this one."""
    other = DirectoryStore(folder)
    for entry in store.list("raw/"):
        stored = store.read(entry.key)
        assert stored
        other.write(Upload(entry.key, stored.body))
    return other


def fill(
    store: DirectoryStore,
    source: Path | str = "unused",
    *,
    engine: Engine | None = None,
    span: Span = EVERYTHING,
    now: datetime = LATER,
    progress: Progress | None = None,
    **variables: str,
) -> Backfilled:
    wanted = settings(source, OUTPUT_DIR=str(store.root), **variables)
    return backfill(wanted, store, engine or Here(), span, now, progress or Progress())


def manifest_of(store: Store, run_id: str | None) -> Manifest:
    found = manifests.read(store, run_key(str(run_id), "manifest.json"))
    assert found
    return found.manifest


def outcomes(done: Backfilled) -> list[str]:
    return [day.outcome for day in done.days]


def bring(
    store: DirectoryStore, path: Path, now: datetime = LATER, **variables: str
) -> list[ImportOutcome]:
    wanted = settings("unused", OUTPUT_DIR=str(store.root), **variables)
    return import_archive(wanted, store, path, now, Progress())
