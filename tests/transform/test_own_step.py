"""TRANSFORM: a step of one's own, and what becomes of one that is wrong."""

import hashlib

import pandas as pd
import pytest

from etl.errors import StepFailed
from etl.settings.tables import OwnStep
from etl.transform.own_code import load_step
from etl.transform.own_step import StepRun
from tests.support.logged import Logged

FILE = "my_step.py"


def frame(key: str = "spain", days: int = 3) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "country_key": pd.Categorical([key] * days, categories=["france", "spain"]),
            "country": pd.Categorical([key.title()] * days, categories=["France", "Spain"]),
            "date": pd.date_range("2021-01-01", periods=days, unit="s"),
            "new_cases": pd.array([None, 5, 7][:days], dtype="Int64"),
            "case_fatality": [float("nan"), 0.1, 0.2][:days],
        }
    )


def step(body: str, head: str = "", *, trial: bool = False) -> StepRun:
    lines = [head, "def transform(table):", *(f"    {line}" for line in body.split("\n"))]
    source = "\n".join(lines)
    own = OwnStep(FILE, source, hashlib.sha256(source.encode()).hexdigest())
    return StepRun(load_step(own), trial=trial)


def test_columns_and_rows_are_its_to_add_and_drop() -> None:
    run = step(
        'table["twice"] = table["new_cases"] * 2\ntable["note"] = "x"\n'
        'return table.drop(columns="case_fatality").sort_values("date", ascending=False).head(2)',
        'COLUMNS = {"twice": ("cases", "twice the new cases"), "note": ("", "")}',
    )
    made = run(frame())
    assert made["new_cases"].tolist() == [5, 7]
    assert made["twice"].tolist() == [10, 14]
    assert made["case_fatality"].tolist() == [0.1, 0.2]  # for our own files; readers don't get it
    assert (run.rows_dropped, run.dropped) == (1, ["case_fatality"])
    assert run.added == {"twice": "integer", "note": "string"}
    assert [(one.unit, one.meaning) for one in run.fields] == [
        ("cases", "twice the new cases"),
        ("", "added by my_step.py"),
    ]


def test_it_gets_a_copy() -> None:
    before, ours = frame(), frame()
    step('table.loc[:, "new_cases"] = 0\nreturn None')  # not run yet
    with pytest.raises(StepFailed, match="returned None"):
        step('table.loc[:, "new_cases"] = 0\nreturn None')(ours)
    pd.testing.assert_frame_equal(ours, before)


def test_another_dtype_with_the_same_values_is_no_change() -> None:
    made = step('table["new_cases"] = table["new_cases"].astype("float64")\nreturn table')(frame())
    assert made["new_cases"].dtype == "Int64"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("pass", "line 2: transform returned None, expected the table"),
        ('return table["new_cases"]', "line 2: transform returned a Series, expected the table"),
        (
            "import pandas\nreturn pandas.concat([table, table.tail(1)])",
            "a row appears twice: spain 2021-01-03",
        ),
        ('return table.assign(date=table["date"].astype("str"))', "the key date is str now"),
        ("return table.assign(country_key=1)", "the key country_key is int64 now"),
        ('return table.drop(columns="date")', "the key date was dropped"),
        (
            'return table.assign(date=table["date"] + __import__("pandas").Timedelta(days=1))',
            "a row was added: spain 2021-01-04",
        ),
        (
            'return table.assign(new_cases=table["new_cases"] + 1)',
            "column new_cases was changed, which is ours (spain 2021-01-02: 5 became 6)",
        ),
        ('return table.assign(country="x")', "column country was changed"),
        (
            'swap = {"france": "spain", "spain": "france"}\n'
            'return table.assign(country_key=table["country_key"].cat.rename_categories(swap))',
            "a row was added: france 2021-01-01",
        ),
        (
            'swap = {"France": "Spain", "Spain": "France"}\n'
            'return table.assign(country=table["country"].cat.rename_categories(swap))',
            "column country was changed",
        ),
        ('return table.assign(new_cases=table["new_cases"].fillna(0))', "<NA> became 0"),
        ('return table["new_casos"]', "line 3, column 12: KeyError: there is no 'new_casos'"),
        ("return 1 / 0", "line 3, column 12: ZeroDivisionError: division by zero"),
        ("import not_installed", "line 3, column 5: it needs the module not_installed"),
        ("raise SystemExit(3)", "it called exit"),
        ("import os\nos._exit(0)", "it called exit"),
        (
            'return table.assign(date=table["date"].where(table["new_cases"] > 5))',
            "a row was added: spain NaT",
        ),
        (
            "import numpy\nreturn table.assign(new_cases=[numpy.arange(2)] * 3)",
            "line 2: the table that transform returned can't be used: The truth value",
        ),
        (
            'return table.assign(new_cases=table["new_cases"].astype("str"))',
            "2021-01-02: 5 became 5 (str)",
        ),
        ('class Own(BaseException): pass\nraise Own("x")', "line 4, column 5: Own: x"),
        (
            'return table.assign(date=table["date"].dt.tz_localize("UTC"))',
            "the key date is datetime64[s, UTC] now, and was datetime64[s]",
        ),
        ('return table.assign(x=[1, "a", 2])', "and one of them throughout, got int and str"),
        ("return table.assign(x=[[1], [2], [3]])", "column x: expected numbers, text, dates"),
        ('return table.assign(**{"Two Words": 1})', "column 'Two Words': expected a new name"),
        ("return table.assign(active=1)", "column 'active': expected a new name"),
        ("table[7] = 1\nreturn table", "column '7': expected a new name"),
        (
            'table.insert(0, "date", 1, allow_duplicates=True)\nreturn table',
            "two columns are called date",
        ),
    ],
)
def test_what_it_may_not_do_is_one_line_with_file_and_line(body: str, said: str) -> None:
    with pytest.raises(StepFailed) as caught:
        step(body)(frame())
    message = str(caught.value)
    assert message.startswith(f"{FILE}, line ") or message.startswith(f"{FILE}: ")
    assert said in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def transform(table)\n    pass", "my_step.py, line 1, column 21: expected ':'"),
        ("import not_installed", "line 1, column 1: it needs the module not_installed"),
        ("x = 1", "no function transform(table)"),
        ("GROUPS = 'some'\ndef transform(table): return table", "GROUPS: expected"),
        ("COLUMNS = {'x': 'days'}\ndef transform(table): return table", "COLUMNS: expected"),
    ],
)
def test_a_file_that_is_no_step_is_named(source: str, said: str) -> None:
    with pytest.raises(StepFailed) as caught:
        load_step(OwnStep(FILE, source, ""))
    assert said in str(caught.value)


