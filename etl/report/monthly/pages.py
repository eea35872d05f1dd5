"""Render the report's CSV and HTML files as bytes. Pure, except that it reads templates."""

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
from jinja2 import Environment

from etl.extract import levels
from etl.extract.sources import Source
from etl.load.month import Month
from etl.load.table import to_csv_table
from etl.load.values import records
from etl.report import numbers, templating
from etl.report.monthly.figures import Figures
from etl.report.monthly.last_rows import SNAPSHOTS_CSV
from etl.store import Entry
from etl.store.layout import PAGE, report_key
from etl.transform import report_columns

TEMPLATES = Path(__file__).parent / "templates"
FILES = {
    "final_report.html": "report",
    "final_chart.html": "charts",
    "final_report.csv": "table (CSV)",
    SNAPSHOTS_CSV: "the last row of each snapshot (CSV)",
}


def report_csv(figures: Figures) -> bytes:
    """Write final_report.csv; text that a spreadsheet would take for a formula is escaped."""
    sink = io.BytesIO()
    table = pa.Table.from_pandas(figures.series, preserve_index=False)
    pa.csv.write_csv(to_csv_table(table), sink)
    return sink.getvalue()


def report_page(figures: Figures, source: Source, notes: Sequence[str]) -> bytes:
    """Write final_report.html: the notes, the totals, and the tables of series and snapshots."""
    return _rendered(
        "report.html",
        **_about(figures, source, notes),
        rows=records(figures.series),
        snapshots=records(figures.snapshots),
        fields=report_columns.report_fields(figures.level),
        within=levels.WITHIN[figures.level][1:],
    )


def chart_page(figures: Figures, source: Source, notes: Sequence[str], script: str) -> bytes:
    """Write final_chart.html; `script`: the name of Bokeh's script in reports/assets/."""
    from etl.report.monthly import charts as chart

    about = _about(figures, source, notes)
    where = "the world" if figures.level == "countries" else f"all {figures.level} together"
    charts = [
        ("daily-cases", f"New cases in {where}", "Per day, averaged over the last 7 days."),
        ("daily-deaths", f"Deaths in {where}", "Per day, averaged over the last 7 days."),
        (
            "ranking",
            f"The {figures.level} with the most new cases",
            f"Bars: {about['counted']}. Diamonds: {about['counted_before']}.",
        ),
    ]
    documents = chart.documents(figures) if figures.until else {}
    drawn = [one for one in charts if one[0] in documents]
    return _rendered(
        "chart.html", **about, charts=drawn, documents=documents, ink=chart.INK, script=script
    )


def index_page(entries: Sequence[Entry], home: str = PAGE) -> bytes:
    """Write reports/index.html from the list of the files in reports/, with a link to `home`."""
    by_key = {entry.key: entry for entry in entries}
    reports = [
        {
            "href": f"{month}/{name}",
            "title": f"{month.name}: {what}",
            "modified": f"{by_key[report_key(month, name)].modified:%Y-%m-%dT%H:%M:%SZ}",
            "size": by_key[report_key(month, name)].size,
        }
        for month in sorted(set(_months(by_key)), reverse=True)
        for name, what in FILES.items()
        if report_key(month, name) in by_key
    ]
    return _rendered("reports-index.html", reports=reports, home=home)


def _months(keys: Iterable[str]) -> Iterator[Month]:
    """Yield the months of the keys in reports/, leaving out keys that belong to no report."""
    for key in keys:
        with suppress(ValueError):
            yield Month.parse(key.split("/")[1])


def _about(figures: Figures, source: Source, notes: Sequence[str]) -> dict[str, Any]:
    return {
        "figures": figures,
        "one": levels.one(figures.level),
        "source": source,
        "notes": notes,
        "counted": _span(figures.month, figures.until),
        "counted_before": _span(figures.month.before, figures.before_until),
    }


def _span(month: Month, until: date | None) -> str:
    if until is None or until == month.last:
        return f"in {month.name}"
    return f"from 1 to {until.day} {month.name}"


@cache
def _environment() -> Environment:
    environment = templating.environment(TEMPLATES, keep_trailing_newline=True)
    # keys stay in their order: Bokeh needs a model to come before what refers to it
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False}
    environment.filters |= {
        "number": numbers.number,
        "change": numbers.change,
        "percent": numbers.percent,
    }
    environment.globals["MISSING"] = numbers.MISSING
    return environment


def _rendered(template: str, **values: Any) -> bytes:
    return _environment().get_template(template).render(values).encode()
