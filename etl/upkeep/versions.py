"""Find a run by its id, its day or `previous`, and say whether a key is the worker's own."""

import re
from itertools import islice

from etl import log
from etl.errors import StoreError
from etl.history import catalogue
from etl.history import manifest as manifests
from etl.history.catalogue import Rebuilt
from etl.history.history import History
from etl.history.manifest import Manifest
from etl.history.record import SUCCESS
from etl.store import Store
from etl.store.json_state import Malformed
from etl.store.keys import alike
from etl.store.layout import MANIFEST, run_key
from etl.store.places import Owner, place_of

NAMED, LOOKED_AT = 5, 30  # runs that `runs_that_are_there` lists, and looks at


def nothing_published(store: Store) -> StoreError:
    """Return the error of a command that needs a published version where there is none."""
    return StoreError(
        f"{store.address}: nothing is published yet; publish the first version: python app.py run "
        "(or python app.py backfill --publish, if there is an archive)"
    )


def run_id_of(store: Store, wanted: str, published: Manifest, past: History) -> str | None:
    """Return the id of a run, or None if no run has that name. Raises StoreError.

    A day means the run whose files were published after the slot's last success; if it had none,
    the run that `backfill` made. Anything else counts as an id and is not checked.
    """
    if wanted == "previous":
        return published.previous.run_id if published.previous else None
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", wanted):
        day = [r for r in past.records if str(r.slot) == wanted and r.outcome in SUCCESS]
        if day:
            return day[-1].published_run
        made = [run.run_id for run in _rebuilt(store) if str(run.slot) == wanted]
        return made[-1] if made else None
    return wanted


def manifest_of(store: Store, run_id: str) -> Manifest | None:
    """Read the manifest of a run; None if it is gone. Raises StoreError."""
    found = manifests.read(store, run_key(run_id, MANIFEST))
    return found.manifest if found else None


def sound_manifest_of(store: Store, run_id: str) -> Manifest | None:
    """Like `manifest_of`, but if the manifest is damaged, log that and return None."""
    try:
        return manifest_of(store, run_id)
    except StoreError as exc:
        if not isinstance(exc.__cause__, Malformed):
            raise
        log.warning("manifest.unreadable", run=run_id, error=exc)
        return None


def find_run(store: Store, wanted: str, published: Manifest, past: History) -> Manifest:
    """Read the manifest of a run that still has its files. Raises StoreError if there is none."""
    run_id = run_id_of(store, wanted, published, past)
    found = manifest_of(store, run_id) if run_id else None
    if found is None or not is_there(store, found):
        raise StoreError(
            unknown(wanted, run_id, f"existing runs: {runs_that_are_there(store, past)}")
        )
    return found


def unknown(wanted: str, run_id: str | None, choice: str) -> str:
    """Return the error message for a run that does not exist; `choice` lists those that do."""
    which = "before the published one" if wanted == "previous" else run_id or wanted
    return f"there is no run {which}; {choice}"


def is_there(store: Store, run: Manifest) -> bool:
    """Return whether a run still has its files: pruning may leave only the manifest."""
    return store.head(run.files[0].key) is not None


def runs_that_are_there(store: Store, past: History, but_for: str | None = None) -> str:
    """Return a text that lists the newest runs with files, except `but_for`. Raises StoreError."""
    runs = [r.published_run for r in reversed(past.records) if r.outcome in SUCCESS]
    runs += [run.run_id for run in reversed(_rebuilt(store))]
    newest = (run for run in islice(dict.fromkeys(runs), LOOKED_AT) if run and run != but_for)
    there = (m for m in (manifest_of(store, run) for run in newest) if m and is_there(store, m))
    return ", ".join(f"{m.run_id} (of {m.slot})" for m in islice(there, NAMED)) or "none"


def _rebuilt(store: Store) -> list[Rebuilt]:
    """List the newest run rebuilt from each snapshot, oldest snapshot first."""
    newest = catalogue.read(store).newest()
    return [newest[snapshot] for snapshot in sorted(newest)]


WHAT_IT_IS: dict[Owner, str] = {
    "state": "part of the worker's state",
    "archive": "part of the worker's archive",
    "published": "a published file",
    "inbox": "part of the worker's inbox",
    "shared": "a shared copy",
    "other": "one of the worker's files",
    "trial": "one of the worker's test objects",
}


def owned(store: Store, key: str) -> str | None:
    """Say what one of the worker's own keys is; None for any other key. Raises StoreError.

    A key that some systems take for one of the worker's, such as Status.json, counts as its own.
    """
    similar = "on some systems the same as "
    if place := place_of(key):
        return WHAT_IT_IS.get(place.owner)
    if place := place_of(alike(key)):
        what = WHAT_IT_IS.get(place.owner)
        return what and similar + what
    published = manifests.read(store)
    files = published.manifest.digests() if published else {}
    if key in files:
        return WHAT_IT_IS["published"]
    return similar + WHAT_IT_IS["published"] if alike(key) in map(alike, files) else None
