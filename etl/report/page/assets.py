"""The page's assets: scripts that also work from a disk, named after a digest of their bytes.

A page opened from a disk may neither fetch files nor load modules, so all that it needs comes in
plain scripts. The content of long ones is gzipped, and the browser unpacks it.
"""

import base64
import gzip
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

import msgspec

from etl.report.page import series
from etl.report.page.words import Measure
from etl.store.layout import ASSETS

HERE = Path(__file__).parent
Script = tuple[str, bytes]  # its name in the folder and its bytes
GZIP_LEVEL = 4  # level 6 takes five times as long, for 5 % less
# Each script's parts, in this order within one block. `alone` is that of chart.html.
PARTS = {
    "page": (
        *(
            "words",
            "state",
            "sorting",
            "table",
            "ranking",
            "files",
            "runs",
            "measures",
            "chart",
            "lines",
        ),
        *("notes", "chooser", "take", "months", "map", "start"),
    ),
    "alone": ("words", "state", "measures", "chart", "lines", "notes", "alone"),
}
_SENTENCE = re.compile(r'\b_\(\s*"([^"\\]+)"')


def style() -> str:
    """Return the page's CSS, which is put into the page itself."""
    parts = (HERE / "assets" / f"{part}.css" for part in ("page", "map", "vendor/uplot", "chart"))
    return "\n".join(part.read_text(encoding="utf-8") for part in parts)


def scripts(level: str, series: Script | None) -> Iterator[Script]:
    """Yield each script's name and bytes, in the order in which the page loads them.

    Without `series` the page has no chart. Its own script comes first, so that the table works
    while the others load.
    """
    yield _named("page", own_js("page"))
    if series:
        yield series
        yield _uplot()
    if level == "countries":
        yield _shapes()


def scripts_alone(series: Script) -> list[Script]:
    """Return the scripts of chart.html, with the script of the series that it shows."""
    return [_named("alone", own_js("alone")), series, _uplot()]


def series_scripts(
    folder: Path, level: str, each: Sequence[int], own: Sequence[Measure]
) -> Mapping[int, Script]:
    """Return a script of the series for each number in `each`, with one day in so many.

    `folder` has the published files.
    """
    encoded = series.encode(folder, level, each, own)
    return {n: _named("series", _packed("series", e)) for n, e in zip(each, encoded, strict=True)}


def _uplot() -> Script:
    return _named("uplot", (HERE / "assets" / "vendor" / "uplot.js").read_bytes())


@cache
def _shapes() -> Script:
    """Return the map's shapes; cached, since a backfill makes many pages."""
    return _named("shapes", _packed("shapes", (HERE / "shapes.json").read_bytes()))


def bokeh() -> Script:
    """Return BokehJS's name and bytes, for the monthly reports."""
    return _named("bokeh", _packed("bokeh", bokeh_js()))


def bokeh_js() -> bytes:
    """Read BokehJS from the installed package, without importing it. Raises FileNotFoundError."""
    found = find_spec("bokeh")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("the package bokeh is not installed")
    folder = Path(found.submodule_search_locations[0])
    return (folder / "server" / "static" / "js" / "bokeh.min.js").read_bytes()


def own_js(page: str) -> bytes:
    """Join the parts of a page's own script."""
    parts = b"\n".join((HERE / "assets" / f"{part}.js").read_bytes() for part in PARTS[page])
    return b'"use strict";\n{\n%b}\n' % parts


def sentences(*pages: str) -> list[str]:
    """List the sentences of the scripts of these pages, each written there as _("...")."""
    found = (_SENTENCE.findall(own_js(page).decode()) for page in pages or PARTS)
    return list(dict.fromkeys(chain.from_iterable(found)))


def _packed(name: str, content: bytes) -> bytes:
    packed = base64.b64encode(gzip.compress(content, GZIP_LEVEL, mtime=0))
    return b"(window.packed ??= {})[%b] = %b;\n" % (
        msgspec.json.encode(name),
        msgspec.json.encode(packed.decode()),
    )


def _named(name: str, content: bytes) -> Script:
    digest = hashlib.sha256(content).hexdigest()[:12]
    return f"{ASSETS}{name}-{digest}.js", content
