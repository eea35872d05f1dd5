"""The lifecycle rules: what they remove, and what they leave to others."""

from dataclasses import replace

from etl.store.s3.setup import BucketWish, lifecycle, plan
from tests.support.buckets import BARE, WISH, made


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
