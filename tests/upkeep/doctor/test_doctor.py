"""The doctor before anything is published: settings, source, credentials, bucket, permissions."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from config import REGISTER
from etl.extract.sources import SOURCES
from etl.inbox import allowance
from etl.store import Store, Upload
from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from etl.store.s3.account import Identity
from etl.store.s3.setup import BucketWish
from etl.store.s3.setup.policy import worker_policy
from etl.store.s3.store import S3Store
from etl.upkeep.doctor import inbox, place, sources
from etl.upkeep.doctor import place as bucket
from etl.upkeep.doctor import settings as of_settings
from etl.upkeep.doctor.examine import examine
from etl.upkeep.doctor.finding import Finding
from etl.upkeep.doctor.trial import trial
from tests.support.aws_like import AwsLike
from tests.support.fault_proxy import FaultProxy, Handler
from tests.support.language_server import language_server
from tests.support.processes import command, snapshot
from tests.support.runs import settings as settings_for
from tests.support.s3_server import Answer, answering, use

NOW = datetime(2021, 3, 1, 12, 0, tzinfo=UTC)
CANARIES = {
    "AWS_ACCESS_KEY_ID": "CANARY1KEYID",
    "AWS_SECRET_ACCESS_KEY": "CANARY2SECRET",
    "AWS_SESSION_TOKEN": "CANARY3SESSION",
}


def told(findings: Iterator[Finding]) -> str:
    return "\n".join(f"{f.level}: {f.what} -> {f.step}" for f in findings)


def troubles(findings: Iterator[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level != "ok"]


# ---- settings


def test_every_setting_is_shown_with_its_value_or_default() -> None:
    said = told(of_settings.setting_findings({"RUN_AT": "07:30", "S3_BUCKET": ""}))
    assert "RUN_AT = 07:30 ->" in said
    assert "TIMEZONE = UTC (default)" in said
    assert "S3_BUCKET = none (default)" in said
    assert [s.variable for s in REGISTER if f"{s.variable} = " not in said] == []
    assert "COUNTRIES_URL = none ->" in told(of_settings.setting_findings({"COUNTRIES_URL": ""}))


def test_no_secret_is_shown() -> None:
    environ = {**CANARIES, "S3_BUCKET": "news", "AWS_ENDPOINT_URL_S3": "http://me:CANARY4@host"}
    environ["SOURCE_URL"] = "https://me:CANARY5@host/stats.json?token=CANARY6"
    environ["PING_URL"] = "https://host/CANARY7"
    said = told(of_settings.setting_findings(environ))
    assert "CANARY" not in said
    assert "PING_URL = (set, not shown)" in said
    assert "AWS_SECRET_ACCESS_KEY = (set, not shown)" in said
    assert "SOURCE_URL = https://host/stats.json" in said


def test_a_region_in_the_variable_that_boto3_does_not_read_is_a_warning() -> None:
    environ = {"S3_BUCKET": "news", "AWS_REGION": "eu-west-1"}
    [finding] = troubles(of_settings.setting_findings(environ))
    assert finding.step == "set AWS_DEFAULT_REGION too"
    environ["AWS_DEFAULT_REGION"] = "eu-west-1"
    assert troubles(of_settings.setting_findings(environ)) == []


# ---- the source


def of_source(url: str, **variables: str) -> list[Finding]:
    return list(sources.source_findings(settings_for(url, **variables), NOW))


def serving(body: str, status: int = 200, **headers: str) -> Any:
    return answering(lambda answer: answer.reply(status, body, **headers))


def test_a_source_that_answers_is_shown_with_its_age_and_etag() -> None:
    fresh = "Sun, 28 Feb 2021 06:00:00 GMT"
    with serving("[]", Last_Modified=fresh, ETag='"1"') as url:
        [source, facts] = of_source(f"{url}/stats.json")
    assert source == Finding(
        "ok",
        f'the source: {url}/stats.json answers, Last-Modified 2021-02-28 06:00 UTC, ETag "1"',
    )
    assert facts.what == "no country facts are merged (COUNTRIES_URL is empty)"


def test_a_source_that_stands_still_is_a_warning() -> None:
    with serving("[]", Last_Modified="Tue, 16 Feb 2021 00:00:00 GMT") as url:
        assert of_source(url)[0].level == "ok"  # 13 days, and 14 are allowed
        [finding, _] = of_source(url, STALE_AFTER_DAYS="12")
    assert finding.level == "warning"
    assert "unchanged for 13 days" in finding.what


def broken_gzip(answer: Answer) -> None:
    body = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + b"\xff" * 20
    answer.send_response(200)
    answer.send_header("Content-Length", str(len(body)))
    answer.send_header("Content-Encoding", "gzip")
    answer.end_headers()
    answer.wfile.write(body)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (lambda answer: answer.reply(404), "HTTP status 404; is SOURCE_URL"),
        (lambda answer: answer.reply(503), "HTTP status 503"),
        (lambda answer: answer.reply(200, "\n <!DOCTYPE html>"), "a web page, or nothing, is"),
        (lambda answer: answer.reply(200, ""), "a web page, or nothing, is there"),
        (broken_gzip, "Error -3 while decompressing"),
        (lambda answer: answer.reply(200, "[]", Last_Modified="yesterday"), ""),
    ],
)
def test_a_source_that_has_no_data_fails(reply: Callable[[Answer], None], expected: str) -> None:
    with answering(reply) as url:
        [finding, _] = of_source(f"{url}/stats.json?token=CANARY")
    assert finding.level == ("failed" if expected else "ok")
    assert expected in finding.what
    assert f"{url}/stats.json" in finding.what
    assert "CANARY" not in finding.what


def test_a_path_is_a_source_too(tmp_path: Path) -> None:
    path = tmp_path / "stats.json"
    [missing, _] = of_source(str(path))
    assert missing.what == f"the source: {path}: No such file or directory"
    path.write_text("[]")
    assert of_source(str(path))[0].what == f"the source: {path} can be read, 2 bytes"
    assert of_source("ftp://host/stats.json")[0].level == "failed"


def test_each_document_of_a_source_of_several_is_looked_at(tmp_path: Path) -> None:
    for name in SOURCES["jhu"].files[:2]:
        (tmp_path / name).write_text("Province/State")
    *found, _ = of_source(str(tmp_path), SOURCE="jhu")
    assert [finding.level for finding in found] == ["ok", "ok", "failed"]
    assert found[2].what == (
        f"the source: {tmp_path}/{SOURCES['jhu'].files[2]}: No such file or directory"
    )


def test_facts_that_do_not_answer_are_only_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "stats.json"
    path.write_text("[]")
    with serving("no", 500) as url:
        [_, facts] = of_source(str(path), COUNTRIES_URL=url)
    assert (facts.level, facts.step[:19]) == ("warning", "check COUNTRIES_URL")


# ---- what the inbox needs


@pytest.fixture
def inbox_store(moto_s3: str, monkeypatch: pytest.MonkeyPatch) -> S3Store:
    use(monkeypatch, moto_s3)
    return new_bucket()


def of_inbox(store: S3Store, **variables: str) -> list[Finding]:
    chosen = settings_for("stats.json", S3_BUCKET=store.bucket, **variables)
    return list(inbox.inbox_findings(chosen, store, NOW))


def test_each_service_of_the_inbox_is_asked_a_small_question(
    inbox_store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with language_server(monkeypatch) as services:
        found = of_inbox(inbox_store, INBOX="on")
        assert [finding.level for finding in found] == ["ok"] * 5
        assert sorted(services.calls) == [
            "DetectDominantLanguage",
            "DetectLabels",
            "DetectSentiment",
            "TranslateText",
        ]
        assert allowance.read_usage(inbox_store, NOW)[0].calls == 4
        assert of_inbox(inbox_store) == []
        services.refusals["DetectSentiment"] = (400, "AccessDeniedException", "no")
        services.refusals["DetectLabels"] = (400, "AccessDeniedException", "no")
        denied = [f.what for f in troubles(iter(of_inbox(inbox_store, INBOX="on")))]
    assert denied == [
        "the inbox: sentiment: access denied; allow comprehend:DetectSentiment",
        "the inbox: labels of a picture: access denied; allow rekognition:DetectLabels",
    ]


def test_forms_that_cannot_see_what_arrived_are_a_warning(
    inbox_store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies: tuple[Callable[[Answer], None], ...] = (
        lambda answer: answer.reply(403),
        lambda answer: answer.reply(200, Access_Control_Allow_Origin="https://elsewhere.example"),
    )
    for reply in replies:
        with answering(reply) as url:
            use(monkeypatch, url)
            found = inbox.cors_finding(S3Store.connect("news", "covid").signer())
        assert (found.level, found.step) == ("warning", "python app.py setup")
        assert "can't see whether a letter arrived" in found.what


# ---- permissions, by trying


@pytest.fixture
def aws(moto_s3: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsLike]:
    with AwsLike(moto_s3) as aws:
        use(monkeypatch, aws.url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto_s3)
        yield aws


def new_bucket() -> S3Store:
    store = S3Store.connect(f"checkup-{uuid4().hex}", "data/covid")
    store.client.create_bucket(Bucket=store.bucket)
    return store


@pytest.fixture(params=["memory", "directory", "moto", "real"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    if request.param == "memory":
        return MemoryStore()
    if request.param == "directory":
        return DirectoryStore(tmp_path / "out")
    if request.param == "real":
        use(monkeypatch, request.getfixturevalue("real_s3"))
    else:
        request.getfixturevalue("aws")
    return new_bucket()


def test_each_permission_is_tried_and_nothing_stays_behind(store: Store) -> None:
    names = ("upload", "read", "list", "copy", "write on condition", "delete")
    assert list(trial(store)) == [Finding("ok", f"may {n} in {store.address}") for n in names]
    assert list(store.list()) == []


def granted(bucket: str, *actions: str) -> dict[str, Any]:
    """The worker's policy with these actions alone."""
    objects, listing = worker_policy(BucketWish(bucket, "data/covid"))["Statement"]
    listed = [action for action in actions if action == "s3:ListBucket"]
    others = [action for action in actions if action != "s3:ListBucket"]
    return {"Statement": [objects | {"Action": others}, listing | {"Action": listed}]}


