"""No secret of a URL or of AWS is told by any command."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from etl.extract.sources import SAMPLES
from tests.support.commands import Fails, from_json
from tests.support.processes import command, snapshot
from tests.support.s3_server import Answer, answering, s3_error

CANARIES = {
    "AWS_ACCESS_KEY_ID": "CANARY1KEYID",
    "AWS_SECRET_ACCESS_KEY": "CANARY2SECRET",
    "AWS_SESSION_TOKEN": "CANARY3SESSION",
}


def with_secrets(address: str) -> str:
    host = address.removeprefix("http://")
    return f"http://CANARY4USER:CANARY5PASSWORD@{host}/stats.json.gz?token=CANARY6TOKEN#CANARY7"


def assert_no_canary(ended: subprocess.CompletedProcess[str], folder: Path) -> None:
    assert "CANARY" not in ended.stdout
    assert "CANARY" not in ended.stderr
    for name, content in snapshot(folder).items():
        assert b"CANARY" not in content, name
        assert "CANARY" not in name


def sample(answer: Answer) -> None:
    """The samples, from whatever address."""
    content = (SAMPLES / "stats.json.gz").read_bytes()
    answer.send_response(200)
    answer.send_header("Content-Length", str(len(content)))
    answer.end_headers()
    answer.wfile.write(content)


def test_no_secret_of_a_url_or_of_aws_is_told_by_a_run_that_succeeds(tmp_path: Path) -> None:
    with answering(sample) as address:
        ended = command(
            "run",
            "--json",
            cwd=tmp_path,
            SOURCE_URL=with_secrets(address),
            COUNTRIES_URL="",
            LOG_LEVEL="DEBUG",
            **CANARIES,
        )
    assert ended.returncode == 0
    assert_no_canary(ended, tmp_path)
    manifest = from_json((tmp_path / "out" / "manifest.json").read_bytes())
    assert manifest["inputs"][0]["url"] == f"{address}/stats.json.gz"
    assert_no_canary(command("history", cwd=tmp_path, **CANARIES), tmp_path)


@pytest.mark.parametrize(
    "refuse",
    [
        lambda answer: answer.reply(404),
        lambda answer: answer.reply(401),
        lambda answer: answer.reply(503, Retry_After="3600"),
        lambda answer: answer.reply(200, "<html>"),
        lambda answer: answer.reply(200, "[1"),
        lambda answer: answer.reply(302, Location="http://CANARY8:CANARY9@127.0.0.1:99999/"),
        lambda answer: answer.reply(302, Location=answer.path),
    ],
    ids=["404", "401", "503", "HTML", "cut", "astray", "in circles"],
)
def test_no_secret_of_a_url_is_told_by_a_run_that_fails(
    refuse: Callable[[Answer], None], run_fails: Fails
) -> None:
    with answering(refuse) as address:
        told = run_fails(LOG_LEVEL="DEBUG", SOURCE_URL=with_secrets(address), **CANARIES)
    assert "run.failed" in told
    assert "CANARY" not in told


@pytest.mark.parametrize(
    "broken",
    [
        "http://user:CANARY@/x",
        "http://user:CANARY@127.0.0.1:99999/x",
        "http://user:CANARY@127.0.0.1:port/x?CANARY",
        "http://user:CANARY@[::bad/x",
        "http://user:CANARY@*.example/x",
        "ftp://user:CANARY@127.0.0.1/x",
    ],
)
def test_no_secret_of_a_url_that_cannot_be_used_is_told(broken: str, run_fails: Fails) -> None:
    assert "CANARY" not in run_fails(LOG_LEVEL="DEBUG", SOURCE_URL=broken, COUNTRIES_URL=broken)


@pytest.mark.parametrize("code", ["AccessDenied", "SignatureDoesNotMatch"])
def test_no_secret_of_aws_is_told_where_the_bucket_refuses(code: str, tmp_path: Path) -> None:
    echo = (
        "<AWSAccessKeyId>CANARY1KEYID</AWSAccessKeyId><StringToSign>CANARY3SESSION</StringToSign>"
    )
    with answering(s3_error(403, code, echo)) as address:
        ended = command(
            "run",
            cwd=tmp_path,
            S3_BUCKET="bucket",
            LOG_LEVEL="DEBUG",
            AWS_DEFAULT_REGION="us-east-1",
            AWS_ENDPOINT_URL_S3=address.replace("//", "//CANARY4USER:CANARY5PASSWORD@"),
            **CANARIES,
        )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert "run.failed" in line
    assert "kind=StoreError" in line
    assert_no_canary(ended, tmp_path)
