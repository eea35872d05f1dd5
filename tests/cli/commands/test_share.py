"""`share`: links that expire, and public objects, as a person meets them."""

import json
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from etl.store import Upload
from etl.store.s3.store import S3Store
from tests.support.desk import Desk
from tests.support.s3_server import SECRET_KEY, Answer, answering, s3_error, use
from tests.support.web import fetch


def test_a_link_is_read_by_anybody_and_its_object_by_nobody_else(s3_desk: Desk) -> None:
    s3_desk.store.write(Upload("países/a b.csv", b"a,b\n"))
    said = s3_desk("share", "países/a b.csv")
    assert said.status == 0
    [url] = said.out.splitlines()
    answer = fetch(url)
    assert (answer.status_code, answer.content) == (200, b"a,b\n")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    signed = parse_qs(urlsplit(url).query)
    assert signed["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert signed["X-Amz-Expires"] == ["86400"]
    expires = re.fullmatch(r"expires at (\d{4}-\d\d-\d\d \d\d:\d\d) UTC\n", said.err)
    assert expires
    at = datetime.strptime(expires[1], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    assert abs(at - datetime.now(UTC) - timedelta(days=1)) < timedelta(minutes=2)
    assert SECRET_KEY not in said.out


def test_a_link_holds_for_its_object_alone(real_desk: Desk) -> None:
    real_desk.store.write(Upload("a.csv", b"1"))
    real_desk.store.write(Upload("b.csv", b"2"))
    url = real_desk("share", "a.csv").out.strip()
    assert fetch(url).status_code == 200
    assert fetch(url.replace("a.csv", "b.csv")).status_code == 403
    assert fetch(url.replace("X-Amz-Expires=86400", "X-Amz-Expires=604800")).status_code == 403
    assert fetch(url.partition("?")[0]).status_code == 403


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1m", 60), ("90m", 5400), ("24h", 86_400), ("168h", 604_800), ("7d", 604_800)],
)
def test_a_link_lasts_as_long_as_is_said(moto_desk: Desk, text: str, seconds: int) -> None:
    moto_desk.store.write(Upload("a.csv", b"1"))
    shared = moto_desk("share", "a.csv", "--expires", text, "--json").json()
    assert parse_qs(urlsplit(shared["url"]).query)["X-Amz-Expires"] == [str(seconds)]
    left = datetime.fromisoformat(shared["expires_at"]) - datetime.now(UTC)
    assert timedelta(seconds=seconds - 60) < left <= timedelta(seconds=seconds)
    assert shared["warning"] is None


@pytest.mark.parametrize(
    "text", ["8d", "169h", "99999d", "0h", "h", "", "1w", "-1h", "1.5h", "1h "]
)
def test_what_s3_would_not_sign_is_wrong_usage(local_desk: Desk, text: str) -> None:
    said = local_desk("share", "a.csv", "--expires", text)
    assert said.status == 2
    assert "S3 signs links for at most 7d" in said.err or "expected a time such as 30m" in said.err


def test_what_does_not_exist_is_not_shared(moto_desk: Desk) -> None:
    for arguments in (["nothing.csv"], ["--public", "nothing.csv"]):
        said = moto_desk("share", *arguments)
        assert (said.status, said.out) == (1, "")
        assert "nothing.csv does not exist" in said.err


@pytest.mark.parametrize("arguments", [[], ["--page", "latest.csv"], ["--public"]])
def test_one_thing_is_shared_at_a_time(local_desk: Desk, arguments: list[str]) -> None:
    said = local_desk("share", *arguments)
    assert said.status == 2
    assert "name the KEY to share, or use --page" in said.err


def test_a_link_is_signed_for_the_region_the_bucket_turns_out_to_be_in(
    local_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reply(answer: Answer) -> None:
        if answer.path == "/news":
            answer.reply(200, x_amz_bucket_region="eu-west-1")
        elif "/eu-west-1/s3/" in answer.headers["Authorization"]:
            answer.reply(200, ETag='"1"', Last_Modified="Sat, 21 Nov 2026 22:00:00 GMT")
        else:
            answer.reply(301, x_amz_bucket_region="eu-west-1")

    with answering(reply) as url:
        use(monkeypatch, url)
        monkeypatch.setenv("S3_BUCKET", "news")
        said = local_desk("share", "a.csv")
    [scope] = parse_qs(urlsplit(said.out).query)["X-Amz-Credential"]
    assert scope.split("/")[2] == "eu-west-1"


def test_a_session_of_unknown_end_is_a_warning(
    moto_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    moto_desk.store.write(Upload("a.csv", b"1"))
    monkeypatch.setenv("AWS_SESSION_TOKEN", "made-up-token")
    said = moto_desk("share", "a.csv")
    assert "warning: the credentials are temporary: the link expires with them" in said.err
    assert "made-up-token" not in said.err


@pytest.mark.parametrize(("hours", "warned"), [(6, True), (30, False)])
def test_a_session_that_ends_before_the_link_is_a_warning_that_says_when(
    moto_desk: Desk, monkeypatch: pytest.MonkeyPatch, hours: int, warned: bool
) -> None:
    moto_desk.store.write(Upload("a.csv", b"1"))
    end = datetime.now(UTC) + timedelta(hours=hours)
    Path("session.json").write_text(
        json.dumps(
            {
                "Version": 1,
                "AccessKeyId": "made-up",
                "SecretAccessKey": "made-up",
                "SessionToken": "made-up",
                "Expiration": end.isoformat(),
            }
        )
    )
    program = "print(open('session.json').read())"
    Path("config").write_text(f'[default]\ncredential_process = {sys.executable} -c "{program}"\n')
    monkeypatch.setenv("AWS_CONFIG_FILE", "config")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    said = moto_desk("share", "a.csv")
    dies = f"they and the link expire at {end:%Y-%m-%d %H:%M} UTC"
    assert (dies in said.err) == warned
    assert ("warning" in said.err) == warned


def test_an_object_is_made_public_and_private_again(moto_desk: Desk) -> None:
    store = moto_desk.store
    assert isinstance(store, S3Store)
    store.write(Upload("notes.txt", b"1"))
    said = moto_desk("share", "--public", "notes.txt")
    assert (said.status, said.err) == (0, "")
    assert said.out.endswith("/notes.txt: everyone can read it (tested without credentials)\n")
    assert "?" not in said.out

    def grants() -> list[str]:
        acl = store.client.get_object_acl(Bucket=store.bucket, Key="covid/notes.txt")
        return [grant["Permission"] for grant in acl["Grants"]]

    assert grants() == ["FULL_CONTROL", "READ"]
    said = moto_desk("share", "--private", "notes.txt")
    assert "notes.txt: private" in said.out
    assert said.err == ""
    assert grants() == ["FULL_CONTROL"]


def test_that_a_published_file_turns_private_again_is_a_warning(moto_desk: Desk) -> None:
    run_id = moto_desk.publish(20)
    assert (
        "the next run that writes it makes it private again"
        in moto_desk("share", "--public", "latest.csv").err
    )
    assert moto_desk("share", "--public", f"runs/{run_id}/latest.csv").err == ""


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (
            400,
            "AccessControlListNotSupported",
            "(python app.py setup --public), or share a link",
        ),
        (
            403,
            "AccessDenied",
            "a public ACL is also denied if the bucket's BlockPublicAcls is on",
        ),
    ],
)
def test_a_bucket_that_takes_no_acls_is_told_with_the_other_ways(
    local_desk: Desk, monkeypatch: pytest.MonkeyPatch, status: int, code: str, message: str
) -> None:
    refuse = s3_error(status, code)

    def reply(answer: Answer) -> None:
        if answer.command == "HEAD":
            answer.reply(200, ETag='"1"', Last_Modified="Sat, 21 Nov 2026 22:00:00 GMT")
        else:
            refuse(answer)

    with answering(reply) as url:
        use(monkeypatch, url)
        monkeypatch.setenv("S3_BUCKET", "news")
        said = local_desk("share", "--public", "latest.csv")
    assert (said.status, said.out) == (1, "")
    assert message in said.err


@pytest.mark.parametrize("arguments", [("share", "--public"), ("put", "--force", "--public")])
def test_an_acl_that_opens_nothing_is_found_out_by_a_request_without_credentials(
    local_desk: Desk, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    anonymous = []

    def reply(answer: Answer) -> None:
        if "Authorization" not in answer.headers:
            anonymous.append(answer.command)
            s3_error(403, "AccessDenied")(answer)
        elif answer.command == "HEAD" and arguments[0] == "put":
            answer.reply(404)
        else:
            answer.reply(200, ETag='"1"', Last_Modified="Sat, 21 Nov 2026 22:00:00 GMT")

    Path("notes.txt").write_text("1")
    with answering(reply) as url:
        use(monkeypatch, url)
        monkeypatch.setenv("S3_BUCKET", "news")
        said = local_desk(*arguments, "notes.txt")
    assert said.status == 1
    assert "notes.txt: the ACL is set, but a request without credentials can't read it" in said.err
    assert "(HTTP status 403); the bucket or the account may block public access" in said.err
    assert "everybody" not in said.out
    assert anonymous == ["GET"]


def test_a_folder_of_this_machine_says_why_not_and_where_the_file_is(local_desk: Desk) -> None:
    local_desk.store.write(Upload("latest.csv", b"1"))
    for arguments in (["latest.csv"], ["--public", "latest.csv"]):
        said = local_desk("share", *arguments)
        assert (said.status, said.out) == (1, "")
        assert said.err == (
            "Error: a local folder can't sign links (S3_BUCKET is not set); "
            f"the file itself is {Path('out/latest.csv').absolute()}\n"
        )
    assert "index.html does not exist" in local_desk("share", "--page").err