@pytest.mark.parametrize(
    ("lacking", "failing"),
    [
        ("s3:PutObject", ["upload"]),
        ("s3:GetObject", ["read", "list", "copy", "write on condition", "delete"]),
        ("s3:ListBucket", ["list", "delete"]),
        ("s3:DeleteObject", ["delete"]),
    ],
)
def test_a_permission_that_lacks_is_named_with_the_way_out(
    aws: AwsLike, lacking: str, failing: list[str]
) -> None:
    store = new_bucket()
    actions = ["s3:PutObject", "s3:GetObject", "s3:ListBucket", "s3:DeleteObject"]
    aws.policy = granted(store.bucket, *(action for action in actions if action != lacking))
    found = troubles(trial(store))
    assert [finding.what.partition(":")[0] for finding in found] == failing
    assert all(lacking in finding.what for finding in found)
    assert {finding.step for finding in found} == {
        "python app.py setup --policy prints what the worker must be allowed to do"
    }
    aws.policy = None
    assert len(list(store.list())) == (2 if lacking == "s3:DeleteObject" else 0)


def test_a_folder_that_can_not_be_written_fails_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in its place")
    [failed] = trial(DirectoryStore(tmp_path / "out"))
    assert "out is not a directory; move it away, or set OUTPUT_DIR" in failed.what


