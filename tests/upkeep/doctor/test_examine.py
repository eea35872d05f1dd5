"""The doctor from the first setting to the published files, and as a command."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from etl.store.s3.store import S3Store
from etl.upkeep.doctor.examine import examine
from tests.support.aws_like import AwsLike
from tests.support.doctor import CANARIES, granted, new_bucket
from tests.support.processes import command, snapshot
from tests.support.runs import settings as settings_for

# ---- the command


def test_a_newcomers_first_doctor_finds_nothing_wrong_and_leaves_nothing(tmp_path: Path) -> None:
    done = command("doctor", cwd=tmp_path, **CANARIES)
    assert done.returncode == 0, done.stdout
    assert "can write conditionally in out" in done.stdout
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
    marks = (
        "S3_BUCKET =",
        "the source:",
        "credentials:",
        "region:",
        "can upload",
        "archived: 2 raw",
    )
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
