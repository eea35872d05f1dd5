"""The runs in the folder, and what people call them: an id, a day, `previous`."""

import re
from itertools import islice

from etl.errors import StoreError
from etl.history import catalogue
from etl.history import manifest as manifests
from etl.history.catalogue import Rebuilt
from etl.history.history import History
from etl.history.manifest import Manifest
from etl.history.record import SUCCESS
from etl.store import Store
from etl.store.layout import MANIFEST, Owner, place_of, run_key

NAMED, LOOKED_AT = 5, 30  # in the list of runs that are there


def run_id_of(store: Store, wanted: str, published: Manifest, past: History) -> str | None:
    """None where nothing is known by that name. Raises StoreError.

    A day's run is the one that readers were given; else the one made of its snapshot later on.
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
    """Of a run that may have gone. Raises StoreError."""
    found = manifests.read(store, run_key(run_id, MANIFEST))
    return found.manifest if found else None


def find_run(store: Store, wanted: str, published: Manifest, past: History) -> Manifest:
    """The manifest of a run whose files are there. Raises StoreError."""
    run_id = run_id_of(store, wanted, published, past)
    found = manifest_of(store, run_id) if run_id else None
    if found is None or not is_there(store, found):
        raise StoreError(
            unknown(wanted, run_id, f"these are there: {runs_that_are_there(store, past)}")
        )
    return found


def unknown(wanted: str, run_id: str | None, choice: str) -> str:
    which = "before the published one" if wanted == "previous" else run_id or wanted
    return f"there is no run {which}; {choice}"


def is_there(store: Store, run: Manifest) -> bool:
    """A pruned run may have left its manifest alone."""
    return store.head(run.files[0].key) is not None


def runs_that_are_there(store: Store, past: History, but_for: str | None = None) -> str:
    """The newest runs that are there, for people."""
    runs = [r.published_run for r in reversed(past.records) if r.outcome in SUCCESS]
    runs += [run.run_id for run in reversed(_rebuilt(store))]
    told = (run for run in islice(dict.fromkeys(runs), LOOKED_AT) if run and run != but_for)
    there = (m for m in (manifest_of(store, run) for run in told) if m and is_there(store, m))
    return ", ".join(f"{m.run_id} (of {m.slot})" for m in islice(there, NAMED)) or "none"


def _rebuilt(store: Store) -> list[Rebuilt]:
    """Of each snapshot the run that was made last, the oldest snapshot first."""
    newest = catalogue.read(store).newest()
    return [newest[snapshot] for snapshot in sorted(newest)]


WHAT_IT_IS: dict[Owner, str] = {
    "state": "what the worker remembers",
    "archive": "a part of the worker's archive",
    "published": "a published file",
    "inbox": "a part of the worker's inbox",
    "shared": "what the worker shared",
    "other": "a file of the worker's",
    "trial": "the worker's own, for trying out the store",
}


def owned(store: Store, key: str) -> str | None:
    """Say what a key of the worker's own is; None for any other. Raises StoreError."""
    place = place_of(key)
    if place:
        return WHAT_IT_IS.get(place.owner)
    published = manifests.read(store)
    if published and key in published.manifest.digests():
        return WHAT_IT_IS["published"]
    return None
