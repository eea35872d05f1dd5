"""Every setting: its environment variable, default and meaning.

Set them in the environment or in a file `.env` in the folder where you start `python app.py`
(`.env.example` lists them all). Or simply edit the two lines below.
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from etl.errors import ConfigError
from etl.extract import several, sources
from etl.extract.levels import LEVELS
from etl.settings import alert_rules as alerts
from etl.settings import readers as read
from etl.settings.aws import aws_faults, quote_hint
from etl.settings.dotenv import load_dotenv
from etl.settings.groups import FACTS_URL, GROUPS, KEEPS, LOG_LEVELS, OUTPUTS, Settings, read_fields
from etl.settings.languages import ORIGINAL
from etl.settings.readers import Setting

S3_BUCKET = ""  # your bucket; empty: write to the folder OUTPUT_DIR instead
S3_FOLDER = "covid"  # the folder (key prefix) in that bucket

SOURCES = tuple(name for name, one in sources.SOURCES.items() if one.level == "countries")
REGISTER: tuple[Setting, ...] = (
    Setting("SOURCE", "coviddata", "where the statistics come from: " + ", ".join(SOURCES)),
    Setting("LEVEL", "countries", "the level of coviddata's statistics: " + ", ".join(LEVELS)),
    Setting(
        "SOURCES",
        "",
        "several sources at once, each in its own subfolder: coviddata,coviddata-regions,who",
    ),
    Setting(
        "SOURCE_URL",
        "",
        "URL or path to use instead of the source's own (jhu: its folder)",
        secret=True,
    ),
    Setting(
        "COUNTRIES_URL",
        FACTS_URL,
        "URL or path of the country facts (.xlsx or .csv); empty: no merge",
        secret=True,
    ),
    Setting(
        "TABLES",
        "",
        "more tables of countries to merge, URLs or paths, such as beds=beds.csv,https://example.org/"
        "vaccinations.csv (docs/your-own-data.md)",
        secret=True,
    ),
    Setting(
        "TRANSFORM",
        "",
        "a Python file with a step of your own, transform(table) -> table (docs/your-own-data.md)",
    ),
    Setting("S3_BUCKET", S3_BUCKET, "the bucket; empty: write to the folder OUTPUT_DIR instead"),
    Setting("S3_FOLDER", S3_FOLDER, "the folder (key prefix) in the bucket"),
    Setting("OUTPUT_DIR", "out", "the local folder, used if no bucket is set"),
    Setting(
        "PUBLIC_URL",
        "",
        "the folder's address on the web, for search engines, feed readers and catalogues, such as "
        "https://data.example.org/covid",
    ),
    Setting("RUN_AT", "06:00", "the daily slot, HH:MM"),
    Setting("TIMEZONE", "UTC", "the time zone of RUN_AT, such as Europe/Madrid"),
    Setting("KEEP", "all", "which measures to publish: " + ", ".join(KEEPS)),
    Setting(
        "COUNTRIES", "", "only these countries, by name, key or ISO code: ESP,Italy; empty: all"
    ),
    Setting("SINCE", "", "only days from this date on, such as 2020-09-01; empty: all"),
    Setting(
        "OUTPUTS",
        "all",
        "which files to publish besides the tables: all, none, or some of "
        + ", ".join(OUTPUTS)
        + " (all does not include countries-csv: name it too)",
    ),
    Setting(
        "STALE_AFTER_DAYS",
        "14",
        "a series, or the whole source, that ended more than this many days ago counts as stale",
    ),
    Setting("RUN_TIMEOUT_MINUTES", "30", "a run that takes longer is killed and tried again"),
    Setting("FETCH_TIMEOUT_MINUTES", "10", "a download that takes longer fails"),
    Setting("HEARTBEAT_MINUTES", "60", "how often the worker logs that it is alive"),
    Setting(
        "RETENTION_DAYS",
        "400",
        "how long runs and their raw inputs are kept; the first run of a month clears older ones",
    ),
    Setting("MAX_SOURCE_MB", "1024", "a source larger than this is refused"),
    Setting("ALERT_TOPIC", "", "the SNS topic for alerts, by name or ARN; empty: no alerts"),
    Setting("ALERT_RULES", "", "alert thresholds: ESP:cases_7d_per_100k>300,*:deaths_7d_avg>1000"),
    Setting("ALERT_ON", ",".join(alerts.KINDS), "which alerts to send: " + ", ".join(alerts.KINDS)),
    Setting(
        "TRANSLATE_TO",
        "",
        "other languages for the page and the alerts, such as es,ca (Amazon Translate)",
    ),
    Setting(
        "INBOX",
        "off",
        "on: readers can send remarks and pictures, read by Amazon's services (docs/inbox.md)",
    ),
    Setting(
        "INBOX_ALERT",
        "negative",
        "which letters trigger an alert, such as negative,label:Cat>80",
    ),
    Setting("INBOX_LANGUAGE", ORIGINAL, "the language that readers' remarks are translated into"),
    Setting(
        "INBOX_DAILY_LIMIT",
        "100",
        "the maximum number of calls to these services per day (UTC); other letters wait",
    ),
    Setting(
        "PING_URL",
        "",
        "a dead-man's switch such as healthchecks.io, called for each run; {source}: its name",
        secret=True,
    ),
    Setting("LOG_LEVEL", "INFO", "how much to log: " + ", ".join(LOG_LEVELS)),
)


def given(setting: Setting, environ: Mapping[str, str]) -> str:
    """Give the text in force. A variable that is set but empty means its default, except for
    COUNTRIES_URL, where empty means that nothing is merged."""
    value = environ.get(setting.variable, setting.default).strip()
    return value if value or setting.variable == "COUNTRIES_URL" else setting.default


def _data_sets(value: str) -> tuple[str, ...]:
    given = tuple(name.lower() for name in read.names(value))
    if not sources.SOURCES.keys() >= set(given):
        raise ValueError(f"some of {', '.join(sources.SOURCES)}")
    return given


# these need the register of sources; the other readers are beside their fields in groups.py
READERS = {"SOURCE": read.one_of(*SOURCES), "LEVEL": read.one_of(*LEVELS), "SOURCES": _data_sets}


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read every setting from a mapping. Raises ConfigError naming every fault at once."""
    readers = {origin.variable: origin.read for _, _, origin in read_fields()}
    values: dict[str, Any] = {}
    faults: list[str] = []
    for setting in REGISTER:
        variable, text = setting.variable, given(setting, environ)
        try:
            values[variable] = (readers[variable] or READERS[variable])(text)
        except ValueError as exc:
            # a URL may have a password or a token where none belongs
            hidden = setting.secret or re.search("://.*[@?]", text)
            got = " (its value is not shown)" if hidden else f", got {text[:80]!r}"
            faults.append(f"{variable}: expected {exc}{got}{quote_hint(text)}")
    faults += [*_contradictions(values, environ), *aws_faults(environ)]
    if faults:
        raise ConfigError(faults)
    return _in_groups(values)


