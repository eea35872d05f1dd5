"""What can go wrong, drawn once.

EtlError                     one clear line for a person, exit status 1
├── ConfigError              settings are wrong (exit status 2); every fault is named at once
├── SourceUnavailable        the source can't be reached or broke off: worth another try
├── SourceChanged            the source answered, but not with what it used to send
├── DataRejected             read well, but not fit to be published; lists every reason
├── StoreError               the bucket or folder refused or failed; names it and the next step
│   └── StateConflict        somebody else wrote in between (HTTP 412 or 409)
└── AlertError               somebody could not be told, or a subscription not be made
"""

import re
from collections.abc import Sequence

SHOWN = 20
UNPRINTABLE = "\ufffd"
# control characters, lone surrogates, the separators of lines and paragraphs
_UPSETTING = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")


def one_line(
    text: str | bytes,
    longest: int | None = None,
    *,
    instead: str = UNPRINTABLE,
    end: str = "",
) -> str:
    """Make what a stranger wrote harmless as part of a line: in a message, a log or an e-mail.

    White space becomes single spaces, any other character that can't be printed becomes `instead`.
    Bytes are read as UTF-8. What exceeds `longest` characters is cut, and ends with `end`.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    shown = (char if char.isprintable() or char.isspace() else instead for char in text)
    line = " ".join("".join(shown).split())
    if longest is None or len(line) <= longest:
        return line
    return line[: longest - len(end)] + end


def escaped(text: str, longest: int | None = None) -> str:
    """Show what could upset a terminal or a line by its code; all else stays, spaces included.

    For names that a reader may copy. Of a longer text the first `longest` characters are shown.
    """
    return _UPSETTING.sub(lambda found: ascii(found[0])[1:-1], text[:longest])


def listed(names: Sequence[str], most: int) -> str:
    """Write `a, b, c`, or `a, b and 7 more` where there are more than `most`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def shortened(lines: Sequence[str], most: int) -> list[str]:
    """Keep the first `most` lines; a last one, `and 7 more`, stands for the others."""
    more = [f"and {len(lines) - most} more"] if len(lines) > most else []
    return [*lines[:most], *more]


class EtlError(Exception):
    """The root: what it says is meant for the person who runs the worker."""


class _ManyFaults(EtlError):
    """Several faults found before anything was written; all are kept, the message shows twenty."""

    def __init__(self, faults: Sequence[str] | str) -> None:
        self.faults: list[str] = [faults] if isinstance(faults, str) else list(faults)
        super().__init__("; ".join(shortened(self.faults, SHOWN)))


class ConfigError(_ManyFaults):
    """Settings that can't be used."""


class SourceUnavailable(EtlError):
    """Unreachable, too slow, or broken off in the middle; another try may succeed."""


class SourceChanged(_ManyFaults):
    """Not the format that is known: another try would give the same."""


class DataRejected(_ManyFaults):
    """Checks that failed; `run --force` publishes all the same."""


class StoreError(EtlError):
    """The store refused or failed."""


class StateConflict(StoreError):
    """A conditional write lost: the object is not the one that was read."""


class AlertError(EtlError):
    """SNS, Translate or Comprehend refused or failed; no run fails by it."""
