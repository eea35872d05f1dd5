"""alerts.json: what was alerted of, and what waits; changed by compare-and-swap."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec
from msgspec import Struct

from etl import log
from etl.store import Store
from etl.store.json_state import swap
from etl.store.layout import ALERTS

Event = Literal[
    "failed",
    "refused",
    "recovered",
    "stale",
    "restated",
    "crossed",
    "report",
    "letters",
    "note",
]
# What a subscriber chooses by (ALERT_ON, `subscribe --only`); notes are sent by hand.
KIND: Mapping[str, str] = {
    "failed": "failures",
    "refused": "failures",
    "recovered": "failures",
    "stale": "stale",
    "restated": "restated",
    "crossed": "thresholds",
    "report": "reports",
    "letters": "inbox",
    "note": "notes",
}
SENT_KEPT = 50
WAITING_KEPT = 20
SENDING = timedelta(minutes=10)  # longer than it takes to send all that may wait
GIVEN_UP_AFTER = timedelta(days=7)  # later it would only confuse


class Alert(Struct, frozen=True, omit_defaults=True):
    """One thing to alert of, whatever the language.

    `id` is the same whenever the same thing is alerted of. `values` fill the blanks of the message,
    `items` are listed in it as they are; `page` is the key of what a link leads to.
    """

    id: str
    event: Event
    at: datetime
    values: dict[str, str] = {}
    items: list[str] = []
    page: str | None = None

    @property
    def kind(self) -> str:
        return KIND[self.event]


class Waiting(Struct, frozen=True, omit_defaults=True):
    """An alert that is still to be sent in these languages; `error` is the last try's."""

    alert: Alert
    languages: list[str]
    tries: int = 0
    error: str = ""


class Sent(Struct, frozen=True):
    """`outcome` is sent, or given up."""

    id: str
    at: datetime
    outcome: Literal["sent", "given up"]


class Incident(Struct, frozen=True, rename={"alerted": "told"}):
    """Failures in a row since a moment; `alerted` are the events that were alerted of."""

    since: datetime
    alerted: list[str]


class AlertState(Struct, frozen=True, omit_defaults=True, rename={"stale_in": "stale_told"}):
    """alerts.json.

    `judged` is the run whose figures the rules saw last, `over` the keys of the countries that
    each rule found over its limit, `stale_in` the slot of the last alert of a stale source.
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
    """Add alerts that wait to be sent; none is there twice."""
    new = [Waiting(alert, list(languages)) for alert in alerts if not state.knows(alert.id)]
    return msgspec.structs.replace(state, waiting=[*state.waiting, *new][-WAITING_KEPT:])


def is_left(waiting: Waiting, now: datetime) -> bool:
    """Whether the worker that queued it has failed to send it, or died before it could."""
    return waiting.tries > 0 or abs(now - waiting.alert.at) > SENDING


def without_old(state: AlertState, now: datetime) -> AlertState:
    """Give up alerts that could not be sent for days."""
    old = [w for w in state.waiting if now - w.alert.at > GIVEN_UP_AFTER]
    for waiting in old:
        state = done(state, waiting.alert.id, now, "given up")
    return state


def done(
    state: AlertState, alert_id: str, now: datetime, outcome: Literal["sent", "given up"]
) -> AlertState:
    """Take a waiting alert out; that it was sent, or given up, is kept for a while."""
    sent = [*state.sent, Sent(alert_id, now, outcome)][-SENT_KEPT:]
    waiting = [w for w in state.waiting if w.alert.id != alert_id]
    return msgspec.structs.replace(state, waiting=waiting, sent=sent)


def tried(state: AlertState, alert_id: str, left: Sequence[str], error: str) -> AlertState:
    """Note a try: `left` are the languages still to be sent. It goes to the end of the queue."""
    mine = [w for w in state.waiting if w.alert.id == alert_id]
    others = [w for w in state.waiting if w.alert.id != alert_id]
    again = [Waiting(w.alert, list(left), w.tries + 1, error) for w in mine]
    return msgspec.structs.replace(state, waiting=[*others, *again])


Change = Callable[[AlertState], AlertState]


def read_state(store: Store) -> tuple[AlertState, str | None]:
    """Read the state and its ETag. Raises StoreError.

    A state that can't be read counts as empty: to alert twice is better than never again.
    """
    stored = store.read(ALERTS)
    if stored is None:
        return AlertState(), None
    try:
        return _decoded(stored.body), stored.etag
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        log.warning("alert.memory_unreadable", key=ALERTS, error=exc)
        return AlertState(), stored.etag


def _decoded(body: bytes) -> AlertState:
    """Also what an earlier version wrote, without the alerts that no longer exist."""
    document = msgspec.json.decode(body)
    match document:
        case {"waiting": [*waiting]}:
            document["waiting"] = [one for one in waiting if not _is_retired(one)]
    return msgspec.convert(document, AlertState)


def _is_retired(waiting: object) -> bool:
    match waiting:
        case {"alert": {"event": "release"}}:
            return True
    return False


def update_state(
    store: Store, change: Change, known: tuple[AlertState, str | None] | None = None
) -> AlertState:
    """Change the state, though others may change it too; write only what differs.

    `known` is what was read last, which saves reading it again. Raises StoreError.
    """
    return swap(store, ALERTS, read_state, change, known)
