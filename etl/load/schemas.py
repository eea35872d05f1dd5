"""schemas/*.json: a JSON Schema of each JSON file that is published.

Those of the data come from the register of columns, those of the records from their own types. A
column or key may be added within a format, so nothing forbids further ones.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from etl.extract import levels
from etl.extract.facts import FACT_COLUMNS
from etl.extract.sources import MEASURES
from etl.history.manifest import Manifest
from etl.history.status import Status
from etl.load.publish import File
from etl.load.values import write_json
from etl.store import layout
from etl.transform import columns
from etl.transform.columns import FORMAT, Field
from etl.transform.difference import Difference
from etl.transform.filters import ShownColumns

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
TEXT, TEXT_OR_NULL = {"type": "string"}, {"type": ["string", "null"]}
DAY: Schema = {"type": "string", "format": "date"}
COUNT = {"type": ["integer", "null"]}
CODE = Field("iso2", "string", "ISO 3166-1 alpha-2 code")
HEADER: Schema = {
    "format": {"const": FORMAT},
    "notice": TEXT,
    **dict.fromkeys(("source", "attribution", "licence"), TEXT),
    "last_date": DAY,
}

VINTAGES: Schema = {  # vintages.json, which the command of that name writes
    "type": "object",
    "properties": {
        "format": {"const": FORMAT},
        "source": TEXT,
        "parts": {
            "type": "object",
            "propertyNames": DAY,
            "additionalProperties": {"type": "object", "required": ["run_id", "sha256"]},
        },
    },
    "required": ["format", "source", "parts"],
}
ALWAYS = [name for name in HEADER if name != "notice"]


def write_schemas(
    folder: Path, files: Iterable[str], level: str, shown: ShownColumns
) -> list[File]:
    """Write the schemas of those JSON files that are among `files`, and of the records."""
    (folder / layout.SCHEMAS).mkdir()
    key = levels.names(level)[0]
    series = layout.series_key(level)
    files = [name for name in files if name.endswith(".json")]
    kinds = {"series" if name.startswith(series) else name.removesuffix(".json") for name in files}
    made = {
        "latest": _listing(level, shown.of(columns.latest_fields(level))),
        level: _listing(level, _described(level, shown), _own(level, shown), file=TEXT),
        "series": _series(level, shown),
        "world": _world(shown),
        "stats": _stats(level, shown),
        "changes": {**msgspec.json.schema(Difference), **_object(HEADER, ALWAYS)},
    }
    made = {kind: made[kind] for kind in made if kind in kinds}
    records = {"manifest": msgspec.json.schema(Manifest), "status": msgspec.json.schema(Status)}
    records["vintages"] = VINTAGES
    written = []
    for kind, schema in (made | records).items():
        name = layout.schema_key(kind)
        write_json(folder / name, {"$schema": DIALECT, "title": f"{kind} ({key})", **schema})
        written.append(File(name, folder / name, 1))
    return written


def _listing(
    level: str, fields: Sequence[Field], own: Schema | None = None, **more: Schema
) -> Schema:
    row = {field.name: _cell(field, level) for field in fields} | more
    rows = {"type": "array", "items": _object(row | (own or {}), row)}
    return _object({**HEADER, level: rows}, [*ALWAYS, level])


def _described(level: str, shown: ShownColumns) -> list[Field]:
    """Return the columns that a series has once: names, codes and facts."""
    once = {*levels.names(level), "iso3", *FACT_COLUMNS}
    listed = [one for one in shown.of(columns.table_fields(level), own=False) if one.name in once]
    at = next((n for n, one in enumerate(listed) if one.name == "iso3"), len(listed))
    return [*listed[:at], CODE, *listed[at:]]


def _own(level: str, shown: ShownColumns) -> dict[str, Schema]:
    """Return the columns of TABLES and TRANSFORM; a list of countries has only those by country."""
    return {field.name: _cell(field, level) for field in shown.of(())}


def _series(level: str, shown: ShownColumns) -> Schema:
    once = {field.name: _cell(field, level) for field in _described(level, shown)}
    stale = {"stale": {"type": "boolean"}} if "stale" not in shown.dropped else {}
    daily = {
        field.name: {"type": "array", "items": _cell(field, level)}
        for field in shown.of(columns.table_fields(level), own=False)
        if field.name not in {*once, "stale"}
    }
    # a table by country has one value for each, a table by day a series
    own = {
        name: {"anyOf": [cell, {"type": "array", "items": cell}]}
        for name, cell in _own(level, shown).items()
    }
    known = {**HEADER, **once, **stale, **daily, **own}
    return _object(known, [name for name in known if name != "notice"])


def _world(shown: ShownColumns) -> Schema:
    counts = [*("new_" + one for one in MEASURES), *("cumulative_" + one for one in MEASURES)]
    cells = {"date": DAY} | {name: COUNT for name in counts if name not in shown.left_out()}
    series = {name: {"type": "array", "items": cell} for name, cell in cells.items()}
    known = {
        **HEADER,
        "left_out": {"type": "array", "items": TEXT},
        "silent": {"type": "integer"},
        "totals": {"type": "object", "properties": cells},
        "series": _object(series),
    }
    return _object(known, [name for name in known if name != "notice"])


def _stats(level: str, shown: ShownColumns) -> Schema:
    counts = _object(dict.fromkeys(MEASURES, COUNT))
    kinds = [kind for kind in ("new", "cumulative") if shown.measures in ("all", kind)]
    day = _object(dict.fromkeys(kinds, counts))
    dates = {"type": "object", "propertyNames": DAY, "additionalProperties": day}
    what = levels.one(level)
    about = {"type": "object", "properties": {"key": TEXT, "name": TEXT}}
    return {"type": "array", "items": _object({what: about, "dates": dates})}


def _cell(field: Field, level: str) -> Schema:
    kind = {"date": "string"}.get(field.type, field.type)
    known = field.name in (*levels.names(level)[:2], "date", "stale", "silent")
    about: Schema = {"type": kind if known else [kind, "null"], "description": field.meaning}
    return about | ({"format": "date"} if field.type == "date" else {})


def _object(properties: Schema, required: Iterable[str] | None = None) -> Schema:
    wanted = list(properties if required is None else required)
    return {"type": "object", "properties": properties, "required": wanted}
