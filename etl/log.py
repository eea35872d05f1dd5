"""Write log lines in logfmt: an event and its fields, one line each.

    run.published rows=66256 seconds=1.9 source_last=2021-02-16

The platform adds the time. The idle worker keeps this module in memory, so it does without
`logging`, which takes 0.8 MB, and structlog, which takes as much as the worker.
"""

import json
import re
import sys
from contextlib import suppress
from typing import Any, NamedTuple, TextIO

from etl.errors import UPSETTING

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")  # no line is of the last one
LONGEST = 9_000  # Heroku cuts a line into pieces at 10,000 bytes
_PLAIN = re.compile(r"[\w.,:/@%+*#~^(){}<>!?$&;|-]+", re.ASCII)
_WHOLE = re.compile(r"(?:[^\\]|\\u[0-9a-f]{4}|\\[^u])*")  # text up to an incomplete escape


def _value(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple) and type(value).__str__ is object.__str__:
        text = ",".join(map(str, value))
    else:
        text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def line(event: str, fields: dict[str, Any]) -> str:
    """Return one logfmt line; values are quoted where needed, and it is cut at LONGEST bytes."""
    text = " ".join([event, *(f"{name}={_value(value)}" for name, value in fields.items())])
    # JSON does not escape all of these; some end a line, or turn what follows, or can't be written
    text = re.sub(f"[{UPSETTING}]", lambda odd: f"\\u{ord(odd[0]):04x}", text)
    encoded = text.encode()
    return encoded.decode() if len(encoded) <= LONGEST else _cut(encoded)


def _cut(encoded: bytes) -> str:
    whole = _WHOLE.match(encoded[:LONGEST].decode("utf-8", "ignore"))
    text = whole[0] if whole else ""
    in_quotes = re.sub(r"\\.", "", text).count('"') % 2
    return text + '"' * in_quotes + " cut=true"


class _Output(NamedTuple):
    """Which levels are written, and where: without a `stream`, to the current standard error."""

    levels: tuple[str, ...]
    stream: TextIO | None = None
    source: str = ""


_NOT_SET_UP = _Output(("WARNING", "ERROR"))
_output = _NOT_SET_UP


def set_up(level: str, stream: TextIO | None = None, *, source: str = "") -> None:
    """Write log lines of this level and above to `stream` (standard error by default).

    If `source` is given, each line names it: the worker may have several sources.
    """
    global _output
    levels = _LEVELS[_LEVELS.index(level) :]
    _output = _Output(levels, stream or sys.stderr, source)


def reset() -> None:
    """Undo `set_up`: warnings and errors go to standard error, other lines nowhere."""
    global _output
    _output = _NOT_SET_UP


def debug(event: str, **fields: object) -> None:
    _write("DEBUG", event, fields)


def info(event: str, **fields: object) -> None:
    _write("INFO", event, fields)


def warning(event: str, **fields: object) -> None:
    _write("WARNING", event, fields)


def error(event: str, *, exc: BaseException | None = None, **fields: object) -> None:
    """Log an error; with `exc`, add its whole traceback, folded into the same line."""
    if exc is not None:
        import traceback  # the idle worker never needs it

        fields["traceback"] = "".join(traceback.format_exception(exc))
    _write("ERROR", event, fields)


def _write(level: str, event: str, fields: dict[str, object]) -> None:
    """Write a line in one call, without a lock: a signal may end a process in the middle of one.

    A lock that is left at that moment raises a RuntimeError, which would hide the end.
    """
    output = _output
    if level not in output.levels:
        return
    always = {} if level == "INFO" else {"level": level.lower()}
    if output.source:
        always["source"] = output.source
    if (stream := output.stream or sys.stderr) is None:  # it was closed from the start
        return
    with suppress(OSError, ValueError):  # it is closed, and there is nowhere else to write
        stream.write(line(event, always | fields) + "\n")
        stream.flush()
