"""Make a month's runs and its report, and read the report's files back."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

from etl.extract.sources import SAMPLES
from etl.history import history
from etl.load.month import Month
from etl.report.monthly import make
from etl.report.monthly.make import MonthlyReport
from etl.store import Store
from tests.support.runs import document, run

JANUARY, FEBRUARY = Month(2021, 1), Month(2021, 2)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def publish(
    store: Store, folder: Path, when: str, body: bytes, facts: str = "", name: str = "coviddata"
) -> str:
    """Make a run by hand, and return its id."""
    source = folder / "stats.json"
    source.write_bytes(body)
    made = run(store, source, now=at(when), COUNTRIES_URL=facts, SOURCE=name)
    assert made.outcome == "published"
    assert made.record is not None
    return made.record.run_id


def january(store: Store, folder: Path) -> None:
    """Make three snapshots with facts; the second one restates Spain."""
    facts = str(SAMPLES / "InfoPaisosExtra.csv")
    cases = {"spain": [100 * n for n in range(1, 21)], "france": [10] * 20, "atlantis": [1] * 20}
    publish(store, folder, "2021-01-21T07:00", document(cases), facts)
    cases["spain"][9] += 7
    cases["spain"].append(2100)
    publish(store, folder, "2021-01-22T07:00", document(cases), facts)
    cases["spain"].append(2300)
    publish(store, folder, "2021-01-23T07:00", document(cases), facts)


def made(store: Store, month: Month = JANUARY) -> MonthlyReport:
    return make.make_report(store, history.read(store)[0], month, max_bytes=10**7)


def table(store: Store, month: Month = JANUARY) -> dict[str, dict[str, str]]:
    """Read final_report.csv with the standard library."""
    stored = store.read(f"reports/{month}/final_report.csv")
    assert stored is not None
    rows = csv.DictReader(io.StringIO(stored.body.decode()))
    return {row["country_key"]: row for row in rows}


def page(store: Store, name: str = "final_report.html", month: Month = JANUARY) -> str:
    stored = store.read(f"reports/{month}/{name}")
    assert stored is not None
    return stored.body.decode()
