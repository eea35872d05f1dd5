"""Build what the alerts' rules decide on from records, and an alert for every event."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from etl.alerts import rules
from etl.alerts.messages import SENDER, Message, draft_alert, draft_note, write_message
from etl.alerts.rules import decide
from etl.alerts.situation import Situation
from etl.alerts.state import (
    Alert,
    AlertState,
    Event,
)
from etl.history.history import History
from etl.history.manifest import (
    Checks,
    Manifest,
    Previous,
    PublishedFile,
    Restated,
    RestatedCountry,
    SourceNote,
)
from etl.history.record import Document, Failure, InputsSeen, Record
from etl.inbox.letter import Label, Letter
from etl.inbox.notice import notice
from etl.settings.alert_rules import KINDS, AlertRule
from tests.support.records import failure, record

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

RULE = AlertRule("ESP", "cases_7d_per_100k", 300)


def manifest(n: int = 0, *, last: date | None = None, restated: Restated | None = None) -> Manifest:
    """Return the manifest of the n-th day's `record`; its last date is the day before."""
    run = record(n)
    note = SourceNote(
        name="coviddata",
        title="",
        attribution="",
        licence="",
        rows=60,
        series=3,
        first_date=date(2025, 1, 1),
        last_date=last or run.slot - DAY,
    )
    return Manifest(
        run_id=run.run_id,
        slot=run.slot,
        started_at=run.started_at,
        source=note,
        settings={},
        fingerprint="",
        inputs=[],
        files=[PublishedFile("index.html", f"runs/{run.run_id}/index.html", 1, "", 1)],
        checks=Checks([], [], {}, [], {}, restated),
        previous=Previous("2025-12-31T060000Z-0000", ""),
    )


def seen(*records: Record, published: Manifest | None = None, **over: Any) -> Situation:
    """Return what the rules see after the last of these records."""
    last = records[-1]
    moment = last.started_at + timedelta(seconds=last.seconds)
    fields = {"now": moment, "slot": last.slot, "stale_after_days": 14, **over}
    return Situation(past=History(list(records)), manifest=published, **fields)


def told(looked: Situation, state: AlertState | None = None) -> tuple[AlertState, list[Alert]]:
    return decide(looked, state or AlertState(), KINDS)


def events(alerts: Iterable[Alert]) -> list[str]:
    return [alert.event for alert in alerts]


REWRITTEN = Restated(
    1234, 61_700, [RestatedCountry("spain", "Spain", 1000), RestatedCountry("italy", "Italy", 234)]
)


def row(key: str = "spain", value: float | None = 0.0, **over: Any) -> dict[str, Any]:
    name = {"spain": "Spain", "italy": "Italy", "kosovo": "Kosovo"}[key]
    iso3 = {"spain": "ESP", "italy": "ITA"}.get(key)
    about = {"country_key": key, "country": name, "iso3": iso3, "date": "2026-01-01"}
    return {**about, "cases_7d_per_100k": value, **over}


def an_alert(n: int = 0, at: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> Alert:
    return Alert(f"stale-{n}", "stale", at)


NOW = datetime(2026, 2, 1, 7, tzinfo=UTC)

WHERE = "s3://bucket/covid"

LINK = "https://bucket.s3.amazonaws.com/covid/index.html?X-Amz-Expires=604800&X-Amz-Signature=..."


def failing(kind: str = "SourceUnavailable", message: str = "") -> Alert:
    error = Failure(kind, message or "https://example.org/stats.json: HTTP status 503")
    (alert,) = told(seen(record(0), failure(1, attempts=3, failure=error), published=manifest(0)))[
        1
    ]
    return alert


def recovered() -> Alert:
    state, _ = told(seen(record(0), failure(1, attempts=7), published=manifest(0)))
    later = record(1, started_at=record(1).started_at + timedelta(hours=5))
    past = (record(0), failure(1, attempts=7), later)
    return told(seen(*past, published=manifest(1)), state)[1][0]


def stale() -> Alert:
    last = record(0).slot - timedelta(days=15)
    looked = {"source_last": last, "seen": InputsSeen("", [Document("a")])}
    past = [record(day, **looked) for day in range(-14, 1)]
    return told(seen(*past, published=manifest(0, last=last)))[1][0]


def restated() -> Alert:
    return told(seen(record(0), published=manifest(0, restated=REWRITTEN)))[1][0]


def crossed() -> Alert:
    look = {"rules": [RULE]}
    state, _ = told(seen(record(0), published=manifest(0), latest=[row()], **look))
    high = [row(value=312.4)]
    return told(seen(record(1), published=manifest(1), latest=high, **look), state)[1][0]


def given_up() -> Alert:
    warning = "the report of 2025-12 could not be made: bucket 'news' does not exist"
    tried = [
        record(n, slot=date(2026, 1, 1 + n), warnings=[warning], tasks_tried=["report 2025-12"])
        for n in range(3)
    ]
    before = record(0, slot=date(2025, 12, 31), run_id="2025-12-31T060000Z-0001")
    return told(seen(before, *tried, published=manifest(2)))[1][0]


def old_page() -> Alert:
    why = "the page could not be made (TemplateNotFound)"
    latest = manifest(1)
    latest = msgspec.structs.replace(
        latest,
        files=[PublishedFile("index.html", "runs/2026-01-01T060000Z-0000/index.html", 1, "", 1)],
        checks=msgspec.structs.replace(latest.checks, warnings=[why]),
    )
    return told(seen(record(0), record(1, warnings=[why]), published=latest))[1][0]


def letters() -> Alert:
    at = datetime(2026, 1, 2, 8, 15, tzinfo=UTC)
    first = Letter(
        "2026-01-02T081500Z-0a1b2c3d4e5f6071",
        "inbox/incoming/1-remark",
        at,
        42,
        "text",
        text="Las cifras de ayer están mal.",
        language="es",
        translation="Yesterday's figures are wrong.",
        mood="negative",
        look=["negative"],
    )
    picture = Letter(
        "2026-01-02T081502Z-1a2b3c4d5e6f7081",
        "inbox/incoming/1-picture",
        at,
        42_000,
        "picture",
        picture="inbox/pictures/2026-01-02T081502Z-1a2b3c4d5e6f7081.jpg",
        labels=[Label("Animal", 99.1), Label("Cat", 98.2)],
        look=["label:Cat>80"],
    )
    return notice([first, picture], NOW)


REFUSED = "only 12 countries; 190 were published last time, and less than 90% of that is refused"

ALERTS: dict[Event, Alert] = {
    "failed": failing(),
    "refused": failing("DataRejected", REFUSED),
    "recovered": recovered(),
    "stale": stale(),
    "restated": restated(),
    "crossed": crossed(),
    "report": rules.report_ready("2026-01", "reports/2026-01/index.html", NOW),
    "task": given_up(),
    "page": old_page(),
    "letters": letters(),
}

NOTE = draft_note(
    "The source has moved.\nFigures will be late today.", where=WHERE, alert_id="note-1"
)


def remark(name: str = "1", **over: Any) -> Letter:
    """Return a negative remark; `over` replaces its fields."""
    known: dict[str, Any] = {"text": "It is wrong.", "mood": "negative", "look": ["negative"]}
    return Letter(name, "k", NOW, 1, "text", **(known | over))


def sent(alert: Alert) -> Message:
    draft = draft_alert(alert, where=WHERE, link=LINK if alert.page else None)
    return write_message(draft, display_name=SENDER)
