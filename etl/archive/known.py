"""What is known of snapshots without reading them, from what was made of them before."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from etl.archive.job import Job
from etl.archive.rebuild import Surveyed
from etl.history import manifest as manifests
from etl.history.catalogue import Catalogue
from etl.history.history import History
from etl.history.manifest import FACTS, STATISTICS, Manifest
from etl.load.provenance import held_by
from etl.load.snapshots import Snapshot
from etl.store import Store
from etl.store.layout import MANIFEST, run_key
from etl.store.parallel import in_parallel
from etl.upkeep.versions import is_there


@dataclass(frozen=True)
class Known:
    """As if it was surveyed; `run_id` is the worker's own run of it, where that is still there and
    was made by the same code with the same settings."""

    found: Surveyed
    run_id: str | None = None


def known(
    job: Job, store: Store, past: History, listed: Catalogue, snapshots: Iterable[Snapshot]
) -> Mapping[str, Known]:
    """By the snapshot's id, as far as anything is. Raises StoreError."""
    wanted = {snapshot.run_id: snapshot for snapshot in snapshots}
    found = dict(_rebuilt(job, listed, wanted))
    own = [
        record.run_id
        for record in past.records
        if record.outcome == "published"
        and record.run_id in wanted
        and record.seen
        and record.seen.fingerprint == job.fingerprint
    ]

    def look(run_id: str) -> None:
        run = manifests.read(store, run_key(run_id, MANIFEST))
        if run and is_there(store, run.manifest):
            found[run_id] = Known(_surveyed(run.manifest), run_id)

    in_parallel(look, own)
    return found


def _rebuilt(
    job: Job, listed: Catalogue, wanted: Mapping[str, Snapshot]
) -> Iterator[tuple[str, Known]]:
    for run in listed.rebuilt:
        snapshot = wanted.get(run.snapshot)
        if snapshot is None or run.fingerprint != job.fingerprint:
            continue
        documents = [*snapshot.statistics, *([snapshot.facts] if snapshot.facts else [])]
        made_of = [*run.digests, *([run.facts_sha256] if run.facts_sha256 else [])]
        same = zip(documents, made_of, strict=False)
        if len(documents) == len(made_of) and all(a.sha256 in (None, b) for a, b in same):
            held = held_by(run)
            yield run.snapshot, Known(Surveyed(tuple(run.digests), run.facts_sha256, held))


def _surveyed(manifest: Manifest) -> Surveyed:
    facts = manifest.input(FACTS)
    return Surveyed(
        digests=tuple(document.sha256 for document in manifest.inputs_of(STATISTICS)),
        facts_sha256=facts.sha256 if facts else None,
        held=held_by(manifest.source),
    )
