"""What the doctor says of the bucket, or of the folder."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from etl.settings.groups import OUTPUTS
from etl.store import Upload
from etl.store.s3.account import Identity
from etl.store.s3.setup import BucketWish
from etl.store.s3.setup.policy import worker_policy
from etl.store.s3.store import S3Store
from etl.upkeep.doctor import place
from etl.upkeep.doctor import place as bucket
from etl.upkeep.doctor.examine import examine
from etl.upkeep.doctor.finding import Finding
from etl.upkeep.doctor.trial import trial
from tests.support.aws_like import AwsLike
from tests.support.doctor import new_bucket, told, troubles
from tests.support.fault_proxy import FaultProxy, Handler
from tests.support.runs import settings as settings_for
from tests.support.s3_server import use


def of_bucket(store: S3Store, now: datetime | None = None) -> list[Finding]:
    return list(bucket.bucket_findings(store, now or datetime.now(UTC), OUTPUTS))


# ---- the bucket


def test_a_bucket_is_shown_with_region_clock_page_and_whose_credentials(aws: AwsLike) -> None:
    store = new_bucket()
    said = told(iter(of_bucket(store)))
    assert troubles(iter(of_bucket(store))) == []
    assert "credentials: from AWS_ACCESS_KEY_ID: arn:aws:sts::123456789012:user/moto" in said
    assert "clock: 0 s" in said or "clock: 1 s" in said
    assert "region: us-east-1" in said
    assert f"{store.bucket}/data/covid/index.html is private, or not published yet" in said


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
        (replace(OURS, ends=True), "warning", "temporary"),
        (replace(OURS, arn="arn:aws:iam::1:root"), "warning", "the account's root user"),
        (replace(OURS, arn="", why="STS can't be reached"), "ok", "STS can't be reached"),
        (replace(OURS, arn="", why="no STS", ends=True), "warning", "temporary"),
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
    assert "temporary: arn:aws:sts:" in of_bucket(new_bucket())[1].what


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
    assert troubles(bucket.bucket_findings(store, datetime.now(UTC), OUTPUTS)) == []
    assert troubles(trial(store)) == []


def test_a_page_that_anyone_can_read_is_told_so(aws: AwsLike) -> None:
    store = new_bucket()
    store.write(Upload("index.html", b"<h1>news</h1>"))
    assert "is private" in of_bucket(store)[-1].what
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
        steps = [finding.step for finding in found]
        assert "run one worker, never two at once; see docs/s3-servers.md" in steps
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
