"""Show a run's progress and result: a table on a terminal, otherwise a logfmt line."""

import sys
from typing import Any, Self

import msgspec

from etl import log
from etl.cli.console import print_json
from etl.errors import listed
from etl.history.manifest import Manifest
from etl.history.run import Result
from etl.settings.groups import Settings

LISTED = 20
MEANING = {
    "published": "a new version is published",
    "unchanged": "nothing new: what is published stays as it is",
    "not_due": "not due: today's slot has its run",
    "yielded": "another worker published this slot's run first",
    "would_publish": "dry run: this would be published",
}


class Screen:
    """Show a run without a terminal, by one log line at the end."""

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
        """Begin a step of `total` parts; `advance` is called with each of them."""
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
    """Print the record as JSON, for programs."""

    def show(self, result: Result) -> None:
        record = msgspec.to_builtins(result.record) if result.record else {}
        print_json({**record, "outcome": result.outcome})


class Terminal(Screen):
    """Show a spinner that names the step, then a table."""

    def __enter__(self) -> Self:
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False)
        self.status = self._console.status("start")
        self.status.start()
        # only now: rich has replaced stderr by a stream that prints log lines above the spinner
        log.set_up("WARNING" if self._settings.log_level == "INFO" else self._settings.log_level)
        self._arrived, self._of = 0, "objects"
        return self

    def __exit__(self, *_: object) -> None:
        self.status.stop()
        log.set_up(self._settings.log_level)

    def step(self, what: str) -> None:
        self._what = what
        self.status.update(f"{what} ...")

    def stage(self, what: str, total: int) -> None:
        self._arrived, self._of = 0, f"of {total}"
        self.step(what)

    def advance(self, arrived: object) -> None:
        self._arrived += 1
        self.status.update(f"{self._what} ... {self._arrived} {self._of}")

    def show(self, result: Result) -> None:
        from rich.markup import escape
        from rich.table import Table

        self.status.stop()
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
        self._console.print(f"[dim]where[/] {escape(self._settings.store.address)}")


def summary(result: Result) -> dict[str, Any]:
    """List the figures of a run, the most interesting first."""
    record, manifest = result.record, result.manifest
    fields: dict[str, Any] = {}
    if record:
        fields |= {
            "run": record.published_run or record.run_id,
            "slot": record.slot,
            "rows": record.rows,
            "countries": record.series,
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
    """List the names that could not be matched, for the log; the manifest has all of them."""
    found = manifest.checks.unmatched
    names = found["source_names"] + found["facts_names"]
    return listed(names, LISTED)
