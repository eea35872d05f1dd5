"""Where a run ends up: whoever should know of it is told.

An alert is first put into alerts.json, then sent, then taken out: two workers tell it once, and
one that could not be sent waits for the next heartbeat. Nothing here raises: no run fails by what
it has to tell.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from etl import log
from etl.alerts import incidents, rules, state, thresholds
from etl.alerts.ping import ping
from etl.alerts.situation import Seen
from etl.alerts.state import Alert, State, Waiting
from etl.errors import AlertError, EtlError, StoreError
from etl.history.history import History
from etl.history.manifest import Manifest
from etl.history.record import Failure, Record
from etl.settings.groups import Settings
from etl.settings.languages import ORIGINAL
from etl.store import Store
from etl.store.layout import LATEST_JSON, run_key
from etl.worker import schedule
from etl.worker.handover import BY_HAND, Handover

if TYPE_CHECKING:
    from etl.alerts.outbox import Outbox


class Teller:
    """Of one run; without ALERT_TOPIC and PING_URL it does nothing, and a dry run tells nobody."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        handover: Handover = BY_HAND,
        *,
        dry_run: bool = False,
    ) -> None:
        self._settings = settings
        self._store = store
        self._handover = handover
        self._ping_url = "" if dry_run else settings.alerts.ping_url
        self._has_topic = bool(settings.alerts.topic) and not dry_run

    def started(self) -> None:
        ping(self._ping_url, "start")

    def succeeded(self, past: History, manifest: Manifest | None, now: datetime) -> None:
        """The slot has its run, by this worker or another."""
        ping(self._ping_url, "success")
        self.looked(past, manifest, now)

    def looked(self, past: History, manifest: Manifest | None, now: datetime) -> None:
        """Nothing was due; but something may still be to be told."""
        with self._harmless():
            self._settle(past, manifest, now, self._handover.failures)

    def failed(self, past: History, manifest: Manifest | None, now: datetime) -> None:
        """The failure is on record."""
        ping(self._ping_url, "fail")
        with self._harmless():
            try:
                self._settle(past, manifest, now, self._handover.failures + 1)
            except StoreError:
                self._tell_blindly(past.records[-1])
                raise

    @contextmanager
    def told_of_errors(self, now: datetime) -> Iterator[None]:
        """For what can't go on record when it fails: reading and writing the record itself."""
        try:
            yield
        except EtlError as exc:
            self.failed_unrecorded(Failure(type(exc).__name__, str(exc)), now)
            raise

    def failed_unrecorded(self, failure: Failure, now: datetime) -> None:
        """The folder can't be used, so that nothing is known of what was told before."""
        ping(self._ping_url, "fail")
        where = self._settings.schedule
        slot = schedule.latest_slot(now, where.run_at, where.timezone)
        with self._harmless():
            self._tell_blindly(
                Record(
                    run_id="",
                    slot=slot,
                    started_at=now,
                    outcome="failed",
                    source=self._settings.source.name,
                    failure=failure,
                )
            )

    def tell(self, alert: Alert, now: datetime) -> None:
        """Something besides the run, such as `rules.report_ready`; once."""
        wanted = [alert] if alert.kind in self._settings.alerts.kinds else []
        with self._harmless():
            if self._has_topic:
                self._queue_and_send(lambda known: (known, wanted), now)

    def retry(self, now: datetime) -> None:
        """Send what waits."""
        with self._harmless():
            if self._has_topic:
                self._queue_and_send(lambda known: (known, []), now)

    def _settle(
        self, past: History, manifest: Manifest | None, now: datetime, failures: int
    ) -> None:
        if not self._has_topic:
            return
        settings, known = self._settings, state.read(self._store)
        wants_latest = rules.wants_latest(known[0], manifest, settings.alerts.rules)
        seen = Seen(
            past=past,
            manifest=manifest,
            now=now,
            slot=schedule.latest_slot(now, settings.schedule.run_at, settings.schedule.timezone),
            stale_after_days=settings.table.stale_after_days,
            rules=settings.alerts.rules,
            latest=self._latest(manifest) if manifest and wants_latest else None,
            failures=failures,
            told_blindly=self._told_blindly(),
        )
        self._queue_and_send(lambda s: rules.decide(seen, s, settings.alerts.kinds), now, known)

    def _queue_and_send(
        self,
        decide: Callable[[State], tuple[State, list[Alert]]],
        now: datetime,
        known: tuple[State, str | None] | None = None,
    ) -> None:
        languages = [ORIGINAL, *self._settings.alerts.translate_to]
        there: set[str] = set()

        def change(before: State) -> State:
            there.clear()
            there.update(waiting.alert.id for waiting in before.waiting)
            after, new = decide(state.without_old(before, now))
            return state.queued(after, new, languages)

        after = state.update(self._store, change, known)
        # what another worker has put there a moment ago it is about to send itself
        ours = [w for w in after.waiting if w.alert.id not in there or state.is_left(w, now)]
        self._send(ours, now)
        if len(ours) < len(after.waiting):
            self._handover.say_waiting()

    def _latest(self, manifest: Manifest) -> Sequence[Mapping[str, Any]] | None:
        """The rows of the published latest.json; it is said where a rule finds none in it."""
        try:
            stored = self._store.read(run_key(manifest.run_id, LATEST_JSON))
            rows = msgspec.json.decode(stored.body)["countries"] if stored else None
        except (EtlError, msgspec.DecodeError, KeyError) as exc:
            log.warning("alert.figures_unreadable", run=manifest.run_id, error=exc)
            return None
        for rule in thresholds.idle(self._settings.alerts.rules, rows or []):
            log.warning("alert.rule_idle", rule=rule, error="no published figure answers to it")
        return rows

    def _send(self, ours: Sequence[Waiting], now: datetime) -> None:
        """Oldest first; at the first that can't be sent the rest waits on."""
        if not ours:
            return
        with self._outbox() as outbox:
            for waiting in ours:
                left, error = outbox.send(waiting)
                try:
                    state.update(self._store, _after_sending(waiting, left, error, now))
                except StoreError as exc:
                    raise AlertError(f"{waiting.alert.id} is not noted as tried: {exc}") from exc
                if error:
                    raise AlertError(error)

    def _told_blindly(self) -> datetime | None:
        """Since when runs fail, if that was told by `_tell_blindly`."""
        return (
            self._handover.failing_since if self._handover.failures >= incidents.ATTEMPTS else None
        )

    def _tell_blindly(self, failure: Record) -> None:
        """Without the folder's memory the worker's own count must do; it ends with the worker."""
        attempts = self._handover.failures + 1
        wanted = "failures" in self._settings.alerts.kinds
        if not self._has_topic or attempts != incidents.ATTEMPTS or not wanted:
            return
        since = self._handover.failing_since or failure.started_at
        alert = incidents.failed(failure, since, attempts, None)
        alert = msgspec.structs.replace(alert, values={**alert.values, "blind": "yes"})
        with self._outbox() as outbox:
            _, error = outbox.send(Waiting(alert, [ORIGINAL, *self._settings.alerts.translate_to]))
        if error:
            raise AlertError(error)

    def _outbox(self) -> "Outbox":
        from etl.alerts.outbox import Outbox  # botocore is heavy: only who sends pays for it

        return Outbox(self._settings.alerts.topic, self._store, self._settings.one_of_several)

    @contextmanager
    def _harmless(self) -> Iterator[None]:
        try:
            yield
        except EtlError as exc:
            log.warning("alert.failed", kind=type(exc).__name__, error=exc)
        except Exception as exc:
            log.error("alert.crashed", exc=exc, kind=type(exc).__name__, error=exc)
        else:
            return
        self._handover.say_waiting()


def _after_sending(
    waiting: Waiting, left: Sequence[str], error: str, now: datetime
) -> Callable[[State], State]:
    if left:
        return lambda known: state.tried(known, waiting.alert.id, left, error)
    return lambda known: state.done(known, waiting.alert.id, now, "sent")
