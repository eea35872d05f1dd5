"""The publishing protocol. In this order:

1. the raw inputs, 2. every file into the run folder, 3. the run's own manifest,
4. the commit: the root manifest, on condition that it is still the one read at the start,
5. the stable names, copied on the server from the run folder, 6. the history record (pipeline).

Before step 4 nothing that readers see changes. After it the new version is published whatever
happens, and the next run finishes what is missing. There are no locks that a crash could leave.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from msgspec import Struct, field

from etl.errors import StateConflict, StoreError
from etl.history import manifest as manifests
from etl.history.manifest import Manifest, Published, PublishedFile
from etl.store import FOR_EVER, REVALIDATE, Store, Upload
from etl.store.layout import ASSETS, MANIFEST, PAGE, of_page, run_key
from etl.store.parallel import AT_A_TIME, in_parallel, upload_all

LOOK_EVERY = 4 * AT_A_TIME  # files copied before the manifest is read again

Advance = Callable[[object], None]  # called for each object written


@dataclass(frozen=True)
class File:
    """A local file at `path`, to be published as `name`; `rows` is its number of rows.

    `content_sha256` is a digest without the parts that name the run (times, ids). If it is None,
    the file has no such parts, and versions are compared by the digest of its bytes.
    """

    name: str
    path: Path
    rows: int
    content_sha256: str | None = None

    @cached_property
    def sha256(self) -> str:
        return Upload(self.name, self.path).sha256


class Version(Struct, frozen=True):
    """A version ready to be published: its manifest, its files and the raw inputs to archive.

    `missing` has the pages that could not be made, and why. If it is the page itself, the files of
    the page published before are in the manifest, under the keys of their own run.
    """

    manifest: Manifest
    files: Sequence[Upload]
    raw: Sequence[Upload]
    missing: Mapping[str, str] = field(default_factory=dict)

    def says_the_same_as(self, before: Manifest) -> bool:
        """Return whether the content is that of `before`, ignoring pages that could not be made.

        A missing page is no reason to replace a version that has it.
        """
        ours, theirs = (
            {name: digest for name, digest in version.digests().items() if not self._misses(name)}
            for version in (self.manifest, before)
        )
        return ours == theirs

    def _misses(self, name: str) -> bool:
        return name in self.missing or (PAGE in self.missing and of_page(name))


def uploads(files: Sequence[File], run_id: str) -> dict[str, Upload]:
    """Return the upload of each file into the run folder, by file name."""
    return {
        file.name: Upload(run_key(run_id, file.name), file.path, FOR_EVER, digest=file.sha256)
        for file in files
    }


def describe(files: Sequence[File], into_run: dict[str, Upload]) -> list[PublishedFile]:
    """Return the manifest's entries of the files; `into_run` has their uploads by name."""
    return [
        PublishedFile(
            name=file.name,
            key=into_run[file.name].key,
            bytes=into_run[file.name].size,
            sha256=file.sha256,
            rows=file.rows,
            content_sha256=file.content_sha256,
        )
        for file in files
    ]


def writes(version: Version) -> int:
    """Return how many times `publish` calls `advance`: each file is written and then copied."""
    return len(version.raw) + len(version.files) + len(version.manifest.files)


def publish(
    store: Store, version: Version, before: Published | None, *, advance: Advance | None = None
) -> None:
    """Take steps 1 to 5. Raises StateConflict if another run was committed first, StoreError."""
    body = manifests.encode(version.manifest)
    upload_all(store, version.raw, progress=advance)
    upload_all(store, version.files, progress=advance)
    store.write(Upload(run_key(version.manifest.run_id, MANIFEST), body, FOR_EVER))
    commit(store, body, before.etag if before else None)
    settle(store, only_differing=False, advance=advance)


def commit(store: Store, body: bytes, etag: str | None) -> None:
    """Take step 4; without `etag`, no manifest may exist yet. Raises StateConflict, StoreError."""
    try:
        store.write(Upload(MANIFEST, body, REVALIDATE), if_match=etag, if_none_match=etag is None)
    except StoreError as exc:
        # the write may have succeeded although its answer was lost: check the store
        try:
            found = store.read(MANIFEST)
        except StoreError:
            raise exc from None
        if found is None or found.body != body:
            raise


def settle(
    store: Store,
    *,
    only_differing: bool = True,
    instead_of: str | None = None,
    advance: Advance | None = None,
) -> None:
    """Copy the files of the published run to their stable names, and delete left-over ones.

    The manifest is read again after every few copies. If another run was committed in the meantime,
    that run's files are copied instead, over any of ours that were copied too late. `instead_of` is
    the run that had the stable names, if that is not the previous one. Raises StateConflict,
    StoreError.
    """
    published = manifests.read(store)
    while published is not None:
        newer = _copy_all(store, published, only_differing, instead_of, advance)
        if newer is None:
            return
        published, only_differing = newer, True


def _copy_all(
    store: Store,
    published: Published,
    only_differing: bool,
    instead_of: str | None,
    advance: Advance | None,
) -> Published | None:
    """Copy all files; stop and return the new manifest if another run is committed."""
    files = published.manifest.files
    for begin in range(0, len(files), LOOK_EVERY):
        batch = files[begin : begin + LOOK_EVERY]
        in_parallel(lambda file: _copy(store, file, only_differing), batch, progress=advance)
        if newer := _newer(store, published):
            return newer
    in_parallel(store.delete, left_over(store, published.manifest, instead_of))
    return _newer(store, published)


def _newer(store: Store, published: Published) -> Published | None:
    found = manifests.read(store)
    if found is None:
        raise StateConflict(f"{store.address}/{MANIFEST} was removed while its run was published")
    return found if found.sha256 != published.sha256 else None


def _copy(store: Store, file: PublishedFile, only_differing: bool) -> None:
    if only_differing:
        head = store.head(file.name)
        if head is not None and head.sha256 == file.sha256:
            return
    store.copy(file.key, file.name, cache_control=cache_control(file.name), sha256=file.sha256)


def cache_control(name: str) -> str:
    """Return the Cache-Control of a stable name.

    The page's assets never change, since a digest is part of their names; all other files do.
    """
    return FOR_EVER if name.startswith(ASSETS) else REVALIDATE


def left_over(store: Store, manifest: Manifest, instead_of: str | None = None) -> list[str]:
    """List stable names that the previous run or `instead_of` had and this run has not.

    An example is the file of a country that is gone. Raises StoreError.
    """
    before = manifest.previous.run_id if manifest.previous else None
    names: set[str] = set()
    for run_id in filter(None, {before, instead_of}):
        other = manifests.read(store, run_key(run_id, MANIFEST))
        names |= other.manifest.digests().keys() if other else set()
    return sorted(names - manifest.digests().keys())
