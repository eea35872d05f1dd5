"""What there is to tell, from what happened and what was told before. Pure.

Each rule looks at one thing and returns the state as it is from now on, and what is to be told. All
follows from the history and the published version, not from the run that asks: a run that dies
before it has told leaves it to the next.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from etl.alerts.incidents import incident, recovery, remembered
from etl.alerts.situation import Seen, Verdict, page, published
from etl.alerts.state import Alert, State
from etl.alerts.thresholds import crossings
from etl.history.record import standstill
from etl.settings.alert_rules import AlertRule

if TYPE_CHECKING:
    from etl.history.manifest import Manifest

STALE_AGAIN = timedelta(days=7)


def decide(seen: Seen, state: State, kinds: Sequence[str]) -> tuple[State, list[Alert]]:
    """What is to be told now, of the kinds that are wanted, and the state that remembers it."""
    alerts = []
    state = remembered(seen, state)
    for rule in (incident, recovery, _staleness, _restatement, _crossing):
        state, alert = rule(seen, state)
        if alert and alert.kind in kinds:
            alerts.append(alert)
    return _judged(seen, state), alerts


def wants_latest(state: State, manifest: "Manifest | None", rules: Sequence[AlertRule]) -> bool:
    """Whether figures must be read: of a version not judged yet, or by rules that are new."""
    if manifest is None or not rules:
        return False
    return manifest.run_id != state.judged or {str(rule) for rule in rules} != state.over.keys()


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
            **_stood_still(seen),
            **published(seen.manifest),
        },
        page=page(seen.manifest),
    )
    return replace(state, stale_told=seen.slot), alert


def _stood_still(seen: Seen) -> dict[str, str]:
    """Since when nothing moves, as far as the history goes back."""
    still = standstill(seen.past.records)
    if still is None:
        return {}
    return {"date_since": str(still.last_date_since), "bytes_since": str(still.bytes_since)}


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
            **published(manifest),
        },
        items=[f"{country.name}: {country.cells:,}" for country in restated.most],
        page=page(manifest),
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
        values={"count": str(len(crossed)), "first": crossed[0], **published(seen.manifest)},
        items=crossed,
        page=page(seen.manifest),
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
