"""Read the folder's state, and finish a publication that a crash interrupted."""

from datetime import date, datetime

from etl import log
from etl.history import append, history, outcomes
from etl.history import manifest as manifests
from etl.history.run import FolderState
from etl.load import publish
from etl.settings.groups import TableSettings
from etl.store import Store


def read(store: Store) -> FolderState:
    """Read the published manifest and the history. Raises StoreError."""
    published = manifests.read(store)
    return FolderState(published, *history.read(store))


def finish(
    store: Store, state: FolderState, slot: date, now: datetime, table: TableSettings
) -> FolderState:
    """Finish a run or a restore that crashed after its commit. Raises StoreError.

    That is the case if the published run is not the one that the history has as published last.
    Returns the new state.
    """
    published, moved_to = state.published, state.past.moved_to()
    if published is None or published.manifest.run_id == moved_to:
        return state
    publish.settle(store, instead_of=moved_to)
    manifest = published.manifest
    if state.past.success_of(manifest.run_id) is None and not manifest.rebuilt:
        record = outcomes.published(manifest, healed=True)
    else:
        record = outcomes.restored(manifest, slot, now, healed=True)
    append.add(store, record, once_a_slot=True)
    log.warning("run.healed", run=published.manifest.run_id)
    found = read(store)
    append.rewrite_derived(store, found.past, table)
    return found
