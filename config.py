"""Every setting: its environment variable, default and meaning.

Set them in the environment or in a file `.env` beside where you start `python app.py`
(`.env.example` lists them all). A newcomer may as well edit the two lines below.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from etl.errors import ConfigError
from etl.extract import sources
from etl.extract.levels import LEVELS
from etl.settings import alert_rules as alerts
from etl.settings import inbox_rules as letters
from etl.settings import readers as read
from etl.settings.readers import Setting

if TYPE_CHECKING:
    from dotenv.parser import Binding, Original

S3_BUCKET = ""  # your bucket; empty: the folder OUTPUT_DIR takes its place
S3_FOLDER = "covid"  # the folder (key prefix) in that bucket

SOURCES = tuple(name for name, one in sources.SOURCES.items() if one.level == "countries")
SOURCE_BLANK = "{source}"  # in PING_URL
KEEPS = ("all", "new", "cumulative")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
FACTS_URL = "https://github.com/spepechen/MVTEC-covid-test/raw/main/data/InfoPaisosExtra.xlsx"


@dataclass(frozen=True)
class Settings:
    """The settings in force, typed; see REGISTER for what each one means."""

    source: str
    level: str
    sources: tuple[str, ...]
    source_url: str = field(repr=False)  # a URL may hold a password or a token
    countries_url: str = field(repr=False)
    s3_bucket: str
    s3_folder: str
    output_dir: Path
    run_at: time
    timezone: ZoneInfo
    keep: str
    countries: tuple[str, ...]
    since: date | None
    stale_after_days: int
    run_timeout_minutes: float
    heartbeat_minutes: float
    retention_days: int
    max_source_mb: int
    alert_topic: str
    alert_rules: tuple[alerts.Rule, ...]
    alert_on: tuple[str, ...]
    translate_to: tuple[str, ...]
    inbox: bool
    inbox_alert: tuple[letters.Rule, ...]
    inbox_language: str
    inbox_daily_limit: int
    ping_url: str = field(repr=False)
    log_level: str

    @property
    def data_set(self) -> str:
        """The source at its level, as the register of sources names it."""
        return sources.data_set(self.source, self.level)

    @property
    def one_of_several(self) -> str:
        """The data set's name where SOURCES has others beside it, else nothing."""
        return self.data_set if len(self.sources) > 1 else ""

    def of(self, name: str) -> "Settings":
        """One of SOURCES, in the folder of its name below the common one."""
        one = sources.SOURCES[name]
        return replace(
            self,
            source=name.removesuffix(f"-{one.level}"),
            level=one.level,
            s3_folder=f"{self.s3_folder}/{name}".lstrip("/"),
            output_dir=self.output_dir / name,
            ping_url=self.ping_url.replace(SOURCE_BLANK, name),
        )

    @property
    def store_address(self) -> str:
        """Where the data goes, as people write it."""
        if not self.s3_bucket:
            return str(self.output_dir)
        return f"s3://{self.s3_bucket}/{self.s3_folder}".rstrip("/")


