"""What one run knows from its start; the clock is read once, the store's state once."""

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from etl import log
from etl.extract.sources import SOURCES, Source
from etl.history.history import History
from etl.history.manifest import Manifest, Published
from etl.history.record import InputsSeen, Record, Standstill
from etl.settings.groups import Settings
from etl.store import Store
from etl.store.layout import PAGE, page_in
from etl.worker import schedule
from etl.worker.handover import BY_HAND, Handover


@dataclass(frozen=True)
class Options:
    """How a run was asked for.

    `step` hears what is being done, `advance` of each object that has arrived; `sleep` waits
    between tries; `handover` is what the worker knows of the runs before.
    """

    if_due: bool = False
    force: bool = False
    dry_run: bool = False
    step: Callable[[str], None] = lambda what: log.debug("run.step", step=what)
    advance: Callable[[object], None] = lambda arrived: None
    sleep: Callable[[float], None] = time.sleep
    handover: Handover = BY_HAND


# of a run four digits at random; of a snapshot that was imported, or a run that was made again, 12
# that come from what it was made of (etl/scale)
RUN_ID = re.compile(r"\d{4}-\d{2}-\d{2}T\d{6}Z-[0-9a-f]{4}(?:[0-9a-f]{8})?")


def new_run_id(now: datetime) -> str:
    """Two workers may start in the same second: the end keeps their run folders apart."""
    return f"{now:%Y-%m-%dT%H%M%SZ}-{secrets.token_hex(2)}"


@dataclass(frozen=True)
class FolderState:
    """What readers have (`published`) and what happened so far (`past`, read with its ETag)."""

    published: Published | None = None
    past: History = field(default_factory=lambda: History([]))
    past_etag: str | None = None


@dataclass(frozen=True)
class Run:
    """What one run knows from its start; `state` is the folder's before it."""

    settings: Settings
    store: Store
    options: Options
    now: datetime
    run_id: str
    slot: date
    fingerprint: str
    state: FolderState

    @property
    def source(self) -> Source:
        return SOURCES[self.settings.source.data_set]

    @property
    def published(self) -> Published | None:
        return self.state.published

    @property
    def before(self) -> Manifest | None:
        return self.published.manifest if self.published else None

    @property
    def past(self) -> History:
        return self.state.past

    @property
    def is_due(self) -> bool:
        """Whether history and manifest know of no success of this source for the slot."""
        done = self.past.slots_made(self.source.name)
        if self.before and self.before.source.name == self.source.name:
            done.add(self.before.slot)
        return all(schedule.is_due(self.slot, slot) for slot in done)

    def inputs_seen(self, facts_sha256: str | None) -> InputsSeen | None:
        """What the published files were made from, if settings, code and facts are still the same.

        None with --force, which publishes a version though it is the same; and where a page is
        missing, since it could not be made or translated: it is tried again.
        """
        pages = {PAGE, *map(page_in, self.settings.alerts.translate_to)}
        if self.options.force or self.before is None or not pages <= self.before.digests().keys():
            return None
        record = self.past.success_of(self.before.run_id)
        seen = record.seen if record else None
        if seen and (seen.fingerprint, seen.facts_sha256) == (self.fingerprint, facts_sha256):
            return seen
        return None


@dataclass(frozen=True)
class Result:
    """How a run ended. `outcome`: published, unchanged, not_due, yielded (another worker was
    first) or would_publish (a dry run).

    `record` is the run's; `manifest` is what readers have now, or would have; `still` says how
    long the source has not changed. `run` and `past`, the history with the record, are there if
    it was written.
    """

    outcome: str
    record: Record | None = None
    manifest: Manifest | None = None
    still: Standstill | None = None
    run: Run | None = None
    past: History | None = None
