"""alerts.json: the alerts that were sent and those that wait; changed by compare-and-swap."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal

import msgspec
from msgspec import Struct

from etl import log
from etl.store import Store
from etl.store.json_state import Malformed, Moment, check_times, decode, swap
from etl.store.keys import valid_key
from etl.store.layout import ALERTS

Event = Literal[
    "failed",
    "refused",
    "recovered",
    "stale",
    "restated",
    "crossed",
    "report",
    "task",
    "page",
    "letters",
    "note",
]
# The kinds that ALERT_ON and `subscribe --only` choose from; notes are sent by hand.
KIND: Mapping[str, str] = {
    "failed": "failures",
    "refused": "failures",
    "recovered": "failures",
    "stale": "stale",
    "restated": "restated",
    "crossed": "thresholds",
    "report": "reports",
    "task": "failures",
    "page": "failures",
    "letters": "inbox",
    "note": "notes",
}
SENT_KEPT = 50
WAITING_KEPT = 20
SENDING = timedelta(minutes=10)  # longer than sending a full queue takes
GIVEN_UP_AFTER = timedelta(days=7)  # older news would only confuse


class Alert(Struct, frozen=True, omit_defaults=True):
    """One alert, independent of language.

    The same event always has the same `id`. `values` fill the blanks of the message and `items`
    are listed in it unchanged. `page` is the key of the object that the message links to.
    """

    id: str
    event: Event
    at: Moment
    values: dict[str, str] = {}
    items: list[str] = []
    page: str | None = None

    def __post_init__(self) -> None:
        if self.page:
            valid_key(self.page)
        check_times(self.at)

    @property
    def kind(self) -> str:
        return KIND[self.event]


class Waiting(Struct, frozen=True, omit_defaults=True):
    """An alert still to be sent in these languages; `error` is from the last try."""

    alert: Alert
    languages: list[str]
    tries: int = 0
    error: str = ""


class Sent(Struct, frozen=True):
    """An alert that no longer waits: it was sent, or given up."""

    id: str
    at: Moment
    outcome: Literal["sent", "given up"]


class Incident(Struct, frozen=True, rename={"alerted": "told"}):
    """Failures in a row; `alerted` has the events ("failed", "refused") already sent."""

    since: Moment
    alerted: list[str]

    def __post_init__(self) -> None:
        check_times(self.since)


class AlertState(Struct, frozen=True, omit_defaults=True, rename={"stale_in": "stale_told"}):
    """The content of alerts.json.

    `judged` is the run whose figures the rules saw last. `over` has, for each rule, the keys of the
    countries over its limit. `stale_in` is the slot of the last alert about a stale source.
    """

    incident: Incident | None = None
    stale_in: date | None = None
    judged: str | None = None
    over: dict[str, list[str]] = {}
    waiting: list[Waiting] = []
    sent: list[Sent] = []
    format: int = 1

    def knows(self, alert_id: str) -> bool:
        return any(w.alert.id == alert_id for w in self.waiting) or any(
            s.id == alert_id for s in self.sent
        )


def queued(state: AlertState, alerts: Sequence[Alert], languages: Sequence[str]) -> AlertState:
    """Add alerts to the queue, except those already queued or sent."""
    new = [Waiting(alert, list(languages)) for alert in alerts if not state.knows(alert.id)]
    return msgspec.structs.replace(state, waiting=[*state.waiting, *new][-WAITING_KEPT:])


def is_left(waiting: Waiting, now: datetime) -> bool:
    """Return whether the worker that queued the alert failed to send it, or died before that."""
    return waiting.tries > 0 or abs(now - waiting.alert.at) > SENDING


def without_old(state: AlertState, now: datetime) -> AlertState:
    """Give up alerts that could not be sent for GIVEN_UP_AFTER."""
    old = [w for w in state.waiting if now - w.alert.at > GIVEN_UP_AFTER]
    for waiting in old:
        state = done(state, waiting.alert.id, now, "given up")
    return state


def done(
    state: AlertState, alert_id: str, now: datetime, outcome: Literal["sent", "given up"]
) -> AlertState:
    """Move an alert from the queue to the last SENT_KEPT that were sent or given up."""
    sent = [*state.sent, Sent(alert_id, now, outcome)][-SENT_KEPT:]
    waiting = [w for w in state.waiting if w.alert.id != alert_id]
    return msgspec.structs.replace(state, waiting=waiting, sent=sent)


def tried(state: AlertState, alert_id: str, left: Sequence[str], error: str) -> AlertState:
    """Note a failed try and move the alert to the end of the queue.

    `left` has the languages still to be sent.
    """
    mine = [w for w in state.waiting if w.alert.id == alert_id]
    others = [w for w in state.waiting if w.alert.id != alert_id]
    again = [Waiting(w.alert, list(left), w.tries + 1, error) for w in mine]
    return msgspec.structs.replace(state, waiting=[*others, *again])


Change = Callable[[AlertState], AlertState]


def read_state(store: Store) -> tuple[AlertState, str | None]:
    """Read the state and its ETag. Raises StoreError.

    A state that can't be decoded counts as empty: an alert sent twice is better than none.
    """
    stored = store.read(ALERTS)
    if stored is None:
        return AlertState(), None
    try:
        return _decoded(stored.body), stored.etag
    except Malformed as exc:
        log.warning("alert.memory_unreadable", key=ALERTS, error=exc)
        return AlertState(), stored.etag


def _decoded(body: bytes) -> AlertState:
    """Decode the state, dropping alerts of kinds that only earlier versions had."""
    try:
        return decode(body, AlertState)
    except Malformed:
        document = decode(body, dict[str, Any])
        match document:
            case {"waiting": [*waiting]}:
                document["waiting"] = [one for one in waiting if not _is_retired(one)]
        return decode(msgspec.json.encode(document), AlertState)


def _is_retired(waiting: object) -> bool:
    match waiting:
        case {"alert": {"event": "release"}}:
            return True
    return False


def update_state(
    store: Store, change: Change, known: tuple[AlertState, str | None] | None = None
) -> AlertState:
    """Apply `change` by compare-and-swap and return the result; write only if it differs.

    `known` is a state and ETag read before, which saves reading them again. Raises StoreError.
    """
    return swap(store, ALERTS, read_state, change, known)
