"""Print what changed from run to run, and how one figure was reported: tables, or JSON."""

from collections.abc import Iterator, Sequence

from etl.archive.figure_history import FigureKey, Reported
from etl.cli.console import Column, print_json, print_sentence, print_table
from etl.cli.print_runs import amount
from etl.errors import escaped
from etl.history.record import Record
from etl.load.changes_file import to_json
from etl.report.numbers import MISSING, number, plural, step
from etl.transform.difference import Difference

FROM_RUN_TO_RUN = (
    Column("run (its start, UTC)"),
    *(Column(name, number=True) for name in ("rows", "last date", "restated")),
    Column("notes", rest=True),
)
BIGGEST = (
    Column("what", wraps=True),
    *map(Column, ("date", "measure")),
    *(Column(name, number=True) for name in ("before", "after", "difference")),
)
REPORTED = (
    *map(Column, ("slot", "run", "read from")),
    *(Column(name, number=True) for name in ("reported", "difference")),
)
ChangesOfRun = tuple[Record, Difference | None]


def print_changes(changes: Sequence[ChangesOfRun], *, as_json: bool, where: str) -> None:
    """Print a line for each published run. None: its changes are no longer kept."""
    if as_json:
        print_json(
            [
                {
                    "run_id": record.run_id,
                    "slot": record.slot,
                    "changes": to_json(found) if found else None,
                }
                for record, found in changes
            ]
        )
        return
    if not changes:
        print_sentence(f"{where}: nothing is published yet; python app.py run publishes")
        return
    title = f"{where}: what {amount(changes, 'published run')} changed"
    print_table(title, FROM_RUN_TO_RUN, [_changes_row(*run) for run in changes])


def _changes_row(record: Record, found: Difference | None) -> list[str]:
    if found is None or found.compared_with is None:
        why = "nothing to compare with" if found else "its changes are no longer kept"
        return [record.run_id, *[MISSING] * 3, why]
    added, removed = f"+{found.rows_added:,}", f" -{found.rows_removed:,}"
    return [
        record.run_id,
        added + (removed if found.rows_removed else ""),
        str(found.last_date),
        f"{found.cells_restated:,} ({found.restated_share:.2%})",
        "; ".join(came_and_went(found)),
    ]


def print_difference(run_id: str, found: Difference, *, as_json: bool) -> None:
    """Print how a run differs from an earlier one."""
    if as_json:
        print_json({"run_id": run_id, **to_json(found)})
        return
    print(f"run {run_id} compared with run {found.compared_with}")
    print(f"  rows added {found.rows_added:,}, removed {found.rows_removed:,}")
    print(f"  last date {_moved(found)}")
    print(
        f"  cells restated {found.cells_restated:,} of {found.cells_compared:,} "
        f"({found.restated_share:.2%})"
    )
    for name, measure in found.measures.items():
        if measure.restated:
            print(f"    {name}: {plural(measure.restated, 'cell')}, net {measure.net:+,}")
    for line in came_and_went(found):
        print(f"  {line}")
    if not found.biggest:
        return
    rows = [
        [
            escaped(cell.name),
            str(cell.date),
            cell.measure,
            number(cell.before),
            number(cell.after),
            step(cell.before, cell.after),
        ]
        for cell in found.biggest
    ]
    print_table("the restated cells that differ most", BIGGEST, rows)


def print_vintage(wanted: FigureKey, reports: Sequence[Reported], *, as_json: bool) -> None:
    """Print a line for each run, and by how much its figure differs from the run before."""
    if as_json:
        print_json(reports)
        return
    title = f"{reports[-1].name}, {wanted.day}: {wanted.measure}"
    print_table(escaped(title), REPORTED, _reported_rows(reports))


def _reported_rows(reports: Sequence[Reported]) -> Iterator[list[str]]:
    before = None
    for report in reports:
        difference = step(before, report.value)
        where = f"{report.kept_in}/"
        yield [str(report.slot), report.run_id, where, number(report.value), difference]
        before = report.value


def _moved(found: Difference) -> str:
    if found.last_date == found.last_date_before:
        return f"{found.last_date}"
    return f"{found.last_date_before} -> {found.last_date}"


def came_and_went(found: Difference) -> list[str]:
    """Return a line with the names of the series that are new, and one of those that are gone."""
    lists = (("new", found.appeared), ("gone", found.gone))
    return [
        f"{what}: {', '.join(escaped(series.name) for series in listed)}"
        for what, listed in lists
        if listed
    ]
