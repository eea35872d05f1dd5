"""What there is to tell, from what happened and what was told before. Pure.

Each rule looks at one thing and returns the state as it is from now on, and what is to be told. All
follows from the history and the published version, not from the run that asks: a run that dies
before it has told leaves it to the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from etl.alerts.alert import Alert, Event, Incident, State
from etl.alerts.settings import Rule
from etl.alerts.thresholds import crossings

if TYPE_CHECKING:
    from etl.history import History, Record
    from etl.manifest import Manifest

ATTEMPTS, LASTING = 3, timedelta(hours=1)  # of failures, until somebody is told
STALE_AGAIN = timedelta(days=7)
PAGE = "index.html"

Verdict = tuple[State, Alert | None]


@dataclass(frozen=True)
class Seen:
    """What the rules look at.

    `latest` are the rows of the published latest.json, None where they are not needed or can't be
    read. `failures` are those in a row as the worker counts them; `told_blindly` says since when,
    if it was told without the folder's memory.
    """

    past: "History"
    manifest: "Manifest | None"
    now: datetime
    slot: date
    stale_after_days: int
    rules: Sequence[Rule] = ()
    latest: Sequence[Mapping[str, Any]] | None = None
    release: str = ""
    failures: int = 0
    told_blindly: datetime | None = None


def decide(seen: Seen, state: State, kinds: Sequence[str]) -> tuple[State, list[Alert]]:
    """What is to be told now, of the kinds that are wanted, and the state that remembers it."""
    alerts = []
    for rule in (_incident, _recovery, _staleness, _restatement, _crossing, _release):
        state, alert = rule(seen, state)
        if alert and alert.kind in kinds:
            alerts.append(alert)
    return _judged(seen, state), alerts


def wants_latest(state: State, manifest: "Manifest | None", rules: Sequence[Rule]) -> bool:
    """Whether figures must be read: of a version not judged yet, or by rules that are new."""
    if manifest is None or not rules:
        return False
    return manifest.run_id != state.judged or {str(rule) for rule in rules} != state.over.keys()


def began(failure: "Record") -> datetime:
    """When the first of the failures was that a record counts."""
    return failure.first_failed_at or failure.started_at


def _incident(seen: Seen, state: State) -> Verdict:
    failures = seen.past.failing()
    if not failures:
        return state, None
    known, last = _known(seen, state), failures[-1]
    told = known.told if known else []
    since = known.since if known else began(failures[0])
    attempts = max(sum(record.attempts for record in failures), seen.failures)
    lasted = last.started_at + timedelta(seconds=last.seconds) - since
    state = replace(state, incident=known)
    if not told and attempts < ATTEMPTS and lasted < LASTING:
        return state, None
    alert = failed(last, since, attempts, seen.manifest)
    # of a refusal one is told even behind a failure: it asks for something else to be done
    if alert.event in told or (told and alert.event == "failed"):
        return state, None
    return replace(state, incident=Incident(since, [*told, alert.event])), alert


def _known(seen: Seen, state: State) -> Incident | None:
    """The incident under way, if it was told, be it without the folder."""
    known, success = state.incident, seen.past.last_success()
    if known and success and success.started_at > known.since:
        known = None  # it is over, only nobody came to tell
    if known is None and seen.told_blindly:
        return Incident(seen.told_blindly, ["failed"])
    return known


def failed(last: "Record", since: datetime, attempts: int, manifest: "Manifest | None") -> Alert:
    """The alert of failures in a row, of which `last` is the newest."""
    kind, message = (last.failure.kind, last.failure.message) if last.failure else ("", "")
    event: Event = "refused" if kind == "DataRejected" else "failed"
    return Alert(
        id=f"{event}-{_stamp(since)}",
        event=event,
        at=last.started_at + timedelta(seconds=round(last.seconds)),
        values={
            "slot": str(last.slot),
            "attempts": str(attempts),
            "since": _moment(since),
            "kind": kind,
            "error": message,
            **_published(manifest),
        },
        page=_page(manifest),
    )


def _recovery(seen: Seen, state: State) -> Verdict:
    success = seen.past.last_success()
    since = state.incident.since if state.incident else _called_blindly(seen, state)
    if since is None or success is None or seen.past.failing():
        return state, None
    failures = [r for r in seen.past.records if r.outcome == "failed" and began(r) >= since]
    alert = Alert(
        id=f"recovered-{_stamp(since)}",
        event="recovered",
        at=seen.now,
        values={
            "slot": str(success.slot),
            "since": _moment(since),
            "attempts": str(max(sum(record.attempts for record in failures), seen.failures)),
            "ended": _moment(success.started_at),
            **_published(seen.manifest),
        },
        page=_page(seen.manifest),
    )
    return replace(state, incident=None), alert


def _called_blindly(seen: Seen, state: State) -> datetime | None:
    """Since when, if that was told without the folder's memory and not called off since."""
    since = seen.told_blindly
    ends = [sent.at for sent in state.sent if sent.id.startswith("recovered-")]
    ends += [waiting.alert.at for waiting in state.waiting if waiting.alert.event == "recovered"]
    return None if since and any(end >= since for end in ends) else since


