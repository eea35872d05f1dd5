"""The month's charts as Bokeh documents. Only this module imports Bokeh: 0.6 s and 25 MB."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pandas as pd
from bokeh.embed import json_item
from bokeh.models import (
    BasicTicker,
    BoxZoomTool,
    ColumnDataSource,
    DataRange1d,
    DatetimeTicker,
    FactorRange,
    HoverTool,
    NumeralTickFormatter,
)
from bokeh.models.annotations import BoxAnnotation
from bokeh.plotting import figure

from etl.extract import levels
from etl.load.values import records, to_list
from etl.report.monthly.figures import Figures
from etl.report.monthly.pages import INK
from etl.report.numbers import typeset, typeset_change

RANKED = 20
CASES, DEATHS, BEFORE = "#2a78c2", "#c2452d", "#8a94a0"  # distinct in both colour schemes
TICKS = 3  # the labels of more would overlap on a phone
LONGEST = 30  # characters of a name beside a bar
# by column of the ranking: its label in the tooltip, how its values are written, decimals
TOOLTIPS: dict[str, tuple[str, Callable[[float | None, int], str], int]] = {
    "new_cases": ("new cases", typeset, 0),
    "new_cases_before": ("the previous month", typeset, 0),
    "cases_change_pct": ("change, %", typeset_change, 1),
    "cases_per_100k": ("per 100,000 people", typeset, 1),
    "new_deaths": ("new deaths", typeset, 0),
}


def documents(figures: Figures) -> dict[str, Any]:
    """Draw the charts: Bokeh's JSON by the id of its element; the same bytes in any process."""
    charts = {"daily-cases": _daily(figures, "cases", CASES)}
    charts["daily-deaths"] = _daily(figures, "deaths", DEATHS)
    charts["ranking"] = _ranking(figures)
    return {name: _renumbered(json_item(chart), name) for name, chart in charts.items()}


def _daily(figures: Figures, measure: str, colour: str) -> figure:
    source = ColumnDataSource(
        {
            "date": [f"{day:%Y-%m-%d}" for day in figures.daily["date"]],
            "at": [day.timestamp() * 1000 for day in figures.daily["date"]],
            "value": to_list(figures.daily[f"{measure}_7d_avg"]),
        }
    )
    upwards = DataRange1d(start=_least(figures.daily[f"{measure}_7d_avg"]))
    chart = _figure(260, x_axis_type="datetime", y_range=upwards)
    month = pd.Timestamp(figures.month.first).timestamp() * 1000
    chart.add_layout(BoxAnnotation(right=month, fill_color=BEFORE, fill_alpha=0.15))
    line = chart.line("at", "value", source=source, color=colour, line_width=2.5)
    said = [("day", "@date"), (f"{measure} a day", "@value{0,0.0}")]
    chart.add_tools(HoverTool(tooltips=said, mode="vline", renderers=[line]))
    chart.xaxis.ticker = DatetimeTicker(desired_num_ticks=TICKS)
    chart.yaxis.formatter = NumeralTickFormatter(format="0,0")
    return chart


def _ranking(figures: Figures) -> figure:
    counted = figures.series[figures.series["new_cases"].notna().to_numpy()]
    top = counted.head(RANKED)
    full_names = [levels.full_name(row) for row in records(top)]
    names = _unlike(full_names)
    columns: dict[str, Any] = {"name": names, "new_cases": to_list(top["new_cases"])}
    columns["name_told"] = full_names
    shown = {name: how for name, how in TOOLTIPS.items() if name in top}
    for name, (_, write, places) in shown.items():
        columns[f"{name}_told"] = [write(value, places) for value in to_list(top[name])]
    source = ColumnDataSource(columns)
    pairs = zip(to_list(top["new_cases_before"]), names, strict=True)
    known = [(count, name) for count, name in pairs if count is not None]  # None would be 0
    before = ColumnDataSource({"count": [c for c, _ in known], "name": [n for _, n in known]})
    downwards = FactorRange(factors=names[::-1])
    across = DataRange1d(start=_least(top["new_cases"], top["new_cases_before"]))
    height = 90 + 26 * max(len(top), 4)
    chart = _figure(height, x_range=across, y_range=downwards)
    drawn = chart.hbar(y="name", right="new_cases", height=0.62, source=source, color=CASES)
    chart.scatter(
        x="count",
        y="name",
        size=9,
        source=before,
        color=BEFORE,
        line_color=INK,
        marker="diamond",
    )
    said = [(levels.one(figures.level), "@name_told")]
    said += [(what, f"@{name}_told") for name, (what, *_) in shown.items()]
    chart.add_tools(HoverTool(tooltips=said, renderers=[drawn]))
    chart.xaxis.ticker = BasicTicker(desired_num_ticks=TICKS)
    chart.xaxis.formatter = NumeralTickFormatter(format="0.[0]a")
    chart.ygrid.visible = False
    return chart


def _figure(height: int, **options: Any) -> figure:
    chart = figure(
        height=height,
        sizing_mode="stretch_width",
        tools="xpan,box_zoom,reset,save",
        toolbar_location="above",
        background_fill_alpha=0,
        border_fill_alpha=0,
        outline_line_color=None,
        **options,
    )
    chart.toolbar.logo = None
    for tool in chart.tools:
        if isinstance(tool, BoxZoomTool):  # its box has no place yet, which would be NaN in JSON
            tool.overlay.update(left=0, right=0, top=0, bottom=0)
    chart.grid.grid_line_color = BEFORE
    chart.grid.grid_line_alpha = 0.3
    for axis in chart.axis:
        axis.major_label_text_color = INK
        axis.major_label_text_font_size = "13px"
        axis.axis_line_color = axis.major_tick_line_color = BEFORE
        axis.minor_tick_line_color = None
    return chart


def _least(*columns: "pd.Series[Any]") -> float:
    """Return where an axis begins: at 0, or lower if corrections made a count negative."""
    return min(0.0, *(float(column.min()) for column in columns if column.notna().any()))


def _unlike(names: list[str]) -> list[str]:
    """Shorten names and make them unique: an axis needs unique names, and series may share one."""
    seen: Counter[str] = Counter()
    unlike = []
    for name in names:
        name = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
        seen[name] += 1
        unlike.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return unlike


def _renumbered(document: Any, name: str) -> Any:
    """Number a document's models from 1, since Bokeh's own ids count on through the process."""
    numbers: dict[str, str] = {}

    def number(node: Any) -> Any:
        if isinstance(node, list):
            return [number(item) for item in node]
        if not isinstance(node, dict):
            return node
        return {
            key: numbers.setdefault(value, f"{name}-{len(numbers) + 1}")
            if key in ("id", "root_id") and isinstance(value, str)
            else number(value)
            for key, value in node.items()
        }

    return number(document)
