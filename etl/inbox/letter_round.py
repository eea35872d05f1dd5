"""The letters of a round, one by one: claimed, taken in, read, their results written."""

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

LIMIT_S = 240.0  # of a round; the letter that is under way then is finished
MOST_LETTERS = 1_000  # that a round begins, however many came
MAX_CLAIMS = 3  # attempts whose reader died, after which the letter is given up
GIVEN_UP_AFTER = timedelta(days=7)  # of waiting


@dataclass
class RoundResult:
    """What a round did: the letters that it finished, oldest first, and those that wait."""

    letters: list[Letter] = field(default_factory=list)
    waiting: list[LetterProgress] = field(default_factory=list)


class LetterRound:
    """Goes through the inbox once. Everything here raises StoreError."""

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
                claims.drop(self._store, fresh.progress.id)  # another's, since it was listed
            elif fresh:
                self._handle(fresh)
        self._done.letters.sort(key=lambda letter: letter.id)
        return self._done

    def _is_late(self) -> bool:
        return time.monotonic() > self._ends

    def _new(self, begun: set[str]) -> Iterator[Entry]:
        """What came in since. A name that can't be used can't be deleted, so it stays listed."""
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
        # whoever wrote the result may have died before it was reported
        if result := results.read_result(self._store, letter):
            self._done.letters.append(result)
        else:
            self._handle(held)

    def _must_wait(self, letter: Letter) -> bool:
        """Whether another attempt would end like the last one."""
        return self._services.allowance.is_spent or self._services.refuse(ASKED_FOR[letter.kind])

    def _handle(self, held: Held) -> None:
        try:
            self._bring_forward(held)
        except StateConflict as exc:  # our claim grew old: it is another worker's now
            log.warning("inbox.overtaken", id=held.progress.id, error=exc)
        except EtlError:
            raise
        except Exception as exc:  # its claim stays: a later round tries again, and gives it up
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
            if letter is None:  # gone: somebody has deleted it
                claims.drop(self._store, held.progress.id)
                return
            held = claims.keep(self._store, held, letter)
            intake.forget(self._store, held.progress)
        elif held.progress.claims > 1:  # the reader before may have died before it got here
            intake.forget(self._store, held.progress)
        learned = self._reader.read(letter)
        letter, why = learned.letter, learned.waits_for
        if why and self._now - letter.received_at > GIVEN_UP_AFTER:
            letter, why = letter.noted("given up", why), ""
        if why:
            self._done.waiting.append(claims.release(self._store, held, letter, why))
        else:
            claims.keep(self._store, held, letter)  # still ours: only one worker gets beyond this
            self._finish(letter)

    def _finish(self, letter: Letter) -> None:
        letter = replace(letter, read_at=self._now)
        results.write_result(self._store, letter)
        self._done.letters.append(letter)
