"""Failures in a row: when they are told, and that their end is. Pure."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from etl.alerts.situation import Seen, Verdict, moment, page, published, stamp
from etl.alerts.state import Alert, Event, Incident, State

if TYPE_CHECKING:
    from etl.history.manifest import Manifest
    from etl.history.record import Record

ATTEMPTS, LASTING = 3, timedelta(hours=1)  # of failures, until somebody is told


def began(failure: "Record") -> datetime:
    """When the first of the failures was that a record counts."""
    return failure.first_failed_at or failure.started_at


def incident(seen: Seen, state: State) -> Verdict:
    failures = seen.past.failing()
    if not failures:
        return state, None
    known, last = state.incident, failures[-1]
    told = known.told if known else []
    since = known.since if known else began(failures[0])
    attempts = seen.attempts(failures)
    lasted = last.started_at + timedelta(seconds=last.seconds) - since
    if not told and attempts < ATTEMPTS and lasted < LASTING:
        return state, None
    alert = failed(last, since, attempts, seen.manifest)
    # of a refusal one is told even behind a failure: it asks for something else to be done
    if alert.event in told or (told and alert.event == "failed"):
        return state, None
    return replace(state, incident=Incident(since, [*told, alert.event])), alert


def remembered(seen: Seen, state: State) -> State:
    """Bring the state's incident up to date before the rules look at it.

    Forget one that ended before the present failures began, though nobody sent its recovery. Take
    over one that the worker alerted of while the folder could not be reached.
    """
    known, success, since = state.incident, seen.past.last_success(), seen.told_blindly
    failing = bool(seen.past.failing())
    if failing and known and success and success.started_at > known.since:
        known = None
    if not known and since and (failing or (success and not _called_off(state, since))):
        known = Incident(since, ["failed"])
    return replace(state, incident=known)


def failed(last: "Record", since: datetime, attempts: int, manifest: "Manifest | None") -> Alert:
    """The alert of failures in a row, of which `last` is the newest."""
    kind, message = (last.failure.kind, last.failure.message) if last.failure else ("", "")
    event: Event = "refused" if kind == "DataRejected" else "failed"
    return Alert(
        id=f"{event}-{stamp(since)}",
        event=event,
        at=last.started_at + timedelta(seconds=round(last.seconds)),
        values={
            "slot": str(last.slot),
            "attempts": str(attempts),
            "since": moment(since),
            "kind": kind,
            "error": message,
            **published(manifest),
        },
        page=page(manifest),
    )


def recovery(seen: Seen, state: State) -> Verdict:
    success = seen.past.last_success()
    if state.incident is None or success is None or seen.past.failing():
        return state, None
    since = state.incident.since
    failures = [r for r in seen.past.records if r.outcome == "failed" and began(r) >= since]
    alert = Alert(
        id=f"recovered-{stamp(since)}",
        event="recovered",
        at=seen.now,
        values={
            "slot": str(success.slot),
            "since": moment(since),
            "attempts": str(seen.attempts(failures)),
            "ended": moment(success.started_at),
            **published(seen.manifest),
        },
        page=page(seen.manifest),
    )
    return replace(state, incident=None), alert


def _called_off(state: State, since: datetime) -> bool:
    """Whether a recovery was sent, or waits to be sent, for failures since then."""
    ends = [sent.at for sent in state.sent if sent.id.startswith("recovered-")]
    ends += [waiting.alert.at for waiting in state.waiting if waiting.alert.event == "recovered"]
    return any(end >= since for end in ends)
