"""manifest.json: which run is published, and everything needed to verify it.

The root manifest.json and the run's own runs/RUN/manifest.json have the same bytes. Each names the
run before it and the SHA-256 of that run's manifest: a chain that anybody can verify.
"""

import hashlib
from datetime import date

from msgspec import UNSET, Struct, UnsetType

from etl.history.own_note import OwnNote
from etl.history.record import Standstill
from etl.settings.groups import ALL, OUTPUTS
from etl.store import Store
from etl.store.json_state import Moment, check_times, decoded, readable
from etl.store.keys import valid_key, valid_name
from etl.store.layout import LATEST_JSON, MANIFEST, PAGE, RAW, RUNS, TABLE_PARQUET, raw_key

# the possible `Input.name`, with OWN and the name of one of TABLES
FACTS, STATISTICS, OWN = "facts", "statistics", "table "


class Input(Struct, frozen=True, omit_defaults=True):
    """A document that the run was made from.

    `key` is where it is archived; `sha256` and `bytes` are of the unpacked document. The documents
    of one source share a `name`.
    """

    name: str
    url: str
    key: str
    bytes: int
    sha256: str
    etag: str | None = None
    last_modified: str | None = None

    def __post_init__(self) -> None:
        valid_key(self.key, within=RAW)


class PublishedFile(
    Struct, frozen=True, omit_defaults=True, rename={"content_sha256": "lasting_sha256"}
):
    """A published file: `name` is its stable name, `key` its key in the run folder.

    The object under `key` never changes. `content_sha256` is a digest without the parts that name
    the run (times, ids), for comparing versions. If it is None, the file has no such parts, and
    `sha256` is compared.
    """

    name: str
    key: str
    bytes: int
    sha256: str
    rows: int
    content_sha256: str | None = None

    def __post_init__(self) -> None:
        valid_key(self.name)
        valid_key(self.key, within=RUNS)


class SourceNote(Struct, frozen=True, omit_defaults=True, rename={"series": "countries"}):
    """The source and how much it held, before any filter.

    `series` counts its countries, regions or places; `lacks` has the measures it does not have.
    """

    name: str
    title: str
    attribution: str
    licence: str
    rows: int
    series: int
    first_date: date
    last_date: date
    notice: str | None = None
    lacks: list[str] = []


class RestatedCountry(Struct, frozen=True):
    """A country and how many of its published cells (a figure for a day) the source changed."""

    key: str
    name: str
    cells: int


class Restated(Struct, frozen=True):
    """How many of the `compared` cells differ from those published before.

    `most` has the countries with the most of them, but only if the share exceeds checks.RESTATED.
    """

    cells: int
    compared: int
    most: list[RestatedCountry] = []


class Checks(Struct, frozen=True):
    """What the checks found.

    `forced` has the refusals overridden by --force. `restated` counts the published cells that the
    source has changed, or is None if nothing was compared. `corrections` counts repairs by kind.
    `silent_series` go on, but report nothing any more.
    """

    warnings: list[str]
    forced: list[str]
    corrections: dict[str, int]
    stale_series: list[str]
    unmatched: dict[str, list[str]]
    restated: Restated | None = None
    silent_series: list[str] = []


class Previous(Struct, frozen=True):
    """The run published before, and the SHA-256 of its manifest."""

    run_id: str
    sha256: str

    def __post_init__(self) -> None:
        valid_name(self.run_id)


class Manifest(Struct, frozen=True, kw_only=True):
    """The content of manifest.json."""

    run_id: str
    slot: date
    started_at: Moment
    source: SourceNote
    settings: dict[str, str]
    fingerprint: str
    inputs: list[Input]
    files: list[PublishedFile]
    checks: Checks
    previous: Previous | None
    standstill: Standstill | None = None  # as of this run
    totals: dict[
        str, dict[str, int]
    ] = {}  # measure -> series' key -> last count, before any filter
    format: int = 1
    own: OwnNote | UnsetType = UNSET  # of TABLES and TRANSFORM, where they are set

    @property
    def own_note(self) -> OwnNote:
        return OwnNote() if self.own is UNSET else self.own

    def __post_init__(self) -> None:
        valid_name(self.run_id)
        check_times(self.slot, self.started_at, self.source.first_date, self.source.last_date)

    def input(self, name: str) -> Input | None:
        return next(iter(self.inputs_of(name)), None)

    def inputs_of(self, name: str) -> list[Input]:
        return [i for i in self.inputs if i.name == name]

    @property
    def rows(self) -> int:
        """The number of rows in the published table."""
        return next((f.rows for f in self.files if f.name == TABLE_PARQUET), 0)

    @property
    def series(self) -> int:
        return next((f.rows for f in self.files if f.name == LATEST_JSON), 0)

    @property
    def rebuilt(self) -> bool:
        """Whether it was made later from an archived snapshot, not by a run of the worker."""
        own = raw_key(self.run_id, "")
        return any(not one.key.startswith(own) for one in self.inputs_of(STATISTICS))

    @property
    def page_from(self) -> str | None:
        """The run whose page is published, if the page of this run could not be made."""
        keys = (file.key for file in self.files if file.name == PAGE)
        runs = (key.split("/")[1] for key in keys)
        return next((run for run in runs if run != self.run_id), None)

    @property
    def public_url(self) -> str:
        return self.settings.get("PUBLIC_URL", "")

    @property
    def outputs(self) -> tuple[str, ...]:
        """The files that OUTPUTS switched on; runs from before that setting have them all."""
        named = self.settings.get("OUTPUTS")
        if named is None:
            return ALL
        return tuple(name for name in OUTPUTS if name in named.split(","))

    def digests(self) -> dict[str, str]:
        """Return the digests by which two versions are compared, by stable name."""
        return {file.name: file.content_sha256 or file.sha256 for file in self.files}


class Published(Struct, frozen=True):
    """A manifest that was read: its content, the SHA-256 of its bytes and its ETag."""

    manifest: Manifest
    sha256: str
    etag: str


def encode(manifest: Manifest) -> bytes:
    return readable(manifest)


def read(store: Store, key: str = MANIFEST) -> Published | None:
    """Read a manifest; None if there is none. Raises StoreError."""
    stored = store.read(key)
    if stored is None:
        return None
    advice = "put the manifest of the last run in runs/ back in its place"
    manifest = decoded(store, key, stored, Manifest, advice)
    return Published(manifest, hashlib.sha256(stored.body).hexdigest(), stored.etag)
