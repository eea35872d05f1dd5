"""Compare every published file with its digest in the manifest, and repair damaged ones."""

from collections.abc import Iterator
from dataclasses import dataclass

from etl.history import append, history, outcomes
from etl.history import manifest as manifests
from etl.history.manifest import Manifest, Published, PublishedFile
from etl.load import publish
from etl.report.numbers import plural
from etl.store import FOR_EVER, Store
from etl.store.layout import MANIFEST, run_key
from etl.store.parallel import in_parallel
from etl.store.transfer import sha256_at
from etl.upkeep.doctor.finding import Finding

LISTED = 5
MEND = "python app.py doctor --heal"
PUBLISH_AGAIN = "no good copy is left: python app.py run --force publishes new ones"


@dataclass(frozen=True)
class Damage:
    """Names of damaged or missing files, in the run folder and under stable names.

    `left_over` has stable names of an earlier run that this run does not have.
    """

    in_run: frozenset[str]
    stable: frozenset[str]
    left_over: tuple[str, ...]

    def mendable(self) -> frozenset[str]:
        """Return the names that have one good copy left."""
        return self.in_run ^ self.stable


def published_findings(store: Store) -> Iterator[Finding]:
    """Verify the published version; each fault that `heal` can fix says so. Raises StoreError."""
    published = manifests.read(store)
    if published is None:
        yield Finding("warning", f"{store.address}: nothing is published yet", "python app.py run")
        return
    manifest = published.manifest
    yield Finding("ok", f"{store.address}: run {manifest.run_id} is published")
    yield from _chain(store, published)
    damage = damage_of(store, manifest)
    yield _listed(damage.in_run, "in the run folder", len(manifest.files), damage)
    yield _listed(damage.stable, "under their stable names", len(manifest.files), damage)
    if damage.left_over:
        names = ", ".join(damage.left_over[:LISTED])
        yield Finding(
            "warning", f"files of an earlier run that this run no longer has: {names}", MEND
        )
    yield from _inputs(store, manifest)
    past, _ = history.read(store)
    if past.success_of(manifest.run_id) is None:
        # a rebuilt run that a crash left unrecorded is recorded as restored by the next run
        step = "python app.py run" if manifest.rebuilt else MEND
        yield Finding("warning", "the history has no record of the published run", step)
    else:
        records = plural(len(past.records), "record")
        yield Finding("ok", f"the history has {records}, including this run")


def heal(store: Store) -> Iterator[Finding]:
    """Replace damaged files by good copies, delete left-over ones, and complete the history.

    Yield what was done. Raises StoreError.
    """
    published = manifests.read(store)
    if published is None:
        return
    damage = damage_of(store, published.manifest)
    files = {file.name: file for file in published.manifest.files}
    for name in sorted(damage.in_run - damage.stable):
        _copy(store, name, files[name].key, files[name], FOR_EVER)
        yield Finding("ok", f"healed {files[name].key} from {name}")
    for name in sorted(damage.stable - damage.in_run):
        _copy(store, files[name].key, name, files[name], publish.cache_control(name))
        yield Finding("ok", f"healed {name} from {files[name].key}")
    for name in damage.left_over:
        store.delete(name)
        yield Finding("ok", f"removed {name}, which this run no longer has")
    own = run_key(published.manifest.run_id, MANIFEST)
    if sha256_at(store, own) != published.sha256:
        store.copy(MANIFEST, own, cache_control=FOR_EVER, sha256=published.sha256)
        yield Finding("ok", f"healed {own} from {MANIFEST}")
    past, _ = history.read(store)
    recorded = past.success_of(published.manifest.run_id) or published.manifest.rebuilt
    if not recorded:
        append.add(store, outcomes.published(published.manifest, healed=True))
        yield Finding("ok", "added the record of the published run to the history")


def damage_of(store: Store, manifest: Manifest) -> Damage:
    """Read every file by its key in the run folder and by its stable name. Raises StoreError."""
    in_run: set[str] = set()
    stable: set[str] = set()

    def verify(file: PublishedFile) -> None:
        if sha256_at(store, file.key) != file.sha256:
            in_run.add(file.name)
        if sha256_at(store, file.name) != file.sha256:
            stable.add(file.name)

    in_parallel(verify, manifest.files)
    stale = publish.left_over(store, manifest)
    left_over = tuple(name for name in stale if store.head(name) is not None)
    return Damage(frozenset(in_run), frozenset(stable), left_over)


def _copy(store: Store, source: str, target: str, file: PublishedFile, cache_control: str) -> None:
    store.copy(source, target, cache_control=cache_control, sha256=file.sha256)


def _listed(names: frozenset[str], where: str, total: int, damage: Damage) -> Finding:
    if not names:
        return Finding("ok", f"all {total} files are intact {where}")
    shown = ", ".join(sorted(names)[:LISTED]) + (" ..." if len(names) > LISTED else "")
    step = MEND if names <= damage.mendable() else PUBLISH_AGAIN
    return Finding(
        "failed", f"{len(names)} of {total} files are damaged or missing {where}: {shown}", step
    )


def _chain(store: Store, published: Published) -> Iterator[Finding]:
    """Verify the run's own manifest, and each earlier one by the digest in its successor."""
    manifest = published.manifest
    if sha256_at(store, run_key(manifest.run_id, MANIFEST)) != published.sha256:
        yield Finding("failed", "the run's own manifest is not the published one", MEND)
    length = 1
    while manifest.previous is not None:
        before = manifests.read(store, run_key(manifest.previous.run_id, MANIFEST))
        if before is None:
            runs = plural(length, "run")
            yield Finding("ok", f"the chain of manifests goes back {runs}; older ones were removed")
            return
        if before.sha256 != manifest.previous.sha256:
            what = (
                f"the manifest of run {manifest.previous.run_id} was changed after it was published"
            )
            yield Finding("failed", what, "restore an earlier version of that object")
            return
        manifest, length = before.manifest, length + 1
    yield Finding("ok", f"the chain of manifests is complete: {plural(length, 'run')}")


def _inputs(store: Store, manifest: Manifest) -> Iterator[Finding]:
    missing = [entry.key for entry in manifest.inputs if store.head(entry.key) is None]
    if missing:
        what = f"raw inputs are missing: {', '.join(missing)}"
        yield Finding("warning", what, "they can't be recreated")
    else:
        yield Finding("ok", f"archived: {plural(len(manifest.inputs), 'raw input')}")
