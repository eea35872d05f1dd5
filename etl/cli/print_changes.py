"""What changed from run to run, for people at the command line: tables, or JSON."""

import sys
from collections.abc import Sequence

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from etl.archive.figure_history import FigureKey, Reported
from etl.cli.print_objects import print_json
from etl.errors import escaped
from etl.history.record import Record
from etl.load.changes_file import Difference
from etl.report.numbers import MISSING, number, step

Told = tuple[Record, Difference | None]


def print_changes(told: Sequence[Told], *, as_json: bool, where: str) -> None:
    """A line a published run; None: what it changed is no longer there."""
    if as_json:
        print_json(
            [{"run_id": record.run_id, "slot": record.slot, "changes": d} for record, d in told]
        )
        return
    table = _table(f"{where}: what the last {len(told)} published runs changed", "slot")
    for name in ("rows added", "removed", "last date", "cells restated", "share"):
        table.add_column(name, no_wrap=True, justify="right")
    table.add_column("new and gone", ratio=1)
    for record, found in told:
        if found is None or found.compared_with is None:
            why = "nothing to compare with" if found else "no longer there"
            table.add_row(str(record.slot), *[MISSING] * 5, why)
        else:
            table.add_row(
                str(record.slot),
                f"{found.rows_added:,}",
                f"{found.rows_removed:,}",
                _moved(found),
                f"{found.cells_restated:,}",
                f"{found.restated_share:.2%}",
                Text("; ".join(_came_and_went(found))),
            )
    _print(table)


def print_difference(run_id: str, found: Difference, *, as_json: bool) -> None:
    if as_json:
        print_json({"run_id": run_id, **msgspec.to_builtins(found)})
        return
    print(f"run {run_id} against run {found.compared_with}")
    print(f"  rows added {found.rows_added:,}, removed {found.rows_removed:,}")
    print(f"  last date {_moved(found)}")
    print(
        f"  cells restated {found.cells_restated:,} of {found.cells_compared:,} "
        f"({found.restated_share:.2%})"
    )
    for name, measure in found.measures.items():
        if measure.restated:
            print(f"    {name}: {measure.restated:,} cells, net {measure.net:+,}")
    for line in _came_and_went(found):
        print(f"  {line}")
    if not found.biggest:
        return
    table = _table("the restated cells that differ most", "what", "date", "measure")
    for name in ("before", "after", "difference"):
        table.add_column(name, no_wrap=True, justify="right")
    for cell in found.biggest:
        counts = (number(cell.before), number(cell.after), step(cell.before, cell.after))
        table.add_row(Text(escaped(cell.name)), str(cell.date), cell.measure, *counts)
    _print(table)


def print_vintage(wanted: FigureKey, reports: Sequence[Reported], *, as_json: bool) -> None:
    """A line a run, and what it says otherwise than the run before."""
    if as_json:
        print_json(reports)
        return
    title = f"{reports[-1].name}, {wanted.day}: {wanted.measure}"
    table = _table(escaped(title), "slot", "run", "read from")
    for name in ("reported", "difference"):
        table.add_column(name, no_wrap=True, justify="right")
    before = None
    for report in reports:
        table.add_row(
            str(report.slot),
            report.run_id,
            f"{report.kept_in}/",
            number(report.value),
            step(before, report.value),
        )
        before = report.value
    _print(table)


def _moved(found: Difference) -> str:
    if found.last_date == found.last_date_before:
        return f"{found.last_date}"
    return f"{found.last_date_before} -> {found.last_date}"


def _came_and_went(found: Difference) -> list[str]:
    lists = (("new", found.appeared), ("gone", found.gone))
    return [
        f"{what}: {', '.join(escaped(series.name) for series in listed)}"
        for what, listed in lists
        if listed
    ]


def _table(title: str, *columns: str) -> Table:
    table = Table(title=Text(title), box=SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name, no_wrap=True)
    return table


def _print(table: Table) -> None:
    Console(width=None if sys.stdout.isatty() else 160, highlight=False).print(table)
