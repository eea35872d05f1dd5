"""Archive inputs in raw/, and read country facts back."""

import gzip
import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from isal import isal_zlib
from msgspec import structs

from etl import log
from etl.errors import EtlError, SourceChanged, SourceUnavailable
from etl.extract.answer import shown
from etl.extract.fetch import Fetched
from etl.extract.inputs import UNREADABLE, Facts, facts_name, fetch_facts
from etl.history.history import History
from etl.history.manifest import FACTS, Input
from etl.history.record import KeptInput
from etl.history.run import Run
from etl.store import FOR_EVER, Store, Upload
from etl.store.layout import raw_key

PACKED = (".xlsx", ".gz")  # compressed already
GZIP = 31  # zlib's wbits for a gzip; its header has no time
PIECE = 1 << 20


def keep_aside(
    store: Store, past: History, run_id: str, fetched: Sequence[Fetched]
) -> list[KeptInput]:
    """Archive the inputs of a failed run, unless the same bytes are archived already.

    Raises StoreError.
    """
    known = {kept.sha256: kept for record in past.records for kept in record.kept}
    kept = []
    for document in fetched:
        before = known.get(document.sha256)
        if before is None or store.head(before.key) is None:  # never archived, or cleared since
            entry, upload = archive(document, document.path.name, run_id)
            store.write(upload)
            known[document.sha256] = KeptInput(entry.key, entry.sha256)
        kept.append(known[document.sha256])
    return kept


def renamed(bad: Fetched) -> Fetched:
    """Rename a file that can't be used, so that it is kept under a name that says so."""
    kept = bad.path.rename(bad.path.with_name(f"{UNREADABLE}{bad.path.name}"))
    return structs.replace(bad, path=kept)


def kept_note(run: Run, bad: Fetched) -> str:
    """Keep a file that can't be used in raw/, and say where; a dry run keeps nothing."""
    if run.options.dry_run:
        return ""
    [kept] = keep_aside(run.store, run.past, run.run_id, [bad])
    return f" (kept as {kept.key})"


def bring_facts(run: Run, work: Path) -> Facts:
    """Download the country facts into the folder `work`.

    If they are unavailable, the published version's facts are taken from the archive. If those are
    gone or damaged, there are no facts. Both cases give a warning: facts never block a day.
    """
    url, timeout_s = run.settings.source.facts_url, run.settings.source.timeout_s
    if not url:
        return Facts(None)
    try:
        return Facts(fetch_facts(url, work, sleep=run.options.sleep, timeout_s=timeout_s))
    except (SourceUnavailable, SourceChanged) as exc:
        log.warning("facts.unavailable", error=exc)
        return _archived_facts(run, work, str(exc))


def readable_facts(run: Run, facts: Facts, work: Path) -> Facts:
    """Read the country facts. If that fails, keep the file and take archived facts, or none.

    Like `bring_facts`, it warns and never fails because of the facts. Raises StoreError.
    """
    from etl.extract.facts import read_facts

    bad = facts.fetched
    if bad is None:
        return facts
    try:
        return replace(facts, table=read_facts(bad.path))
    except SourceChanged as exc:
        why = f"{shown(bad.url)}: {exc}"
    log.warning("facts.unreadable", error=why)
    why += kept_note(run, renamed(bad))
    if facts.warning:  # these were archived facts already
        return Facts(None, f"published without country facts: {why}")
    older = _archived_facts(run, work, why)
    if older.fetched is None:
        return older
    try:
        return replace(older, table=read_facts(older.fetched.path))
    except SourceChanged as exc:
        return Facts(None, f"published without country facts: {why}; the archived ones: {exc}")


def _archived_facts(run: Run, work: Path, why: str) -> Facts:
    """Return the published version's facts, or none, with a warning that says why."""
    path = work / facts_name(run.settings.source.facts_url or "")
    archived = run.before.input(FACTS) if run.before else None
    if archived is None or not unpack(run.store, archived, path):
        return Facts(None, f"published without country facts: {why}")
    copy = Fetched(path, archived.url, archived.bytes, archived.sha256)
    return Facts(copy, f"country facts from the archive ({archived.key}): {why}")


def unpack(store: Store, archived: Input, path: Path) -> bool:
    packed = path.with_name(f"{path.name}.archived")
    try:
        if not store.download(archived.key, packed):
            return False
        opened = gzip.open if archived.key.endswith(".gz") else open
        with opened(packed, "rb") as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)
    except (EtlError, OSError) as exc:
        log.warning("facts.archive_unreadable", key=archived.key, error=exc)
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == archived.sha256


def archive(fetched: Fetched, name: str, run_id: str) -> tuple[Input, Upload]:
    """Prepare an input for raw/: its bytes as received, gzipped unless already compressed."""
    path, key = fetched.path, raw_key(run_id, fetched.path.name)
    if path.suffix not in PACKED:
        packed = Path(tempfile.mkdtemp(dir=path.parent)) / f"{path.name}.gz"
        # isal takes a fifth of zlib's time. Its output differs between processors, which does not
        # matter here: digests of inputs are of the unpacked bytes.
        packer = isal_zlib.compressobj(wbits=GZIP)
        with path.open("rb") as source, packed.open("wb") as target:
            while piece := source.read(PIECE):
                target.write(packer.compress(piece))
            target.write(packer.flush())
        path, key = packed, f"{key}.gz"
    return described(fetched, name, key), Upload(key, path, FOR_EVER)


def described(fetched: Fetched, name: str, key: str) -> Input:
    """Return the manifest's entry of an input that is archived as `key`."""
    return Input(
        name=name,
        url=shown(fetched.url),
        key=key,
        bytes=fetched.size,
        sha256=fetched.sha256,
        etag=fetched.validators.etag,
        last_modified=fetched.validators.last_modified,
    )