REGISTER: tuple[Setting, ...] = (
    Setting(
        "SOURCE",
        "coviddata",
        "where the statistics come from: " + ", ".join(SOURCES),
        read.one_of(*SOURCES),
    ),
    Setting(
        "LEVEL",
        "countries",
        "what coviddata's statistics are of: " + ", ".join(LEVELS),
        read.one_of(*LEVELS),
    ),
    Setting(
        "SOURCES",
        "",
        "several at once, each in a folder of its own below: coviddata,coviddata-regions,who",
        read.data_sets,
    ),
    Setting(
        "SOURCE_URL",
        "",
        "URL or path that takes the place of the source's own (jhu: of its folder)",
        read.text,
    ),
    Setting(
        "COUNTRIES_URL",
        FACTS_URL,
        "URL or path of the country facts (.xlsx or .csv); empty: no merge",
        read.text,
    ),
    Setting(
        "S3_BUCKET",
        S3_BUCKET,
        "the bucket; empty: the folder OUTPUT_DIR takes its place",
        read.bucket,
    ),
    Setting("S3_FOLDER", S3_FOLDER, "the folder (key prefix) in the bucket", read.folder),
    Setting("OUTPUT_DIR", "out", "the folder on this machine, where no bucket is set", Path),
    Setting("RUN_AT", "06:00", "the daily slot, HH:MM", read.clock_time),
    Setting("TIMEZONE", "UTC", "the time zone of RUN_AT, such as Europe/Madrid", read.timezone),
    Setting("KEEP", "all", "which measures to publish: " + ", ".join(KEEPS), read.one_of(*KEEPS)),
    Setting(
        "COUNTRIES",
        "",
        "only these, by name, key or ISO code: ESP,france,Italy; empty: all",
        read.names,
    ),
    Setting("SINCE", "", "only days from this date on, such as 2020-09-01; empty: all", read.day),
    Setting(
        "STALE_AFTER_DAYS",
        "14",
        "a series, or the whole source, that ended earlier than this counts as stale",
        read.whole(1, 3650),
    ),
    Setting(
        "RUN_TIMEOUT_MINUTES",
        "30",
        "a run that takes longer is killed and tried again",
        read.number(0.01, 1440),
    ),
    Setting(
        "HEARTBEAT_MINUTES",
        "60",
        "how often the worker logs that it lives",
        read.number(0.01, 1440),
    ),
    Setting(
        "RETENTION_DAYS",
        "400",
        "how long runs and their raw inputs are kept; the first run of a month clears older ones",
        read.whole(1, 36_500),
    ),
    Setting("MAX_SOURCE_MB", "1024", "refuse a source larger than this", read.whole(1, 100_000)),
    Setting(
        "ALERT_TOPIC",
        "",
        "the SNS topic that is told, by name or ARN; empty: no alerts",
        alerts.topic,
    ),
    Setting(
        "ALERT_RULES",
        "",
        "thresholds, such as ESP:cases_7d_per_100k>300,*:deaths_7d_avg>1000",
        alerts.rules,
    ),
    Setting(
        "ALERT_ON",
        ",".join(alerts.KINDS),
        "what is told: " + ", ".join(alerts.KINDS),
        alerts.kinds,
    ),
    Setting(
        "TRANSLATE_TO",
        "",
        "the page, and what is told, in these languages too, such as es,ca (Amazon Translate)",
        alerts.languages,
    ),
    Setting(
        "INBOX",
        "off",
        "on: readers can send remarks and pictures, which Amazon's services read (docs/inbox.md)",
        read.switch,
    ),
    Setting(
        "INBOX_ALERT",
        "negative",
        "of which letters somebody is told, such as negative,label:Cat>80",
        letters.rules,
    ),
    Setting(
        "INBOX_LANGUAGE",
        alerts.ORIGINAL,
        "the language that readers' remarks are translated into",
        alerts.language,
    ),
    Setting(
        "INBOX_DAILY_LIMIT",
        "100",
        "so many calls of these services a day (UTC) at most; what is left over waits",
        read.whole(1, 1_000_000),
    ),
    Setting(
        "PING_URL",
        "",
        "a dead-man's switch as healthchecks.io has it: told of each run; {source}: its name",
        alerts.web_address,
        secret=True,
    ),
    Setting("LOG_LEVEL", "INFO", ", ".join(LOG_LEVELS), read.one_of(*LOG_LEVELS)),
)


