"""The register of the folder: each key, what it holds, whose it is, who may read it, how long it is
kept. Pure; uses the standard library only.

Derived from it: which keys `put` and `rm` refuse (upkeep/versions.py), the bucket's public policy
and lifecycle rules (store/s3/setup/), how the page and datapackage.json describe each file, the
demo's list, and the table in docs/reference.md. To add something to the folder, add a Place.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

MANIFEST, HISTORY, STATUS, FEED = "manifest.json", "history.json", "status.json", "feed.xml"
CATALOGUE, ALERTS, TRANSLATIONS = "catalogue.json", "alerts.json", "translations.json"
PAGE, ASSETS, FORM = "index.html", "assets/", "feedback.html"
LATEST_CSV, LATEST_JSON = "latest.csv", "latest.json"
TABLE_CSV, TABLE_PARQUET = "timeseries.csv.gz", "timeseries.parquet"
WORLD, STATS, CHANGES, PACKAGE = "world.json", "stats.json", "changes.json", "datapackage.json"
RUNS, RAW, REPORTS = "runs/", "raw/", "reports/"
VINTAGES, VINTAGES_INDEX, REVISIONS = "vintages/", "vintages.json", "revisions.csv"
INBOX, SHARED, TRIAL = "inbox/", "_shared/", "_doctor-"
INCOMING = f"{INBOX}incoming/"  # readers write here, and nowhere else
PENDING, RESULTS = f"{INBOX}pending/", f"{INBOX}results/"
PICTURES, USAGE = f"{INBOX}pictures/", f"{INBOX}usage/"

INBOX_DAYS = 30
SHARED_DAYS = 8  # no link outlives 7 days
TRIAL_DAYS = 1  # for what a killed `doctor` left

# published: stable names for the files that a run's manifest lists. archive: written once. state:
# small files that are changed by compare-and-swap, or derived from one. anyone: people may edit it;
# all others are written by the worker only.
Owner = Literal["published", "archive", "state", "inbox", "shared", "trial", "other", "anyone"]
OPEN, CLOSED = True, False  # to the public, after `setup --public`


@dataclass(frozen=True)
class Place:
    """One key; or all keys that begin with `key` (if it ends with / or -), or match its *.

    `meaning` is shown on the page, in the demo and docs/reference.md, `more` only in the latter;
    [one] in them is replaced by country, region or place. A lifecycle rule removes it after
    `keep_days`.
    """

    key: str
    owner: Owner
    public: bool
    meaning: str
    more: str = ""
    keep_days: int | None = None

    def meaning_for(self, one: str) -> str:
        """Return `meaning` with `one` (country, region or place) filled in."""
        return self.meaning.replace("[one]", one)

    @property
    def is_folder(self) -> bool:
        return self.key.endswith(("/", "-"))

    def holds(self, key: str) -> bool:
        return key.startswith(self.key) if self.is_folder else fnmatchcase(key, self.key)


def run_key(run_id: str, name: str) -> str:
    """Return the key of a run's file: `runs/RUN/latest.csv`."""
    return f"{RUNS}{run_id}/{name}"


def list_key(level: str) -> str:
    """Return the key of the list of all series: `countries.json`, `regions.json`, `places.json`."""
    return f"{level}.json"


def series_key(level: str, name: str = "") -> str:
    """Return the key of one series, `countries/ESP.json`; without a name, that of their folder."""
    return f"{level}/{name}.json" if name else f"{level}/"


def raw_key(run_id: str, name: str) -> str:
    """Return the key of a run's input: `raw/RUN/stats.json.gz`."""
    return f"{RAW}{run_id}/{name}"


def report_key(month: object, name: str = "final_report.html") -> str:
    """Return the key of a file of a monthly report: `reports/2021-01/final_report.html`."""
    return f"{REPORTS}{month}/{name}"


def page_in(language: str) -> str:
    """Return the key of the page's translation: `index.es.html`."""
    return f"index.{language}.html"


def of_page(name: str) -> bool:
    """Say whether a file is the page, in any language, or one of its assets."""
    in_a_language = name.startswith("index.") and name.endswith(".html")
    return in_a_language or name.startswith(ASSETS)


def place_of(key: str) -> Place | None:
    """Return the place that a key belongs to; None: it is not in the register."""
    return next((place for place in PLACES if place.holds(key)), None)


