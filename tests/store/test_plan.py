"""The plan for a bucket: pure, from what is there to what is to change."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import StoreError
from etl.store.s3.setup import BucketChange, BucketState, BucketWish, lifecycle, plan, policy
from tests.support.iam import Asked, allows

WISH = BucketWish("news", "data/covid")
MISSING = BucketState(False, "us-east-1")
BARE = BucketState(True, "eu-west-1")
ENCRYPTED = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
OPEN = dict.fromkeys(plan.PRIVATE, False)


def made(found: BucketState, changes: list[BucketChange]) -> BucketState:
    """What is there once S3 has made the changes."""
    found = replace(found, exists=True)
    for change in changes:
        given = change.arguments
        match change.call:
            case "put_public_access_block":
                found = replace(found, block=given["PublicAccessBlockConfiguration"])
            case "put_bucket_encryption":
                rules = given["ServerSideEncryptionConfiguration"]["Rules"]
                found = replace(found, encryption=rules)
            case "put_bucket_versioning":
                found = replace(found, versioning=given["VersioningConfiguration"]["Status"])
            case "put_bucket_lifecycle_configuration":
                rules = given["LifecycleConfiguration"]["Rules"]
                found = replace(found, lifecycle=found.lifecycle | {"Rules": rules})
            case "put_bucket_cors":
                found = replace(found, cors=given["CORSConfiguration"]["CORSRules"])
            case "put_bucket_policy":
                found = replace(found, policy=json.loads(given["Policy"]))
            case "put_bucket_website":
                found = replace(found, website=given["WebsiteConfiguration"])
            case _:
                assert change.call == "create_bucket"
    return found


def calls(found: BucketState, wish: BucketWish = WISH) -> list[str]:
    return [change.call for change in plan.plan_changes(found, wish)]


# ---- the whole of it


def test_a_bucket_that_is_missing_is_made_closed_before_anything_else() -> None:
    assert calls(MISSING) == [
        "create_bucket",
        "put_public_access_block",
        "put_bucket_encryption",
        "put_bucket_versioning",
        "put_bucket_lifecycle_configuration",
        "put_bucket_cors",
    ]
    [closed] = [c for c in plan.plan_changes(MISSING, WISH) if c.call == "put_public_access_block"]
    assert set(closed.arguments["PublicAccessBlockConfiguration"].values()) == {True}


def test_a_bucket_that_is_there_keeps_its_encryption_and_what_it_shows_to_whom() -> None:
    assert calls(BARE) == [
        "put_bucket_versioning",
        "put_bucket_lifecycle_configuration",
        "put_bucket_cors",
    ]
    said = " / ".join(plan.notes(replace(BARE, block=OPEN), WISH))
    assert "public access is not blocked in full (BlockPublicAcls, " in said
    assert "does not encrypt what is stored" in said
    whole = replace(BARE, block=dict.fromkeys(plan.PRIVATE, True), encryption=ENCRYPTED)
    assert plan.notes(whole, WISH) == []


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_the_region_is_said_everywhere_but_in_the_first(region: str) -> None:
    [make, *_] = plan.plan_changes(BucketState(False, region), WISH)
    expected = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    assert make.arguments == ({} if region == "us-east-1" else expected)
    assert region in make.sentence


RULES = st.lists(
    st.fixed_dictionaries(
        {
            "ID": st.sampled_from(["", "old", "cloud-etl", "cloud-etl:other:former"]),
            "Filter": st.fixed_dictionaries({"Prefix": st.text("ab/", max_size=5)}),
        },
        optional={"Expiration": st.fixed_dictionaries({"Days": st.integers(1, 999)})},
    ),
    max_size=3,
)
STATEMENTS = st.lists(
    st.fixed_dictionaries(
        {"Effect": st.sampled_from(["Allow", "Deny"])}, optional={"Sid": st.text("ab", max_size=3)}
    ),
    max_size=3,
)
CORS = st.lists(
    st.fixed_dictionaries(
        {
            "AllowedOrigins": st.lists(st.sampled_from(["*", "https://a"])),
            "AllowedMethods": st.lists(st.sampled_from(["GET", "HEAD", "PUT"])),
        },
        optional={"ExposeHeaders": st.lists(st.sampled_from(["ETag", "Date"]))},
    ),
    max_size=3,
)
FOUND = st.builds(
    BucketState,
    exists=st.just(True),
    region=st.just("eu-west-1"),
    block=st.just({}) | st.fixed_dictionaries({name: st.booleans() for name in plan.PRIVATE}),
    encryption=st.just([]) | st.just(ENCRYPTED),
    versioning=st.sampled_from(["", "Enabled", "Suspended"]),
    lifecycle=st.just({})
    | st.fixed_dictionaries(
        {"Rules": RULES},
        optional={"TransitionDefaultMinimumObjectSize": st.just("varies_by_storage_class")},
    ),
    cors=CORS,
    policy=st.just({}) | st.fixed_dictionaries({"Version": st.just("x"), "Statement": STATEMENTS}),
    website=st.just({}) | st.just({"IndexDocument": {"Suffix": "home.html"}}),
)
WISHES = st.builds(
    BucketWish,
    bucket=st.just("news"),
    folder=st.sampled_from(["", "covid", "data/covid"]),
    public=st.booleans(),
    website=st.booleans(),
)


@given(found=FOUND | st.just(MISSING), wish=WISHES)
def test_a_second_run_finds_nothing_to_do(found: BucketState, wish: BucketWish) -> None:
    assert plan.plan_changes(made(found, plan.plan_changes(found, wish)), wish) == []


@given(found=FOUND, wish=WISHES)
def test_what_others_have_set_up_stays_as_it_is_and_in_its_order(
    found: BucketState, wish: BucketWish
) -> None:
    after = made(found, plan.plan_changes(found, wish))
    rules = after.lifecycle["Rules"]
    ours = [rule for rule in rules if rule.get("ID", "").startswith(lifecycle.owner(wish))]
    assert [r for r in rules if r not in ours] == found.lifecycle.get("Rules", [])
    assert [r for r in after.cors if r != plan.CORS] == found.cors
    statements = after.policy.get("Statement", [])
    own = policy.public_statement(wish)
    assert [s for s in statements if s != own] == found.policy.get("Statement", [])
    assert after.policy.get("Version") == found.policy.get(
        "Version", policy.VERSION if wish.public else None
    )
    assert after.block.get("BlockPublicAcls") == found.block.get("BlockPublicAcls")
    if found.website:
        assert after.website == found.website


@given(found=FOUND, wish=WISHES)
def test_nothing_but_public_opens_anything(found: BucketState, wish: BucketWish) -> None:
    opening = {"put_public_access_block", "put_bucket_policy"} & set(calls(found, wish))
    assert not opening or wish.public


def test_a_server_that_lacks_something_is_spared_it_and_it_is_said() -> None:
    lacking = replace(BARE, unknown=frozenset({"block", "lifecycle"}))
    assert calls(lacking) == ["put_bucket_versioning", "put_bucket_cors"]
    assert "this server has no public access block: left out" in plan.notes(lacking, WISH)


def test_where_there_are_no_bucket_policies_nothing_can_be_opened() -> None:
    lacking = replace(BARE, unknown=frozenset({"policy"}))
    with pytest.raises(StoreError, match="no bucket policies, so the folder can't be opened"):
        plan.plan_changes(lacking, replace(WISH, public=True))


# ---- lifecycle


def test_no_rule_ever_touches_the_runs_and_the_raw_inputs_that_are_in_force() -> None:
    for rule in lifecycle.own_rules(WISH):
        prefix, expires = rule["Filter"]["Prefix"], rule.get("Expiration", {})
        assert prefix.startswith("data/covid/")
        if "Days" in expires:
            for kept in ("runs/1/latest.json", "raw/1/stats.json.gz", "manifest.json"):
                assert not f"data/covid/{kept}".startswith(prefix)


def test_the_smallest_object_that_others_rules_move_stays_what_it_was() -> None:
    found = replace(BARE, lifecycle={"Rules": [], "TransitionDefaultMinimumObjectSize": "x"})
    merged = lifecycle.merged(found, WISH)
    assert merged is not None
    assert merged["TransitionDefaultMinimumObjectSize"] == "x"


def test_two_folders_in_one_bucket_keep_their_rules_and_statements_apart() -> None:
    one, other = replace(WISH, public=True), BucketWish("news", "data-covid", public=True)
    after = made(BARE, plan.plan_changes(BARE, one))
    both = made(after, plan.plan_changes(after, other))
    assert plan.plan_changes(both, one) == plan.plan_changes(both, other) == []
    assert len(both.lifecycle["Rules"]) == 2 * len(lifecycle.own_rules(WISH))
    assert len(both.policy["Statement"]) == 2


# ---- the public


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
    assert any("website of its own" in note for note in plan.notes(served, wish))


# ---- the inbox


def test_an_inbox_lets_pages_see_what_they_have_sent_and_a_second_look_finds_it_so() -> None:
    with_inbox = replace(WISH, inbox=True)
    before = made(BARE, plan.plan_changes(BARE, WISH))
    [change] = plan.plan_changes(before, with_inbox)
    assert "readers' forms see what arrived (CORS: GET, HEAD and POST)" in change.sentence
    [rule] = change.arguments["CORSConfiguration"]["CORSRules"]
    assert rule["AllowedMethods"] == ["GET", "HEAD", "POST"]
    after = made(before, [change])
    assert plan.plan_changes(after, with_inbox) == []
    assert plan.plan_changes(after, WISH) == []  # switched off again, it stays


def test_a_picture_as_it_was_sent_is_forgotten_within_a_day() -> None:
    rules = {rule["ID"]: rule for rule in lifecycle.own_rules(WISH)}
    rule = rules["cloud-etl:data/covid:inbox/"]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert rule["Expiration"] == {"Days": 30}
    others = [r for name, r in rules.items() if not name.endswith((":inbox/", ":former"))]
    assert not any("NoncurrentVersionExpiration" in other for other in others)


def test_the_services_are_allowed_only_where_there_is_an_inbox() -> None:
    asked = [
        "comprehend:DetectDominantLanguage",
        "comprehend:DetectSentiment",
        "rekognition:DetectLabels",
        "translate:TranslateText",
    ]
    for inbox in (True, False):
        worker = policy.worker_policy(replace(WISH, inbox=inbox))
        assert {allows(worker, Asked(action, "*")) for action in asked} == {inbox}


# ---- names


@pytest.mark.parametrize(
    "name",
    ["ab", "a" * 64, "-ab", "ab-", "a..b", "192.168.0.1", "xn--a-b", "sthree-x", "a-s3alias",
     "a--ol-s3", "a.mrap", "a--x-s3", "a--table-s3", "amzn-s3-demo-x", "A-b", "a_b"],
)  # fmt: skip
def test_a_name_that_aws_refuses_is_known_beforehand(name: str) -> None:
    assert plan.name_faults(name)


@pytest.mark.parametrize("name", ["abc", "my-news", "my.news", "1-2-3", "a" * 63])
def test_a_name_that_aws_takes_has_no_fault(name: str) -> None:
    assert plan.name_faults(name) == []
