"""Which alerts are due, given what happened and which were sent before. Pure.

Each rule looks at one thing and returns the new state, and an alert or None. Rules depend only on
the history and the published version, not on the current run: if a run dies before its alerts are
queued, the next run finds the same ones due.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from etl.alerts.incidents import incident, recovery, remembered
from etl.alerts.situation import Situation, Verdict, page, published
from etl.alerts.state import Alert, AlertState
from etl.alerts.thresholds import crossings
from etl.history.manifest import Manifest
from etl.history.record import PAGE_NOT_MADE, standstill
from etl.history.tasks import MOST_ATTEMPTS, given_up
from etl.settings.alert_rules import AlertRule
from etl.store.layout import PAGE

STALE_AGAIN = timedelta(days=7)
LOST = "its process was killed or crashed: look for task.lost in the log"


def decide(
    situation: Situation, state: AlertState, kinds: Sequence[str]
) -> tuple[AlertState, list[Alert]]:
    """Apply every rule. Return the new state and the alerts of the wanted kinds."""
    alerts = []
    state = remembered(situation, state)
    for rule in (incident, recovery, _staleness, _restatement, _crossing, _given_up, _page):
        state, alert = rule(situation, state)
        if alert and alert.kind in kinds:
            alerts.append(alert)
    return _judged(situation, state), alerts


def wants_latest(state: AlertState, manifest: Manifest | None, rules: Sequence[AlertRule]) -> bool:
    """Return whether latest.json must be read: for a version not judged yet, or for new rules."""
    if manifest is None or not rules:
        return False
    return manifest.run_id != state.judged or {str(rule) for rule in rules} != state.over.keys()


def _staleness(situation: Situation, state: AlertState) -> Verdict:
    if situation.manifest is None or situation.past.failing():
        return state, None  # a source that can't be read may have newer figures
    behind = (situation.now.date() - situation.manifest.source.last_date).days
    if behind <= situation.stale_after_days:
        return replace(state, stale_in=None), None
    if state.stale_in and abs(situation.slot - state.stale_in) < STALE_AGAIN:
        return state, None
    alert = Alert(
        id=f"stale-{situation.slot}",
        event="stale",
        at=situation.now,
        values={
            "behind": str(behind),
            "limit": str(situation.stale_after_days),
            "source": situation.manifest.source.name,
            **_stood_still(situation),
            **published(situation.manifest),
        },
        page=page(situation.manifest),
    )
    return replace(state, stale_in=situation.slot), alert


def _stood_still(situation: Situation) -> dict[str, str]:
    """Return since when the source has not changed, as far as the history goes back."""
    still = standstill(situation.past.records)
    if still is None:
        return {}
    return {"date_since": str(still.last_date_since), "bytes_since": str(still.bytes_since)}


def _restatement(situation: Situation, state: AlertState) -> Verdict:
    manifest = situation.manifest
    restated = manifest.checks.restated if manifest else None
    if (
        manifest is None
        or not (restated and restated.most)
        or not _is_news(situation, manifest, state)
    ):
        return state, None
    alert = Alert(
        id=f"restated-{manifest.run_id}",
        event="restated",
        at=situation.now,
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


def _is_news(situation: Situation, manifest: Manifest, state: AlertState) -> bool:
    """Whether the version is newer than the last one judged; run ids sort by time."""
    if state.judged is None:
        last = situation.past.last_success()
        return last is not None and last.run_id == manifest.run_id
    return manifest.run_id > state.judged


def _crossing(situation: Situation, state: AlertState) -> Verdict:
    if situation.manifest is None or not wants_latest(state, situation.manifest, situation.rules):
        return (replace(state, over={}) if not situation.rules else state), None
    if situation.latest is None:
        return state, None
    over, crossed = crossings(situation.rules, situation.latest, state.over)
    state = replace(state, over=over)
    if not crossed:
        return state, None
    alert = Alert(
        id=f"crossed-{situation.manifest.run_id}",
        event="crossed",
        at=situation.now,
        values={"count": str(len(crossed)), "first": crossed[0], **published(situation.manifest)},
        items=crossed,
        page=page(situation.manifest),
    )
    return state, alert


def _given_up(situation: Situation, state: AlertState) -> Verdict:
    """Make an alert about a monthly task that has failed for the last time."""
    tasks = given_up(situation.past, situation.slot)
    ids = {f"task-{task.replace(' ', '-')}": task for task in tasks}
    new = next((alert_id for alert_id in ids if not state.knows(alert_id)), None)
    if new is None:
        return state, None
    kind, _, month = ids[new].partition(" ")
    warnings = (w for r in reversed(situation.past.records) for w in r.warnings)
    begins = f"the {kind} of {month} could not be made: "
    why = next((w.removeprefix(begins) for w in warnings if w.startswith(begins)), LOST)
    values = {"task": f"{kind} of {month}", "attempts": str(MOST_ATTEMPTS), "error": why}
    return state, Alert(new, "task", situation.now, values)


def _page(situation: Situation, state: AlertState) -> Verdict:
    """Make an alert, once for each page that stays, that a later page could not be made."""
    manifest = situation.manifest
    last = situation.past.last_success()
    warnings = [*manifest.checks.warnings, *(last.warnings if last else [])] if manifest else []
    why = next((warning for warning in warnings if warning.startswith(PAGE_NOT_MADE)), None)
    if manifest is None or why is None:
        return state, None
    stays = manifest.page_from or ("none" if PAGE not in manifest.digests() else manifest.run_id)
    alert_id = f"page-{stays}"
    if state.knows(alert_id):
        return state, None
    values = {"error": why, **published(manifest)}
    return state, Alert(alert_id, "page", situation.now, values, page=page(manifest))


def report_ready(month: str, key: str, now: datetime) -> Alert:
    """Make the alert about the report of a month, such as 2021-01; `key` is the report's page."""
    return Alert(f"report-{month}", "report", now, {"month": month, "key": key}, page=key)


def _judged(situation: Situation, state: AlertState) -> AlertState:
    unread = wants_latest(state, situation.manifest, situation.rules) and situation.latest is None
    if situation.manifest is None or unread:
        return state
    return replace(state, judged=situation.manifest.run_id)
