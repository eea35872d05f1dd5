"""Print which monthly reports were made: paragraphs, or JSON."""

from collections.abc import Mapping, Sequence

import msgspec

from etl.cli.console import print_json
from etl.errors import escaped
from etl.report.monthly.make import MonthlyReport


def print_reports(
    made: Sequence[MonthlyReport], failed: Mapping[str, str], *, as_json: bool, where: str
) -> None:
    """Print a paragraph for each report: its address, what it counts, its notes.

    `failed`: why there is no report, by month.
    """
    if as_json:
        failures = [{"month": month, "failure": why} for month, why in failed.items()]
        print_json([*(msgspec.to_builtins(report) for report in made), *failures])
        return
    for report in made:
        counted = f"counted up to {report.until}" if report.until else "nothing to count"
        print(f"{where}/{report.key}")
        print(f"  snapshots: {report.snapshots}, {report.level}: {report.series}, {counted}")
        for note in report.notes:
            print(f"  {note}")
    for month, why in failed.items():
        print(f"{month}: no report: {escaped(why)}")
