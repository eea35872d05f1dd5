"""How one figure was reported, run by run."""

from datetime import date
from pathlib import Path

from etl.history import history
from etl.store.directory import DirectoryStore
from tests.support.archives import fill, live, restating


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
