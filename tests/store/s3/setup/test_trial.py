"""What counts as worse after a change of the bucket."""

import pytest

from etl.store.s3.setup.trial import Health


@pytest.mark.parametrize("passed", [0, 1])
def test_a_step_that_worked_before_counts_though_a_later_one_failed_already(passed: int) -> None:
    before = Health("delete: access denied", passed=2, denied=True)
    assert "no longer works" in Health("the service is failing", passed=passed).worse_than(before)


def test_what_failed_already_does_not_count() -> None:
    before = Health("delete: access denied", passed=2, denied=True)
    assert not before.worse_than(before)
    assert not Health("another step", passed=3).worse_than(before)
    assert not Health(passed=0).worse_than(before)
