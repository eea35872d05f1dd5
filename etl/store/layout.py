"""The names in the folder: files, folders and keys. Pure; uses the standard library only.

What each holds, and for whom, is in the register, places.py.
"""

from collections.abc import Collection

MANIFEST, HISTORY, STATUS, FEED = "manifest.json", "history.json", "status.json", "feed.xml"
CATALOGUE, ALERTS, TRANSLATIONS = "catalogue.json", "alerts.json", "translations.json"
PAGE, ASSETS, FORM, CHART = "index.html", "assets/", "feedback.html", "chart.html"
LATEST_CSV, LATEST_JSON, LATEST_XLSX = "latest.csv", "latest.json", "latest.xlsx"
TABLE_CSV, TABLE_PARQUET = "timeseries.csv.gz", "timeseries.parquet"
WORLD, STATS, CHANGES, PACKAGE = "world.json", "stats.json", "changes.json", "datapackage.json"
CROISSANT, ARCHIVE_PACKAGE = "croissant.json", "datapackage-archive.json"
SCHEMAS = "schemas/"
RUNS, RAW, REPORTS = "runs/", "raw/", "reports/"
VINTAGES, VINTAGES_INDEX, REVISIONS = "vintages/", "vintages.json", "revisions.csv"
INBOX, SHARED, TRIAL = "inbox/", "_shared/", "_doctor-"
INCOMING = f"{INBOX}incoming/"  # readers write here, and nowhere else
PENDING, RESULTS = f"{INBOX}pending/", f"{INBOX}results/"
PICTURES, USAGE = f"{INBOX}pictures/", f"{INBOX}usage/"

INBOX_DAYS = 30
SHARED_DAYS = 8  # no link outlives 7 days
TRIAL_DAYS = 1  # for what a killed `doctor` left


def run_key(run_id: str, name: str) -> str:
    """Return the key of a run's file: `runs/RUN/latest.csv`."""
    return f"{RUNS}{run_id}/{name}"


def list_key(level: str) -> str:
    """Return the key of the list of all series: `countries.json`, `regions.json`, `places.json`."""
    return f"{level}.json"


def series_key(level: str, name: str = "") -> str:
    """Return the key of one series, `countries/ESP.json`; without a name, that of their folder."""
    return f"{level}/{name}.json" if name else f"{level}/"


def schema_key(kind: str) -> str:
    """Return the key of a JSON Schema: `schemas/latest.json`."""
    return f"{SCHEMAS}{kind}.json"


def raw_key(run_id: str, name: str) -> str:
    """Return the key of a run's input: `raw/RUN/stats.json.gz`."""
    return f"{RAW}{run_id}/{name}"


def report_key(month: object, name: str = "final_report.html") -> str:
    """Return the key of a file of a monthly report: `reports/2021-01/final_report.html`."""
    return f"{REPORTS}{month}/{name}"


def page_in(language: str) -> str:
    """Return the key of the page's translation: `index.es.html`."""
    return f"index.{language}.html"


def home(outputs: Collection[str]) -> str:
    """Return the file at which people begin: the page or, where OUTPUTS lacks it, latest.csv."""
    return PAGE if "page" in outputs else LATEST_CSV


def at(public_url: str, key: str) -> str:
    """Return the address of a key: a full one below PUBLIC_URL, or one relative to the folder."""
    return f"{public_url}/{key}" if public_url else key


def of_page(name: str) -> bool:
    """Say whether a file is the page, in any language, its chart alone, or one of its assets."""
    in_a_language = name.startswith("index.") and name.endswith(".html")
    return in_a_language or name == CHART or name.startswith(ASSETS)
