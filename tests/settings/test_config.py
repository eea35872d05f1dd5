import os
import re
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from datetime import UTC, date, time
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest

import config
from config import REGISTER, load_settings, read_settings
from etl.errors import SHOWN, ConfigError
from etl.settings import inbox_rules as letter_rules
from etl.settings.alert_rules import KINDS, MEASURES, AlertRule
from etl.settings.groups import (
    FACTS_URL,
    OUTPUTS,
    AlertSettings,
    InboxSettings,
    ScheduleSettings,
    Settings,
    SourceSettings,
    StoreSettings,
    TableSettings,
    read_fields,
)
from etl.settings.inbox_rules import InboxRule

EXAMPLE = Path(config.__file__).with_name(".env.example")
VARIABLES = {setting.variable for setting in REGISTER}
AWS_VARIABLES = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL_S3",
    "AWS_PROFILE",
]
ARN = "arn:aws:sns:eu-west-1:123456789012:cloud-etl"
SECRET = "wJalrXUtnFEMI/K7MDENG/made-up"  # noqa: S105  made up


def read(**environ: str) -> Settings:
    return read_settings(environ)


def of_variable(settings: Settings, variable: str) -> object:
    """The value in force, wherever it is among the groups."""
    [(group, name)] = [(g, n) for g, n, origin in read_fields() if origin.variable == variable]
    return getattr(getattr(settings, group) if group else settings, name)


