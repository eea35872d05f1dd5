"""Show a run or a job on a terminal: a bar that names the step, then its outcome."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from etl import log
from etl.cli.console import OUTCOMES
from etl.cli.pace import Pace
from etl.cli.run_text import in_words, why_failed
from etl.cli.screen import Screen
from etl.errors import EtlError
from etl.history.run import Result
from etl.report.numbers import human

if TYPE_CHECKING:
    from rich.text import Text

BAR_WIDTH = 24
OUTCOME_NAMES = {
    "published": "published",
    "unchanged": "unchanged",
    "not_due": "not due:",
    "yielded": "yielded",
    "would_publish": "dry run: would publish",
}


class Terminal(Screen):
    """Show one bar at a time, which disappears, and then a sentence or the reason of a failure."""

    EVERY_S = 1.0

    def __enter__(self) -> Self:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        self._console = Console(stderr=True, highlight=False)
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(BAR_WIDTH),
            TextColumn("{task.fields[figures]}", markup=False),
        )
        self._progress = Progress(*columns, console=self._console, transient=True)
        self._arrived = 0
        self._task = self._progress.add_task("start", total=None, figures="")
        self._progress.start()
        # only now: rich has replaced stderr by a stream that prints log lines above the bar
        log.set_up("WARNING" if self._settings.log_level == "INFO" else self._settings.log_level)
        return self

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._progress.stop()
        log.set_up(self._settings.log_level)

    def step(self, what: str) -> None:
        self._pace = None
        self._begin(what, None)

    def received(self, done: int, of: int | None) -> None:
        figures = f"{human(done)} of {human(of)}" if of else human(done)
        self._update(completed=done, total=of, figures=figures)

    def stage(self, what: str, total: int) -> None:
        super().stage(what, total)
        self._begin(what, total)

    def advance(self, arrived: object) -> None:
        super().advance(arrived)
        self._arrived += 1
        if self._pace:
            self.report(self._pace)
        else:
            self._update(figures=f"{self._arrived} objects")

    def report(self, pace: Pace) -> None:
        self._update(completed=pace.done, figures=pace.text(time.monotonic()))

    def show(self, result: Result) -> None:
        from rich.text import Text

        self._progress.stop()
        notice = result.manifest.source.notice if result.manifest else None
        if notice:
            self._console.print(Text(notice, style="bold yellow"))
        for line in (result.record.warnings + result.record.forced) if result.record else []:
            self._console.print(Text.assemble(("warning ", "yellow"), line))
        outcome = Text(OUTCOME_NAMES[result.outcome], f"bold {OUTCOMES[result.outcome]}")
        self._console.print(Text.assemble(outcome, " ", in_words(result, self._settings)))

    def sample(self, text: str) -> None:
        from rich.text import Text

        self._console.print(Text(text), soft_wrap=True)

    def show_failure(self, error: Exception) -> None:
        if isinstance(error, EtlError):
            self._progress.stop()
            self._console.print(_indented(why_failed(error, self._failed_run, self._settings)))

    def _begin(self, what: str, total: int | None) -> None:
        self._progress.reset(self._task, total=total, description=what, figures="")

    def _update(self, **shown: Any) -> None:
        self._progress.update(self._task, **shown)


def _indented(lines: Iterable[str]) -> "Text":
    from rich.text import Text

    return Text.assemble(("failed ", "bold red"), "\n       ".join(lines))
