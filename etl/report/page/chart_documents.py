"""The page's charts as Bokeh documents without data: `make figures` writes them to figures.json.

The browser fills in the data (assets/chart.js, map.js), so the documents never change, and a run
need not import Bokeh.
"""

import sys
from pathlib import Path
from typing import Any, Literal

import msgspec
from bokeh.core.types import ID
from bokeh.embed import json_item
from bokeh.layouts import column
from bokeh.models import (
    BoxZoomTool,
    ColumnDataSource,
    HoverTool,
    LayoutDOM,
    NumeralTickFormatter,
    Range1d,
)
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

KEPT = Path(__file__).with_name("figures.json")
MEASURES = ("cases", "deaths")
Scale = Literal["linear", "log"]
SCALES: tuple[Scale, ...] = ("linear", "log")
SEE_THROUGH: dict[str, Any] = {
    "background_fill_color": None,
    "border_fill_color": None,
    "outline_line_color": None,
}
# the page's custom properties: they apply in Bokeh's shadow trees and follow the dark scheme
TOOLTIP = (
    '<div style="margin:-5px;padding:6px 9px;font:13px/1.4 system-ui,sans-serif;'
    'background:var(--raised);color:var(--ink)">{}</div>'
)


def chart() -> LayoutDOM:
    """Return the chart: cases above deaths, each on a linear and on a logarithmic scale.

    Its data source has a row per day shown: `day` (ms), `cases` and `deaths` (NaN: unknown), their
    values above zero for the logarithmic scale, and each as text.
    """
    names = ["day", *MEASURES, *(f"{m}_above_0" for m in MEASURES)]
    texts = ["day_text", *(f"{m}_told" for m in MEASURES)]
    source = ColumnDataSource({name: [] for name in names + texts}, name="days")
    days = Range1d(start=0, end=1, name="range")
    plots = [_plot(measure, scale, source, days) for measure in MEASURES for scale in SCALES]
    return column(*plots, sizing_mode="stretch_width")


def _plot(measure: str, scale: Scale, source: ColumnDataSource, days: Range1d) -> figure:
    plot = figure(
        name=f"{measure}_{scale}",
        x_axis_type="datetime",
        y_axis_type=scale,
        x_range=days,
        y_range=Range1d(start=1, end=10),
        height=230,
        min_border_left=56,
        min_border_right=16,
        sizing_mode="stretch_width",
        tools="",
        toolbar_location=None,
        visible=scale == "linear",
        **SEE_THROUGH,
    )
    plot.yaxis.formatter = NumeralTickFormatter(format="0,0.[0]a")
    plot.add_tools(BoxZoomTool(dimensions="width", name="drag"))
    height = measure if scale == "linear" else f"{measure}_above_0"
    line = plot.line(
        "day", height, source=source, line_width=2, line_join="round", name=f"{measure}_line"
    )
    rows = "<b>@day_text</b>" + "".join(f"<br>@{m}_told" for m in MEASURES)
    plot.add_tools(_hover(line, rows, mode="vline", point_policy="snap_to_data"))
    return plot


def _hover(drawn: "GlyphRenderer[Any]", text: str, **options: Any) -> HoverTool:
    return HoverTool(renderers=[drawn], tooltips=TOOLTIP.format(text), **options)


def world_map() -> LayoutDOM:
    """Return the map: the countries of shapes.json; the page sets the colour of each."""
    source = ColumnDataSource(
        {"xs": [], "ys": [], "name": [], "text": [], "colour": []}, name="countries"
    )
    plot = figure(
        name="map",
        x_range=Range1d(start=-1000, end=1000),
        y_range=Range1d(start=-395, end=495),
        width=1000,
        height=445,
        sizing_mode="scale_width",
        tools="",
        toolbar_location=None,
        min_border=0,
        **SEE_THROUGH,
    )
    plot.axis.visible = False
    plot.grid.visible = False
    countries = plot.multi_polygons(
        "xs", "ys", source=source, fill_color="colour", line_width=0.5, name="borders"
    )
    plot.add_tools(_hover(countries, "<b>@name</b><br>@text", point_policy="follow_mouse"))
    return plot


def documents() -> bytes:
    """Return figures.json: arguments for BokehJS' `embed_item`, by the id of the target element.

    Bokeh numbers the models from the start of the process: only a fresh process makes the same
    bytes again.
    """
    made = {
        target: json_item(model, ID(target))
        for target, model in (("chart", chart()), ("map", world_map()))
    }
    return msgspec.json.encode(made)


if __name__ == "__main__":
    if "--print" in sys.argv:
        sys.stdout.buffer.write(documents())
    else:
        KEPT.write_bytes(documents())
