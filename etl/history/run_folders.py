"""The folders of runs in runs/ and raw/. Names that the worker can't use are named once in the log.

Anybody may put objects beside the worker's own. Keys with control characters, backslashes or `//`,
and folders that look like a run's but are no date, are left alone.
"""

from collections.abc import Iterator

from etl import log
from etl.history.run_id import RUN_ID, is_run_id
from etl.store import Entry, Store
from etl.store.keys import is_valid

ODD = "left alone: no run, or no store, can have such a name; check it, and delete it"


def run_ids(store: Store, top: str) -> Iterator[str]:
    """Yield the ids of the runs that have a folder in `top`, such as runs/. Raises StoreError."""
    odd: list[str] = []
    for name in store.folders(top):
        if is_run_id(name):
            yield name
        elif RUN_ID.fullmatch(name):
            odd.append(f"{top}{name}/")
    _warn(odd)


def run_objects(store: Store, top: str, start: str = "") -> Iterator[tuple[str, Entry]]:
    """Yield the objects in the folders of runs in `top`, each with the run's id.

    With `start` only those are listed whose keys begin so. Raises StoreError.
    """
    odd: list[str] = []
    for entry in store.list(start or top, in_order=bool(start)):
        run_id = entry.key.removeprefix(top).partition("/")[0]
        if is_run_id(run_id) and is_valid(entry.key):
            yield run_id, entry
        elif RUN_ID.fullmatch(run_id) or not is_valid(entry.key):
            odd.append(entry.key)
    _warn(odd)


def _warn(odd: list[str]) -> None:
    if odd:
        log.warning("folder.odd_names", first=min(odd), count=len(odd), error=ODD)
