from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.load.month import Month


@given(st.dates(date(1, 2, 1), date(9999, 11, 30)))
def test_a_month_ends_where_the_next_one_begins(day: date) -> None:
    month = Month.of(day)
    assert month.first <= day <= month.last
    assert month.before.last == month.first - timedelta(days=1)
    assert Month.of(month.last + timedelta(days=1)).before == month
    assert Month.parse(str(month)) == month
    assert month.before < month


@pytest.mark.parametrize(
    "text", ["2021", "2021-1", "2021-13", "2021-00", "21-01", "2021-01-01", ""]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="month"):
        Month.parse(text)
