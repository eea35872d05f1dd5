"""What a person sees: progress and tables on a terminal, one logfmt line in a dyno."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self

import msgspec

from config import Settings
from etl import log
from etl.history.history import History
from etl.history.manifest import Manifest
from etl.history.record import standstill
from etl.listing import print_json
from etl.pipeline import Result
from etl.upkeep.doctor.finding import Finding

if TYPE_CHECKING:
    from etl.report.monthly.make import Made

LISTED = 20
MEANING = {
    "published": "a new version is published",
    "unchanged": "nothing new: what is published stays as it is",
    "not_due": "not due: today's slot has its run",
    "yielded": "another worker published this slot's run first",
    "would_publish": "dry run: this would be published",
}


class Screen:
    """Without a terminal: one log line at the end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @staticmethod
    def of(settings: Settings, *, as_json: bool) -> "Screen":
        if as_json:
            return JsonScreen(settings)
        return Terminal(settings) if sys.stderr.isatty() else Screen(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def step(self, what: str) -> None:
        log.debug("run.step", step=what)

    def stage(self, what: str, total: int) -> None:
        """A step of so many parts, each of which `advance` hears of."""
        self.step(what)

    def advance(self, arrived: object) -> None:
        return None

    def show(self, result: Result) -> None:
        for warning in result.record.warnings if result.record else []:
            log.warning("run.warning", warning=warning)
        for refusal in result.record.forced if result.record else []:
            log.warning("run.forced", refusal=refusal)
        log.info(f"run.{result.outcome}", **summary(result))


class JsonScreen(Screen):
    """The record on standard output, for programs."""

    def show(self, result: Result) -> None:
        record = msgspec.to_builtins(result.record) if result.record else {}
        print_json({**record, "outcome": result.outcome})


class Terminal(Screen):
    """A spinner that names the step, then a table."""

    def __enter__(self) -> Self:
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False)
        self._status = self._console.status("start")
        self._status.start()
        # only now: the console has put its own stream in place, which keeps lines off the spinner
        log.set_up("WARNING" if self._settings.log_level == "INFO" else self._settings.log_level)
        self._arrived, self._of = 0, "objects"
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()
        log.set_up(self._settings.log_level)

    def step(self, what: str) -> None:
        self._what = what
        self._status.update(f"{what} ...")

    def stage(self, what: str, total: int) -> None:
        self._arrived, self._of = 0, f"of {total}"
        self.step(what)

    def advance(self, arrived: object) -> None:
        self._arrived += 1
        self._status.update(f"{self._what} ... {self._arrived} {self._of}")

    def show(self, result: Result) -> None:
        from rich.markup import escape
        from rich.table import Table

        self._status.stop()
        table = Table(show_header=False, box=None, pad_edge=False)
        for name, value in summary(result).items():
            table.add_row(f"[dim]{name}[/]", escape(str(value)))
        notice = result.manifest.source.notice if result.manifest else None
        if notice:
            self._console.print(f"[bold yellow]{escape(notice)}[/]")
        for line in (result.record.warnings + result.record.forced) if result.record else []:
            self._console.print(f"[yellow]warning[/] {escape(line)}")
        self._console.print(f"[bold]{result.outcome}[/]: {MEANING[result.outcome]}")
        self._console.print(table)
        self._console.print(f"[dim]where[/] {escape(self._settings.store_address)}")


def summary(result: Result) -> dict[str, Any]:
    """The figures of a run, in the order in which people ask for them."""
    record, manifest = result.record, result.manifest
    fields: dict[str, Any] = {}
    if record:
        fields |= {
            "run": record.published_run or record.run_id,
            "slot": record.slot,
            "rows": record.rows,
            "countries": record.countries,
            "source_last": record.source_last,
            "seconds": round(record.seconds, 2),
        }
    if result.still:
        fields |= {
            "last_date_since": result.still.last_date_since,
            "bytes_since": result.still.bytes_since,
        }
    if record and manifest and result.outcome != "unchanged":
        fields |= {
            "files": len(manifest.files),
            "bytes": sum(file.bytes for file in manifest.files),
            "unmatched": unmatched(manifest),
        }
    return fields


def unmatched(manifest: Manifest) -> str:
    """Names that were matched with nothing, once, as a list for the log; the manifest has all."""
    found = manifest.checks.unmatched
    names = found["source_names"] + found["facts_names"]
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


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