# ---- the bucket


def of_bucket(store: S3Store, now: datetime | None = None) -> list[Finding]:
    return list(bucket.bucket_findings(store, now or datetime.now(UTC)))


def test_a_bucket_is_shown_with_region_clock_page_and_whose_credentials(aws: AwsLike) -> None:
    store = new_bucket()
    said = told(iter(of_bucket(store)))
    assert troubles(iter(of_bucket(store))) == []
    assert "credentials: from AWS_ACCESS_KEY_ID: arn:aws:sts::123456789012:user/moto" in said
    assert "clock: 0 s" in said or "clock: 1 s" in said
    assert "region: us-east-1" in said
    assert f"{store.bucket}/data/covid/index.html is closed, or not published yet" in said


def test_a_server_without_sts_is_not_asked_and_aws_neither(
    real_s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, real_s3)
    assert "is not known: this server has no STS" in of_bucket(new_bucket())[1].what
    monkeypatch.setenv("AWS_ENDPOINT_URL", real_s3)  # for all services
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3")
    found = of_bucket(new_bucket())
    assert "is not known: this server has no STS" in found[1].what
    assert troubles(iter(found)) == []


OURS = Identity("AWS_ACCESS_KEY_ID", "WXYZ", "arn:aws:iam::1:user/worker", "", ends=False)


