"""Settings that were hardly meant so: each is named, with its line in `.env`, and no value is."""

from pathlib import Path

import pytest

from config import read_settings
from etl.errors import ConfigError
from etl.settings.doubts import doubts
from tests.support.processes import command, on_a_terminal

SECRET = "CANARY"  # noqa: S105


@pytest.fixture
def dotenv(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def said(environ: dict[str, str], path: Path = Path("nowhere")) -> list[str]:
    lines = [f"{doubt.where}: {doubt.what}; {doubt.step}" for doubt in doubts(environ, path)]
    assert SECRET not in "".join(lines)
    return lines


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("S3_BUCKT", "S3_BUCKET"),
        ("COUNTRES", "COUNTRIES"),
        ("AWS_ACCES_KEY_ID", "AWS_ACCESS_KEY_ID"),
        ("TIME_ZONE", "TIMEZONE"),
        ("s3_bucket", "S3_BUCKET"),
    ],
)
def test_a_name_that_is_almost_a_settings_is_named_with_its_line(
    dotenv: Path, name: str, known: str
) -> None:
    dotenv.write_text(f"KEEP=new\n\n{name}={SECRET}\n")
    expected = f"{name} is not a setting; if you mean {known}, correct the name"
    assert said({name: SECRET, "KEEP": "new"}, dotenv) == [f"{dotenv}, line 3: {expected}"]
    assert said({name: SECRET}) == [f"the environment: {expected}"]


def test_usual_variables_are_nobodys_mistake() -> None:
    usual = ("PATH", "HOME", "LANG", "LEVEL", "PORT", "DYNO_RAM", "AWS_ENDPOINT_URL_S3", "SHLVL")
    more = ("AWS_CONFIG_FILE", "HEROKU_APP_NAME", "SOURCE_DATE_EPOCH", "TZ", "LOGNAME")
    assert said(dict.fromkeys((*usual, *more), "x")) == []


@pytest.mark.parametrize("quote", ["", '"', "'"])
def test_a_variable_that_becomes_nothing_is_named(dotenv: Path, quote: str) -> None:
    dotenv.write_text(
        f"BASE=news\nS3_FOLDER={quote}${{BASE}}{quote}\nS3_BUCKET={quote}${{USR}}-news{quote}\n"
        "RUN_AT=${AT:-06:00}\n"
    )
    after = {"BASE": "news", "S3_FOLDER": "news", "S3_BUCKET": "-news", "RUN_AT": ""}
    [line] = said(after, dotenv)
    assert line.startswith(
        f"{dotenv}, line 3: ${{USR}} in S3_BUCKET is replaced by nothing, because USR"
    )
    assert said({**after, "USR": "me"}, dotenv) == []


def test_a_quote_that_closes_lines_later_is_named(dotenv: Path) -> None:
    dotenv.write_text(f"S3_FOLDER='covid\nKEEP=new\nPING_URL='\nRUN_AT=07:00\n# {SECRET}\n")
    [line] = said({}, dotenv)
    assert line.startswith(
        f"{dotenv}, line 1: the value of S3_FOLDER continues on other lines, and cont"
    )


def test_quotes_that_docker_keeps_are_named() -> None:
    [line] = said({"AWS_SECRET_ACCESS_KEY": f'"{SECRET}"', "LS_COLORS": "'x'"})
    assert line.startswith("AWS_SECRET_ACCESS_KEY: its value begins and ends with a quote; remove")
    with pytest.raises(ConfigError, match=r"S3_BUCKET: expected .*; remove the quotes: docker"):
        read_settings({"S3_BUCKET": '"news"'})


@pytest.mark.parametrize("value", ["abc\n", "a b", "\tabc", "café", "a\rb"])
@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"])
def test_a_key_that_can_not_be_sent_is_a_fault_that_names_it(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings({name: value})
    assert caught.value.faults == [
        f"{name}: contains a line break, a space or a letter with an accent; set it again"
    ]


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_ca_bundle_that_is_missing_is_named_with_its_variable(name: str, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    with pytest.raises(ConfigError, match=rf"^{name}: the file .*ca\.pem does not exist; correct"):
        read_settings({name: str(path)})
    path.write_text("-----BEGIN CERTIFICATE-----\n")
    read_settings({name: str(path), "AWS_SECRET_ACCESS_KEY": "a/B+c=1"})


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_ca_bundle_without_a_certificate_is_named_with_its_variable(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("# certificates of the office\n")
    with pytest.raises(ConfigError, match=rf"^{name}: .*ca\.pem has no certificate in it; correct"):
        read_settings({name: str(path)})


def test_a_folder_of_certificates_is_for_requests_alone(tmp_path: Path) -> None:
    read_settings({"REQUESTS_CA_BUNDLE": str(tmp_path), "CURL_CA_BUNDLE": str(tmp_path)})
    with pytest.raises(ConfigError, match=r"^AWS_CA_BUNDLE: .* is a folder, and boto3 needs"):
        read_settings({"AWS_CA_BUNDLE": str(tmp_path)})


def test_on_a_terminal_a_doubt_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("COUNTRES=ESP\n")
    _, shown = on_a_terminal("status", cwd=tmp_path)
    assert shown.splitlines()[0] == (
        "warning: .env, line 1: COUNTRES is not a setting; if you mean COUNTRIES, correct the name"
    )


def test_on_heroku_without_a_bucket_a_run_warns_and_the_worker_does_not_start(
    tmp_path: Path,
) -> None:
    (tmp_path / ".env").write_text("COUNTRES=ESP\n")
    ended = command("run", cwd=tmp_path, DYNO="run.1234")
    assert ended.returncode == 0
    assert "settings.doubtful level=warning where=S3_BUCKET problem=" in ended.stderr
    assert 'where=".env, line 1" problem="COUNTRES is not a setting"' in ended.stderr
    worker = command(cwd=tmp_path, DYNO="worker.1")
    assert worker.returncode == 2
    [line] = worker.stderr.splitlines()
    assert line.startswith('settings.wrong level=error error="S3_BUCKET is not set, and a dyno')
    assert said({"DYNO": "worker.1", "S3_BUCKET": "news"}) == []
