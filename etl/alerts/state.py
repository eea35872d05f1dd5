"""alerts.json: what was told, and what waits; changed by compare-and-swap."""

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
    """One thing to tell, whatever the language.

    `id` is the same whenever the same thing is told. `values` fill the blanks of the message,
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


class Incident(Struct, frozen=True):
    """Failures in a row of which somebody was told: since when, and by which events."""

    since: datetime
    told: list[str]


class State(Struct, frozen=True, omit_defaults=True):
    """alerts.json. `judged` is the run whose figures were looked at last, `over` the keys of the
    countries that each rule found over its limit, `stale_told` the slot in which it was."""

    incident: Incident | None = None
    stale_told: date | None = None
    judged: str | None = None
    over: dict[str, list[str]] = {}
    waiting: list[Waiting] = []
    sent: list[Sent] = []
    format: int = 1

    def knows(self, alert_id: str) -> bool:
        return any(w.alert.id == alert_id for w in self.waiting) or any(
            s.id == alert_id for s in self.sent
        )


def queued(state: State, alerts: Sequence[Alert], languages: Sequence[str]) -> State:
    """The state with these alerts waiting to be sent; none is there twice."""
    new = [Waiting(alert, list(languages)) for alert in alerts if not state.knows(alert.id)]
    return msgspec.structs.replace(state, waiting=[*state.waiting, *new][-WAITING_KEPT:])


def is_left(waiting: Waiting, now: datetime) -> bool:
    """Whether whoever put it there has failed to send it, or died over it."""
    return waiting.tries > 0 or abs(now - waiting.alert.at) > SENDING


def without_old(state: State, now: datetime) -> State:
    """Alerts that could not be sent for days are given up."""
    old = [w for w in state.waiting if now - w.alert.at > GIVEN_UP_AFTER]
    for waiting in old:
        state = done(state, waiting.alert.id, now, "given up")
    return state


def done(state: State, alert_id: str, now: datetime, outcome: Literal["sent", "given up"]) -> State:
    """An alert no longer waits; that it was sent, or given up, is kept for a while."""
    sent = [*state.sent, Sent(alert_id, now, outcome)][-SENT_KEPT:]
    waiting = [w for w in state.waiting if w.alert.id != alert_id]
    return msgspec.structs.replace(state, waiting=waiting, sent=sent)


def tried(state: State, alert_id: str, left: Sequence[str], error: str) -> State:
    """After a try: the languages that are left. What failed goes behind the others."""
    mine = [w for w in state.waiting if w.alert.id == alert_id]
    others = [w for w in state.waiting if w.alert.id != alert_id]
    again = [Waiting(w.alert, list(left), w.tries + 1, error) for w in mine]
    return msgspec.structs.replace(state, waiting=[*others, *again])


Change = Callable[[State], State]


def read(store: Store) -> tuple[State, str | None]:
    """The state and its ETag; an empty one where there is none, or none that can be read: to tell
    twice is better than never to tell again. Raises StoreError."""
    stored = store.read(ALERTS)
    if stored is None:
        return State(), None
    try:
        return _decoded(stored.body), stored.etag
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        log.warning("alert.memory_unreadable", key=ALERTS, error=exc)
        return State(), stored.etag


def _decoded(body: bytes) -> State:
    """What an earlier version wrote is read too, without the alerts that no longer exist."""
    document = msgspec.json.decode(body)
    match document:
        case {"waiting": [*waiting]}:
            document["waiting"] = [one for one in waiting if not _is_retired(one)]
    return msgspec.convert(document, State)


def _is_retired(waiting: object) -> bool:
    match waiting:
        case {"alert": {"event": "release"}}:
            return True
    return False


def update(store: Store, change: Change, known: tuple[State, str | None] | None = None) -> State:
    """Change the state, whoever else is at it; nothing is written where nothing changes.

    `known` is what was read last, which saves reading it again. Raises StoreError.
    """
    return swap(store, ALERTS, read, change, known)
