"""Today's country facts and TABLES, archived for snapshots that came without any."""

from pathlib import Path

from etl.extract import inputs
from etl.extract.fetch import Fetched, fetch
from etl.history.catalogue import Archived
from etl.history.manifest import FACTS, OWN
from etl.load import raw
from etl.load.own_tables import limits
from etl.load.snapshots import later_facts_folder
from etl.settings.groups import Settings
from etl.settings.tables import TableSpec
from etl.store import Store
from etl.worker.scratch import scratch


def fetch_later_facts(store: Store, url: str) -> Archived:
    """Fetch the facts and keep them in raw/facts/. Raises SourceUnavailable and StoreError."""
    with scratch() as folder:
        fetched = inputs.fetch_facts(url, Path(folder))
        return _keep(store, fetched, FACTS)


def fetch_later_tables(settings: Settings, store: Store) -> list[tuple[TableSpec, Archived]]:
    """Fetch the tables of TABLES and keep them in raw/facts/, for all runs of a backfill.

    Raises SourceUnavailable, SourceChanged and StoreError.
    """
    kept = []
    for spec in settings.table.own_tables:
        from etl.extract.tables.table import read_own_table

        with scratch() as folder:
            to = Path(folder) / inputs.table_name(spec)
            fetched = fetch(spec.url, to, limits(settings.source))
            read_own_table(fetched.path, spec)  # once here, so that no run fails because of it
            kept.append((spec, _keep(store, fetched, f"{OWN}{spec.name}")))
    return kept


def _keep(store: Store, fetched: Fetched, name: str) -> Archived:
    entry, upload = raw.archive(fetched, name, later_facts_folder(fetched.sha256))
    if store.head(upload.key) is None:
        store.write(upload)
    return Archived(entry.key, entry.sha256)
