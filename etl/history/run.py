"""What a run knows from its start. The clock and the folder's state are read only once."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from msgspec import Struct, field

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


class Options(Struct, frozen=True):
    """The options of a run.

    These are called: `step` with the name of each step; `received` with the bytes downloaded so
    far; `stage` with a step of so many parts and `advance` for each of them; `failed` with the
    Result of a run that raises an exception; `sample`, in a dry run, with the first rows that the
    user's step made; `sleep` to wait between retries. `handover` is what the worker knows about
    earlier runs.
    """

    if_due: bool = False
    force: bool = False
    dry_run: bool = False
    step: Callable[[str], None] = lambda what: log.debug("run.step", step=what)
    received: Callable[[int, int | None], None] = lambda done, of: None
    stage: Callable[[str, int], None] = lambda what, total: log.debug("run.step", step=what)
    advance: Callable[[object], None] = lambda arrived: None
    failed: "Callable[[Result], None]" = lambda result: None
    sample: Callable[[str], None] = lambda text: None
    sleep: Callable[[float], None] = time.sleep
    handover: Handover = BY_HAND


class FolderState(Struct, frozen=True):
    """The published version, and the history with its ETag."""

    published: Published | None = None
    past: History = field(default_factory=lambda: History([]))
    past_etag: str | None = None


@dataclass(frozen=True)
class Run:
    """What a run knows from its start; `state` is that of the folder before the run."""

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
        """Whether neither the history nor the manifest has a success of the source for the slot."""
        done = self.past.slots_made(self.source.name)
        if self.before and self.before.source.name == self.source.name:
            done.add(self.before.slot)
        return all(schedule.is_due(self.slot, slot) for slot in done)

    def inputs_seen(self, facts_sha256: str | None) -> InputsSeen | None:
        """Return what the published files were made from, if they could still be up to date.

        None if the settings, the code or the facts have changed, and with --force. Also None if a
        page could not be made or translated, so that this run tries again.
        """
        on = "page" in self.settings.table.outputs
        pages = {PAGE, *map(page_in, self.settings.alerts.translate_to)} if on else set()
        if self.options.force or self.before is None or self.before.page_from:
            return None
        if not pages <= self.before.digests().keys():
            return None
        record = self.past.success_of(self.before.run_id)
        seen = record.seen if record else None
        if seen and (seen.fingerprint, seen.facts_sha256) == (self.fingerprint, facts_sha256):
            return seen
        return None


class Result(Struct, frozen=True):
    """How a run ended.

    `outcome` is published, unchanged, not_due, yielded (another worker was first), would_publish
    (a dry run) or failed. `manifest` is the version published now, or the one a dry run would have
    published. `still` says how long the source has not changed. `past` is the history with
    `record`, or None if that was not written.
    """

    outcome: str
    record: Record | None = None
    manifest: Manifest | None = None
    still: Standstill | None = None
    run: Run | None = None
    past: History | None = None
