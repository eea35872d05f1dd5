"""How one figure was reported, run by run."""

from datetime import date
from pathlib import Path

from etl.history import history
from etl.store.directory import DirectoryStore
from tests.support.archives import fill, live, restating
from tests.support.desk import Desk
from tests.support.differing import publish, restated
from tests.support.runs import (
    growing,
)


def test_of_daily_runs_that_were_cleared_away_figures_are_read_from_those_made_anew(
    store: DirectoryStore, source: Path
) -> None:
    from etl.archive.figure_history import FigureKey, read_figure_history

    first, second = live(store, source, restating(2))
    done = fill(store, source, COUNTRIES="ESP,USA")
    for entry in list(store.list(f"runs/{first}/")):
        store.delete(entry.key)
    past = history.read(store)[0]
    figure = FigureKey("ESP", date(2021, 1, 2), "cumulative_cases")
    found = list(read_figure_history(store, past, figure, source.parent, 10**9))
    assert [(one.run_id, one.kept_in) for one in found] == [
        (done.days[0].run_id, "runs"),
        (second, "runs"),
    ]


def test_vintage_shows_a_figure_as_each_run_reported_it(local_desk: Desk) -> None:
    ids = [
        publish(local_desk, growing(4)),
        publish(local_desk, growing(20), 1),
        publish(local_desk, restated(), 2),
    ]
    said = local_desk("vintage", "ESP", "2021-01-05", "--json").json()
    assert [(line["run_id"], line["value"]) for line in said] == list(
        zip(ids, (None, 500, 750), strict=True)
    )
    assert {line["kept_in"] for line in said} == {"runs"}
    for name in ("spain", "Spain", "es"):
        assert local_desk("vintage", name, "2021-01-05", "--json").json() == said
    new = local_desk("vintage", "ESP", "2021-01-05", "--measure", "new_cases", "--json").json()
    assert [line["value"] for line in new] == [None, 100, 350]
    shown = local_desk("vintage", "ESP", "2021-01-05").out
    assert "Spain, 2021-01-05: cumulative_cases" in shown
    assert "+250" in shown


def test_of_a_run_that_was_cleared_away_the_archived_input_is_read(local_desk: Desk) -> None:
    ids = [publish(local_desk, growing(20)), publish(local_desk, restated(), 1)]
    asked = [("ESP", "2021-01-05", m) for m in ("cumulative_cases", "new_cases", "new_deaths")]
    before = [local_desk("vintage", k, d, "--measure", m, "--json").json() for k, d, m in asked]
    store = local_desk.store
    for entry in list(store.list(f"runs/{ids[0]}/")):
        if not entry.key.endswith("manifest.json"):
            store.delete(entry.key)
    after = [local_desk("vintage", k, d, "--measure", m, "--json").json() for k, d, m in asked]
    for was, found in zip(before, after, strict=True):
        assert [line["kept_in"] for line in found] == ["raw", "runs"]
        assert [{**line, "kept_in": "runs"} for line in found] == was
    store.delete(f"raw/{ids[0]}/stats.json.gz")
    [left] = local_desk("vintage", "ESP", "2021-01-05", "--json").json()
    assert left["run_id"] == ids[1]


def test_a_country_that_no_run_knows_is_said(local_desk: Desk) -> None:
    empty = local_desk("vintage", "ESP", "2021-01-05")
    assert (empty.status, empty.out) == (1, "")
    assert "nothing is published yet; publish the first version: python app.py run" in empty.err
    publish(local_desk, growing(20))
    said = local_desk("vintage", "Atlantis", "2021-01-05")
    assert (said.status, said.out) == (1, "")
    assert "no run has the name, key or code 'Atlantis'" in said.err
    assert local_desk("vintage", "ESP", "yesterday").status == 2
    assert local_desk("vintage", "ESP", "2021-01-05", "--measure", "stale").status == 2
