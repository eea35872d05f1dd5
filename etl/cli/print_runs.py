"""Runs, reports and the doctor's findings, for people at the command line: tables, or JSON."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from etl.cli.print_objects import print_json
from etl.history.history import History
from etl.history.record import standstill
from etl.upkeep.doctor.finding import Finding

if TYPE_CHECKING:
    from etl.report.monthly.make import Made


def print_history(past: History, last: int, *, as_json: bool, where: str) -> None:
    """A table of the last records on standard output, oldest first."""
    records = past.records[-last:]
    if as_json:
        print_json(msgspec.to_builtins(records))
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    title = f"{where}: the last {len(records)} runs" if records else f"{where}: no runs"
    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False)
    for name in ("slot", "outcome"):
        table.add_column(name, no_wrap=True)
    for name in ("rows", "seconds", "last date", "attempts"):
        table.add_column(name, no_wrap=True, justify="right")
    table.add_column("what went wrong", ratio=1)
    for record in records:
        wrong = f"{record.failure.kind}: {record.failure.message}" if record.failure else ""
        back = f"back to run {record.published_run}" if record.outcome == "restored" else ""
        table.add_row(
            str(record.slot),
            record.outcome + (" (healed)" if record.healed else ""),
            "" if record.rows is None else f"{record.rows:,}",
            f"{record.seconds:.1f}",
            str(record.source_last or ""),
            str(record.attempts),
            Text(wrong or back or "; ".join(record.warnings)),
        )
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    console.print(table)
    if still := standstill(past.records):
        console.print(
            f"the source's last date, {still.last_date}, is the same since the run of "
            f"{still.last_date_since}, its bytes since that of {still.bytes_since}"
        )


def print_reports(made: "Sequence[Made]", *, as_json: bool, where: str) -> None:
    """What was made, on standard output: a paragraph each, or JSON."""
    if as_json:
        print_json([msgspec.to_builtins(report) for report in made])
        return
    for report in made:
        counted = f"counted up to {report.until}" if report.until else "nothing to count"
        print(f"{where}/{report.key}")
        print(f"  snapshots: {report.snapshots}, {report.level}: {report.countries}, {counted}")
        for note in report.notes:
            print(f"  {note}")


def print_findings(findings: Iterable[Finding], *, as_json: bool) -> bool:
    """A line each on standard output, as they come: ok, warning or failed, and what to do.

    Whether none failed.
    """
    if as_json:
        told = list(findings)
        print_json([msgspec.to_builtins(finding) for finding in told])
        return all(finding.level != "failed" for finding in told)
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False, soft_wrap=True)
    colours = {"ok": "green", "warning": "yellow", "failed": "red"}
    sound = True
    for finding in findings:
        sound = sound and finding.level != "failed"
        step = f" -> {escape(finding.step)}" if finding.step else ""
        level = f"[{colours[finding.level]}]{finding.level:8}[/]"
        console.print(f"{level} {escape(finding.what)}{step}")
    return sound
