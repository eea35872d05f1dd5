"""What one run knows from its start; the clock is read once, the store's state once."""

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from config import Settings
from etl import log
from etl.extract.sources import SOURCES, Source
from etl.history.history import History
from etl.history.manifest import Manifest, Published
from etl.store import Store


@dataclass(frozen=True)
class Options:
    """How a run was asked for.

    `step` hears what is being done, `advance` of each object that has arrived; `sleep` waits
    between tries. From the worker come `failures`, how many runs have failed in a row since
    `failing_since`, and `waiting`, a file that is made if an alert could not be sent.
    """

    if_due: bool = False
    force: bool = False
    dry_run: bool = False
    step: Callable[[str], None] = lambda what: log.debug("run.step", step=what)
    advance: Callable[[object], None] = lambda arrived: None
    sleep: Callable[[float], None] = time.sleep
    failures: int = 0
    failing_since: datetime | None = None
    waiting: Path | None = None


# of a run four digits at random; of a snapshot that was imported, or a run that was made again, 12
# that come from what it was made of (etl/scale)
RUN_ID = re.compile(r"\d{4}-\d{2}-\d{2}T\d{6}Z-[0-9a-f]{4}(?:[0-9a-f]{8})?")


def new_run_id(now: datetime) -> str:
    """Two workers may start in the same second: the end keeps their run folders apart."""
    return f"{now:%Y-%m-%dT%H%M%SZ}-{secrets.token_hex(2)}"


@dataclass(frozen=True)
class Context:
    """One run: `published` and `past` are what readers have, and what happened, before it."""

    settings: Settings
    store: Store
    options: Options
    now: datetime
    run_id: str
    slot: date
    fingerprint: str
    published: Published | None
    past: History
    past_etag: str | None

    @property
    def source(self) -> Source:
        return SOURCES[self.settings.data_set]

    @property
    def before(self) -> Manifest | None:
        return self.published.manifest if self.published else None
