"""Print what a file is found to be by `validate`: lines for people, or JSON."""

from collections.abc import Iterable
from pathlib import Path

from msgspec import structs

from etl.cli.console import print_json
from etl.cli.print_changes import came_and_went
from etl.errors import DataRejected, SourceChanged, escaped
from etl.extract.sources import Source
from etl.load.changes_file import to_json
from etl.load.version import Checked
from etl.report.numbers import plural
from etl.report.page.words import CORRECTIONS
from etl.transform.difference import Difference
from etl.transform.repair import Corrections


def print_faults(
    file: Path, source: Source, error: SourceChanged | DataRejected, *, as_json: bool
) -> None:
    """Print every fault of a file that a run would not publish."""
    faults = error.each if isinstance(error, SourceChanged) else error.faults
    if as_json:
        kind = type(error).__name__
        _print_json(file, source, {"valid": False, "kind": kind, "faults": faults})
        return
    number = plural(len(faults), "fault")
    _print(f"{file}: not valid as {source.name}, {number}", "red", faults)
    if isinstance(error, DataRejected) and error.may_be_forced:
        print("python app.py run --force would publish it anyway")


def print_valid(file: Path, source: Source, checked: Checked, *, as_json: bool) -> None:
    """Print what a valid file holds, what was corrected, and what differs from the last run."""
    held, changes, table = checked.held, checked.changes, checked.table
    warnings = checked.findings.warnings
    if as_json:
        found = {
            "valid": True,
            "faults": [],
            **held.noted(),
            "corrections": structs.asdict(table.corrections),
            "changes": to_json(changes) if changes.compared_with else None,
            "warnings": warnings,
        }
        _print_json(file, source, found)
        return
    series = f"{held.series:,} {source.level}"
    lines = [
        f"holds      {held.rows:,} rows, {series}, {held.first_date} to {held.last_date}",
        *(f"corrected  {line}" for line in _repaired(table.corrections)),
        f"published  {_against(changes)}",
        *(f"warning    {warning}" for warning in warnings),
    ]
    _print(f"{file}: valid as {source.name}", "green", lines)


def _print_json(file: Path, source: Source, found: dict[str, object]) -> None:
    print_json({"file": str(file), "source": source.name, **found})


def _print(title: str, colour: str, lines: Iterable[str]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(escaped(title), f"bold {colour}"))
    for line in lines:
        console.print(Text(f"  {escaped(line)}"))


def _repaired(made: Corrections) -> list[str]:
    counts = structs.asdict(made)
    return [
        f"{title[0].lower()}{title[1:]}: {counts[name]:,}"
        for name, title, _ in CORRECTIONS
        if counts[name]
    ]


def _against(changes: Difference) -> str:
    if changes.compared_with is None:
        return "nothing to compare with"
    rows = f"rows added {changes.rows_added:,}, removed {changes.rows_removed:,}"
    cells = f"cells restated {changes.cells_restated:,} ({changes.restated_share:.2%})"
    return "; ".join([f"run {changes.compared_with}: {rows}, {cells}", *came_and_went(changes)])