def faults(**environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_settings(environ)
    return caught.value.faults


# Defaults


def test_nothing_set_gives_the_defaults() -> None:
    assert read() == Settings(
        source=SourceSettings(
            name="coviddata",
            level="countries",
            data_set="coviddata",
            url="",
            countries_url=FACTS_URL,
            facts_url=FACTS_URL,
            max_bytes=1_024_000_000,
            timeout_s=600,
        ),
        store=StoreSettings(
            bucket=config.S3_BUCKET,
            folder=config.S3_FOLDER,
            output_dir=Path("out"),
            retention_days=400,
        ),
        schedule=ScheduleSettings(
            run_at=time(6, 0), timezone=UTC, timeout_s=1800, heartbeat_s=3600
        ),
        table=TableSettings(
            keep="all",
            countries=(),
            since=None,
            outputs=("page", "countries", "world", "stats", "csv", "feed", "xlsx"),
            stale_after_days=14,
            own_tables=(),
            own_step=None,
            public_url="",
        ),
        alerts=AlertSettings(
            topic="",
            rules=(),
            kinds=("failures", "stale", "restated", "thresholds", "reports", "inbox"),
            translate_to=(),
            ping_url="",
        ),
        inbox=InboxSettings(
            on=False, rules=(InboxRule("negative"),), language="en", daily_limit=100
        ),
        sources=(),
        log_level="INFO",
    )


def test_the_register_and_the_settings_name_the_same_things() -> None:
    assert sorted(VARIABLES) == sorted(origin.variable for _, _, origin in read_fields())
    assert all(setting.meaning for setting in REGISTER)


@pytest.mark.parametrize("empty", ["", "   "])
def test_a_variable_that_is_set_but_empty_means_its_default(empty: str) -> None:
    others = dict.fromkeys(VARIABLES - {"COUNTRIES_URL"}, empty)
    assert read(**others) == read()


def test_an_empty_countries_url_means_no_merge() -> None:
    assert read(COUNTRIES_URL="").source.countries_url == ""
    assert read(COUNTRIES_URL="  ").source.countries_url == ""


def test_variables_of_others_are_left_alone() -> None:
    assert read(PATH="/bin", RUN_AT_NIGHT="x", run_at="25:00") == read()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        read().table.keep = "new"  # type: ignore[misc]


# One by one


@pytest.mark.parametrize(
    ("variable", "given", "value"),
    [
        ("SOURCE", "sample", "sample"),
        ("SOURCE", "CovidData", "coviddata"),
        ("LEVEL", "Regions", "regions"),
        ("SOURCE_URL", " https://example.org/stats.json ", "https://example.org/stats.json"),
        ("SOURCE_URL", "./stats.json.gz", "./stats.json.gz"),
        ("COUNTRIES_URL", "facts.csv", "facts.csv"),
        ("S3_BUCKET", "abc", "abc"),
        ("S3_BUCKET", "my-bucket.2020", "my-bucket.2020"),
        ("S3_BUCKET", "a" * 63, "a" * 63),
        ("S3_FOLDER", "covid", "covid"),
        ("S3_FOLDER", "/data/covid/", "data/covid"),
        ("S3_FOLDER", "/", ""),
        ("S3_FOLDER", "it's (new)!".replace(" ", "_"), "it's_(new)!"),
        ("OUTPUT_DIR", "some/where", Path("some/where")),
        ("RUN_AT", "00:00", time(0, 0)),
        ("RUN_AT", "23:59", time(23, 59)),
        ("RUN_AT", "6:05", time(6, 5)),
        ("TIMEZONE", "Europe/Madrid", ZoneInfo("Europe/Madrid")),
        ("KEEP", "NEW", "new"),
        ("KEEP", "cumulative", "cumulative"),
        ("COUNTRIES", "ESP", ("ESP",)),
        ("COUNTRIES", " ESP, Costa Rica ,,ESP,", ("ESP", "Costa Rica")),
        ("COUNTRIES", " , ", ()),
        ("SINCE", "2020-09-01", date(2020, 9, 1)),
        ("STALE_AFTER_DAYS", "1", 1),
        ("STALE_AFTER_DAYS", "3650", 3650),
        ("RUN_TIMEOUT_MINUTES", "0.5", 30.0),
        ("RUN_TIMEOUT_MINUTES", "1440", 86_400.0),
        ("HEARTBEAT_MINUTES", "0.01", 0.6),
        ("MAX_SOURCE_MB", "100000", 100_000_000_000),
        ("ALERT_TOPIC", "cloud-etl_1", "cloud-etl_1"),
        ("ALERT_TOPIC", ARN, ARN),
        ("ALERT_RULES", "ESP:cases_7d_per_100k>300", (AlertRule("ESP", "cases_7d_per_100k", 300),)),
        ("ALERT_RULES", "*:active>-0.5", (AlertRule("*", "active", -0.5),)),
        (
            "ALERT_RULES",
            " Costa Rica : active > 0.5 , *:deaths_7d_avg>1000,*:deaths_7d_avg>1000.0",
            (AlertRule("Costa Rica", "active", 0.5), AlertRule("*", "deaths_7d_avg", 1000)),
        ),
        ("ALERT_ON", "Failures, inbox", ("failures", "inbox")),
        ("TRANSLATE_TO", "es,CA, zh-tw,en", ("es", "ca", "zh-TW")),
        ("PING_URL", "https://hc-ping.com/abc", "https://hc-ping.com/abc"),
        ("PUBLIC_URL", "https://example.org/covid/", "https://example.org/covid"),
        ("LOG_LEVEL", "debug", "DEBUG"),
    ],
)
def test_a_good_value_is_read(variable: str, given: str, value: object) -> None:
    assert of_variable(read(**{variable: given}), variable) == value


def test_an_inbox_needs_a_bucket() -> None:
    assert faults(INBOX="on") == [
        "INBOX: on needs S3_BUCKET, because a local folder can't sign forms"
    ]
    chosen = read(INBOX="ON", S3_BUCKET="news", INBOX_LANGUAGE="PT-pt", INBOX_ALERT="label:Cat>80")
    assert (chosen.inbox.on, chosen.inbox.language) == (True, "pt-PT")
    assert chosen.inbox.rules == (InboxRule("Cat", 80.0),)


RULES = "rules such as ESP:cases_7d_per_100k>300,*:deaths_7d_avg>1000, of the figures " + ", ".join(
    MEASURES
)
TOPIC = (
    "a topic's name (letters, digits, '-' and '_'), or its ARN, such as "
    "arn:aws:sns:eu-west-1:123456789012:cloud-etl"
)
FIFO = "a standard topic: a FIFO topic can't deliver to phones, e-mail or URLs"
BAD = [
    ("ALERT_TOPIC", "my topic", TOPIC),
    ("ALERT_TOPIC", "topic.fifo", FIFO),
    ("ALERT_TOPIC", f"{ARN}.fifo", FIFO),
    ("ALERT_TOPIC", "arn:foo", TOPIC),
    ("ALERT_TOPIC", "arn:aws:sqs:eu-west-1:123456789012:queue", TOPIC),
    ("ALERT_RULES", "ESP:cases_7d_per_100k", RULES),
    ("ALERT_RULES", "ESP:cases_7d_per_100k<300", RULES),
    ("ALERT_RULES", "ESP:population>300", RULES),
    ("ALERT_RULES", "cases_7d_per_100k>300", RULES),
    ("ALERT_RULES", "*:active>nan", RULES),
    ("INBOX", "maybe", "one of off, on"),
    ("INBOX_ALERT", "angry", letter_rules.WANTED),
    ("INBOX_LANGUAGE", "klingon", "a language that Amazon Translate knows, such as en"),
    ("INBOX_DAILY_LIMIT", "0", "a whole number from 1 to 1000000"),
    ("ALERT_ON", "failure", "some of " + ", ".join(KINDS)),
    ("ALERT_ON", ",", "some of " + ", ".join(KINDS)),
    ("TRANSLATE_TO", "es,cat", "languages that Amazon Translate knows, such as es,ca"),
    ("SOURCE", "ecdc", "one of coviddata, who, owid, jhu, sample"),
    ("LEVEL", "region", "one of countries, regions, places"),
    ("S3_BUCKET", "ab", "only a bucket's name: 3 to 63 of a-z, 0-9, '.' and '-'"),
    ("S3_BUCKET", "s3://bucket", "only a bucket's name: 3 to 63 of a-z, 0-9, '.' and '-'"),
    ("S3_BUCKET", "bucket/covid", "only a bucket's name: 3 to 63 of a-z, 0-9, '.' and '-'"),
    ("S3_BUCKET", "Bucket", "only a bucket's name: 3 to 63 of a-z, 0-9, '.' and '-'"),
    ("S3_BUCKET", "-bucket", "only a bucket's name: 3 to 63 of a-z, 0-9, '.' and '-'"),
    ("S3_BUCKET", "b" * 64, "only a bucket's name: 3 to 63 of a-z, 0-9, '.' and '-'"),
    ("S3_FOLDER", "../up", "a folder such as covid or data/covid"),
    ("S3_FOLDER", "a//b", "a folder such as covid or data/covid"),
    ("S3_FOLDER", "a/./b", "a folder such as covid or data/covid"),
    ("S3_FOLDER", "a b", "a folder such as covid or data/covid"),
    ("S3_FOLDER", "a?b", "a folder such as covid or data/covid"),
    ("RUN_AT", "25:00", "HH:MM"),
    ("RUN_AT", "24:00", "HH:MM"),
    ("RUN_AT", "12:60", "HH:MM"),
    ("RUN_AT", "6", "HH:MM"),
    ("RUN_AT", "06:00:00", "HH:MM"),
    ("RUN_AT", "6 am", "HH:MM"),
    ("RUN_AT", "-1:00", "HH:MM"),
    ("TIMEZONE", "Madrid", "a name such as UTC or Europe/Madrid"),
    ("TIMEZONE", "Europe", "a name such as UTC or Europe/Madrid"),
    ("TIMEZONE", "../../etc/passwd", "a name such as UTC or Europe/Madrid"),
    ("TIMEZONE", "/etc/localtime", "a name such as UTC or Europe/Madrid"),
    ("TIMEZONE", "x" * 80, "a name such as UTC or Europe/Madrid"),
    ("TIMEZONE", "a\0b", "a name such as UTC or Europe/Madrid"),
    ("KEEP", "none", "one of all, new, cumulative"),
    ("SINCE", "yesterday", "a date such as 2020-09-01"),
    ("SINCE", "2020-02-30", "a date such as 2020-09-01"),
    ("SINCE", "01/09/2020", "a date such as 2020-09-01"),
    ("STALE_AFTER_DAYS", "0", "a whole number from 1 to 3650"),
    ("STALE_AFTER_DAYS", "3651", "a whole number from 1 to 3650"),
    ("STALE_AFTER_DAYS", "14.5", "a whole number from 1 to 3650"),
    ("STALE_AFTER_DAYS", "-14", "a whole number from 1 to 3650"),
    ("STALE_AFTER_DAYS", "٣", "a whole number from 1 to 3650"),
    ("STALE_AFTER_DAYS", "9" * 50, "a whole number from 1 to 3650"),
    ("RUN_TIMEOUT_MINUTES", "0", "a number from 0.01 to 1440"),
    ("RUN_TIMEOUT_MINUTES", "1441", "a number from 0.01 to 1440"),
    ("RUN_TIMEOUT_MINUTES", "nan", "a number from 0.01 to 1440"),
    ("RUN_TIMEOUT_MINUTES", "inf", "a number from 0.01 to 1440"),
    ("HEARTBEAT_MINUTES", "an hour", "a number from 0.01 to 1440"),
    ("MAX_SOURCE_MB", "0", "a whole number from 1 to 100000"),
    ("MAX_SOURCE_MB", "1 GB", "a whole number from 1 to 100000"),
    ("LOG_LEVEL", "LOUD", "one of DEBUG, INFO, WARNING, ERROR"),
]


@pytest.mark.parametrize(("variable", "given", "expected"), BAD)
def test_a_bad_value_is_named_with_what_was_expected(
    variable: str, given: str, expected: str
) -> None:
    assert faults(**{variable: given}) == [f"{variable}: expected {expected}, got {given!r}"]


@pytest.mark.parametrize(
    "given",
    [
        "data.example.org/covid",
        "s3://news/covid",
        *(f"https://example.org/covid{end}" for end in ("?", "#", '"><b>', "\\a", "\x01", " a")),
        *(f"https://example.org/{name}" for name in ("index.html", "feed.xml", "MANIFEST.JSON/")),
    ],
)
def test_an_address_that_no_file_can_follow_is_refused(given: str) -> None:
    [fault] = faults(PUBLIC_URL=given)
    assert fault.startswith("PUBLIC_URL: expected ")
    assert "\n" not in fault


@pytest.mark.parametrize("given", ["https://me:s3cret@example.org/c", "https://a.org/c?sig=s3cret"])
def test_a_secret_in_an_address_is_not_shown(given: str) -> None:
    [fault] = faults(PUBLIC_URL=given)
    assert fault.endswith(" (its value is not shown)")
    assert "s3cret" not in fault


def test_the_message_is_one_line_however_odd_the_value() -> None:
    assert faults(RUN_AT="a\nb" + "c" * 500) == [
        "RUN_AT: expected HH:MM, got 'a\\nb" + "c" * 77 + "'"
    ]


def test_every_fault_is_named_at_once() -> None:
    bad = {variable: given for variable, given, _ in BAD}
    named = faults(**bad)
    assert [fault.split(":")[0] for fault in named] == [
        setting.variable for setting in REGISTER if setting.variable in bad
    ]
    with pytest.raises(ConfigError) as caught:
        read(RUN_AT="25:00", KEEP="x")
    assert str(caught.value) == (
        "RUN_AT: expected HH:MM, got '25:00'; KEEP: expected one of all, new, cumulative, got 'x'"
    )


def test_the_address_is_written_as_people_write_it() -> None:
    assert read(S3_BUCKET="bucket", S3_FOLDER="a/b").store.address == "s3://bucket/a/b"
    assert read(S3_BUCKET="bucket", S3_FOLDER="/").store.address == "s3://bucket"
    if not config.S3_BUCKET:
        assert read(OUTPUT_DIR="some/where").store.address == str(Path("some/where"))


# .env


@pytest.fixture
def environment() -> Iterator[None]:
    """An empty environment, whatever .env puts into it."""
    with patch.dict(os.environ, clear=True):
        yield


@pytest.fixture
def dotenv(tmp_path: Path, environment: None) -> Path:
    return tmp_path / ".env"


def refused(dotenv: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_settings(dotenv)
    return caught.value.faults


def test_dotenv_is_read(dotenv: Path) -> None:
    dotenv.write_text(
        "# a comment\n\nRUN_AT=07:15\nexport KEEP='new'\n"
        'COUNTRIES="ESP, Korea, South"  # and a comment\nTIMEZONE = Asia/Tokyo\n',
        encoding="utf-8",
    )
    settings = load_settings(dotenv)
    assert settings.schedule.run_at == time(7, 15)
    assert settings.table.keep == "new"
    assert settings.table.countries == ("ESP", "Korea", "South")
    assert settings.schedule.timezone == ZoneInfo("Asia/Tokyo")


def test_the_environment_wins_over_dotenv(dotenv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dotenv.write_text("RUN_AT=07:15\nKEEP=new\n", encoding="utf-8")
    monkeypatch.setenv("RUN_AT", "08:30")
    settings = load_settings(dotenv)
    assert (settings.schedule.run_at, settings.table.keep) == (time(8, 30), "new")


def test_aws_variables_of_dotenv_reach_the_environment_where_boto3_looks(dotenv: Path) -> None:
    dotenv.write_text(f"AWS_ACCESS_KEY_ID=abc\nAWS_SECRET_ACCESS_KEY={SECRET}\n", encoding="utf-8")
    load_settings(dotenv)
    assert os.environ["AWS_ACCESS_KEY_ID"] == "abc"
    assert os.environ["AWS_SECRET_ACCESS_KEY"] == SECRET


@pytest.mark.usefixtures("environment")
def test_without_dotenv_the_environment_alone_speaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEEP", "cumulative")
    assert load_settings(tmp_path / ".env") == read(KEEP="cumulative")
    assert load_settings(tmp_path) == read(KEEP="cumulative")  # a folder is no file


@pytest.mark.usefixtures("environment")
def test_dotenv_is_looked_for_where_the_program_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("KEEP=new\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_settings().table.keep == "new"


def test_a_byte_order_mark_before_dotenv_does_no_harm(dotenv: Path) -> None:
    dotenv.write_bytes(b"\xef\xbb\xbfRUN_AT=07:15\r\nKEEP=new\r\n")
    settings = load_settings(dotenv)
    assert (settings.schedule.run_at, settings.table.keep) == (time(7, 15), "new")
    assert "\ufeffRUN_AT" not in os.environ


def test_names_in_any_script_are_read_from_dotenv(dotenv: Path) -> None:
    dotenv.write_text("COUNTRIES=España,日本\n", encoding="utf-8")
    assert load_settings(dotenv).table.countries == ("España", "日本")


def test_a_broken_line_of_dotenv_is_named_by_its_number_and_not_shown(dotenv: Path) -> None:
    dotenv.write_text(
        f"# settings\n\n# when\nRUN_AT 07:15\nKEEP=new\nAWS_SECRET_ACCESS_KEY {SECRET}\n'open=1\n",
        encoding="utf-8",
    )
    assert refused(dotenv) == [f"{dotenv}, line {n}: expected NAME=value" for n in (4, 6, 7)]
    dotenv.write_text(f"KEEP=new\nAWS_SECRET_ACCESS_KEY='{SECRET}\nRUN_AT=07:15\n")
    assert refused(dotenv) == [f"{dotenv}, line 2: the quote is not closed"]
    assert "KEEP" not in os.environ  # nothing is taken from a broken file


def test_a_bad_value_in_dotenv_is_named_like_any_other(dotenv: Path) -> None:
    dotenv.write_text("RUN_AT=25:00\n", encoding="utf-8")
    assert refused(dotenv) == ["RUN_AT: expected HH:MM, got '25:00'"]


def test_a_dotenv_that_is_no_text_is_said_to_be_none(dotenv: Path) -> None:
    dotenv.write_bytes(b"RUN_AT=07:15\nCOUNTRIES=Espa\xf1a\n")
    assert refused(dotenv)[0].startswith(f"{dotenv}, line 2: is not in UTF-8; save it as UTF-8")
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        dotenv.write_text("KEEP=new\n", encoding=encoding)
        assert refused(dotenv)[0].startswith(f"{dotenv}: is in UTF-16; save it as UTF-8")


def test_no_secret_is_in_a_repr_or_an_error(dotenv: Path) -> None:
    dotenv.write_text(f"AWS_SECRET_ACCESS_KEY={SECRET}\n", encoding="utf-8")
    assert SECRET not in repr(load_settings(dotenv))
    dotenv.write_text(f"AWS_SECRET_ACCESS_KEY={SECRET}\nRUN_AT=25:00\nKEEP=x\n", encoding="utf-8")
    assert SECRET not in str(refused(dotenv))
    dotenv.write_bytes(f"AWS_SECRET_ACCESS_KEY={SECRET}\n".encode() + b"X=\xff\n")
    assert SECRET not in str(refused(dotenv))


# .env.example


def test_the_example_lists_exactly_the_register_with_meanings_and_defaults() -> None:
    ours, _, aws = EXAMPLE.read_text(encoding="utf-8").partition("\n# AWS's own variables")
    listed = re.findall(r"^# (.+)\n#([A-Z0-9_]+)=(.*)$", ours, re.MULTILINE)
    # the two that a newcomer edits in config.py
    edited = {"S3_BUCKET": "", "S3_FOLDER": "covid"}
    assert listed == [(s.meaning, s.variable, edited.get(s.variable, s.default)) for s in REGISTER]
    assert re.findall(r"^#([A-Z0-9_]+)=$", aws, re.MULTILINE) == AWS_VARIABLES
    assert len(re.findall(r"^#?[A-Z0-9_]+=", ours + aws, re.MULTILINE)) == len(REGISTER) + len(
        AWS_VARIABLES
    )


def test_the_example_as_it_stands_sets_nothing(dotenv: Path) -> None:
    dotenv.write_bytes(EXAMPLE.read_bytes())
    assert load_settings(dotenv) == read()
    assert not set(os.environ) & (VARIABLES | set(AWS_VARIABLES))


def test_the_example_with_its_marks_taken_off_gives_the_defaults(dotenv: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    dotenv.write_text(re.sub(r"^#(?=[A-Z0-9_]+=)", "", text, flags=re.MULTILINE), encoding="utf-8")
    assert load_settings(dotenv) == read(S3_FOLDER="covid")
    assert set(os.environ) - {"PYTEST_CURRENT_TEST"} == VARIABLES | set(AWS_VARIABLES)


def test_more_faults_than_a_message_holds_are_counted_and_all_kept() -> None:
    many = ConfigError([f"fault {n}" for n in range(SHOWN + 3)])
    assert str(many).endswith("; fault 19; and 3 more")
    assert len(many.faults) == SHOWN + 3
    assert ConfigError("one").faults == ["one"]


def test_a_broken_line_behind_blank_ones_and_a_bare_name_are_named_by_their_lines(
    tmp_path: Path,
) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("KEEP=all\n\n\nRUN_AT 06:00\nRUN_AT\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(dotenv)
    assert [fault.partition(", ")[2] for fault in caught.value.faults] == [
        "line 4: expected NAME=value",
        "line 5: expected NAME=value",
    ]


def test_a_password_in_a_url_is_not_in_the_settings_repr() -> None:
    used = read_settings({"SOURCE_URL": "https://me:s3cret@example.org/stats.json"})
    assert "s3cret" not in repr(used)


def test_a_secret_setting_is_in_no_repr_and_in_no_error() -> None:
    assert "s3cret" not in repr(read(PING_URL="https://s3cret.example/s3cret"))
    for given in (
        "ftp://x/s3cret",
        "s3cret",
        "https://",
        "https://x:99999/s3cret",
        "https://x/ s3cret",
    ):
        assert faults(PING_URL=given) == [
            "PING_URL: expected a URL that begins with https:// (its value is not shown)"
        ]
    assert {s.variable for s in REGISTER if s.secret} == {
        *("PING_URL", "SOURCE_URL", "COUNTRIES_URL", "TABLES")
    }


def test_rules_about_countries_are_refused_where_there_are_regions() -> None:
    rule = {"ALERT_RULES": "ESP:cases_7d_per_100k>300"}
    assert read_settings(rule).alerts.rules
    with pytest.raises(ConfigError) as caught:
        read_settings({**rule, "LEVEL": "regions"})
    assert caught.value.faults == [
        "ALERT_RULES: rules need LEVEL countries, got regions; leave ALERT_RULES empty"
    ]


@pytest.mark.parametrize(
    "name", ["SOURCE_URL", "COUNTRIES_URL", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"]
)
def test_a_url_with_a_password_but_no_scheme_is_refused_and_not_shown(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings({name: "ada:s3cret@example.org/stats.json"})
    (fault,) = caught.value.faults
    assert fault.startswith(f"{name}: expected ")
    assert "https://" in fault
    assert "s3cret" not in fault


def test_all_outputs_leave_out_the_many_files_unless_they_are_named() -> None:
    usual = read_settings({"OUTPUTS": "all"}).table.outputs
    assert set(OUTPUTS) - set(usual) == {"countries-csv"}
    assert read_settings({"OUTPUTS": "all,countries-csv"}).table.outputs == OUTPUTS
    with pytest.raises(ConfigError, match="OUTPUTS"):
        read_settings({"OUTPUTS": "all,page"})