def is_rewritten(key: str) -> bool:
    """Say whether a later run may overwrite the object."""
    place = place_of(key)
    return place is not None and place.owner in ("published", "state", "other")


PLACES = (
    Place(
        MANIFEST,
        "state",
        OPEN,
        "which run is published: every file with its SHA-256",
        more="its source, its attribution, what was checked and corrected",
    ),
    Place(
        STATUS,
        "state",
        OPEN,
        "last check, staleness, since when the source is the same, last 90 slots",
    ),
    Place(PAGE, "published", OPEN, "the page: open it in a browser"),
    Place(page_in("*"), "published", OPEN, "the page in the languages of `TRANSLATE_TO`"),
    Place(FORM, "other", OPEN, "with `INBOX=on`: the form by which readers write back"),
    Place(ASSETS, "published", OPEN, "the page's scripts, named by what they hold"),
    Place(
        LATEST_CSV,
        "published",
        OPEN,
        "one row a [one]: open it in a spreadsheet",
        more="the last day's counts, averages, incidence, `active`, facts",
    ),
    Place(LATEST_JSON, "published", OPEN, "one row a [one]", more="the same as `latest.csv`"),
    Place("countries.json", "published", OPEN, "every country: codes, facts, its file"),
    Place(
        "countries/",
        "published",
        OPEN,
        "one country's series a file, such as countries/ESP.json",
    ),
    Place(
        "regions.json",
        "published",
        OPEN,
        "every region: its country, that one's codes and facts, its file",
        more="with `LEVEL=regions`",
    ),
    Place("regions/", "published", OPEN, "one region's series a file"),
    Place(
        "places.json",
        "published",
        OPEN,
        "every place: its region and country, that one's codes and facts, its file",
        more="with `LEVEL=places`",
    ),
    Place("places/", "published", OPEN, "one place's series a file"),
    Place(
        WORLD,
        "published",
        OPEN,
        "world totals and series",
        more="stale series are left out and named; only with `LEVEL=countries`",
    ),
    Place(TABLE_CSV, "published", OPEN, "the whole table: one row a [one] and day"),
    Place(TABLE_PARQUET, "published", OPEN, "the same, typed"),
    Place(
        STATS, "published", OPEN, "the source's own shape, repaired", more="a drop-in replacement"
    ),
    Place(
        CHANGES,
        "published",
        OPEN,
        "what this version changed: rows added, figures restated, countries gone",
    ),
    Place(
        PACKAGE,
        "published",
        OPEN,
        "all of this for programs: columns, units, digests",
        more="and sources (Frictionless Data Package)",
    ),
    Place(
        FEED, "state", OPEN, "for feed readers (Atom): an entry a published run, with what changed"
    ),
    Place(
        REPORTS,
        "other",
        OPEN,
        "the monthly reports: `reports/2021-01/final_report.html`, ...",
        more="`snapshots.csv.gz`: the month in one file, the last rows of each snapshot",
    ),
    Place(
        REVISIONS,
        "other",
        OPEN,
        "one row a country: how much of it was restated, when, the biggest change",
    ),
    Place(
        RUNS,
        "archive",
        OPEN,
        "every version that was ever published",
        more="`runs/RUN/...`, never changed afterwards",
    ),
    Place(VINTAGES, "archive", OPEN, "what was said on each day, as one Parquet data set"),
    Place(VINTAGES_INDEX, "state", CLOSED, "what `vintages/` was made of"),
    Place(HISTORY, "state", CLOSED, "what happened, run by run (python app.py history)"),
    Place(CATALOGUE, "state", CLOSED, "what was imported, and which runs were made by `backfill`"),
    Place(ALERTS, "state", CLOSED, "which alerts were sent, and which are still to be sent"),
    Place(
        TRANSLATIONS,
        "anyone",
        CLOSED,
        "what Amazon Translate answered",
        more="kept, to be asked only once; you may correct it",
    ),
    Place(RAW, "archive", CLOSED, "the inputs exactly as they came"),
    Place(INBOX, "inbox", CLOSED, "what readers sent, and what became of it", keep_days=INBOX_DAYS),
    Place(
        SHARED,
        "shared",
        CLOSED,
        "copies of the page, and forms, that were shared",
        keep_days=SHARED_DAYS,
    ),
    Place(
        TRIAL,
        "trial",
        CLOSED,
        "what `doctor`, `setup` and the worker try the server out on, and remove again",
        keep_days=TRIAL_DAYS,
    ),
)
