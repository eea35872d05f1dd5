"""The settings, in groups that are passed on to the packages; config.py fills them.

`From` says which variable a field is read from, and how.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, time, tzinfo
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from etl.settings import alert_rules, inbox_rules, languages, tables
from etl.settings import readers as read

FACTS_URL = "https://github.com/spepechen/MVTEC-covid-test/raw/main/data/InfoPaisosExtra.xlsx"
KEEPS = ("all", "new", "cumulative")
OUTPUTS = ("page", "countries", "world", "stats", "csv", "feed", "xlsx", "countries-csv")
BY_NAME = ("countries-csv",)  # not part of `all`: 213 more files, which cost a run to S3 a second
ALL = tuple(name for name in OUTPUTS if name not in BY_NAME)
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True)
class From:
    """A field's variable and reader. None: config.py reads it, since it depends on the sources."""

    variable: str
    read: Callable[[str], Any] | None = None


@dataclass(frozen=True)
class SourceSettings:
    """Where the data comes from.

    `data_set` is the register's name for the source at its level. `url` replaces the source's own
    address. `facts_url` is the address of the country facts, empty for no merge: COUNTRIES_URL or,
    if that has its default, the source's own facts. URLs may contain a password, so no repr shows
    them.
    """

    name: Annotated[str, From("SOURCE")]
    level: Annotated[str, From("LEVEL")]
    data_set: str
    url: Annotated[str, From("SOURCE_URL", read.location)] = field(repr=False)
    countries_url: Annotated[str, From("COUNTRIES_URL", read.location)] = field(repr=False)
    facts_url: str = field(repr=False)
    max_bytes: Annotated[int, From("MAX_SOURCE_MB", read.megabytes(1, 100_000))]
    timeout_s: Annotated[float, From("FETCH_TIMEOUT_MINUTES", read.minutes(0.01, 1440))]


@dataclass(frozen=True)
class StoreSettings:
    """Where the data is stored: a folder in a bucket or, without a bucket, on this machine."""

    bucket: Annotated[str, From("S3_BUCKET", read.bucket)]
    folder: Annotated[str, From("S3_FOLDER", read.folder)]
    output_dir: Annotated[Path, From("OUTPUT_DIR", Path)]
    retention_days: Annotated[int, From("RETENTION_DAYS", read.whole(1, 36_500))]

    @property
    def address(self) -> str:
        """Return the folder's address for people: s3://bucket/folder, or a local path."""
        if not self.bucket:
            return str(self.output_dir)
        return f"s3://{self.bucket}/{self.folder}".rstrip("/")


@dataclass(frozen=True)
class ScheduleSettings:
    """When the daily run is due, how long it may take, and how often the worker logs."""

    run_at: Annotated[time, From("RUN_AT", read.clock_time)]
    timezone: Annotated[tzinfo, From("TIMEZONE", read.timezone)]
    timeout_s: Annotated[float, From("RUN_TIMEOUT_MINUTES", read.minutes(0.01, 1440))]
    heartbeat_s: Annotated[float, From("HEARTBEAT_MINUTES", read.minutes(0.01, 1440))]


@dataclass(frozen=True)
class TableSettings:
    """Which rows, measures and files are published, where, and when a series counts as stale.

    `outputs` are those of OUTPUTS that are switched on, in that order. `own_tables` are merged, and
    `own_step` runs, before anything is filtered. `public_url` is the address of the folder on the
    web without a slash at the end, empty if the files don't name it.
    """

    keep: Annotated[str, From("KEEP", read.one_of(*KEEPS))]
    countries: Annotated[tuple[str, ...], From("COUNTRIES", read.names)]
    since: Annotated[date | None, From("SINCE", read.day)]
    outputs: Annotated[tuple[str, ...], From("OUTPUTS", read.some_of(*OUTPUTS, by_name=BY_NAME))]
    stale_after_days: Annotated[int, From("STALE_AFTER_DAYS", read.whole(1, 3650))]
    own_tables: Annotated[tuple[tables.TableSpec, ...], From("TABLES", tables.tables)]
    own_step: Annotated[tables.OwnStep | None, From("TRANSFORM", tables.own_step)]
    public_url: Annotated[str, From("PUBLIC_URL", read.folder_address)]


@dataclass(frozen=True)
class AlertSettings:
    """Who is alerted, about what, and in which languages in addition to English."""

    topic: Annotated[str, From("ALERT_TOPIC", alert_rules.topic)]
    rules: Annotated[tuple[alert_rules.AlertRule, ...], From("ALERT_RULES", alert_rules.rules)]
    kinds: Annotated[tuple[str, ...], From("ALERT_ON", alert_rules.kinds)]
    translate_to: Annotated[tuple[str, ...], From("TRANSLATE_TO", languages.several)]
    ping_url: Annotated[str, From("PING_URL", read.web_address)] = field(repr=False)


@dataclass(frozen=True)
class InboxSettings:
    """Whether readers can send letters, and which of them cause an alert."""

    on: Annotated[bool, From("INBOX", read.switch)]
    rules: Annotated[tuple[inbox_rules.InboxRule, ...], From("INBOX_ALERT", inbox_rules.rules)]
    language: Annotated[str, From("INBOX_LANGUAGE", languages.one)]
    daily_limit: Annotated[int, From("INBOX_DAILY_LIMIT", read.whole(1, 1_000_000))]


@dataclass(frozen=True)
class Settings:
    """All settings. `sources`: the data sets of SOURCES, empty where there is only one."""

    source: SourceSettings
    store: StoreSettings
    schedule: ScheduleSettings
    table: TableSettings
    alerts: AlertSettings
    inbox: InboxSettings
    sources: Annotated[tuple[str, ...], From("SOURCES")]
    log_level: Annotated[str, From("LOG_LEVEL", read.one_of(*LOG_LEVELS))]

    @property
    def one_of_several(self) -> str:
        """Return the data set's name if SOURCES names several, else an empty string."""
        return self.source.data_set if len(self.sources) > 1 else ""


GROUPS = {
    "source": SourceSettings,
    "store": StoreSettings,
    "schedule": ScheduleSettings,
    "table": TableSettings,
    "alerts": AlertSettings,
    "inbox": InboxSettings,
    "": Settings,
}


@cache
def read_fields() -> tuple[tuple[str, str, From], ...]:
    """Return group (empty: Settings itself), name and From of each field that has a variable."""
    return tuple(
        (group, name, origin)
        for group, fields in GROUPS.items()
        for name, hint in get_type_hints(fields, include_extras=True).items()
        for origin in getattr(hint, "__metadata__", ())
    )