def _staleness(seen: Seen, state: State) -> Verdict:
    if seen.manifest is None or seen.past.failing():
        return state, None  # a source that can't be read may have newer figures
    behind = (seen.now.date() - seen.manifest.source.last_date).days
    if behind <= seen.stale_after_days:
        return replace(state, stale_told=None), None
    if state.stale_told and abs(seen.slot - state.stale_told) < STALE_AGAIN:
        return state, None
    alert = Alert(
        id=f"stale-{seen.slot}",
        event="stale",
        at=seen.now,
        values={
            "behind": str(behind),
            "limit": str(seen.stale_after_days),
            "source": seen.manifest.source.name,
            **_published(seen.manifest),
        },
        page=_page(seen.manifest),
    )
    return replace(state, stale_told=seen.slot), alert


def _restatement(seen: Seen, state: State) -> Verdict:
    manifest = seen.manifest
    restated = manifest.checks.restated if manifest else None
    if manifest is None or not (restated and restated.most) or not _is_news(seen, manifest, state):
        return state, None
    alert = Alert(
        id=f"restated-{manifest.run_id}",
        event="restated",
        at=seen.now,
        values={
            "cells": f"{restated.cells:,}",
            "compared": f"{restated.compared:,}",
            "share": f"{restated.cells / restated.compared:.1%}",
            "before": manifest.previous.run_id if manifest.previous else "",
            **_published(manifest),
        },
        items=[f"{country.name}: {country.cells:,}" for country in restated.most],
        page=_page(manifest),
    )
    return state, alert


def _is_news(seen: Seen, manifest: "Manifest", state: State) -> bool:
    """Whether this version came out since the last look; run ids begin with their time."""
    if state.judged is None:
        last = seen.past.last_success()
        return last is not None and last.run_id == manifest.run_id
    return manifest.run_id > state.judged


def _crossing(seen: Seen, state: State) -> Verdict:
    if seen.manifest is None or not wants_latest(state, seen.manifest, seen.rules):
        return (replace(state, over={}) if not seen.rules else state), None
    if seen.latest is None:
        return state, None
    over, crossed = crossings(seen.rules, seen.latest, state.over)
    state = replace(state, over=over)
    if not crossed:
        return state, None
    alert = Alert(
        id=f"crossed-{seen.manifest.run_id}",
        event="crossed",
        at=seen.now,
        values={"count": str(len(crossed)), "first": crossed[0], **_published(seen.manifest)},
        items=crossed,
        page=_page(seen.manifest),
    )
    return state, alert


def _release(seen: Seen, state: State) -> Verdict:
    if not seen.release or seen.release == state.release:
        return state, None
    state, before = replace(state, release=seen.release), state.release
    if before is None:  # it was not known which one ran before
        return state, None
    alert = Alert(
        id=f"release-{seen.release}",
        event="release",
        at=seen.now,
        values={"release": seen.release, "before": before, "at": _moment(seen.now)},
    )
    return state, alert


def report_ready(month: str, key: str, now: datetime) -> Alert:
    """Of a month's report (2021-01) that lies under `key`."""
    return Alert(f"report-{month}", "report", now, {"month": month, "key": key}, page=key)


def _judged(seen: Seen, state: State) -> State:
    unread = wants_latest(state, seen.manifest, seen.rules) and seen.latest is None
    if seen.manifest is None or unread:
        return state
    return replace(state, judged=seen.manifest.run_id)


def _published(manifest: "Manifest | None") -> dict[str, str]:
    """What readers have; nothing where nothing is published."""
    if manifest is None:
        return {}
    return {
        "published": _moment(manifest.started_at),
        "source_last": str(manifest.source.last_date),
    }


def _page(manifest: "Manifest | None") -> str | None:
    return PAGE if manifest and PAGE in manifest.digests() else None


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H%M%SZ}"
