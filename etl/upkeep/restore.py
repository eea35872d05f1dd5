"""Return to an earlier run: the root manifest and the stable names become that run's again.

From the commit on, this follows the publishing protocol. The slot's own run is still due: it reads
the source again and publishes the result.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from etl.errors import StateConflict, StoreError
from etl.history import append, outcomes
from etl.history import manifest as manifests
from etl.history.manifest import Manifest
from etl.history.record import Record
from etl.history.run import FolderState
from etl.load import publish, recovery
from etl.settings.groups import ScheduleSettings, TableSettings
from etl.store import Store
from etl.store.layout import LATEST_JSON, MANIFEST, run_key
from etl.store.parallel import in_parallel
from etl.store.transfer import sha256_at
from etl.upkeep import versions
from etl.worker.schedule import latest_slot

PUBLISHED_MEANWHILE = (
    "another run was published in between; check it (python app.py history) and try again"
)


@dataclass(frozen=True)
class Moment:
    """When a run is restored: the time, its slot, and after how many days data is stale."""

    now: datetime
    slot: date
    table: TableSettings

    @classmethod
    def of(cls, schedule: ScheduleSettings, table: TableSettings, now: datetime) -> Self:
        """Return the moment `now` under these settings."""
        slot = latest_slot(now, schedule.run_at, schedule.timezone)
        return cls(now.replace(microsecond=0), slot, table)


def restore(store: Store, wanted: str, at: Moment) -> Record | None:
    """Restore a run by its id, the run of a day (`2021-01-25`), or the `previous` one.

    Return the record, or None if that run is published already. Raises StoreError, StateConflict.
    """
    state = _healed(store, at)
    if state.published is None:
        raise versions.nothing_published(store)
    before = state.published.manifest
    run_id = versions.run_id_of(store, wanted, before, state.past)
    if run_id == before.run_id:
        return None
    target = versions.manifest_of(store, run_id) if run_id else None
    if run_id is None or target is None:
        choice = _choice(store, state)
        raise StoreError(versions.unknown(wanted, run_id, choice))
    return _move(store, state, target, at)


def move_to(store: Store, run_id: str, at: Moment) -> Record | None:
    """Like `restore`, for a run id that is known to exist. Works when nothing is published yet."""
    state = _healed(store, at)
    if state.published and state.published.manifest.run_id == run_id:
        return None
    target = versions.manifest_of(store, run_id)
    if target is None:
        raise StoreError(f"{store.address}/{run_key(run_id, MANIFEST)} was removed at this moment")
    return _move(store, state, target, at)


def _healed(store: Store, at: Moment) -> FolderState:
    """Read the folder's state, and finish a run that crashed after its commit."""
    return recovery.finish(store, recovery.read(store), at.slot, at.now, at.table)


def _move(store: Store, state: FolderState, target: Manifest, at: Moment) -> Record:
    if LATEST_JSON not in target.digests():
        raise StoreError(
            f"run {target.run_id} has only its table (backfill --only); complete it: "
            f"python app.py backfill --from {target.slot} --to {target.slot}"
        )
    if bad := _damaged(store, target):
        what = f"{len(bad)} of its {len(target.files)} files are missing or damaged: {bad[0]}"
        raise StoreError(f"run {target.run_id}: {what}; {_choice(store, state)}")
    before = state.published
    try:
        publish.commit(store, _body(store, target.run_id), before.etag if before else None)
    except StateConflict as exc:
        raise StateConflict(PUBLISHED_MEANWHILE) from exc
    publish.settle(store, instead_of=before.manifest.run_id if before else None)
    published = manifests.read(store)
    if published is None or published.manifest.run_id != target.run_id:
        raise StateConflict(PUBLISHED_MEANWHILE)
    record = outcomes.restored(target, at.slot, at.now)
    append.record(store, record, at.table)
    return record


def _body(store: Store, run_id: str) -> bytes:
    stored = store.read(run_key(run_id, MANIFEST))
    if stored is None:
        raise StoreError(f"{store.address}/{run_key(run_id, MANIFEST)} was removed at this moment")
    return stored.body


def _damaged(store: Store, manifest: Manifest) -> list[str]:
    """List the keys whose object is gone or does not match the manifest."""
    bad: list[str] = []

    def verify(file: manifests.PublishedFile) -> None:
        if sha256_at(store, file.key) != file.sha256:
            bad.append(file.key)

    in_parallel(verify, manifest.files)
    return sorted(bad)


def _choice(store: Store, state: FolderState) -> str:
    published = state.published.manifest.run_id if state.published else None
    return f"these can be restored: {versions.runs_that_are_there(store, state.past, published)}"
