"""Today's country facts, archived for snapshots that came without any."""

from pathlib import Path

from etl.extract import inputs
from etl.history.catalogue import Archived
from etl.history.manifest import FACTS
from etl.load import raw
from etl.load.snapshots import later_facts_folder
from etl.store import Store
from etl.worker.scratch import scratch


def fetch_later_facts(store: Store, url: str) -> Archived:
    """Fetch the facts and keep them in raw/facts/. Raises SourceUnavailable and StoreError."""
    with scratch() as folder:
        fetched = inputs.fetch_facts(url, Path(folder))
        entry, upload = raw.archive(fetched, FACTS, later_facts_folder(fetched.sha256))
        if store.head(upload.key) is None:
            store.write(upload)
    return Archived(entry.key, entry.sha256)