def _in_groups(values: Mapping[str, Any]) -> Settings:
    data_set = sources.data_set(values["SOURCE"], values["LEVEL"])
    facts_url = several.facts_url(values["COUNTRIES_URL"], data_set)
    fields: dict[str, dict[str, Any]] = {group: {} for group in GROUPS}
    fields["source"] = {"data_set": data_set, "facts_url": facts_url}
    for group, name, origin in read_fields():
        fields[group][name] = values[origin.variable]
    own = fields.pop("")
    return Settings(**{group: GROUPS[group](**fields[group]) for group in fields}, **own)


def _contradictions(values: Mapping[str, Any], environ: Mapping[str, str]) -> list[str]:
    """Name the settings, of those that could be read, that exclude each other."""
    faults = []
    if values.get("INBOX") and not values.get("S3_BUCKET"):
        faults.append("INBOX: on needs S3_BUCKET, because a local folder can't sign forms")
    source, level = values.get("SOURCE", ""), values.get("LEVEL", "")
    if source and level and sources.data_set(source, level) not in sources.SOURCES:
        faults.append(f"LEVEL: {source} has only countries, got {level!r}")
    no_own = "TABLES" in values and not values["TABLES"] and not values.get("TRANSFORM")
    if no_own and alerts.unknown(values.get("ALERT_RULES", ())):
        got = environ["ALERT_RULES"].strip()
        faults.append(f"ALERT_RULES: expected {alerts.EXPECTED}, got {got[:80]!r}")
    of_levels = {level} if level else set()
    if names := values.get("SOURCES"):
        of_levels = {sources.SOURCES[name].level for name in names}
        faults += _beside_several(names, values, environ)
    if values.get("ALERT_RULES") and (others := of_levels - {"countries"}):
        faults.append(
            "ALERT_RULES: rules need LEVEL countries, got "
            f"{', '.join(sorted(others))}; leave ALERT_RULES empty"
        )
    return faults


def _beside_several(
    names: Sequence[str], values: Mapping[str, Any], environ: Mapping[str, str]
) -> list[str]:
    """Name the settings that SOURCES excludes."""
    faults = []
    given_one = environ.get("SOURCE", "").strip() or environ.get("LEVEL", "").strip()
    one = sources.data_set(values.get("SOURCE", ""), values.get("LEVEL", ""))
    if given_one and one not in names:
        faults.append(f"SOURCES: does not include {one} from SOURCE and LEVEL; leave those empty")
    if values.get("SOURCE_URL"):
        faults.append("SOURCE_URL: can't be combined with SOURCES; leave it empty")
    ping_url = values.get("PING_URL")
    if len(names) > 1 and ping_url and several.BLANK not in ping_url:
        faults.append(
            "PING_URL: one check can't watch several SOURCES; "
            f"write {several.BLANK} in it where the source's name goes"
        )
    return faults


def load_settings(dotenv: Path = Path(".env")) -> Settings:
    """Read `.env` into the environment, and then the settings; the environment wins.

    `.env` goes into the environment itself because boto3 reads its AWS_* variables there.
    Raises ConfigError.
    """
    load_dotenv(dotenv)
    return read_settings(os.environ)
