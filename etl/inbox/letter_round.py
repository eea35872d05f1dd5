"""Process the letters of a round: claim, take in, read and write the result of each."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec.structs import replace

from etl import log
from etl.errors import EtlError, StateConflict
from etl.inbox import claims, intake, results
from etl.inbox.claims import Held, LetterProgress
from etl.inbox.letter import Letter, letter_id
from etl.inbox.reader import Reader
from etl.inbox.services import ASKED_FOR, Services
from etl.store import Entry
from etl.store.keys import is_valid
from etl.store.layout import INCOMING
from etl.store.s3.store import S3Store

LIMIT_S = 240.0  # of a round; a letter already begun is still finished
MOST_LETTERS = 1_000  # new letters per round
MAX_CLAIMS = 3  # a letter is given up after this many attempts whose reader died
GIVEN_UP_AFTER = timedelta(days=7)  # a letter does not wait longer


@dataclass
class RoundResult:
    """The letters that a round finished, oldest first, and those that wait."""

    letters: list[Letter] = field(default_factory=list)
    waiting: list[LetterProgress] = field(default_factory=list)


class LetterRound:
    """Goes through the inbox once. Every method raises StoreError."""

    def __init__(self, store: S3Store, services: Services, reader: Reader, now: datetime) -> None:
        self._store = store
        self._services = services
        self._reader = reader
        self._now = now
        self._ends = time.monotonic() + LIMIT_S
        self._done = RoundResult()

    def work(self) -> RoundResult:
        """Handle the letters that somebody has begun, then the new ones."""
        begun = list(claims.under_way(self._store))
        for letter in begun:
            if self._is_late():
                break
            self._go_on(letter)
        for entry in self._new(set(begun)):
            fresh = claims.claim(self._store, claims.new_progress(entry), None, self._now)
            if fresh and results.read_result(self._store, fresh.progress.id):
                # another worker has finished it since it was listed
                claims.drop(self._store, fresh.progress.id)
            elif fresh:
                self._handle(fresh)
        self._done.letters.sort(key=lambda letter: letter.id)
        return self._done

    def _is_late(self) -> bool:
        return time.monotonic() > self._ends

    def _new(self, begun: set[str]) -> Iterator[Entry]:
        """Yield the letters that nobody has begun.

        A letter whose key is invalid can't be deleted and stays listed, so its result is checked.
        """
        count = 0
        for entry in self._store.list(INCOMING, in_order=False):
            if self._is_late() or count == MOST_LETTERS:
                return
            letter = letter_id(entry)
            if letter in begun or (
                not is_valid(entry.key) and results.read_result(self._store, letter)
            ):
                continue
            count += 1
            yield entry

    def _go_on(self, letter: str) -> None:
        found = claims.read_progress(self._store, letter)
        if found is None:
            return
        known, etag = found
        if known.letter and known.why and self._must_wait(known.letter):
            self._done.waiting.append(known)
            return
        held = claims.claim(self._store, known, etag, self._now)
        if held is None:
            return
        # a worker may have died after it wrote the result and before it sent the alert
        if result := results.read_result(self._store, letter):
            self._done.letters.append(result)
        else:
            self._handle(held)

    def _must_wait(self, letter: Letter) -> bool:
        """Whether another attempt would fail like the last one."""
        return self._services.allowance.is_spent or self._services.refuse(ASKED_FOR[letter.kind])

    def _handle(self, held: Held) -> None:
        try:
            self._bring_forward(held)
        except StateConflict as exc:  # our claim expired, and another worker took the letter
            log.warning("inbox.overtaken", id=held.progress.id, error=exc)
        except EtlError:
            raise
        except (
            Exception
        ) as exc:  # the claim is kept: a later round retries, at most MAX_CLAIMS times
            log.error("inbox.crashed", exc=exc, kind=type(exc).__name__, id=held.progress.id)

    def _bring_forward(self, held: Held) -> None:
        letter = held.progress.letter
        if held.progress.claims > MAX_CLAIMS:
            why = f"whoever read it died over it, {MAX_CLAIMS} times"
            letter = (letter or intake.unreadable(held.progress, why)).noted("given up", why)
            intake.forget(self._store, held.progress)
            self._finish(letter)
            return
        if letter is None:
            letter = intake.take_in(self._store, held.progress)
            if letter is None:  # somebody has deleted the original
                claims.drop(self._store, held.progress.id)
                return
            held = claims.keep(self._store, held, letter)
            intake.forget(self._store, held.progress)
        elif held.progress.claims > 1:  # the previous reader may have died before it deleted this
            intake.forget(self._store, held.progress)
        learned = self._reader.read(letter)
        letter, why = learned.letter, learned.waits_for
        if why and self._now - letter.received_at > GIVEN_UP_AFTER:
            letter, why = letter.noted("given up", why), ""
        if why:
            self._done.waiting.append(claims.release(self._store, held, letter, why))
        else:
            claims.keep(self._store, held, letter)  # fails unless the claim is still ours
            self._finish(letter)

    def _finish(self, letter: Letter) -> None:
        letter = replace(letter, read_at=self._now)
        results.write_result(self._store, letter)
        self._done.letters.append(letter)
