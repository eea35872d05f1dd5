"""What the page says, read back from the published files: as text, ready to be shown.

Read from the files rather than from the frames, so that the page can't say anything else, and
shows whatever the filters left.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from etl.countries import normalise
from etl.manifest import Manifest, PublishedFile
from etl.outputs.changes import CHANGES
from etl.report.words import MEASURES, Measure, number

RANKED = 12
MAPPED = "cases_7d_per_100k"


@dataclass(frozen=True)
class Row:
    """A country; `cells` are as text, one for each of the view's measures."""

    key: str
    name: str
    iso3: str
    file: str
    last_date: str
    stale: bool
    cells: Sequence[str]


@dataclass(frozen=True)
class Bar:
    """A line of the ranking; `share` is its length in percent of the longest."""

    name: str
    key: str
    text: str
    share: float


@dataclass(frozen=True)
class Figure:
    """One of the world's figures; `beside`, with `change` in its blank, sets it in proportion."""

    heading: str
    text: str
    beside: str = ""
    change: str = ""


@dataclass(frozen=True)
class View:
    """All that the page says but for what tells of runs and of now: changes.json is such a file."""

    measures: Sequence[Measure]
    rows: Sequence[Row]
    ranked_by: Measure | None
    bars: Sequence[Bar]
    mapped: bool
    world: Sequence[Figure]
    world_ends: date | None
    left_out: Sequence[str]
    files: Sequence[PublishedFile]
    country_files: Sequence[PublishedFile]


def read(folder: Path, manifest: Manifest) -> View:
    """Read latest.json, countries.json and world.json, where they were just written."""
    latest = sorted(
        _countries(folder / "latest.json"),
        key=lambda row: (normalise(row["country"]), row["country"]),
    )
    files = {row["country_key"]: row["file"] for row in _countries(folder / "countries.json")}
    measures = [m for m in MEASURES if any(row.get(m.column) is not None for row in latest)]
    names = {row["country_key"]: row["country"] for row in latest}
    world = msgspec.json.decode((folder / "world.json").read_bytes())
    ranked_by = _ranked_by(measures)
    in_countries = [f.name.startswith("countries/") for f in manifest.files]
    others = [f for f, within in zip(manifest.files, in_countries, strict=True) if not within]
    return View(
        measures=measures,
        rows=[_row(row, measures, files) for row in latest],
        ranked_by=ranked_by,
        bars=_bars(latest, ranked_by) if ranked_by else [],
        mapped=any(m.column == MAPPED for m in measures),
        world=_world(world["series"]),
        world_ends=max(map(date.fromisoformat, world["series"]["date"]), default=None),
        left_out=sorted(names.get(key, key) for key in world["left_out"]),
        files=[f for f in others if f.name != CHANGES],
        country_files=[f for f, within in zip(manifest.files, in_countries, strict=True) if within],
    )


def _countries(path: Path) -> list[dict[str, Any]]:
    content: dict[str, list[dict[str, Any]]] = msgspec.json.decode(path.read_bytes())
    return content["countries"]


def _row(row: Mapping[str, Any], measures: Iterable[Measure], files: Mapping[str, str]) -> Row:
    return Row(
        key=row["country_key"],
        name=row["country"],
        # of several series of one country the one that goes on has the file of its code
        iso3=row["iso3"] if files[row["country_key"]] == f"countries/{row['iso3']}.json" else "",
        file=files[row["country_key"]],
        last_date=row["date"],
        stale=row["stale"],
        cells=[measure.say(row.get(measure.column)) for measure in measures],
    )


def _ranked_by(measures: Sequence[Measure]) -> Measure | None:
    """By incidence, which sets small and large countries side by side, or else by what there is."""
    preferred = [m for m in measures if m.column == MAPPED]
    return next(iter([*preferred, *measures]), None)


def _bars(rows: Iterable[Mapping[str, Any]], measure: Measure) -> list[Bar]:
    """The highest; series that ended earlier are left out, their last value being an old one."""
    known = [row for row in rows if row[measure.column] is not None and not row["stale"]]
    known.sort(key=lambda row: (-row[measure.column], row["country"]))
    highest = max(known[0][measure.column], 0) if known else 0
    return [
        Bar(
            name=row["country"],
            key=row["country_key"],
            text=measure.say(row[measure.column]),
            share=round(100 * max(row[measure.column], 0) / highest, 1) if highest else 0,
        )
        for row in known[:RANKED]
    ]


def _world(series: Mapping[str, Sequence[float | None]]) -> list[Figure]:
    """The last day's totals, and the averages beside those of a week before."""
    figures = []
    for measure, heading in (("cases", "Cases"), ("deaths", "Deaths")):
        total, new = (
            (series.get(f"{kind}_{measure}") or [None])[-1] for kind in ("cumulative", "new")
        )
        if total is not None:
            moved = () if new is None else ("{change} on the last day", _signed(new))
            figures.append(Figure(heading, number(total), *moved))
    for measure, heading in (("cases", "Cases a day"), ("deaths", "Deaths a day")):
        days = series.get(f"new_{measure}", [])
        now, before = average(days, len(days)), average(days, len(days) - 7)
        if now is not None:
            figures.append(Figure(heading, number(now), *_change(now, before)))
    return figures


def average(new: Sequence[float | None], end: int) -> float | None:
    """Of the 7 days before index `end`; None where one of them is missing."""
    days = [value for value in new[max(end - 7, 0) : max(end, 0)] if value is not None]
    return sum(days) / 7 if len(days) == 7 else None


def _change(now: float, before: float | None) -> tuple[str, str]:
    if before is None or before <= 0:
        return "average of the last 7 days", ""
    change = round(100 * (now / before - 1))
    return "{change} on the 7 days before", f"{_signed(change) if change else 0}%"


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else ''}{number(value)}"
