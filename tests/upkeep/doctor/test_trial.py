"""Permissions, tried out one by one."""

from pathlib import Path

import pytest

from etl.store import Store
from etl.store.directory import DirectoryStore
from etl.upkeep.doctor.finding import Finding
from etl.upkeep.doctor.trial import trial
from tests.support.aws_like import AwsLike
from tests.support.doctor import granted, new_bucket, troubles


def test_each_permission_is_tried_and_nothing_stays_behind(store: Store) -> None:
    names = ("upload", "read", "list", "copy", "write conditionally", "delete")
    assert list(trial(store)) == [Finding("ok", f"can {n} in {store.address}") for n in names]
    assert list(store.list()) == []


@pytest.mark.parametrize(
    ("lacking", "failing"),
    [
        ("s3:PutObject", ["upload"]),
        ("s3:GetObject", ["read", "list", "copy", "write conditionally", "delete"]),
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
        "python app.py setup --policy prints the permissions that the worker needs"
    }
    aws.policy = None
    assert len(list(store.list())) == (3 if lacking == "s3:DeleteObject" else 0)


def test_a_folder_that_can_not_be_written_fails_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in its place")
    [failed] = trial(DirectoryStore(tmp_path / "out"))
    assert "out is not a directory; move it away, or set OUTPUT_DIR" in failed.what
