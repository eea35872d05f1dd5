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
from etl.extract.countries import normalise, other_names
from etl.history.manifest import Manifest, PublishedFile
from etl.history.own_note import ColumnNote
from etl.load.read_back import by_code, complete
from etl.report.page.words import CASES, MEASURES, MOST_OWN, Measure, own_measures
from etl.report.page.world_figures import Figure, world_figures
from etl.store.layout import CHANGES, LATEST_JSON, SCHEMAS, WORLD, list_key, series_key
from etl.transform.columns import Field, latest_fields

RANKED = 12
RANKED_BY = "cases_7d_per_100k"
LISTED = 1000  # files of single series; if there are more, the page lists none
UNLISTED = (CHANGES, SCHEMAS)


@dataclass(frozen=True)
class Row:
    """A country, region or place.

    `within`: the names of what contains it, the smallest first. `cells`: the view's measures as
    text. `called`: codes and other names to find it by. `apart`: no country (a ship, a sports
    event), so it is in no ranking.
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
    called: Sequence[str]
    apart: bool


@dataclass(frozen=True)
class Bar:
    """A line of the ranking; `share` is its length in percent of the longest."""

    name: str
    key: str
    file: str
    text: str
    share: float


@dataclass(frozen=True)
class View:
    """What the page shows of the data, without the run and the current time.

    `within`: what contains a row, such as region and country.
    `world` is empty for regions and places. `unshown`: columns of the user's own that are only in
    the files. `columns`: those of latest.csv. `files` lacks the schemas, and changes.json, which is
    about the run.
    """

    level: str
    within: Sequence[str]
    measures: Sequence[Measure]
    unshown: Sequence[Measure]
    columns: Sequence[Field | ColumnNote]
    rows: Sequence[Row]
    ranked_by: Measure | None
    bars: Sequence[Bar]
    world: Sequence[Figure]
    world_ends: date | None
    left_out: Sequence[str]
    files: Sequence[PublishedFile]
    series_files: Sequence[PublishedFile]

    @property
    def one(self) -> str:
        """What a row is, such as place."""
        return levels.one(self.level)

    @property
    def mapped(self) -> bool:
        """Whether the page has a map."""
        return self.level == "countries" and bool(self.bars)


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
    known = MEASURES if level == "countries" else MEASURES[:-1]  # the population is the country's
    measures = [m for m in known if any(row.get(m.column) is not None for row in latest)]
    own = own_measures(manifest.own_note.columns, latest)
    measures += own[:MOST_OWN]
    world = _read_world(folder, level)
    names = {row[key]: levels.full_name(row) for row in latest}
    ranked_by = _ranked_by(measures)
    bars = _bars(latest, level, ranked_by, files) if ranked_by else []
    of_one = [f for f in manifest.files if f.name.startswith(series_key(level))]
    others = [f for f in manifest.files if not f.name.startswith((series_key(level), *UNLISTED))]
    return View(
        level=level,
        within=levels.WITHIN[level][1:],
        measures=measures,
        unshown=own[MOST_OWN:],
        columns=_columns(latest, level, manifest),
        rows=[_row(row, level, measures, files, coded) for row in latest],
        ranked_by=ranked_by,
        bars=bars,
        world=world_figures(world["series"]),
        world_ends=max(map(date.fromisoformat, world["series"]["date"]), default=None),
        left_out=sorted(names.get(key, key) for key in world["left_out"]),
        files=others,
        series_files=of_one,
    )


def _read_world(folder: Path, level: str) -> dict[str, Any]:
    if level != "countries":
        return {"series": {"date": []}, "left_out": []}
    world: dict[str, Any] = msgspec.json.decode((folder / WORLD).read_bytes())
    return world


def _listed(path: Path, level: str) -> list[dict[str, Any]]:
    return [complete(row, level) for row in msgspec.json.decode(path.read_bytes())[level]]


def _columns(
    latest: Sequence[Mapping[str, Any]], level: str, manifest: Manifest
) -> list[Field | ColumnNote]:
    """Return the columns of latest.csv that the filters and the user's step left."""
    known = [field for field in latest_fields(level) if latest and field.name in latest[0]]
    return [*known, *manifest.own_note.columns]


def _apart(row: Mapping[str, Any], level: str) -> bool:
    return level == "countries" and row["iso3"] is None


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
        called=other_names(row["iso3"]) if level == "countries" and row["iso3"] else (),
        apart=_apart(row, level),
    )


def _ranked_by(measures: Sequence[Measure]) -> Measure | None:
    """Return incidence, which suits small and large countries, or else the first measure."""
    preferred = [m for m in measures if m.column == RANKED_BY]
    return next(iter([*preferred, *measures]), None)


def _bars(
    rows: Iterable[Mapping[str, Any]], level: str, measure: Measure, files: Mapping[str, str]
) -> list[Bar]:
    """Return the highest, of series whose values are of now and say something."""
    key = levels.names(level)[0]
    known = [
        row
        for row in rows
        if row[measure.column] is not None
        and not (row["stale"] or row["silent"] or _apart(row, level))
        and (row.get(CASES) is None or row[CASES] >= measure.least_cases)
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
