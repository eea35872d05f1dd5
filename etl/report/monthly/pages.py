"""Render the report's CSV and HTML files as bytes. Pure, except that it reads templates."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
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
from etl.report.monthly.restated import MEASURES
from etl.store import Entry
from etl.store.layout import PAGE, report_key
from etl.transform import report_columns

TEMPLATES = Path(__file__).parent / "templates"
ASSETS = Path(__file__).parents[1] / "page" / "assets"  # those that the report shares
INK, LIGHT_INK = "#222222", "#dfe3e7"  # of the charts, in the light and the dark colour scheme
MOVERS = 10
Chart = tuple[str, str, str]  # the id of its element, its title, what it shows
AVERAGED = "Per day, averaged over 7 days. Shaded: before {month}."
CHARTS: tuple[Chart, ...] = (
    ("daily-cases", "New cases in {where}", AVERAGED),
    ("daily-deaths", "New deaths in {where}", AVERAGED),
    (
        "ranking",
        "The {level} with the most new cases",
        "Bars: {counted}. Diamonds: {counted_before}.",
    ),
)
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


@dataclass(frozen=True)
class ReportContent:
    """What the pages of a report show.

    `documents`: the charts as Bokeh's JSON, by the id of their element. `script`: the name of
    BokehJS in reports/assets/. `home`: the file that people begin with, from the top folder.
    """

    figures: Figures
    source: Source
    notes: Sequence[str]
    documents: Mapping[str, Any]
    script: str
    home: str = PAGE


def report_page(content: ReportContent) -> bytes:
    """Write final_report.html: the totals and charts, the biggest changes, and the tables."""
    figures = content.figures
    rows = [
        {**row, "name": row[levels.one(figures.level)], "key": row[levels.key(figures.series)]}
        for row in records(figures.series)
    ]
    compared = [row["cases_change"] for row in rows if row["cases_change"] is not None]
    return _rendered(
        "report.html",
        **_about(content, CHARTS[:2]),
        totals=list(_totals(figures)),
        compared=len(compared),
        risen=sum(change > 0 for change in compared),
        movers=_movers(rows, figures.level),
        rows=rows,
        snapshots=records(figures.snapshots),
        fields=report_columns.report_fields(figures.level),
        within=levels.WITHIN[figures.level][1:],
        per_head=figures.level == "countries",
        home=content.home if content.home == PAGE else "",
    )


def chart_page(content: ReportContent) -> bytes:
    """Write final_chart.html: all charts."""
    return _rendered("chart.html", **_about(content, CHARTS))


def _totals(figures: Figures) -> Iterator[tuple[str, int | None, int | None, float | None]]:
    """Yield each measure's name, new count, that of the previous month, and the change in %."""
    for measure in MEASURES:
        new, before = figures.total[f"new_{measure}"], figures.total[f"new_{measure}_before"]
        percent = None if new is None or not before or before < 0 else (new / before - 1) * 100
        yield measure, new, before, percent


def _movers(rows: Sequence[dict[str, Any]], level: str) -> list[dict[str, Any]]:
    """Return the rows with the biggest change in cases, without ships and others of no country."""
    moved = [row for row in rows if row["cases_change"] and (level != "countries" or row["iso3"])]
    return sorted(moved, key=lambda row: (-abs(row["cases_change"]), row["key"]))[:MOVERS]


def index_page(entries: Sequence[Entry], home: str = PAGE) -> bytes:
    """Write reports/index.html from the list of the files in reports/, with a link to `home`."""
    by_key = {entry.key: entry for entry in entries}
    months = [
        [
            {
                "href": f"{month}/{name}",
                "title": f"{month.name}: {what}",
                "modified": f"{by_key[key].modified:%Y-%m-%dT%H:%M:%SZ}",
                "size": by_key[key].size,
            }
            for name, what in FILES.items()
            if (key := report_key(month, name)) in by_key
        ]
        for month in sorted(set(_months(by_key)), reverse=True)
    ]
    return _rendered("reports-index.html", months=list(filter(None, months)), home=home)


def _months(keys: Iterable[str]) -> Iterator[Month]:
    """Yield the months of the keys in reports/, leaving out keys that belong to no report."""
    for key in keys:
        with suppress(ValueError):
            yield Month.parse(key.split("/")[1])


def _about(content: ReportContent, charts: Sequence[Chart]) -> dict[str, Any]:
    figures = content.figures
    everywhere = figures.level == "countries"
    texts = {
        "where": "the world" if everywhere else f"all {figures.level} together",
        "level": figures.level,
        "month": figures.month.name,
        "counted": _span(figures.month, figures.until),
        "counted_before": _span(figures.month.before, figures.before_until),
    }
    drawn = {id: content.documents[id] for id, *_ in charts if id in content.documents}
    return {
        **texts,
        "figures": figures,
        "source": content.source,
        "notes": content.notes,
        "one": levels.one(figures.level),
        "charts": [
            (id, *(text.format_map(texts) for text in told)) for id, *told in charts if id in drawn
        ],
        "documents": drawn,
        "script": content.script,
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
        "number": numbers.typeset,
        "signed": numbers.typeset_change,
        "percent": numbers.typeset_share,
        "size": numbers.human,
    }
    environment.globals |= {
        "MISSING": numbers.MISSING,
        "style": (ASSETS / "page.css").read_text(encoding="utf-8"),
        "sorting": (ASSETS / "sorting.js").read_text(encoding="utf-8"),
        "ink": INK,
        "light_ink": LIGHT_INK,
        "documents": {},
        "source": None,
    }
    return environment


def _rendered(template: str, **values: Any) -> bytes:
    return _environment().get_template(template).render(values).encode()
