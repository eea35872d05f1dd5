"""The bucket's policy: what the public may read, and what stays as it is."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.store.s3.setup import BucketWish, plan, policy
from tests.support.buckets import BARE, WISH, calls, made
from tests.support.iam import Asked, allows


def may_anyone_read(key: str, wish: BucketWish = WISH) -> bool:
    after = made(BARE, plan.plan_changes(BARE, replace(wish, public=True)))
    wanted = Asked("s3:GetObject", f"{wish.arn}{wish.bucket}/{key}")
    return allows(after.policy, wanted, anonymous=True)


KEYS = st.text(st.sampled_from("ab/._*?"), max_size=12)
CLOSED = st.sampled_from(["_", "_shared/", "raw/", "inbox/", "history.json"])


@given(folder=st.sampled_from(["", "data/covid"]), start=CLOSED, rest=KEYS)
def test_what_is_private_is_never_opened(folder: str, start: str, rest: str) -> None:
    key = f"{folder}/{start}{rest}".lstrip("/")
    assert not may_anyone_read(key, BucketWish("news", folder))


@given(key=KEYS)
def test_what_lies_beside_the_folder_is_never_opened(key: str) -> None:
    assert may_anyone_read("data/covid/latest.json")
    assert may_anyone_read("data/covid/index.ca.html")
    for beside in ("", "data/", "data/covid-2/", "data/covid"):
        assert not may_anyone_read(f"{beside}{key}")


def test_a_star_in_the_folders_name_stands_for_itself() -> None:
    wish = BucketWish("news", "a*")
    assert may_anyone_read("a*/latest.json", wish)
    assert not may_anyone_read("ab/latest.json", wish)
    worker = policy.worker_policy(wish)
    for folder, expected in (("a*", True), ("ab", False)):
        reading = Asked("s3:GetObject", f"{wish.arn}news/{folder}/x")
        listing = Asked("s3:ListBucket", f"{wish.arn}news", {"s3:prefix": f"{folder}/x"})
        assert allows(worker, reading) is allows(worker, listing) is expected


def test_one_statement_alone_is_kept_too() -> None:
    alone: dict[str, Any] = {"Sid": "theirs", "Effect": "Deny"}
    found = replace(BARE, policy={"Version": "2008-10-17", "Id": "1", "Statement": alone})
    whole = policy.opened(found, WISH)
    assert whole is not None
    assert whole["Statement"] == [alone, policy.public_statement(WISH)]
    assert (whole["Version"], whole["Id"]) == ("2008-10-17", "1")


def test_a_folder_that_was_opened_earlier_stays_so_and_that_is_said() -> None:
    opened = made(BARE, plan.plan_changes(BARE, replace(WISH, public=True)))
    assert calls(opened) == []
    assert any("anyone can read this folder" in note for note in plan.notes(opened, WISH))


@pytest.mark.parametrize(
    ("region", "address"),
    [
        ("us-east-1", "http://news.s3-website-us-east-1.amazonaws.com/data/covid/"),
        ("eu-central-1", "http://news.s3-website.eu-central-1.amazonaws.com/data/covid/"),
        ("cn-north-1", "http://news.s3-website.cn-north-1.amazonaws.com.cn/data/covid/"),
    ],
)
def test_the_websites_address_is_the_regions(region: str, address: str) -> None:
    assert plan.website_address(WISH, region) == address


def test_another_ones_website_is_left_alone_and_that_is_said() -> None:
    served = replace(BARE, website={"IndexDocument": {"Suffix": "home.html"}})
    wish = replace(WISH, public=True, website=True)
    assert "put_bucket_website" not in calls(served, wish)
    assert any("website with other settings" in note for note in plan.notes(served, wish))
