"""The tree of errors, and helpers for the text of messages.

EtlError                     one clear line for a person, exit status 1
├── ConfigError              settings are wrong (exit status 2); lists every fault at once
├── SourceUnavailable        the source can't be reached or broke off: worth another try
├── SourceChanged            the source answered, but not in the format that it used to send
├── DataRejected             the data was read but may not be published; lists every reason
├── StoreError               the bucket or folder refused or failed; names it and the next step
│   └── StateConflict        somebody else wrote in between (HTTP 412 or 409)
├── MachineError             this machine has no room: disk, open files or memory
├── StepFailed               the user's own step (TRANSFORM) failed, or returned what can't be used
├── RunTimeout               a run took longer than RUN_TIMEOUT_MINUTES
└── AlertError               an alert could not be sent, or a subscription not be made
"""

import errno
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

SHOWN = 20
UNPRINTABLE = "\ufffd"
# control characters, marks of text direction, separators of lines and paragraphs, lone
# surrogates, and the byte order mark
UPSETTING = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff"
_UPSETTING = re.compile(f"[{UPSETTING}]")


def one_line(
    text: str | bytes,
    longest: int | None = None,
    *,
    instead: str = UNPRINTABLE,
    end: str = "",
) -> str:
    """Make untrusted text safe to use within a line of a message, a log or an e-mail.

    White space becomes single spaces; other characters that can't be printed become `instead`.
    Bytes are decoded as UTF-8. A longer text is cut to `longest` characters, and ends with `end`.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    shown = (char if char.isprintable() or char.isspace() else instead for char in text)
    line = " ".join("".join(shown).split())
    if longest is None or len(line) <= longest:
        return line
    return line[: longest - len(end)] + end


def escaped(text: str, longest: int | None = None) -> str:
    """Escape characters that could upset a terminal or break a line; keep all else, spaces too.

    For names that a reader may copy. A longer text is cut to its first `longest` characters.
    """
    return _UPSETTING.sub(lambda found: ascii(found[0])[1:-1], text[:longest])


def upsetting(text: str) -> str | None:
    """Return the first character that `escaped` would escape, escaped; None if there is none."""
    found = _UPSETTING.search(text)
    return escaped(found[0]) if found else None


def listed(names: Sequence[str], most: int) -> str:
    """Return `a, b, c`, or `a, b and 7 more` if there are more than `most` names."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def shortened(lines: Sequence[str], most: int) -> list[str]:
    """Return the first `most` lines; if there are others, a last line says `and 7 more`."""
    more = [f"and {len(lines) - most} more"] if len(lines) > most else []
    return [*lines[:most], *more]


class EtlError(Exception):
    """The root of all errors: the message is for the person who runs the worker."""


class _ManyFaults(EtlError):
    """Several faults, found before anything was written. `faults` has all; the message, twenty."""

    def __init__(self, faults: Sequence[str] | str) -> None:
        self.faults: list[str] = [faults] if isinstance(faults, str) else list(faults)
        super().__init__("; ".join(shortened(self.faults, SHOWN)))


class ConfigError(_ManyFaults):
    """Settings that can't be used."""


class SourceUnavailable(EtlError):
    """The source is unreachable, too slow or broke off; another try may succeed."""


class SourceChanged(_ManyFaults):
    """The source is not in its known format; another try would not help.

    `faults` has one line for those that are alike, `each` a line for each of them.
    """

    def __init__(self, faults: Sequence[str] | str, each: Sequence[str] = ()) -> None:
        super().__init__(faults)
        self.each = list(each) or self.faults


class DataRejected(_ManyFaults):
    """The data failed checks. `run --force` publishes it nevertheless, if it `may_be_forced`."""

    def __init__(self, faults: Sequence[str] | str, *, may_be_forced: bool = True) -> None:
        super().__init__(faults)
        self.may_be_forced = may_be_forced


class StoreError(EtlError):
    """The store refused or failed."""


class StateConflict(StoreError):
    """A conditional write failed, since the object was changed after it was read."""


class MachineError(EtlError):
    """This machine ran out of disk, open files or memory; another try may succeed."""


class StepFailed(EtlError):
    """The step that TRANSFORM names failed; the message names its file and line."""


class RunTimeout(EtlError):
    """A run took longer than it may."""


_FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_TABLE = (errno.EMFILE, errno.ENFILE)


def lacks_room(exc: BaseException | None) -> str:
    """Say what this machine has no room for, if that is why `exc` was raised; otherwise empty."""
    seen: list[BaseException] = []
    while exc and exc not in seen:
        seen.append(exc)
        if isinstance(exc, MemoryError):
            return "memory ran out; use a larger machine or a smaller source"
        if isinstance(exc, RuntimeError) and "can't start new thread" in str(exc):
            return "no thread could be started; allow more memory, or more processes (ulimit -u)"
        if isinstance(exc, FileNotFoundError) and "temporary directory" in str(exc):
            return "no temporary directory can be written to; free some space, or set TMPDIR"
        if isinstance(exc, OSError) and exc.errno in (*_FULL_DISK, *_FULL_TABLE):
            where = f"{exc.filename}: " if exc.filename else ""
            step = (
                "free some space on this machine, or set TMPDIR elsewhere"
                if exc.errno in _FULL_DISK
                else "raise the limit of open files (ulimit -n)"
            )
            return f"{where}{exc.strerror}; {step}"
        exc = exc.__cause__ or exc.__context__
    return ""


class AlertError(EtlError):
    """SNS, Translate or Comprehend refused or failed; this never makes a run fail."""


@contextmanager
def no_silent_end(path: str) -> Iterator[None]:
    """Have os._exit raise SystemExit if the step's file calls it: the run would end unrecorded.

    A process that the step forks may call it, and so may we, to end a run that is late.
    """
    leave, run = os._exit, os.getpid()

    def refuse(status: int) -> NoReturn:
        if os.getpid() != run or sys._getframe(1).f_code.co_filename != path:
            leave(status)
        raise SystemExit(status)

    os._exit = refuse
    try:
        yield
    finally:
        os._exit = leave
