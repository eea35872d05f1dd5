"""List again what catalogue.json lacks: it may have been lost, or a backfill killed."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from etl.archive.rebuild import Surveyed
from etl.history import catalogue
from etl.history.catalogue import Archived, Imported, Rebuilt
from etl.history.manifest import FACTS, STATISTICS, Manifest
from etl.history.run_folders import run_ids
from etl.history.run_id import is_derived
from etl.load.snapshots import Snapshot
from etl.store import Store
from etl.store.layout import MANIFEST, RUNS, run_key
from etl.store.parallel import in_parallel
from etl.upkeep import versions


def list_runs_again(store: Store) -> None:
    """Add the rebuilt runs in runs/ that the catalogue lacks, each as old as its manifest.

    Raises StoreError.
    """
    listed = {run.run_id for run in catalogue.read(store).rebuilt}
    found: list[Rebuilt] = []

    def read(run_id: str) -> None:
        key = run_key(run_id, MANIFEST)
        head = store.head(key)
        run = versions.sound_manifest_of(store, run_id) if head else None
        if head and run and run.rebuilt:
            found.append(_rebuilt(run, head.modified))

    derived = filter(is_derived, run_ids(store, RUNS))
    in_parallel(read, [run_id for run_id in derived if run_id not in listed])
    catalogue.add(store, rebuilt=found)


def list_imports_again(
    store: Store,
    snapshots: Iterable[Snapshot],
    surveyed: Mapping[str, object],
    unlisted: Mapping[str, datetime],
) -> None:
    """Add the imported snapshots in `unlisted` that could be read; it says how old each is.

    Raises StoreError.
    """
    found = []
    for one in snapshots:
        read = surveyed.get(one.run_id)
        if one.run_id in unlisted and is_derived(one.run_id) and isinstance(read, Surveyed):
            documents = zip(one.statistics, read.digests, strict=True)
            found.append(
                Imported(
                    run_id=one.run_id,
                    slot=one.slot,
                    source=one.source,
                    statistics=[Archived(kept.key, sha256) for kept, sha256 in documents],
                    origin="found in raw/",
                    imported_at=unlisted[one.run_id],
                )
            )
    catalogue.add(store, imported=found)


def _rebuilt(run: Manifest, made_at: datetime) -> Rebuilt:
    documents, facts, held = run.inputs_of(STATISTICS), run.input(FACTS), run.source
    return Rebuilt(
        run_id=run.run_id,
        snapshot=documents[0].key.split("/")[1],
        slot=run.slot,
        source=held.name,
        fingerprint=run.fingerprint,
        made_at=made_at.replace(microsecond=0),
        digests=[document.sha256 for document in documents],
        facts_sha256=facts.sha256 if facts else None,
        rows=held.rows,
        series=held.series,
        first_date=held.first_date,
        last_date=held.last_date,
    )
