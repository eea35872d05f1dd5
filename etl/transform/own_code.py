"""The file that TRANSFORM names: loaded, called, and its errors put in one line.

It is the user's own code and not sandboxed.
"""

import contextlib
import io
import traceback
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, ModuleType

import pandas as pd

from etl import log
from etl.errors import RunTimeout, StepFailed, no_silent_end, one_line
from etl.settings.tables import OwnStep

PRINTED = 50  # lines of a call that go to the log
ALL = "all"


@dataclass(frozen=True)
class OwnCode:
    """A step's file that was run: its function and what it says about itself."""

    own: OwnStep
    module: ModuleType

    @property
    def takes_all(self) -> bool:
        return getattr(self.module, "GROUPS", "") == ALL

    @property
    def columns(self) -> Mapping[str, tuple[str, str]]:
        """Return unit and meaning of columns, as the file's COLUMNS has them."""
        found: Mapping[str, tuple[str, str]] = getattr(self.module, "COLUMNS", {})
        return found

    @property
    def place(self) -> str:
        """Say where the function is: file and line."""
        code = getattr(self.module.transform, "__code__", None)
        return f"{self.own.path}, line {code.co_firstlineno}" if code else self.own.path

    def transform(self, table: pd.DataFrame) -> object:
        """Call the function with a copy of a table. Raises StepFailed."""
        with _one_line_errors(self.own):
            made: object = self.module.transform(table.copy())
        return made


def load_step(own: OwnStep) -> OwnCode:
    """Run the step's file. Raises StepFailed."""
    module = ModuleType("own_step")
    module.__file__ = own.path
    with _one_line_errors(own):
        exec(_compiled(own), module.__dict__)  # noqa: S102  the user's own code
    if not callable(getattr(module, "transform", None)):
        raise StepFailed(f"{own.path}: no function transform(table) in it")
    if getattr(module, "GROUPS", "") not in ("", "countries", ALL):
        raise StepFailed(f'{own.path}: GROUPS: expected "countries" or "all"')
    about = getattr(module, "COLUMNS", {})
    if not isinstance(about, Mapping) or not all(map(_is_described, about.values())):
        raise StepFailed(f'{own.path}: COLUMNS: expected {{"name": ("unit", "meaning")}}')
    return OwnCode(own, module)


@contextlib.contextmanager
def _one_line_errors(own: OwnStep) -> Iterator[None]:
    """Raise StepFailed for whatever is raised inside; send what is printed to the log."""
    with _printed(own.name), no_silent_end(own.path):
        try:
            yield
        except (RunTimeout, KeyboardInterrupt):
            raise
        except SystemExit as exc:
            if type(exc) is not SystemExit:  # a signal's is of a class of its own, and goes on
                raise
            why = f"{own.path}: it called exit; raise an error, or return the table"
            raise StepFailed(why) from exc
        except BaseException as exc:
            raise StepFailed(_why(own, exc)) from exc


def _compiled(own: OwnStep) -> CodeType:
    return compile(own.source, own.path, "exec", dont_inherit=True)


def _is_described(about: object) -> bool:
    return (
        isinstance(about, tuple | list)
        and len(about) == 2
        and all(isinstance(text, str) for text in about)
    )


def _why(own: OwnStep, exc: BaseException) -> str:
    """Say what failed in the step's file, and where: file, line and column."""
    if isinstance(exc, SyntaxError) and exc.filename == own.path:
        return f"{own.path}, line {exc.lineno}, column {exc.offset}: {exc.msg}"
    frames = [one for one in traceback.extract_tb(exc.__traceback__) if one.filename == own.path]
    where = own.path
    if frames:
        where += f", line {frames[-1].lineno}, column {(frames[-1].colno or 0) + 1}"
    if isinstance(exc, ModuleNotFoundError):
        return (
            f"{where}: it needs the module {exc.name}, which is not installed: add it to "
            "requirements/base.in, and run make lock and then make demo"
        )
    text = one_line(str(exc), 300)
    if isinstance(exc, KeyError) and len(exc.args) == 1:
        text = f"there is no {text}"
    return f"{where}: {type(exc).__name__}: {text}"


@contextlib.contextmanager
def _printed(name: str) -> Iterator[None]:
    """Send what is printed inside to the log, and Python's warnings."""
    text = io.StringIO()
    try:
        with contextlib.redirect_stdout(text), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            yield
    finally:
        said = dict.fromkeys(f"{one.category.__name__}: {one.message}" for one in caught)
        lines = [*text.getvalue().splitlines(), *map(one_line, said)]
        for line in lines[:PRINTED]:
            log.info("step.printed", step=name, text=line)
        if len(lines) > PRINTED:
            log.info("step.printed", step=name, text=f"and {len(lines) - PRINTED} more lines")