@pytest.mark.parametrize(
    ("identity", "level", "expected"),
    [
        (OURS, "ok", "from AWS_ACCESS_KEY_ID, key ...WXYZ: arn:aws:iam::1:user/worker"),
        (replace(OURS, ends=True), "warning", "for a time only"),
        (replace(OURS, arn="arn:aws:iam::1:root"), "warning", "the account's root user"),
        (replace(OURS, arn="", why="STS can't be reached"), "ok", "STS can't be reached"),
        (replace(OURS, arn="", why="no STS", ends=True), "warning", "for a time only"),
    ],
)
def test_credentials_that_a_worker_should_not_have_are_a_warning(
    identity: Identity, level: str, expected: str
) -> None:
    finding = bucket.credentials_finding(identity)
    assert finding.level == level
    assert expected in finding.what


def test_credentials_with_a_token_end(aws: AwsLike, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-token")
    assert "for a time only: arn:aws:sts:" in of_bucket(new_bucket())[1].what


def test_without_credentials_both_ways_to_set_them_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use(monkeypatch, None)
    [finding] = of_bucket(S3Store.connect("news", "covid"))
    assert finding.level == "failed"
    assert "no AWS credentials found; set AWS_ACCESS_KEY_ID" in finding.what
    assert finding.step.startswith("docs/deploy.md shows both ways")


@pytest.mark.parametrize(
    ("minutes", "level", "word"),
    [(4, "ok", "behind"), (-6, "warning", "ahead of"), (14, "warning", "behind")],
)
def test_a_clock_that_goes_wrong_is_told_before_it_hurts(
    aws: AwsLike, minutes: int, level: str, word: str
) -> None:
    store = new_bucket()
    aws.ahead = timedelta(minutes=minutes)
    [clock] = [f for f in of_bucket(store) if f.what.startswith("clock")]
    assert (clock.level, word in clock.what) == (level, True)


@pytest.mark.parametrize("minutes", [-20, 20])
def test_a_clock_that_is_refused_is_the_reason_that_is_given(aws: AwsLike, minutes: int) -> None:
    store = new_bucket()
    aws.ahead = timedelta(minutes=minutes)
    [clock] = of_bucket(store)
    assert (clock.level, clock.what[:9]) == ("failed", "clock: 1,")
    assert clock.step.startswith("set this machine's clock")


def test_a_bucket_in_another_region_is_a_warning_with_the_region(
    aws: AwsLike, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_bucket()
    aws.regions[store.bucket] = "eu-south-2"
    [finding] = troubles(iter(of_bucket(store)))
    assert finding.step == "set AWS_DEFAULT_REGION=eu-south-2"


def test_a_bucket_that_is_missing_fails_with_the_command_that_makes_it(aws: AwsLike) -> None:
    [finding] = troubles(iter(of_bucket(S3Store.connect("none", "covid"))))
    assert "create it with: python app.py setup" in finding.what


def test_the_workers_own_policy_is_enough_for_the_doctor(aws: AwsLike) -> None:
    store = new_bucket()
    aws.policy = worker_policy(BucketWish(store.bucket, store.folder))
    settings = settings_for(os.devnull)
    assert [f.level for f in examine(settings, {}, store, datetime.now(UTC))][-1] == (
        "warning"  # nothing is published yet
    )
    assert troubles(bucket.bucket_findings(store, datetime.now(UTC))) == []
    assert troubles(trial(store)) == []


def test_a_page_that_anyone_can_read_is_told_so(aws: AwsLike) -> None:
    store = new_bucket()
    store.write(Upload("index.html", b"<h1>news</h1>"))
    assert "is closed" in of_bucket(store)[-1].what
    store.client.delete_public_access_block(Bucket=store.bucket)
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{store.bucket}/*",
    }
    store.client.put_bucket_policy(
        Bucket=store.bucket, Policy=json.dumps({"Statement": [statement]})
    )
    assert "the page: anyone can read" in of_bucket(store)[-1].what


class _Unconditional(Handler):
    """A server that passes over conditions."""

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        for condition in ("If-Match", "If-None-Match"):
            del self.headers[condition]
        return super()._forward(body)


def test_a_server_that_keeps_no_conditions_is_a_warning_and_met_all_the_same(
    moto_s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultProxy(moto_s3, handler=_Unconditional) as proxy:
        use(monkeypatch, proxy.url)
        store = new_bucket()
        settings = settings_for(os.devnull)
        found = troubles(examine(settings, {}, store, datetime.now(UTC)))
        assert "run one worker, never two at once" in [finding.step for finding in found]
        assert [finding for finding in found if finding.level == "failed"] == []


# ---- the folder


def test_a_folder_is_shown_with_its_space_and_page(tmp_path: Path) -> None:
    root = tmp_path / "not" / "there yet"
    [space] = place.directory_findings(root)
    assert space.what.endswith("GB are free")
    root.mkdir(parents=True)
    (root / "index.html").write_text("<h1>")
    assert (
        list(place.directory_findings(root))[1].what
        == f"the page: {(root / 'index.html').as_uri()}"
    )
    assert next(place.directory_findings(root, least_free=10**18)).level == "warning"


# ---- the command


def test_a_newcomers_first_doctor_finds_nothing_wrong_and_leaves_nothing(tmp_path: Path) -> None:
    done = command("doctor", cwd=tmp_path, **CANARIES)
    assert done.returncode == 0, done.stdout
    assert "may write on condition in out" in done.stdout
    assert "nothing is published yet -> python app.py run" in done.stdout
    assert "CANARY" not in done.stdout + done.stderr
    assert snapshot(tmp_path) == {"out/.lock": b""}


def test_what_fails_is_the_exit_status_and_can_be_read_by_programs(tmp_path: Path) -> None:
    done = command("doctor", "--json", cwd=tmp_path, SOURCE_URL="nowhere.json")
    assert done.returncode == 1
    findings = json.loads(done.stdout)
    assert [f["what"] for f in findings if f["level"] == "failed"] == [
        "the source: nowhere.json: No such file or directory"
    ]


def test_on_a_bucket_the_doctor_goes_from_the_settings_to_the_published_files(
    aws: AwsLike, tmp_path: Path
) -> None:
    store = new_bucket()
    variables = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    variables |= {"S3_BUCKET": store.bucket, "S3_FOLDER": store.folder}
    assert command("run", cwd=tmp_path, **variables).returncode == 0
    done = command("doctor", cwd=tmp_path, **variables)
    assert done.returncode == 0, done.stdout
    marks = ("S3_BUCKET =", "the source:", "credentials:", "region:", "may upload", "all 2 raw")
    places = [done.stdout.index(mark) for mark in marks]
    assert places == sorted(places)


def test_a_worker_that_may_not_write_hears_of_that_and_of_the_rest(aws: AwsLike) -> None:
    store = new_bucket()
    aws.policy = granted(store.bucket, "s3:GetObject", "s3:ListBucket", "s3:DeleteObject")
    found = list(examine(settings_for(os.devnull), {}, store, datetime.now(UTC)))
    [failed] = [f for f in found if f.level == "failed" and not f.what.startswith("the source")]
    assert failed.what.startswith("upload: access denied: allow s3:PutObject on arn:aws:s3:::")
    assert found[-1].what.endswith("nothing is published yet")


def test_where_the_bucket_is_missing_nothing_more_is_tried(aws: AwsLike) -> None:
    store = S3Store.connect("none", "covid")
    found = list(examine(settings_for(os.devnull), {}, store, datetime.now(UTC)))
    assert "create it with: python app.py setup" in found[-1].what
    assert [line for line in aws.seen if line.startswith("PUT")] == []
