"""Show a run's progress and result: one sentence on a terminal, otherwise a logfmt line."""

import sys
import time
from typing import Any, Self

import msgspec

from etl import log
from etl.cli.console import OUTCOMES, print_json
from etl.cli.pace import Pace
from etl.errors import listed
from etl.history.manifest import Manifest
from etl.history.run import Result
from etl.report.numbers import human
from etl.settings.groups import Settings
from etl.store.layout import home

LISTED = 20
SAID_EVERY_S = 60
OUTCOME_NAMES = {
    "published": "published",
    "unchanged": "unchanged",
    "not_due": "not due:",
    "yielded": "yielded",
    "would_publish": "dry run: would publish",
}


class Screen:
    """Show a run without a terminal, by one log line at the end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pace: Pace | None = None
        self._said_s = time.monotonic()

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
        self._pace = Pace(what, total, time.monotonic())

    def advance(self, arrived: object) -> None:
        """Count a part; once a minute, report how far the step is."""
        if self._pace is None:
            return
        now_s = time.monotonic()
        self._pace.done += 1
        if now_s - self._said_s >= SAID_EVERY_S:
            self._said_s = now_s
            self.report(self._pace.fields(now_s))

    def failed(self, arrived: object) -> None:
        """Count a failure among the parts; `advance` is called too."""
        if self._pace:
            self._pace.failed += 1

    def report(self, fields: dict[str, str | int | float]) -> None:
        log.info("job.progress", **fields)

    def show(self, result: Result) -> None:
        for warning in result.record.warnings if result.record else []:
            log.warning("run.warning", warning=warning)
        for refusal in result.record.forced if result.record else []:
            log.warning("run.forced", refusal=refusal)
        log.info(f"run.{result.outcome}", **summary(result))


class JsonScreen(Screen):
    """Print the record as JSON, for programs; the progress of a job, a line each, as JSON too."""

    def report(self, fields: dict[str, str | int | float]) -> None:
        line = msgspec.json.encode({"event": "job.progress", **fields}).decode()
        print(line, file=sys.stderr, flush=True)

    def show(self, result: Result) -> None:
        record = msgspec.to_builtins(result.record) if result.record else {}
        print_json({**record, "outcome": result.outcome})


class Terminal(Screen):
    """Show a spinner that names the step, then one sentence."""

    def __enter__(self) -> Self:
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False)
        self.status = self._console.status("start")
        self.status.start()
        # only now: rich has replaced stderr by a stream that prints log lines above the spinner
        log.set_up("WARNING" if self._settings.log_level == "INFO" else self._settings.log_level)
        self._arrived = 0
        return self

    def __exit__(self, *_: object) -> None:
        self.status.stop()
        log.set_up(self._settings.log_level)

    def step(self, what: str) -> None:
        self._what = what
        self.status.update(f"{what} ...")

    def stage(self, what: str, total: int) -> None:
        super().stage(what, total)

    def advance(self, arrived: object) -> None:
        self._arrived += 1
        if self._pace:
            self._pace.done += 1
            self.status.update(self._pace.text(time.monotonic()))
        else:
            self.status.update(f"{self._what} ... {self._arrived} objects")

    def show(self, result: Result) -> None:
        from rich.text import Text

        self.status.stop()
        notice = result.manifest.source.notice if result.manifest else None
        if notice:
            self._console.print(Text(notice, style="bold yellow"))
        for line in (result.record.warnings + result.record.forced) if result.record else []:
            self._console.print(Text.assemble(("warning ", "yellow"), line))
        outcome = Text(OUTCOME_NAMES[result.outcome], f"bold {OUTCOMES[result.outcome]}")
        self._console.print(Text.assemble(outcome, " ", in_words(result, self._settings)))


def in_words(result: Result, settings: Settings) -> str:
    """Say what a person wants to know of a run, after the name of its outcome."""
    record, manifest = result.record, result.manifest
    if record is None or manifest is None:
        return {
            "not_due": "today's slot already has its run",
            "yielded": "to another worker, which published this slot's run first",
        }.get(result.outcome, "")
    parts = [
        f"{manifest.rows:,} rows{_more_rows(result)}",
        f"{record.series or 0:,} {settings.source.level}",
        f"data to {record.source_last}",
    ]
    if result.outcome == "unchanged":
        return f"{', '.join(parts)}: nothing new in {record.seconds:.1f} s"
    weight = human(sum(file.bytes for file in manifest.files))
    said = f"{', '.join(parts)}, {weight} in {record.seconds:.1f} s"
    return said if result.outcome == "would_publish" else f"{said}; {_where(settings)}"


def _more_rows(result: Result) -> str:
    """Return how many rows more or fewer than the version before, such as ` (+188)`."""
    before = result.run.before if result.run else None
    if before is None or result.manifest is None or before is result.manifest:
        return ""
    return f" ({result.manifest.rows - before.rows:+,})"


def _where(settings: Settings) -> str:
    if settings.store.bucket:
        shown = "page" in settings.table.outputs
        return f"in {settings.store.address}" + "; python app.py open shows the page" * shown
    return f"open {settings.store.output_dir / home(settings.table.outputs)}"


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
