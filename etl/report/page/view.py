"""Read what the page shows from the published files, as text.

Files and not frames are read, so that the page can't differ from them and shows exactly what the
filters left.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from etl.extract import levels
from etl.extract.countries import normalise
from etl.history.manifest import Manifest, PublishedFile
from etl.load.read_back import by_code, complete
from etl.report.numbers import typeset, typeset_change
from etl.report.page.averages import gained, world_averages
from etl.report.page.words import MEASURES, Measure, own_measures
from etl.store.layout import CHANGES, LATEST_JSON, SCHEMAS, WORLD, list_key, series_key

RANKED = 12
LISTED = 1000  # files of single series; if there are more, the page lists none
MAPPED = "cases_7d_per_100k"


@dataclass(frozen=True)
class Row:
    """A country, region or place.

    `within`: the names of what contains it, the smallest first. `cells`: the view's measures as
    text.
    """

    key: str
    name: str
    within: Sequence[str | None]
    iso3: str
    file: str
    last_date: str
    stale: bool
    silent: bool
    last_reported: str
    cells: Sequence[str]


@dataclass(frozen=True)
class Bar:
    """A line of the ranking; `share` is its length in percent of the longest."""

    name: str
    key: str
    file: str
    text: str
    share: float


@dataclass(frozen=True)
class Figure:
    """One of the world's figures. `beside`: a sentence below it, with a blank for `change`."""

    heading: str
    text: str
    beside: str = ""
    change: str = ""


@dataclass(frozen=True)
class View:
    """What the page shows of the data, without the run and the current time.

    `one`: what a row is, such as place; `within`: what contains it, such as region and country.
    `world` is empty for regions and places. `files` lacks the schemas, and changes.json, which is
    about the run.
    """

    level: str
    one: str
    within: Sequence[str]
    measures: Sequence[Measure]
    rows: Sequence[Row]
    ranked_by: Measure | None
    bars: Sequence[Bar]
    mapped: bool
    world: Sequence[Figure]
    world_ends: date | None
    left_out: Sequence[str]
    files: Sequence[PublishedFile]
    series_files: Sequence[PublishedFile]


def read_view(folder: Path, manifest: Manifest, level: str) -> View:
    """Read latest.json, countries.json (regions.json, places.json) and world.json in `folder`.

    Without `countries` in OUTPUTS, no row has a file.
    """
    key = levels.names(level)[0]
    latest = sorted(
        _listed(folder / LATEST_JSON, level),
        key=lambda row: (normalise(levels.full_name(row)), levels.full_name(row)),
    )
    with_files = "countries" in manifest.outputs
    listed = _listed(folder / list_key(level), level) if with_files else latest
    files = {row[key]: row["file"] for row in listed} if with_files else {}
    coded = by_code(listed, level)
    measures = [m for m in MEASURES if any(row.get(m.column) is not None for row in latest)]
    measures += own_measures(manifest.own_note.columns, latest)
    world: dict[str, Any] = {"series": {"date": []}, "left_out": []}
    if level == "countries":
        world = msgspec.json.decode((folder / WORLD).read_bytes())
    else:
        measures = [m for m in measures if m.column != "population"]  # it is the country's
    names = {row[key]: levels.full_name(row) for row in latest}
    ranked_by = _ranked_by(measures)
    of_one = [f.name.startswith(series_key(level)) for f in manifest.files]
    others = [f for f, within in zip(manifest.files, of_one, strict=True) if not within]
    return View(
        level=level,
        one=levels.one(level),
        within=levels.WITHIN[level][1:],
        measures=measures,
        rows=[_row(row, level, measures, files, coded) for row in latest],
        ranked_by=ranked_by,
        bars=_bars(latest, ranked_by, key, files) if ranked_by else [],
        mapped=any(m.column == MAPPED for m in measures),
        world=_world(world["series"]),
        world_ends=max(map(date.fromisoformat, world["series"]["date"]), default=None),
        left_out=sorted(names.get(key, key) for key in world["left_out"]),
        files=[f for f in others if not f.name.startswith((CHANGES, SCHEMAS))],
        series_files=[f for f, within in zip(manifest.files, of_one, strict=True) if within],
    )


def _listed(path: Path, level: str) -> list[dict[str, Any]]:
    return [complete(row, level) for row in msgspec.json.decode(path.read_bytes())[level]]


def _row(
    row: Mapping[str, Any],
    level: str,
    measures: Iterable[Measure],
    files: Mapping[str, str],
    coded: Collection[str],
) -> Row:
    key = row[levels.names(level)[0]]
    own, *around = levels.WITHIN[level]
    return Row(
        key=key,
        name=row[own],
        within=[row[what] for what in around],
        # of several series of one country, only the current one has the file named by its code
        iso3=row["iso3"] if key in coded else "",
        file=files.get(key, ""),
        last_date=row["date"],
        stale=row["stale"],
        silent=row["silent"],
        last_reported=row["last_reported"],
        cells=[measure.say(row.get(measure.column)) for measure in measures],
    )


def _ranked_by(measures: Sequence[Measure]) -> Measure | None:
    """Return incidence, which suits small and large countries, or else the first measure."""
    preferred = [m for m in measures if m.column == MAPPED]
    return next(iter([*preferred, *measures]), None)


def _bars(
    rows: Iterable[Mapping[str, Any]], measure: Measure, key: str, files: Mapping[str, str]
) -> list[Bar]:
    """Return the highest; series that ended or are silent are left out: their values are old."""
    known = [
        row
        for row in rows
        if row[measure.column] is not None and not row["stale"] and not row["silent"]
    ]
    known.sort(key=lambda row: (-row[measure.column], levels.full_name(row)))
    highest = max(known[0][measure.column], 0) if known else 0
    return [
        Bar(
            name=levels.full_name(row),
            key=row[key],
            file=files.get(row[key], ""),
            text=measure.say(row[measure.column]),
            share=round(100 * max(row[measure.column], 0) / highest, 1) if highest else 0,
        )
        for row in known[:RANKED]
    ]


def _world(series: Mapping[str, Sequence[float | None]]) -> list[Figure]:
    """Return the last day's totals, and the averages compared with those a week before."""
    figures = []
    for measure, heading in (("cases", "Cases"), ("deaths", "Deaths")):
        total, new = (
            (series.get(f"{kind}_{measure}") or [None])[-1] for kind in ("cumulative", "new")
        )
        if total is not None:
            week = gained(series.get(f"cumulative_{measure}") or [], -1)
            said = "{change} on the last day"
            if new is not None and new < 0:
                said = "{change} on the last day: the source lowered its total"
            if new is None:  # one day's share is not known where the source is weekly
                new, said = week, "{change} in the last 7 days"
            moved = () if new is None else (said, typeset_change(new) if new else "+0")
            figures.append(Figure(heading, typeset(total), *moved))
    for measure, heading in (("cases", "Cases a day"), ("deaths", "Deaths a day")):
        averages = world_averages(series, measure)
        now, before = (averages[at] if len(averages) >= -at else None for at in (-1, -8))
        if now is not None:
            figures.append(Figure(heading, typeset(now), *_change(now, before)))
    return figures


def _change(now: float, before: float | None) -> tuple[str, str]:
    if before is None or before <= 0:
        return "average of the last 7 days", ""
    change = round(100 * (now / before - 1))
    return "{change} on the 7 days before", f"{typeset_change(change)}%"
