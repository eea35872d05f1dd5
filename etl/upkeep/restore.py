"""Back to an earlier run: the root manifest and the stable names become that run's again.

The same protocol as publishing, from the commit on. It makes no slot's run: the next one that is
due looks at the source anew, and publishes what it finds there.
"""

from datetime import datetime

from etl.errors import StateConflict, StoreError
from etl.history import append, outcomes
from etl.history import manifest as manifests
from etl.history.manifest import Manifest
from etl.history.record import Record
from etl.history.run import FolderState
from etl.load import publish, recovery
from etl.settings.groups import Settings
from etl.store import Store
from etl.store.layout import MANIFEST, run_key
from etl.store.parallel import in_parallel
from etl.store.transfer import sha256_at
from etl.upkeep import versions
from etl.worker import schedule

PUBLISHED_MEANWHILE = (
    "another run was published in between; look at it (python app.py history) and say it again"
)


def restore(store: Store, settings: Settings, wanted: str, now: datetime) -> Record | None:
    """Restore a run by its id, the run of a day (`2021-01-25`), or the `previous` one; its record.

    None: it is the one that is published. Raises StoreError, StateConflict.
    """
    state = _state(store, settings, now)
    if state.published is None:
        raise StoreError(f"{store.address}: nothing is published yet; python app.py run does")
    before = state.published.manifest
    run_id = versions.run_id_of(store, wanted, before, state.past)
    if run_id == before.run_id:
        return None
    target = versions.manifest_of(store, run_id) if run_id else None
    if run_id is None or target is None:
        choice = _choice(store, state)
        raise StoreError(versions.unknown(wanted, run_id, choice))
    return _move(store, settings, state, target, now)


def move_to(store: Store, settings: Settings, run_id: str, now: datetime) -> Record | None:
    """As `restore`, to a run that is known to be there; the first that is published, it may be."""
    state = _state(store, settings, now)
    if state.published and state.published.manifest.run_id == run_id:
        return None
    target = versions.manifest_of(store, run_id)
    if target is None:
        raise StoreError(f"{store.address}/{run_key(run_id, MANIFEST)} was removed at this moment")
    return _move(store, settings, state, target, now)


def _state(store: Store, settings: Settings, now: datetime) -> FolderState:
    slot = schedule.latest_slot(now, settings.schedule.run_at, settings.schedule.timezone)
    return recovery.finish(
        store,
        recovery.read(store),
        slot,
        now.replace(microsecond=0),
        settings.table.stale_after_days,
    )


def _move(
    store: Store, settings: Settings, state: FolderState, target: Manifest, now: datetime
) -> Record:
    if bad := _damaged(store, target):
        what = f"{len(bad)} of its {len(target.files)} files are gone or damaged: {bad[0]}"
        raise StoreError(f"run {target.run_id}: {what}; {_choice(store, state)}")
    before = state.published
    try:
        publish.commit(store, _body(store, target.run_id), before.etag if before else None)
    except StateConflict as exc:
        raise StateConflict(PUBLISHED_MEANWHILE) from exc
    publish.settle(store, instead_of=before.manifest.run_id if before else None)
    there = manifests.read(store)
    if there is None or there.manifest.run_id != target.run_id:
        raise StateConflict(PUBLISHED_MEANWHILE)
    slot = schedule.latest_slot(now, settings.schedule.run_at, settings.schedule.timezone)
    record = outcomes.restored(target, slot, now.replace(microsecond=0))
    append.record(store, record, settings.table.stale_after_days)
    return record


def _body(store: Store, run_id: str) -> bytes:
    stored = store.read(run_key(run_id, MANIFEST))
    if stored is None:
        raise StoreError(f"{store.address}/{run_key(run_id, MANIFEST)} was removed at this moment")
    return stored.body


def _damaged(store: Store, manifest: Manifest) -> list[str]:
    """Keys whose bytes are not the manifest's, or that are gone."""
    bad: list[str] = []

    def verify(file: manifests.PublishedFile) -> None:
        if sha256_at(store, file.key) != file.sha256:
            bad.append(file.key)

    in_parallel(verify, manifest.files)
    return sorted(bad)


def _choice(store: Store, state: FolderState) -> str:
    published = state.published.manifest.run_id if state.published else None
    return f"these can be restored: {versions.runs_that_are_there(store, state.past, published)}"
