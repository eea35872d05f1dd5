from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.report import numbers


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB")],
)
def test_sizes_are_short(size: int, words: str) -> None:
    assert numbers.human(size) == words


@given(st.integers(0, 10**15))
def test_a_size_is_never_wider_than_its_column(size: int) -> None:
    assert len(numbers.human(size)) <= 9


def test_objects_are_counted_with_their_size() -> None:
    assert numbers.counted(0, 0) == "no objects"
    assert numbers.counted(1, 10) == "1 object, 10 B"
    assert numbers.counted(1024, 3_100_000) == "1,024 objects, 3.1 MB"


@pytest.mark.parametrize("missing", [None, nan])
def test_what_is_missing_is_a_dash(missing: float | None) -> None:
    assert numbers.number(missing) == numbers.typeset(missing) == numbers.MISSING
    assert numbers.typeset_change(missing, 1) == numbers.typeset_share(missing) == numbers.MISSING


def test_the_command_line_writes_a_hyphen_and_a_page_a_minus() -> None:
    assert numbers.number(-1234.56, 1) == "-1,234.6"
    assert numbers.typeset(-1234.56, 1) == "−1,234.6"  # noqa: RUF001  the page's minus
    assert numbers.step(6, 1) == "-5"
    assert numbers.typeset_change(-5) == "−5"  # noqa: RUF001


def test_a_change_of_zero_has_no_sign() -> None:
    assert (numbers.typeset_change(7), numbers.typeset_change(0)) == ("+7", "0")
    assert numbers.typeset(-0.04, 1) == numbers.typeset_change(0.04, 1) == "0.0"
    assert numbers.typeset_change(1234.56, 1) == "+1,234.6"


def test_a_step_is_the_change_between_two_known_counts() -> None:
    assert numbers.step(10, 1010) == "+1,000"
    assert numbers.step(10, 10) == numbers.step(None, 10) == numbers.step(10, None) == ""


def test_shares_are_in_percent_and_a_small_one_is_not_zero() -> None:
    assert numbers.typeset_share(0.01234) == "1.23%"
    assert numbers.typeset_share(0.00001) == "under 0.01%"
    assert numbers.typeset_share(0) == "0.00%"
