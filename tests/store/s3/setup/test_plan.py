"""The plan of a bucket's changes: nothing of others is lost, nothing is done twice."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import StoreError
from etl.store.s3.setup import BucketState, BucketWish, lifecycle, plan, policy
from tests.support.buckets import BARE, WISH, calls, made
from tests.support.iam import Asked, allows

MISSING = BucketState(False, "us-east-1")
ENCRYPTED = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
OPEN = dict.fromkeys(plan.PRIVATE, False)


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
    assert "public access is not fully blocked (BlockPublicAcls, " in said
    assert "does not encrypt objects" in said
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
    assert "this server has no public access block: skipped" in plan.notes(lacking, WISH)


def test_where_there_are_no_bucket_policies_nothing_can_be_opened() -> None:
    lacking = replace(BARE, unknown=frozenset({"policy"}))
    with pytest.raises(StoreError, match="no bucket policies, so the folder can't be public"):
        plan.plan_changes(lacking, replace(WISH, public=True))


# ---- the inbox


def test_an_inbox_lets_pages_see_what_they_have_sent_and_a_second_look_finds_it_so() -> None:
    with_inbox = replace(WISH, inbox=True)
    before = made(BARE, plan.plan_changes(BARE, WISH))
    [change] = plan.plan_changes(before, with_inbox)
    assert (
        "readers' forms see whether a letter arrived (CORS: GET, HEAD and POST)" in change.sentence
    )
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
    [
        "ab",
        "a" * 64,
        "-ab",
        "ab-",
        "a..b",
        "192.168.0.1",
        "xn--a-b",
        "sthree-x",
        "a-s3alias",
        "a--ol-s3",
        "a.mrap",
        "a--x-s3",
        "a--table-s3",
        "amzn-s3-demo-x",
        "A-b",
        "a_b",
    ],
)
def test_a_name_that_aws_refuses_is_known_beforehand(name: str) -> None:
    assert plan.name_faults(name)


@pytest.mark.parametrize("name", ["abc", "my-news", "my.news", "1-2-3", "a" * 63])
def test_a_name_that_aws_takes_has_no_fault(name: str) -> None:
    assert plan.name_faults(name) == []
