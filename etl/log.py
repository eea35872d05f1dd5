"""Write log lines in logfmt: an event and its fields, one line each.

    run.published rows=66256 seconds=1.9 source_last=2021-02-16

The platform adds the time. Built on the standard library, since the idle worker uses it too:
structlog would double the worker's memory.
"""

import json
import logging
import re
import sys
import traceback
from contextlib import suppress
from typing import Any, TextIO

from etl.errors import UPSETTING

LONGEST = 9_000  # Heroku cuts a line into pieces at 10,000 bytes
_PLAIN = re.compile(r"[\w.,:/@%+*#~^(){}<>!?$&;|-]+", re.ASCII)
_WHOLE = re.compile(r"(?:[^\\]|\\u[0-9a-f]{4}|\\[^u])*")  # text up to an incomplete escape
_logger = logging.getLogger("cloud_etl")


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


class _Formatter(logging.Formatter):
    def __init__(self, source: str) -> None:
        super().__init__()
        self._always = {"source": source} if source else {}

    def format(self, record: logging.LogRecord) -> str:
        fields = self._always | dict(getattr(record, "fields", {}))
        if record.levelno != logging.INFO:
            fields = {"level": record.levelname.lower(), **fields}
        if record.exc_info and record.exc_info[1]:
            fields["traceback"] = "".join(traceback.format_exception(record.exc_info[1]))
        return line(record.getMessage(), fields)


class _Handler(logging.Handler):
    """Writes a line in one call, without a lock: a signal may end a process in the middle of one.

    A lock that is left at that moment raises a RuntimeError, which would hide the end.
    """

    def __init__(self, stream: TextIO, formatter: logging.Formatter) -> None:
        super().__init__()
        self._stream = stream
        self.formatter = formatter

    def handle(self, record: logging.LogRecord) -> bool:
        with suppress(OSError, ValueError):  # it is closed, and there is nowhere else to write
            self._stream.write(self.format(record) + "\n")
            self._stream.flush()
        return True


def set_up(level: str, stream: TextIO | None = None, *, source: str = "") -> None:
    """Write log lines of this level and above to `stream` (standard error by default).

    If `source` is given, each line names it: the worker may have several sources.
    """
    _logger.handlers[:] = [_Handler(stream or sys.stderr, _Formatter(source))]
    _logger.setLevel(level)
    _logger.propagate = False


def reset() -> None:
    """Undo `set_up`: lines go to the process's own handlers again."""
    _logger.handlers[:] = []
    _logger.setLevel(logging.NOTSET)
    _logger.propagate = True


def debug(event: str, **fields: object) -> None:
    _logger.debug(event, extra={"fields": fields})


def info(event: str, **fields: object) -> None:
    _logger.info(event, extra={"fields": fields})


def warning(event: str, **fields: object) -> None:
    _logger.warning(event, extra={"fields": fields})


def error(event: str, *, exc: BaseException | None = None, **fields: object) -> None:
    """Log an error; with `exc`, add its whole traceback, folded into the same line."""
    _logger.error(event, exc_info=exc, extra={"fields": fields})
