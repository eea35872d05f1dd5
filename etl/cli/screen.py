"""Show the progress and the result of a run or a job: log lines, or JSON for programs."""

import sys
import time
from threading import Event, Thread
from typing import Any, Self

import msgspec

from etl import log
from etl.cli.console import print_json
from etl.cli.pace import Pace
from etl.cli.run_text import kept_inputs, summary
from etl.errors import EtlError
from etl.history.record import Failure
from etl.history.run import Options, Result
from etl.settings.groups import Settings
from etl.worker.handover import Handover


class Screen:
    """Show a run without a terminal, by one log line at the end.

    A job that has stages is also reported every `EVERY_S`, even while nothing moves.
    """

    EVERY_S = 60.0

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pace: Pace | None = None
        self._watcher = Thread(target=self._watch, daemon=True)
        self._over = Event()
        self._failed_run: Result | None = None

    @staticmethod
    def of(settings: Settings, *, as_json: bool) -> "Screen":
        if as_json:
            return JsonScreen(settings)
        if not sys.stderr.isatty():
            return Screen(settings)
        from etl.cli.terminal import Terminal

        return Terminal(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def options(self, handover: Handover, **given: Any) -> Options:
        """Return the options of a run that this screen shows."""
        return Options(
            handover=handover,
            step=self.step,
            received=self.received,
            stage=self.stage,
            advance=self.advance,
            failed=self.keep_failed_run,
            sample=self.sample,
            **given,
        )

    def step(self, what: str) -> None:
        self._pace = None
        log.debug("run.step", step=what)

    def received(self, done: int, of: int | None) -> None:
        """Show how many bytes of a download have arrived, and how many there will be."""

    def stage(self, what: str, total: int) -> None:
        """Begin a step of `total` parts; `advance` is called with each of them."""
        self.step(what)
        self._pace = Pace(what, total, time.monotonic())
        if self._watcher.ident is None:
            self._watcher.start()

    def advance(self, arrived: object) -> None:
        """Count a part."""
        if self._pace:
            self._pace.count(time.monotonic())

    def failed(self, arrived: object) -> None:
        """Count a failure among the parts; `advance` is called too."""
        if self._pace:
            self._pace.failed += 1

    def keep_failed_run(self, result: Result) -> None:
        """Keep the result of a run that is about to raise an exception, for `show_failure`."""
        self._failed_run = result

    def sample(self, text: str) -> None:
        """Show the first rows that the user's step made, a line each."""
        for line in text.splitlines():
            log.info("step.sample", row=line)

    def report(self, pace: Pace) -> None:
        """Say how far the step is."""
        log.info("job.progress", **pace.fields(time.monotonic()))

    def _watch(self) -> None:
        while not self._over.wait(self.EVERY_S):
            if pace := self._pace:
                self.report(pace)

    def show(self, result: Result) -> None:
        for warning in result.record.warnings if result.record else []:
            log.warning("run.warning", warning=warning)
        for refusal in result.record.forced if result.record else []:
            log.warning("run.forced", refusal=refusal)
        log.info(f"run.{result.outcome}", **summary(result))

    def show_failure(self, error: Exception) -> None:
        """Show why the run raised this. A defect of ours is logged by the command line."""
        if isinstance(error, EtlError):
            kept = ",".join(kept_inputs(self._failed_run))
            fields: dict[str, Any] = {"kept": kept} if kept else {}
            log.error("run.failed", kind=type(error).__name__, error=error, **fields)


class JsonScreen(Screen):
    """Print the record as JSON, for programs; the progress of a job, a line each, as JSON too."""

    def report(self, pace: Pace) -> None:
        fields = {"event": "job.progress", **pace.fields(time.monotonic())}
        line = msgspec.json.encode(fields).decode()
        print(line, file=sys.stderr, flush=True)

    def show(self, result: Result) -> None:
        record = msgspec.to_builtins(result.record) if result.record else {}
        print_json({**record, "outcome": result.outcome})

    def show_failure(self, error: Exception) -> None:
        super().show_failure(error)
        if self._failed_run:
            self.show(self._failed_run)
        else:  # it failed before it could read the folder
            print_json({"outcome": "failed", "failure": Failure(type(error).__name__, str(error))})
