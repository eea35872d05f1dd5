"""What every reader promises about a damaged document, and what a target of the fuzzer is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from dev.fuzz.mutate import mutated
from etl.errors import upsetting

LONGEST_MESSAGE = 20_000

Read = Callable[[bytes, Path], bool]  # whether the document was read; False: it was refused
Mutate = Callable[[Random, Sequence[bytes]], bytes]


class BrokenPromise(Exception):
    """The reader did what it must never do with a document."""


@dataclass(frozen=True)
class Target:
    """A reader: `read` keeps its promise or raises; `prepare` is applied to damaged documents."""

    corpus: Sequence[bytes]
    read: Read
    prepare: Callable[[bytes], bytes] = bytes
    mutate: Mutate = mutated


def require(kept: bool, what: str) -> None:
    if not kept:
        raise BrokenPromise(what)


def refused(exc: Exception) -> bool:
    message = str(exc)
    require(not upsetting(message), f"a message with control characters: {message!a}")
    require(0 < len(message) < LONGEST_MESSAGE, f"a message of {len(message)} characters")
    return False
