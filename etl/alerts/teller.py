"""The alerts of a run, from what happened to the messages sent.

An alert is queued in alerts.json, then sent, then removed from the queue. So two workers send it
only once, and one that could not be sent waits for the next heartbeat. Nothing here raises: no run
fails because of its alerts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec

from etl import log
from etl.alerts import incidents, rules, state, thresholds
from etl.alerts.ping import ping
from etl.alerts.situation import Situation
from etl.alerts.state import Alert, AlertState, Waiting
from etl.errors import AlertError, EtlError, StoreError
from etl.history.history import History
from etl.history.manifest import Manifest
from etl.history.record import Failure, Record
from etl.settings.groups import Settings
from etl.settings.languages import ORIGINAL
from etl.store import Store
from etl.store.json_state import Malformed, decode
from etl.store.layout import LATEST_JSON, run_key
from etl.worker import schedule
from etl.worker.handover import BY_HAND, Handover


class Teller:
    """The alerts of one run. Without ALERT_TOPIC and PING_URL, and in a dry run, there are none."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        handover: Handover = BY_HAND,
        *,
        dry_run: bool = False,
    ) -> None:
        self._settings = settings
        self._alerts = settings.alerts
        self._languages = [ORIGINAL, *settings.alerts.translate_to]
        self._store = store
        self._handover = handover
        self._ping_url = "" if dry_run else settings.alerts.ping_url
        self._has_topic = bool(settings.alerts.topic) and not dry_run

    def started(self) -> None:
        """Report that a run begins."""
        ping(self._ping_url, "start")

    def succeeded(self, past: History, manifest: Manifest | None, now: datetime) -> None:
        """Report that the slot has its run, by this worker or another."""
        ping(self._ping_url, "success")
        self.nothing_due(past, manifest, now)

    def nothing_due(self, past: History, manifest: Manifest | None, now: datetime) -> None:
        """Send what is due although no run was, such as an alert about a stale source."""
        with self._never_raises():
            self._settle(past, manifest, now, self._handover.failures)

    def failed(self, past: History, manifest: Manifest | None, now: datetime) -> None:
        """Report a failed run, whose failure is the last record of `past`."""
        self._handover.note("failed")
        ping(self._ping_url, "fail")
        with self._never_raises():
            try:
                self._settle(past, manifest, now, self._handover.failures + 1)
            except StoreError:
                self._alert_without_state(past.records[-1])
                raise

    @contextmanager
    def alerting_errors(self, now: datetime) -> Iterator[None]:
        """Send alerts about errors raised inside that can't be recorded, and raise them again.

        For code that reads or writes the history.
        """
        try:
            yield
        except EtlError as exc:
            self.failed_unrecorded(Failure(type(exc).__name__, str(exc)), now)
            raise

    def failed_unrecorded(self, failure: Failure, now: datetime) -> None:
        """Report a failed run when the folder can't be used, so earlier alerts are unknown."""
        self._handover.note("failed")
        ping(self._ping_url, "fail")
        where = self._settings.schedule
        record = Record(
            run_id="",
            slot=schedule.latest_slot(now, where.run_at, where.timezone),
            started_at=now,
            outcome="failed",
            source=self._settings.source.name,
            failure=failure,
        )
        with self._never_raises():
            self._alert_without_state(record)

    def wants(self, kind: str) -> bool:
        """Say whether alerts of this kind are sent."""
        return self._has_topic and kind in self._alerts.kinds

    def tell(self, alert: Alert, now: datetime) -> None:
        """Send once an alert that no rule makes, such as `rules.report_ready`."""
        wanted = [alert] if alert.kind in self._alerts.kinds else []
        with self._never_raises():
            if self._has_topic:
                self._queue_and_send(lambda known: (known, wanted), now)

    def retry(self, now: datetime) -> None:
        """Send the alerts that wait."""
        with self._never_raises():
            if self._has_topic:
                self._queue_and_send(lambda known: (known, []), now)

    def _settle(
        self, past: History, manifest: Manifest | None, now: datetime, failures: int
    ) -> None:
        """Queue and send the alerts that the rules find due."""
        if not self._has_topic:
            return
        where, known = self._settings.schedule, state.read_state(self._store)
        wants_latest = rules.wants_latest(known[0], manifest, self._alerts.rules)
        situation = Situation(
            past=past,
            manifest=manifest,
            now=now,
            slot=schedule.latest_slot(now, where.run_at, where.timezone),
            stale_after_days=self._settings.table.stale_after_days,
            rules=self._alerts.rules,
            latest=self._latest(manifest) if manifest and wants_latest else None,
            failures=failures,
            alerted_without_state=self._alerted_without_state(),
        )
        self._queue_and_send(lambda s: rules.decide(situation, s, self._alerts.kinds), now, known)

    def _queue_and_send(
        self,
        decide: Callable[[AlertState], tuple[AlertState, list[Alert]]],
        now: datetime,
        known: tuple[AlertState, str | None] | None = None,
    ) -> None:
        queued_before: set[str] = set()

        def change(before: AlertState) -> AlertState:
            # compare-and-swap may call this again with a newer state
            queued_before.clear()
            queued_before.update(waiting.alert.id for waiting in before.waiting)
            after, new = decide(state.without_old(before, now))
            return state.queued(after, new, self._languages)

        after = state.update_state(self._store, change, known)
        # an alert that another worker has just queued is left for that worker to send
        ours = [
            w for w in after.waiting if w.alert.id not in queued_before or state.is_left(w, now)
        ]
        self._send(ours, now)
        if len(ours) < len(after.waiting):
            self._handover.note("waiting")

    def _latest(self, manifest: Manifest) -> Sequence[Mapping[str, Any]] | None:
        """Return the rows of the published latest.json; log each rule that matches none of them."""
        try:
            stored = self._store.read(run_key(manifest.run_id, LATEST_JSON))
            rows = decode(stored.body, dict[str, Any])["countries"] if stored else None
        except (EtlError, Malformed, KeyError) as exc:
            log.warning("alert.figures_unreadable", run=manifest.run_id, error=exc)
            return None
        for rule in thresholds.idle_rules(self._alerts.rules, rows or []):
            log.warning("alert.rule_idle", rule=rule, error="no published figure matches it")
        return rows

    def _send(self, ours: Sequence[Waiting], now: datetime) -> None:
        """Send the oldest first. If one can't be sent, the rest keep waiting."""
        if not ours:
            return
        with self._sender() as send:
            for waiting in ours:
                left, error = send(waiting)
                try:
                    state.update_state(self._store, _after_sending(waiting, left, error, now))
                except StoreError as exc:
                    raise AlertError(
                        f"{waiting.alert.id} can't be recorded as tried: {exc}"
                    ) from exc
                if error:
                    raise AlertError(error)

    def _alerted_without_state(self) -> datetime | None:
        """Return since when runs fail, if `_alert_without_state` sent an alert about it."""
        failures, since = self._handover.failures, self._handover.failing_since
        return since if failures >= incidents.ATTEMPTS else None

    def _alert_without_state(self, failure: Record) -> None:
        """Send an alert at the third failure in a row. The worker's count is lost when it ends."""
        attempts = self._handover.failures + 1
        wanted = "failures" in self._alerts.kinds
        if not self._has_topic or attempts != incidents.ATTEMPTS or not wanted:
            return
        since = self._handover.failing_since or failure.started_at
        alert = incidents.failed(failure, since, attempts, None)
        alert = msgspec.structs.replace(alert, values={**alert.values, "blind": "yes"})
        with self._sender() as send:
            _, error = send(Waiting(alert, self._languages))
        if error:
            raise AlertError(error)

    @contextmanager
    def _sender(self) -> Iterator[Callable[[Waiting], tuple[list[str], str]]]:
        """Yield the function that sends an alert, `Outbox.send`."""
        from etl.alerts.outbox import Outbox  # loads botocore, which is heavy: only when sending

        with Outbox(self._alerts.topic, self._store, self._settings.one_of_several) as outbox:
            yield outbox.send

    @contextmanager
    def _never_raises(self) -> Iterator[None]:
        """Log an exception raised inside, and let the worker know that alerts wait for a retry."""
        try:
            yield
        except EtlError as exc:
            log.warning("alert.failed", kind=type(exc).__name__, error=exc)
        except Exception as exc:
            log.error("alert.crashed", exc=exc, kind=type(exc).__name__, error=exc)
        else:
            return
        self._handover.note("waiting")


def _after_sending(
    waiting: Waiting, left: Sequence[str], error: str, now: datetime
) -> Callable[[AlertState], AlertState]:
    """Return the change to the state after a try to send."""
    if left:
        return lambda known: state.tried(known, waiting.alert.id, left, error)
    return lambda known: state.done(known, waiting.alert.id, now, "sent")
