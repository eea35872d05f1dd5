"""Print the history and the doctor's findings: a table, lines, or JSON."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from etl.cli.console import OUTCOMES, Column, print_json, print_sentence, print_table
from etl.history.history import History
from etl.history.record import Record, standstill
from etl.transform.staleness import STALE
from etl.upkeep.doctor.finding import Finding

HISTORY = (
    Column("run (its start, UTC)"),
    Column("outcome", styles=OUTCOMES),
    Column("rows", number=True),
    Column("last date"),
    Column("notes", rest=True),
)


def print_history(past: History, last: int, *, as_json: bool, where: str) -> None:
    """Print the last records, oldest first, and since when the source has had nothing new."""
    records = past.records[-last:]
    if as_json:
        print_json(msgspec.to_builtins(records))
        return
    if not records:
        print_sentence(f"{where}: no runs yet; python app.py run makes the first one")
        return
    print_table(f"{where}: {amount(records, 'run')}", HISTORY, map(_history_row, records))
    if still := standstill(past.records):
        print_sentence(
            f"\nThe source's last date, {still.last_date}, has not changed since the run of "
            f"{still.last_date_since}; its bytes have not changed since the run of "
            f"{still.bytes_since}."
        )


def amount(records: Sequence[object], what: str) -> str:
    """Return how many are shown: `the last run`, `the last 30 runs`."""
    return f"the last {what}" if len(records) == 1 else f"the last {len(records)} {what}s"


def _history_row(record: Record) -> list[str]:
    return [
        record.run_id,
        record.outcome,
        "" if record.rows is None else f"{record.rows:,}",
        str(record.source_last or ""),
        "; ".join(_notes(record)),
    ]


def _notes(record: Record) -> Iterator[str]:
    """Yield what is unusual about a run."""
    if f"{record.slot}" != record.run_id[:10]:
        yield f"slot {record.slot}"
    if record.attempts > 1:
        yield f"{record.attempts} attempts"
    if record.healed:
        yield "healed"
    if record.failure:
        yield f"{record.failure.kind}: {record.failure.message}"
        if record.kept:
            yield "the input is kept in raw/"
    elif record.outcome == "restored":
        yield f"back to run {record.published_run}"
    else:
        # the table has the last date
        yield from ("stale" if text.startswith(STALE) else text for text in record.warnings)


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
