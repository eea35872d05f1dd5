"""The register of the folder: each key, what it holds, whose it is, who may read it, how long it is
kept. Pure; uses the standard library only.

Derived from it: which keys `put` and `rm` refuse (upkeep/versions.py), the bucket's public policy
and lifecycle rules (store/s3/setup/), how the page and datapackage.json describe each file, what
OUTPUTS switches off, the demo's list, and the table in docs/reference.md. To add something to the
folder, add a Place.
"""

from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct

from etl.store import layout

# published: stable names for the files that a run's manifest lists. archive: written once. state:
# small files that are changed by compare-and-swap, or derived from one. anyone: people may edit it;
# all others are written by the worker only.
Owner = Literal["published", "archive", "state", "inbox", "shared", "trial", "other", "anyone"]
OPEN, CLOSED = True, False  # to the public, after `setup --public`


class Place(Struct, frozen=True):
    """One key; or all keys that begin with `key` (if it ends with / or -), or match its *.

    `meaning` is shown on the page, in the demo and docs/reference.md, `more` only in the latter;
    [one] in them is replaced by country, region or place. A lifecycle rule removes it after
    `keep_days`. `output` is the name in OUTPUTS that switches it on; empty: it is always made.
    `csv_output` is the same for the CSV files in a folder.
    """

    key: str
    owner: Owner
    public: bool
    meaning: str
    more: str = ""
    keep_days: int | None = None
    output: str = ""
    csv_output: str = ""

    def meaning_for(self, one: str) -> str:
        """Return `meaning` with `one` (country, region or place) filled in."""
        return self.meaning.replace("[one]", one)

    @property
    def is_folder(self) -> bool:
        return self.key.endswith(("/", "-"))

    def holds(self, key: str) -> bool:
        return key.startswith(self.key) if self.is_folder else fnmatchcase(key, self.key)


def place_of(key: str) -> Place | None:
    """Return the place that a key belongs to; None: it is not in the register."""
    return next((place for place in PLACES if place.holds(key)), None)


def is_switched_on(key: str, outputs: Collection[str]) -> bool:
    """Say whether OUTPUTS, as `outputs`, lets this file be published."""
    place = place_of(key)
    if place is not None and place.csv_output and key.endswith(".csv"):
        return place.csv_output in outputs
    return place is None or not place.output or place.output in outputs


def is_rewritten(key: str) -> bool:
    """Say whether a later run may overwrite the object."""
    place = place_of(key)
    return place is not None and place.owner in ("published", "state", "other")


def _published(
    key: str, meaning: str, more: str = "", *, output: str = "", csv_output: str = ""
) -> Place:
    return Place(key, "published", OPEN, meaning, more, output=output, csv_output=csv_output)


def _of_level(level: str, one: str, listed: str) -> tuple[Place, Place]:
    """Return the list of a level's series, and the folder with a file for each."""
    such = ", such as countries/ESP.json" if level == "countries" else ""
    more = "" if such else f"with `LEVEL={level}`"
    files = f"one file per {one} with its series{such}"
    return (
        _published(layout.list_key(level), f"every {one}: {listed}", more, output="countries"),
        _published(layout.series_key(level), files, output="countries", csv_output="countries-csv"),
    )


