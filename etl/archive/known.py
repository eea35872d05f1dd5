"""Take from the records of earlier runs what a survey of their snapshots would find."""

from collections.abc import Iterable, Iterator, Mapping

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


def surveyed_before(
    job: Job, store: Store, past: History, listed: Catalogue, snapshots: Iterable[Snapshot]
) -> dict[str, Surveyed]:
    """Return, by run id, the snapshots whose run was made by the same code and settings.

    Raises StoreError.
    """
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

    def read_own(run_id: str) -> None:
        run = manifests.read(store, run_key(run_id, MANIFEST))
        if run and is_there(store, run.manifest):
            found[run_id] = _surveyed(run.manifest)

    in_parallel(read_own, own)
    return found


def _rebuilt(
    job: Job, listed: Catalogue, wanted: Mapping[str, Snapshot]
) -> Iterator[tuple[str, Surveyed]]:
    for run in listed.rebuilt:
        snapshot = wanted.get(run.snapshot)
        if snapshot is None or run.fingerprint != job.fingerprint:
            continue
        documents = [*snapshot.statistics, *([snapshot.facts] if snapshot.facts else [])]
        made_of = [*run.digests, *([run.facts_sha256] if run.facts_sha256 else [])]
        same = zip(documents, made_of, strict=False)
        if len(documents) == len(made_of) and all(a.sha256 in (None, b) for a, b in same):
            held = held_by(run)
            yield run.snapshot, Surveyed(tuple(run.digests), run.facts_sha256, held)


def _surveyed(manifest: Manifest) -> Surveyed:
    facts = manifest.input(FACTS)
    return Surveyed(
        digests=tuple(document.sha256 for document in manifest.inputs_of(STATISTICS)),
        facts_sha256=facts.sha256 if facts else None,
        held=held_by(manifest.source),
        run_id=manifest.run_id,
    )
