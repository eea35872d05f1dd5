"""Today's country facts, for snapshots that were archived without any."""

from collections.abc import Callable
from functools import cache

from msgspec.structs import replace

from etl.errors import SourceUnavailable
from etl.history.catalogue import Archived
from etl.load.later_facts import fetch_later_facts
from etl.load.snapshots import Snapshot
from etl.settings.groups import Settings
from etl.store import Store


def facts_adder(settings: Settings, store: Store) -> Callable[[Snapshot], Snapshot]:
    """Return a function that adds the country facts to merge with to a snapshot.

    A snapshot that was archived with facts keeps them. Others get today's, which are fetched once
    and kept in raw/facts/, or none without COUNTRIES_URL. The function raises SourceUnavailable
    and StoreError.
    """
    url = settings.source.facts_url

    @cache
    def current() -> Archived:
        return _archived(store, url)

    def merged(snapshot: Snapshot) -> Snapshot:
        if not url:
            return replace(snapshot, facts=None)
        return snapshot if snapshot.facts else replace(snapshot, facts=current())

    return merged


def _archived(store: Store, url: str) -> Archived:
    try:
        return fetch_later_facts(store, url)
    except SourceUnavailable as exc:
        why = "snapshots without facts of their own need today's, or an empty COUNTRIES_URL"
        raise SourceUnavailable(f"{exc}; {why}") from exc
