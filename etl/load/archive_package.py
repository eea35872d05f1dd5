"""datapackage-archive.json: the public files for programs that belong to no version.

They are revisions.csv, vintages.json and the tables of the monthly reports. Each is written without
a new version, so datapackage.json, which belongs to one, can't describe them.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from etl.extract import levels
from etl.extract.sources import Source
from etl.load.package import MEDIA_TYPES, described, licences
from etl.store import Store, Upload
from etl.store.layout import ARCHIVE_PACKAGE, REPORTS, REVISIONS, VINTAGES_INDEX
from etl.transform.columns import FORMAT, Field
from etl.transform.report_columns import report_fields, snapshot_fields
from etl.transform.revision_columns import revision_fields

Columns = Callable[[str], tuple[Field, ...]]  # of a level
TABLES: dict[str, tuple[str, Columns]] = {
    REVISIONS: ("How much the source has restated of each {one}", revision_fields),
    "final_report.csv": ("The report of a month: one row per {one}", report_fields),
    "snapshots.csv.gz": ("The last rows of each snapshot of a month", snapshot_fields),
}
DAYS = "The days in vintages/ (snapshot=DAY/part.parquet), and the run that each was made of"


def describe_archive(store: Store, source: Source) -> None:
    """Describe what is there now, and write that if it has changed. Raises StoreError."""
    once = [key for key in (REVISIONS, VINTAGES_INDEX) if store.head(key)]
    reports = (entry.key for entry in store.list(REPORTS))
    keys = once + [key for key in reports if key.rpartition("/")[2] in TABLES]
    content = {
        "profile": "data-package",
        "name": "cloud-etl-archive",
        "title": f"{source.title}: reports and revisions",
        "version": f"{FORMAT}.0.0",
        "description": "What belongs to no single version. Missing is not zero. For people, "
        "reports/index.html lists the monthly reports, once there are any.",
        "contributors": [{"title": source.attribution, "role": "author"}],
        **licences(source.licence_id, source.licence),
        "resources": [_resource(key, source.level) for key in keys],
    }
    upload = Upload(ARCHIVE_PACKAGE, msgspec.json.encode(content) + b"\n")
    there = store.head(ARCHIVE_PACKAGE)
    if there is None or there.sha256 != upload.sha256:
        store.write(upload)


def _resource(key: str, level: str) -> dict[str, Any]:
    form = key.removesuffix(".gz").rpartition(".")[2]
    about = {
        "name": key.replace("/", "-").lower(),
        "path": key,
        "format": form,
        "mediatype": MEDIA_TYPES[form],
    }
    if key == VINTAGES_INDEX:
        return {**about, "profile": "data-resource", "title": DAYS}
    title, columns = TABLES[key.rpartition("/")[2]]
    return {
        **about,
        **({"compression": "gz"} if key.endswith(".gz") else {}),
        "profile": "tabular-data-resource",
        "title": title.format(one=levels.one(level)),
        "encoding": "utf-8",
        "schema": {
            "fields": [described(field) for field in columns(level)],
            "missingValues": [""],
        },
    }
