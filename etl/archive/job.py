"""What all tasks of one job share. It is sent to the workers, so it holds no secrets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from typing import Any

from etl.errors import EtlError, StepFailed
from etl.extract.answer import shown
from etl.history.catalogue import Archived
from etl.load.fingerprint import code, fingerprint
from etl.settings.groups import Settings
from etl.settings.tables import TableSpec
from etl.store import Store
from etl.store.open import open_store

WRITERS = ("numpy", "pandas", "pyarrow")  # whose versions shape the bytes that are written


# making a boto3 client takes as long as rebuilding a small snapshot, and 20 MB
_opened: dict[Settings, Store] = {}


class WrongWorker(EtlError):
    """A worker that would write other bytes than this process; `other` is what it runs."""

    def __init__(self, other: str) -> None:
        super().__init__(f"it runs {other}; install and start the same there")

    def __reduce__(self) -> tuple[Any, ...]:
        return EtlError, (str(self),)


@dataclass(frozen=True)
class Job:
    """What a task needs, the user's step included. `settings` lack the secrets; `fingerprint` is
    of the complete settings.

    `only`: the one file that runs are to have; empty: all files.
    """

    settings: Settings
    fingerprint: str
    tools: str
    only: str = ""
    tables: tuple[tuple[TableSpec, Archived], ...] = ()

    @property
    def store(self) -> Store:
        """Return the store, which is opened once in each process. Raises StoreError."""
        if self.settings not in _opened:
            _opened[self.settings] = open_store(self.settings)
        return _opened[self.settings]

    @property
    def max_bytes(self) -> int:
        return self.settings.source.max_bytes

    def verify(self) -> None:
        """Raise WrongWorker if this process runs other code or packages than the job needs, and
        StepFailed if the user's step is not the one that was sent."""
        if other := differing(tools(), self.tools):
            raise WrongWorker(other)
        step = self.settings.table.own_step
        if step and not step.is_whole:
            raise StepFailed(f"{step.path}: what arrived is not what was sent; its digest differs")


def job(
    settings: Settings,
    store: Store,
    only: str = "",
    tables: Sequence[tuple[TableSpec, Archived]] = (),
) -> Job:
    """Return the job of a command, whose tasks use its own `store` if they run in its process.

    `tables` are those of TABLES, as they are kept in the archive.
    """
    own = fingerprint(settings, [str(archived.sha256) for _, archived in tables])
    sent = [(replace(spec, url=shown(spec.url)), archived) for spec, archived in tables]
    made = Job(without_secrets(settings), own, tools(), only, tuple(sent))
    _opened[made.settings] = store
    return made


@cache
def tools() -> str:
    """Return the digest of the code and the versions of the packages that write the files."""
    return " ".join([code(), *(f"{name}={version(name)}" for name in WRITERS)])


def differing(found: str, wanted: str | None = None) -> str:
    """Name what differs between two results of `tools`; empty if nothing does.

    Such as `another version of this project` or `pandas 3.0.1 where 3.0.2 is wanted`. `wanted` is
    that of this process by default.
    """
    (code_there, *there), (code_here, *here) = found.split(), (wanted or tools()).split()
    faults = ["another version of this project"] if code_there != code_here else []
    for one, other in zip(there, here, strict=True):
        if one != other:
            faults.append(f"{one.replace('=', ' ')} where {other.partition('=')[2]} is wanted")
    return ", ".join(faults)


def without_secrets(settings: Settings) -> Settings:
    """Return the settings that a rebuild needs, with an absolute path for a local folder.

    Alerts are left out, and so is translation: the page of an old day is not worth its price.
    """
    source = settings.source
    own_tables = tuple(replace(one, url=shown(one.url)) for one in settings.table.own_tables)
    return replace(
        settings,
        source=replace(
            source,
            url="",
            countries_url=shown(source.countries_url),
            facts_url=shown(source.facts_url),
        ),
        store=replace(settings.store, output_dir=settings.store.output_dir.absolute()),
        table=replace(settings.table, own_tables=own_tables),
        alerts=replace(settings.alerts, topic="", rules=(), translate_to=(), ping_url=""),
    )