PLACES = (
    Place(
        layout.MANIFEST,
        "state",
        OPEN,
        "which run is published: every file with its SHA-256",
        more="its source, its attribution, what was checked and corrected",
    ),
    Place(
        layout.STATUS,
        "state",
        OPEN,
        "last check, staleness, when the source last changed, last 90 slots",
    ),
    _published(layout.PAGE, "the page: open it in a browser", output="page"),
    _published(layout.page_in("*"), "the page in the languages of `TRANSLATE_TO`", output="page"),
    _published(layout.CHART, "the page's chart alone, for a frame on another page", output="page"),
    Place(layout.FORM, "other", OPEN, "with `INBOX=on`: the form that readers write back with"),
    _published(layout.ASSETS, "the page's scripts, named by their content", output="page"),
    _published(
        layout.LATEST_CSV,
        "one row per [one]: open it in a spreadsheet",
        more="the last day's counts, averages, incidence, `active`, facts",
    ),
    _published(layout.LATEST_JSON, "one row per [one]", more="the same as `latest.csv`"),
    _published(
        layout.LATEST_XLSX,
        "one row per [one]: a workbook with dates and numbers",
        more="opens in spreadsheets of any language",
        output="xlsx",
    ),
    *_of_level("countries", "country", "codes, facts, its file"),
    *_of_level("regions", "region", "its country with codes and facts, its file"),
    *_of_level("places", "place", "its region, its country with codes and facts, its file"),
    _published(
        layout.WORLD,
        "world totals and series",
        more="stale series are left out and named; only with `LEVEL=countries`",
        output="world",
    ),
    _published(layout.TABLE_CSV, "the whole table: one row per [one] and day", output="csv"),
    _published(layout.TABLE_PARQUET, "the same, typed"),
    _published(
        layout.STATS,
        "the source's own format, repaired",
        more="a drop-in replacement",
        output="stats",
    ),
    _published(
        layout.CHANGES, "what this version changed: rows added, figures restated, countries removed"
    ),
    _published(
        layout.PACKAGE,
        "a description of all files for programs: columns, units, digests",
        more="and sources (Frictionless Data Package)",
    ),
    _published(
        layout.CROISSANT,
        "the same for machine learning (MLCommons Croissant)",
    ),
    _published(layout.SCHEMAS, "the form of each JSON file (JSON Schema)"),
    Place(
        layout.FEED,
        "state",
        OPEN,
        "for feed readers (Atom): one entry per published run, with what changed",
        output="feed",
    ),
    Place(
        layout.REPORTS,
        "other",
        OPEN,
        "the monthly reports: `reports/2021-01/final_report.html`, ...",
        more="`snapshots.csv.gz`: the month in one file, the last rows of each snapshot",
    ),
    Place(
        layout.REVISIONS,
        "other",
        OPEN,
        "one row per country: how much was restated, when, the biggest change",
    ),
    Place(
        layout.ARCHIVE_PACKAGE,
        "other",
        OPEN,
        "a description of the reports, `revisions.csv` and `vintages.json` for programs",
    ),
    Place(
        layout.RUNS,
        "archive",
        OPEN,
        "every version that was ever published",
        more="`runs/RUN/...`, never changed afterwards",
    ),
    Place(
        layout.VINTAGES,
        "archive",
        OPEN,
        "what the source said on each day, as one Parquet data set",
    ),
    Place(layout.VINTAGES_INDEX, "state", OPEN, "what `vintages/` was made of"),
    Place(layout.HISTORY, "state", CLOSED, "what happened, run by run (python app.py history)"),
    Place(
        layout.CATALOGUE,
        "state",
        CLOSED,
        "what was imported, and which runs were made by `backfill`",
    ),
    Place(layout.ALERTS, "state", CLOSED, "which alerts were sent, and which are still to be sent"),
    Place(
        layout.TRANSLATIONS,
        "anyone",
        CLOSED,
        "translations from Amazon Translate",
        more="each sentence is translated only once; you may correct it",
    ),
    Place(layout.RAW, "archive", CLOSED, "the inputs exactly as received"),
    Place(
        layout.INBOX,
        "inbox",
        CLOSED,
        "what readers sent, and the results",
        keep_days=layout.INBOX_DAYS,
    ),
    Place(
        layout.SHARED,
        "shared",
        CLOSED,
        "shared copies of the page, and shared forms",
        keep_days=layout.SHARED_DAYS,
    ),
    Place(
        layout.TRIAL,
        "trial",
        CLOSED,
        "test objects of `doctor`, `setup` and the worker, removed after each test",
        keep_days=layout.TRIAL_DAYS,
    ),
)
