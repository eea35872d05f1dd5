"""Print the history and the doctor's findings: a table, lines, or JSON."""

from collections.abc import Iterable

import msgspec

from etl.cli.console import Column, print_json, print_sentence, print_table
from etl.history.history import History
from etl.history.record import Record, standstill
from etl.upkeep.doctor.finding import Finding

HISTORY = (
    Column("slot"),
    Column("outcome"),
    *(Column(name, number=True) for name in ("rows", "seconds", "last date", "attempts")),
    Column("what went wrong", rest=True),
)


def print_history(past: History, last: int, *, as_json: bool, where: str) -> None:
    """Print the last records, oldest first, and since when the source has had nothing new."""
    records = past.records[-last:]
    if as_json:
        print_json(msgspec.to_builtins(records))
        return
    title = f"{where}: the last {len(records)} runs" if records else f"{where}: no runs"
    print_table(title, HISTORY, map(_history_row, records), title_style="table.title")
    if still := standstill(past.records):
        print_sentence(
            f"the source's last date, {still.last_date}, is the same since the run of "
            f"{still.last_date_since}, its bytes since that of {still.bytes_since}"
        )


def _history_row(record: Record) -> list[str]:
    wrong = f"{record.failure.kind}: {record.failure.message}" if record.failure else ""
    back = f"back to run {record.published_run}" if record.outcome == "restored" else ""
    return [
        str(record.slot),
        record.outcome + (" (healed)" if record.healed else ""),
        "" if record.rows is None else f"{record.rows:,}",
        f"{record.seconds:.1f}",
        str(record.source_last or ""),
        str(record.attempts),
        wrong or back or "; ".join(record.warnings),
    ]


def print_findings(findings: Iterable[Finding], *, as_json: bool) -> bool:
    """Print a line for each finding as it arrives: ok, warning or failed, and what to do.

    Returns whether nothing failed.
    """
    if as_json:
        found = list(findings)
        print_json([msgspec.to_builtins(finding) for finding in found])
        return all(finding.level != "failed" for finding in found)
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
