"""What all tasks of one job share; it travels to the workers, so no secret is in it."""

from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version

from etl.errors import EtlError
from etl.extract.http import shown
from etl.load.fingerprint import code, fingerprint
from etl.settings.groups import Settings
from etl.store import Store
from etl.store.open import open_store

WRITERS = ("numpy", "pandas", "pyarrow")  # whose versions shape the bytes that are written


class WrongWorker(EtlError):
    """A worker that would make other bytes than the one who asked."""

    def __init__(self) -> None:
        super().__init__(
            "a worker runs another version of this project, or of "
            f"{', '.join(WRITERS)}: install and start there what is here"
        )


@dataclass(frozen=True)
class Job:
    """`settings` as `without_secrets` leaves them; `fingerprint` is that of the whole ones."""

    settings: Settings
    fingerprint: str
    tools: str

    @property
    def store(self) -> Store:
        """Opened once in each process. Raises StoreError."""
        return _opened(self.settings)

    @property
    def max_bytes(self) -> int:
        return self.settings.source.max_bytes

    def verify(self) -> None:
        """Raises WrongWorker where this process is not what the job was meant for."""
        if tools() != self.tools:
            raise WrongWorker


def job(settings: Settings) -> Job:
    return Job(without_secrets(settings), fingerprint(settings), tools())


@cache
def tools() -> str:
    """What makes the bytes: the code, and the packages that write."""
    return " ".join([code(), *(f"{name}={version(name)}" for name in WRITERS)])


def without_secrets(settings: Settings) -> Settings:
    """As far as an archived snapshot needs them; the folder by its whole path.

    Nobody is told, and nothing is translated: the page of an old day is not worth Amazon's price.
    """
    source = settings.source
    return replace(
        settings,
        source=replace(
            source,
            url="",
            countries_url=shown(source.countries_url),
            facts_url=shown(source.facts_url),
        ),
        store=replace(settings.store, output_dir=settings.store.output_dir.absolute()),
        alerts=replace(settings.alerts, topic="", rules=(), translate_to=(), ping_url=""),
    )


@cache
def _opened(settings: Settings) -> Store:
    # making boto3's client takes as long as a small snapshot
    return open_store(settings)
