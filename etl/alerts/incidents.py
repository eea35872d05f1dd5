"""When to send an alert about failures in a row, and about their end. Pure."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from etl.alerts.situation import Situation, Verdict, moment, page, published, stamp
from etl.alerts.state import Alert, AlertState, Event, Incident
from etl.history.manifest import Manifest
from etl.history.record import Record

ATTEMPTS, LASTING = 3, timedelta(hours=1)  # an alert is due after this many failures or this long


def began(failure: Record) -> datetime:
    """Return when the first of the failures that the record counts happened."""
    return failure.first_failed_at or failure.started_at


def remembered(situation: Situation, state: AlertState) -> AlertState:
    """Bring the state's incident up to date before the rules look at it.

    Drop an incident that ended before the present failures began, even if no recovery was sent.
    Add one that the worker sent an alert about while the folder could not be reached.
    """
    known, success = state.incident, situation.past.last_success()
    since, failing = situation.alerted_without_state, bool(situation.past.failing())
    if failing and known and success and success.started_at > known.since:
        known = None
    if not known and since and (failing or (success and not _called_off(state, since))):
        known = Incident(since, ["failed"])
    return replace(state, incident=known)


def incident(situation: Situation, state: AlertState) -> Verdict:
    """Make an alert once failures are many or last long, and another if the data is refused."""
    failures = situation.past.failing()
    if not failures:
        return state, None
    known, last = state.incident, failures[-1]
    alerted = known.alerted if known else []
    since = known.since if known else began(failures[0])
    attempts = situation.attempts(failures)
    lasted = last.started_at + timedelta(seconds=last.seconds) - since
    if not alerted and attempts < ATTEMPTS and lasted < LASTING:
        return state, None
    alert = failed(last, since, attempts, situation.manifest)
    # a refusal is news even after a failure: it asks for something else to be done
    if alert.event in alerted or (alerted and alert.event == "failed"):
        return state, None
    return replace(state, incident=Incident(since, [*alerted, alert.event])), alert


def failed(last: Record, since: datetime, attempts: int, manifest: Manifest | None) -> Alert:
    """Make the alert about failures in a row; `last` is the newest, `since` when they began."""
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


def recovery(situation: Situation, state: AlertState) -> Verdict:
    """Make an alert about the end of an incident, if one was sent about its beginning."""
    success = situation.past.last_success()
    if state.incident is None or success is None or situation.past.failing():
        return state, None
    since = state.incident.since
    failures = [r for r in situation.past.records if r.outcome == "failed" and began(r) >= since]
    alert = Alert(
        id=f"recovered-{stamp(since)}",
        event="recovered",
        at=situation.now,
        values={
            "slot": str(success.slot),
            "since": moment(since),
            "attempts": str(situation.attempts(failures)),
            "ended": moment(success.started_at),
            **published(situation.manifest),
        },
        page=page(situation.manifest),
    )
    return replace(state, incident=None), alert


def _called_off(state: AlertState, since: datetime) -> bool:
    """Whether a recovery at or after `since` was sent, or waits to be sent."""
    ends = [sent.at for sent in state.sent if sent.id.startswith("recovered-")]
    ends += [waiting.alert.at for waiting in state.waiting if waiting.alert.event == "recovered"]
    return any(end >= since for end in ends)
