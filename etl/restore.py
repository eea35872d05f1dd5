"""Back to an earlier run: the root manifest and the stable names become that run's again.

The same protocol as publishing, from the commit on. It makes no slot's run: the next one that is
due looks at the source anew, and publishes what it finds there.
"""

import re
from datetime import datetime
from itertools import islice

from config import Settings
from etl import journal, publish, records, recovery, schedule
from etl import manifest as manifests
from etl.errors import StateConflict, StoreError
from etl.history import SUCCESS, History, Record
from etl.load import in_parallel
from etl.manifest import ROOT, Manifest, run_key
from etl.stores import Store
from etl.transfer import sha256_at

NAMED, LOOKED_AT = 5, 30  # in the list of runs that can be restored
PUBLISHED_MEANWHILE = (
    "another run was published in between; look at it (python app.py history) and say it again"
)


def restore(store: Store, settings: Settings, wanted: str, now: datetime) -> Record | None:
    """Restore a run by its id, the run of a day (`2021-01-25`), or the `previous` one; its record.

    None: it is the one that is published. Raises StoreError, StateConflict.
    """
    now = now.replace(microsecond=0)
    slot = schedule.latest_slot(now, settings.run_at, settings.timezone)
    state = recovery.read(store)
    state = recovery.finish(store, state, slot, now, settings.stale_after_days)
    if state.published is None:
        raise StoreError(f"{store.address}: nothing is published yet; python app.py run does")
    before = state.published.manifest
    run_id = _run_id(wanted, before, state.past)
    if run_id == before.run_id:
        return None
    target = _manifest(store, run_id) if run_id else None
    if run_id is None or target is None:
        which = "before the published one" if wanted == "previous" else run_id or wanted
        raise StoreError(f"there is no run {which}; {_choice(store, state.past, before)}")
    if bad := _damaged(store, target):
        what = f"{len(bad)} of its {len(target.files)} files are gone or damaged: {bad[0]}"
        raise StoreError(f"run {run_id}: {what}; {_choice(store, state.past, before)}")
    try:
        publish.commit(store, _body(store, run_id), state.published.etag)
    except StateConflict as exc:
        raise StateConflict(PUBLISHED_MEANWHILE) from exc
    publish.settle(store, instead_of=before.run_id)
    there = manifests.read(store)
    if there is None or there.manifest.run_id != run_id:
        raise StateConflict(PUBLISHED_MEANWHILE)
    record = records.restored(target, slot, now)
    journal.tell(store, record, settings.stale_after_days)
    return record


def _run_id(wanted: str, published: Manifest, past: History) -> str | None:
    """None where nothing is known by that name."""
    if wanted == "previous":
        return published.previous.run_id if published.previous else None
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", wanted):
        day = [r for r in past.records if str(r.slot) == wanted and r.outcome in SUCCESS]
        return day[-1].published_run if day else None
    return wanted


def _manifest(store: Store, run_id: str) -> Manifest | None:
    found = manifests.read(store, run_key(run_id, ROOT))
    return found.manifest if found else None


def _body(store: Store, run_id: str) -> bytes:
    stored = store.read(run_key(run_id, ROOT))
    if stored is None:
        raise StoreError(f"{store.address}/{run_key(run_id, ROOT)} was removed at this moment")
    return stored.body


def _damaged(store: Store, manifest: Manifest) -> list[str]:
    """Keys whose bytes are not the manifest's, or that are gone."""
    bad: list[str] = []

    def verify(file: manifests.PublishedFile) -> None:
        if sha256_at(store, file.key) != file.sha256:
            bad.append(file.key)

    in_parallel(verify, manifest.files)
    return sorted(bad)


def _choice(store: Store, past: History, published: Manifest) -> str:
    """The newest runs that are still there: a pruned one may have left its manifest alone."""
    runs = dict.fromkeys(r.published_run for r in reversed(past.records) if r.outcome in SUCCESS)
    told = (run for run in islice(runs, LOOKED_AT) if run and run != published.run_id)
    kept = (m for m in (_manifest(store, run) for run in told) if m)
    there = (f"{m.run_id} (of {m.slot})" for m in kept if store.head(m.files[0].key))
    return f"these can be restored: {', '.join(islice(there, NAMED)) or 'none'}"
