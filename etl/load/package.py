"""datapackage.json: a description of each data file for programs (Frictionless Data Package v1)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from etl.extract import levels
from etl.extract.sources import licence_url
from etl.load.croissant import croissant
from etl.load.publish import File
from etl.load.values import Header, write_json
from etl.store.layout import (
    ARCHIVE_PACKAGE,
    CHANGES,
    CROISSANT,
    FEED,
    LATEST_CSV,
    LATEST_JSON,
    LATEST_XLSX,
    PACKAGE,
    SCHEMAS,
    STATS,
    STATUS,
    TABLE_CSV,
    TABLE_PARQUET,
    WORLD,
    at,
    list_key,
    series_key,
)
from etl.transform import columns as fields
from etl.transform.columns import FORMAT, Field
from etl.transform.filters import ShownColumns

TITLES = {
    LATEST_CSV: "One row per {one}: its last day, with facts",
    LATEST_JSON: f"As {LATEST_CSV}",
    LATEST_XLSX: f"As {LATEST_CSV}, as a workbook with dates and numbers",
    TABLE_CSV: "One row per {one} and day: the whole tidy table",
    TABLE_PARQUET: f"As {TABLE_CSV}, typed",
    list_key("countries"): "Every country: key, name, ISO codes, facts and the name of its file",
    **{
        list_key(level): f"Every {levels.one(level)}: keys, names, its country's ISO codes and "
        "facts, and the name of its file"
        for level in ("regions", "places")
    },
    WORLD: "World totals and series",
    STATS: "The source's own format, repaired; a series' first day has its whole count as new",
    CHANGES: "How this version differs from the previous one",
}
SERIES_TITLE = "The series of one {one}, column by column"
ROWS_TITLE = "The rows of one {one} in the whole table"
SCHEMA_TITLE = "The form of {name} (JSON Schema)"
MEDIA_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
TRAPS = {
    "countries": "Stale rows, whose series ended early, are not in the world's total; iso3 is "
    "unique only among the rows of a day that are not stale.",
    **dict.fromkeys(
        ("regions", "places"),
        "Stale rows are of series that ended early; iso3, the facts and the population are the "
        "country's, so that many rows of a day have the same.",
    ),
}
BESIDE = (
    f"Beside these files are {STATUS}, which says when the source was last checked, and {FEED} if "
    "it is made. Monthly reports and revisions, once there are any, are described in "
    f"{ARCHIVE_PACKAGE}."
)
HARMLESS = (
    "Text that begins with =, +, -, @, a tab or a carriage return has an apostrophe in front, so "
    "that spreadsheets don't run it as a formula."
)


def write_package(
    folder: Path,
    files: Sequence[File],
    header: Header,
    sources: Iterable[dict[str, str]],
    columns: ShownColumns,
) -> list[File]:
    """Write datapackage.json: path, bytes and digest of each file, and the columns of tables.

    croissant.json is made from it. Neither names a run or its time, so that the same files give the
    same bytes: `created` is the day on which the data ends. `sources` have a title and, if public,
    a path (their address).
    """
    seen: Counter[str] = Counter()
    about = f"COVID-19 by {levels.one(header.level)} and day, tidied and checked."
    about = f"{about} {TRAPS[header.level]} Missing is not zero. {BESIDE}"
    content: dict[str, Any] = {
        "profile": "data-package",
        "name": "cloud-etl",
        "title": header.source,
        "version": f"{FORMAT}.0.0",
        "created": f"{header.last_date}T00:00:00Z",
        "description": f"{header.notice} {about}" if header.notice else about,
        "keywords": keywords(header.level),
        "sources": list(sources),
        "contributors": [{"title": header.attribution, "role": "author"}],
        **header.fields(),
        **licences(header.licence_id, header.licence),
        "resources": [_resource(file, columns, header.level, seen) for file in files],
    }
    if header.public_url:
        content["homepage"] = at(header.public_url, header.home)
    write_json(folder / PACKAGE, content)
    write_json(folder / CROISSANT, croissant(content, header))
    return [File(name, folder / name, len(files)) for name in (PACKAGE, CROISSANT)]


def licences(licence_id: str | None, title: str) -> dict[str, Any]:
    """Return the property `licenses`; nothing if the source states no licence."""
    path = licence_url(licence_id)
    return {"licenses": [{"name": licence_id, "title": title, "path": path}]} if path else {}


def keywords(level: str) -> list[str]:
    return ["COVID-19", "cases", "deaths", level, "time series"]


def _resource(file: File, written: ShownColumns, level: str, seen: Counter[str]) -> dict[str, Any]:
    form = file.name.removesuffix(".gz").rpartition(".")[2]
    about: dict[str, Any] = {
        "name": _name(file.name, seen),
        "path": file.name,
        "profile": "tabular-data-resource" if form == "csv" else "data-resource",
        "title": _title(file.name).format(one=levels.one(level)),
        "format": form,
        "mediatype": MEDIA_TYPES[form],
    }
    # files that name the run are described without a digest, or every run would change the package
    if file.content_sha256 is None:
        about |= {"bytes": file.path.stat().st_size, "hash": f"sha256:{file.sha256}"}
    if form == "csv":
        about |= {"encoding": "utf-8", "description": HARMLESS}
    if file.name.endswith(".gz"):
        about |= {"compression": "gz"}
        # by URL frictionless counts the bytes of what is inside, and would report these as wrong
        del about["bytes"]
    if form in ("parquet", "xlsx"):
        # frictionless counts no bytes when it reads a table, and would report `bytes` as wrong
        about |= {"type": "file"}
    columns, key = _columns(file.name, level)
    if columns:
        about["schema"] = {
            "fields": [described(field) for field in written.of(columns)],
            "missingValues": [""],
            "primaryKey": key,
        }
    return about


def _title(name: str) -> str:
    if name.startswith(SCHEMAS):
        return SCHEMA_TITLE.format(name=name.removeprefix(SCHEMAS), one="{one}")
    return TITLES.get(name, ROWS_TITLE if name.endswith(".csv") else SERIES_TITLE)


def _name(file_name: str, seen: Counter[str]) -> str:
    """Return a unique name in lower case, as the specification requires."""
    name = file_name.lower()
    seen[name] += 1
    return name if seen[name] == 1 else f"{name}-{seen[name]}"


def _columns(name: str, level: str) -> tuple[tuple[Field, ...], list[str]]:
    """Return a table's columns and its primary key; both empty for other files."""
    key = levels.names(level)[0]
    if name == LATEST_CSV:
        return fields.latest_fields(level), [key]
    if name.startswith(series_key(level)) and name.endswith(".csv"):
        return fields.table_fields(level), ["date"]
    return (
        (fields.table_fields(level), [key, "date"])
        if name in (TABLE_CSV, TABLE_PARQUET)
        else ((), [])
    )


def described(field: Field) -> dict[str, str]:
    """Describe a column in Table Schema's words."""
    about = asdict(field)
    meaning = about.pop("meaning")
    return {**{k: v for k, v in about.items() if v}, "description": meaning}