def given(setting: Setting, environ: Mapping[str, str]) -> str:
    """The text in force: a variable that is set but empty means its default, except where empty
    has a meaning of its own (COUNTRIES_URL)."""
    value = environ.get(setting.variable, setting.default).strip()
    return value if value or setting.variable == "COUNTRIES_URL" else setting.default


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read every setting from a mapping. Raises ConfigError naming every fault at once."""
    values: dict[str, Any] = {}
    faults: list[str] = []
    for setting in REGISTER:
        text = given(setting, environ)
        try:
            values[setting.variable.lower()] = setting.read(text)
        except ValueError as exc:
            got = "something else" if setting.secret else repr(text[:80])
            faults.append(f"{setting.variable}: expected {exc}, got {got}")
    if values.get("inbox") and not values.get("s3_bucket"):
        faults.append("INBOX: on needs S3_BUCKET: a folder of this machine can sign no form")
    source, level = values.get("source", ""), values.get("level", "")
    if source and level and sources.data_set(source, level) not in sources.SOURCES:
        faults.append(f"LEVEL: {source} has countries alone, got {level!r}")
    of_levels = {level} if level else set()
    if several := values.get("sources"):
        of_levels = {sources.SOURCES[name].level for name in several}
        faults += _beside_several(several, values, environ)
    if values.get("alert_rules") and (others := of_levels - {"countries"}):
        faults.append(
            "ALERT_RULES: rules are about countries, and there is "
            f"LEVEL {', '.join(sorted(others))}; leave it empty"
        )
    if faults:
        raise ConfigError(faults)
    return Settings(**{field.name: values[field.name] for field in fields(Settings)})


def _beside_several(
    several: Sequence[str], values: Mapping[str, Any], environ: Mapping[str, str]
) -> list[str]:
    """What can't be beside SOURCES."""
    faults = []
    given_one = environ.get("SOURCE", "").strip() or environ.get("LEVEL", "").strip()
    one = sources.data_set(values.get("source", ""), values.get("level", ""))
    if given_one and one not in several:
        faults.append(f"SOURCES: {one}, by SOURCE and LEVEL, is not among them; leave those empty")
    if values.get("source_url"):
        faults.append("SOURCE_URL: one address can't serve SOURCES; leave it empty")
    if len(several) > 1 and values.get("ping_url") and SOURCE_BLANK not in values["ping_url"]:
        faults.append(
            "PING_URL: one check can't watch several SOURCES; "
            f"write {SOURCE_BLANK} in it where the source's name goes"
        )
    return faults


def of_each(settings: Settings) -> list[Settings]:
    """The settings of each of SOURCES; where it is not set, these are those of the one source."""
    return [settings.of(name) for name in settings.sources] or [settings]


def of_one(settings: Settings, name: str = "") -> Settings:
    """Those of the source of that name, which may be left out where there is one alone.

    Raises ConfigError.
    """
    if name and name not in settings.sources:
        there = ", ".join(settings.sources) or "nothing"
        raise ConfigError(f"--source {name}: SOURCES names {there}")
    if not name and len(settings.sources) > 1:
        raise ConfigError(
            f"SOURCES names {', '.join(settings.sources)}: say which of them is meant, "
            f"python app.py --source {settings.sources[0]} ..."
        )
    return settings.of(name) if name else of_each(settings)[0]


def _is_broken(binding: "Binding") -> bool:
    return binding.error or (binding.key is not None and binding.value is None)


def _line(original: "Original") -> int:
    """The line's own number: blank lines before it count to it."""
    text = original.string
    return original.line + text[: len(text) - len(text.lstrip())].count("\n")


def load_settings(dotenv: Path = Path(".env")) -> Settings:
    """Read `.env` into the environment, which wins where both speak, and then the settings.

    `.env` goes into the environment itself because boto3 reads its AWS_* variables there.
    Raises ConfigError.
    """
    from dotenv import load_dotenv
    from dotenv.parser import parse_stream

    if dotenv.is_file():
        try:
            with dotenv.open(encoding="utf-8") as lines:
                broken = [_line(b.original) for b in parse_stream(lines) if _is_broken(b)]
        except (OSError, UnicodeDecodeError) as exc:
            raise ConfigError(f"{dotenv}: can't be read as text: {exc}") from exc
        if broken:
            raise ConfigError([f"{dotenv}, line {n}: expected NAME=value" for n in broken])
        load_dotenv(dotenv, override=False, encoding="utf-8")
    return read_settings(os.environ)
