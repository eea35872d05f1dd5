from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from etl.transform.columns import table_columns
from etl.transform.filters import dropped, keep, select
from etl.transform.world import latest, world
from tests.support.frames import countries, days, rows, some, tables, tidied, values

FROM_NEW = {
    "new_cases",
    "new_deaths",
    "new_recoveries",
    "cases_7d_avg",
    "deaths_7d_avg",
    "cases_7d_per_100k",
}
FROM_CUMULATIVE = {
    "cumulative_cases",
    "cumulative_deaths",
    "cumulative_recoveries",
    "case_fatality",
    "active",
}
DROPPED = {"all": set[str](), "new": FROM_CUMULATIVE, "cumulative": FROM_NEW}
TABLE = rows(spain=days("2020-03-01", range(9)), italy=days("2020-03-03", [5, 6]))
ABOUT = countries(
    spain={"iso2": "ES", "iso3": "ESP"},
    south_korea={"country": "Korea, South", "iso2": "KR", "iso3": "KOR"},
    turkey={"country": "TÜRKİYE", "iso2": "TR", "iso3": "TUR"},
    namibia={"iso2": "NA", "iso3": "NAM"},
    others={},
)


@pytest.mark.parametrize("measures", DROPPED)
def test_keep_leaves_out_exactly_the_columns_of_the_other_measures(measures: str) -> None:
    assert set(dropped(measures)) == DROPPED[measures]
    for table in (tidied(TABLE), latest(tidied(TABLE)), world(TABLE, set())):
        kept = keep(table, measures, None)
        assert list(kept.columns) == [c for c in table.columns if c not in DROPPED[measures]]
        assert_frame_equal(kept, table[kept.columns])


def test_every_measure_stays_under_one_filter_or_the_other() -> None:
    assert not FROM_NEW & FROM_CUMULATIVE
    neutral = set(table_columns()) - FROM_NEW - FROM_CUMULATIVE
    assert not [name for name in neutral if name.startswith(("new", "cumulative", "cases"))]


def test_since_keeps_that_day_and_later() -> None:
    kept = keep(tidied(TABLE), "all", date(2020, 3, 4))
    assert values(kept, "date", "italy") == ["2020-03-04"]
    assert values(kept, "date", "spain") == [f"2020-03-0{n}" for n in range(4, 10)]
    # made before the filter, so not missing behind it
    assert values(kept, "cases_7d_avg", "spain")[-2:] == [1.0, 1.0]
    assert values(kept, "new_cases", "spain")[0] == 1


def test_since_before_the_first_day_keeps_all_and_behind_the_last_nothing() -> None:
    assert_frame_equal(keep(tidied(TABLE), "all", date(2019, 1, 1)), tidied(TABLE))
    assert keep(tidied(TABLE), "all", date(2020, 3, 10)).empty


@some
@given(tables(), st.dates(date(2020, 1, 1), date(2020, 6, 1)), st.sampled_from([*DROPPED]))
def test_what_is_kept_is_as_it_was(table: pd.DataFrame, since: date, measures: str) -> None:
    tidy = tidied(table)
    kept = keep(tidy, measures, since)
    assert kept["date"].tolist() == [d for d in tidy["date"] if d.date() >= since]
    assert_frame_equal(kept, tidy.loc[kept.index, kept.columns])


def test_no_wish_selects_every_country() -> None:
    chosen, nothing = select(ABOUT, ())
    assert_frame_equal(chosen, ABOUT)
    assert nothing == []


@pytest.mark.parametrize(
    ("wish", "key"),
    [
        ("spain", "spain"),
        ("SPAIN", "spain"),
        ("es", "spain"),
        ("ESP", "spain"),
        ("south-korea", "south-korea"),
        ("korea, south", "south-korea"),
        ("kor", "south-korea"),
        ("TÜRKİYE", "turkey"),
        ("NA", "namibia"),
        ("Others", "others"),
    ],
)
def test_a_country_is_selected_by_key_name_or_code_in_any_case(wish: str, key: str) -> None:
    chosen, nothing = select(ABOUT, (wish,))
    assert values(chosen, "country_key") == [key]
    assert nothing == []


def test_the_selection_stands_in_the_table_s_order_and_has_each_country_once() -> None:
    chosen, nothing = select(ABOUT, ("TUR", "turkey", "Spain", "esp"))
    assert values(chosen, "country_key") == ["spain", "turkey"]
    assert nothing == []


def test_what_matches_nothing_is_named_as_it_was_written() -> None:
    chosen, nothing = select(ABOUT, ("Atlantis", "ESP", "nan", "None", "<NA>", "kore"))
    assert values(chosen, "country_key") == ["spain"]
    assert nothing == ["Atlantis", "nan", "None", "<NA>", "kore"]


def test_one_code_may_stand_for_several_series() -> None:
    about = countries(congo={"iso3": "COG"}, congo_brazzaville={"iso3": "COG"})
    assert len(select(about, ("COG",))[0]) == 2


def test_no_filter_changes_its_argument() -> None:
    table, about = tidied(TABLE), ABOUT.copy(deep=True)
    was = table.copy(deep=True)
    keep(table, "new", date(2020, 3, 2))
    select(about, ("esp", "nobody"))
    assert_frame_equal(table, was)
    assert_frame_equal(about, ABOUT)
