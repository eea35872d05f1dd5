"""What one run knows from its start; the clock is read once, the store's state once."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from config import Settings
from etl import log
from etl.history import History
from etl.manifest import Manifest, Published
from etl.sources import SOURCES, Source
from etl.stores import Store


@dataclass(frozen=True)
class Options:
    """How a run was asked for.

    `step` hears what is being done, `advance` of each object that has arrived; `sleep` waits
    between tries.
    """

    if_due: bool = False
    force: bool = False
    dry_run: bool = False
    step: Callable[[str], None] = lambda what: log.debug("run.step", step=what)
    advance: Callable[[object], None] = lambda arrived: None
    sleep: Callable[[float], None] = time.sleep


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