def test_infinities_become_missing_with_a_warning() -> None:
    run = step('return table.assign(x=table["case_fatality"] / 0)')
    made = run(frame())
    assert made["x"].isna().all()
    assert run.all_warnings() == ["my_step.py: 2 infinite values of x, taken as missing"]


def test_days_and_decimals_of_pythons_own_are_taken() -> None:
    run = step(
        "from datetime import date\nfrom decimal import Decimal\n"
        'return table.assign(day=date(2021, 2, 3), share=Decimal("0.5"))'
    )
    made = run(frame())
    assert run.added == {"day": "date", "share": "number"}
    assert made["share"].tolist() == [0.5] * 3
    assert set(made["day"].dt.strftime("%Y-%m-%d")) == {"2021-02-03"}


def of_two_groups(first: str, later: str) -> list[pd.DataFrame]:
    is_first = 'table["country_key"].iloc[0] == "france"'
    body = f"return table.assign(x={first} if {is_first} else {later})"
    run = step(body, "import numpy as np, pandas as pd")
    return [run(frame("france")), run(frame("spain"))]


@pytest.mark.parametrize(
    ("first", "later", "dtype"),
    [
        ("1.5", "2", "float64"),
        ("1", "2.0", "Int64"),
        ("1.5", "None", "float64"),
        ('"a"', "None", "str"),
        ('pd.Series([None] * 3, dtype="str")', '"a"', "str"),
        ('pd.Categorical([None] * 3, categories=["a"])', '"a"', "str"),
        ("[np.bool_(True), None, None]", "False", "boolean"),
    ],
)
def test_a_column_has_one_type_in_all_groups(first: str, later: str, dtype: str) -> None:
    assert [str(made["x"].dtype) for made in of_two_groups(first, later)] == [dtype] * 2


@pytest.mark.parametrize(
    ("first", "later", "said"),
    [('"a"', "1", "integer here, and string in"), ("1", "2.5", "number here, and integer in")],
)
def test_a_column_of_two_types_is_refused(first: str, later: str, said: str) -> None:
    with pytest.raises(StepFailed, match=f"column x: {said} the countries before"):
        of_two_groups(first, later)


def test_groups_that_differ_in_their_columns_are_refused() -> None:
    run = step('return table.assign(**{"x" if len(table) == 3 else "y": 1})')
    run(frame())
    with pytest.raises(StepFailed, match="it added other columns"):
        run(frame(days=2))


def test_all_gets_the_whole_table_once() -> None:
    run = step("return table.assign(n=len(table))", 'GROUPS = "all"')
    made = list(run.groups(iter([frame("france"), frame("spain")])))
    assert [set(one["n"]) for one in made] == [{6}]


def test_a_trial_warns_of_chance() -> None:
    chance = step("import random\nreturn table.assign(x=random.random())", trial=True)
    chance(frame())
    assert chance.all_warnings() == ["my_step.py: two runs on the same rows gave other results"]
    steady = step("return table.assign(x=1)", trial=True)
    steady(frame())
    assert steady.all_warnings() == []
    assert steady.sample is not None
    assert list(steady.sample) == ["country_key", "date", "x"]
    later = step('return table.assign(x=table["case_fatality"])', trial=True)
    later(frame())
    assert later.sample is not None
    assert later.sample["x"].tolist() == [0.1, 0.2]  # the first row has none
    endless = step('return table.assign(x=float("inf"))', trial=True)
    endless(frame())
    assert endless.all_warnings() == ["my_step.py: 3 infinite values of x, taken as missing"]


def test_what_it_prints_goes_to_the_log(capsys: pytest.CaptureFixture[str], logged: Logged) -> None:
    step('print("a\\nb")\nimport warnings\nwarnings.warn("c")\nreturn table')(frame())
    assert capsys.readouterr().out == ""
    assert logged.text.splitlines() == [
        "step.printed step=my_step.py text=a",
        "step.printed step=my_step.py text=b",
        'step.printed step=my_step.py text="UserWarning: c"',
    ]
