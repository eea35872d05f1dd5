"""Process the letters of a round: claim, take in, read and write the result of each."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec.structs import replace

from etl import log
from etl.errors import EtlError, StateConflict
from etl.inbox import claims, intake, results
from etl.inbox.claims import Held, LetterProgress
from etl.inbox.letter import Check, Later, Letter, Unreadable, letter_id
from etl.inbox.reader import Reader
from etl.inbox.services import ASKED_FOR, Services
from etl.store import Entry
from etl.store.keys import is_valid
from etl.store.layout import INCOMING
from etl.store.s3.store import S3Store

LIMIT_S = 180.0  # of a round; a letter already begun waits for the next one
LETTER_LIMIT_S = 10.0  # of CPU time to read one letter's bytes
LATE = "this round ran out of time; the next round continues"
MOST_LETTERS = 1_000  # new letters per round
MAX_CLAIMS = 3  # a letter is given up after this many attempts whose reader died
MAX_REFUSED_ALONE = 3  # rounds in which a service answered about others and refused this letter
GIVEN_UP_AFTER = timedelta(days=7)  # a letter does not wait longer
DAMAGED = "its file in inbox/pending/ was damaged, and the letter itself is gone"


@dataclass
class RoundResult:
    """The letters that a round finished, oldest first, and those that wait."""

    letters: list[Letter] = field(default_factory=list)
    waiting: list[LetterProgress] = field(default_factory=list)


@dataclass(frozen=True)
class RefusedLetter:
    """A letter of ours that a service refused; `own` counts the answers that it got before."""

    held: Held
    letter: Letter
    why: str
    calls: tuple[str, ...]
    own: Counter[str]


class LetterRound:
    """Goes through the inbox once. Every method raises StoreError."""

    def __init__(self, store: S3Store, services: Services, reader: Reader, now: datetime) -> None:
        self._store = store
        self._services = services
        self._reader = reader
        self._now = now
        self._ends = time.monotonic() + LIMIT_S
        self._done = RoundResult()
        self._refused: list[RefusedLetter] = []
        self._damaged: dict[str, str] = {}  # ETags of unusable files in pending/, by letter
        self._listed_all = False

    def work(self) -> RoundResult:
        """Handle the letters that somebody has begun, then the new ones.

        Those that a service refused before come last, so that they keep no other from being read.
        """
        begun = list(claims.under_way(self._store))
        last = [letter for letter in begun if not self.is_late() and self._go_on(letter)]
        for entry in self._new(set(begun)):
            etag = self._damaged.pop(letter_id(entry), None)
            fresh = claims.claim(self._store, claims.new_progress(entry), etag, self._now)
            if fresh and results.read_result(self._store, fresh.progress.id):
                # another worker has finished it since it was listed
                claims.drop(self._store, fresh.progress.id)
            elif fresh:
                self._handle(fresh)
        for letter, etag in self._damaged.items():
            if self._listed_all:
                self._give_up(letter, etag)
        for letter in last:
            if not self.is_late():
                self._go_on(letter, refused=True)
        for refused in self._refused:
            self._settle(refused)
        self._done.letters.sort(key=lambda letter: letter.id)
        return self._done

    def is_late(self) -> bool:
        return time.monotonic() > self._ends

    def _limits(self) -> Check:
        """Return a check that raises Unreadable or Later if the letter or the round takes too long.

        A letter's own limit is in CPU time, so that a busy machine does not make it unreadable.
        """
        began_s = time.thread_time()

        def check() -> None:
            if time.thread_time() - began_s > LETTER_LIMIT_S:
                raise Unreadable(f"it takes more than {LETTER_LIMIT_S:g} s to read")
            self._refuse_late()

        return check

    def _refuse_late(self) -> None:
        if self.is_late():
            raise Later(LATE)

    def _new(self, begun: set[str]) -> Iterator[Entry]:
        """Yield the letters that nobody has begun, or whose progress is damaged.

        A letter whose key is invalid can't be deleted and stays listed, so its result is checked.
        """
        count = 0
        for entry in self._store.list(INCOMING, in_order=False):
            if self.is_late() or count == MOST_LETTERS:
                return
            letter = letter_id(entry)
            if letter in begun - self._damaged.keys() or (
                not is_valid(entry.key) and results.read_result(self._store, letter)
            ):
                continue
            count += 1
            yield entry
        self._listed_all = True

    def _give_up(self, letter: str, etag: str) -> None:
        """Finish a letter that can't be begun again, since only its damaged progress is there."""
        known = claims.LetterProgress(letter, INCOMING, self._now, 0)
        if claims.claim(self._store, known, etag, self._now) is None:
            return
        if result := results.read_result(self._store, letter):
            self._done.letters.append(result)
        else:
            self._finish(intake.unreadable(known, DAMAGED))

    def _go_on(self, letter: str, *, refused: bool = False) -> bool:
        """Handle a letter. Return True if it is to be handled last, and nothing was done."""
        found = claims.read_progress(self._store, letter)
        if found is None:
            return False
        known, etag = found
        if known is None:
            self._damaged[letter] = etag
            return False
        if known.refused and not refused:
            return True
        if known.letter and known.why and self._must_wait(known.letter):
            self._done.waiting.append(known)
            return False
        held = claims.claim(self._store, known, etag, self._now)
        if held is None:
            return False
        # a worker may have died after it wrote the result and before it sent the alert
        if result := results.read_result(self._store, letter):
            self._done.letters.append(result)
        else:
            self._handle(held)
        return False

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
            why = f"the process that read it died, {MAX_CLAIMS} times"
            letter = (letter or intake.unreadable(held.progress, why)).noted("given up", why)
            intake.forget(self._store, held.progress)
            self._finish(letter)
            return
        if letter is None:
            try:
                letter = intake.take_in(self._store, held.progress, self._limits())
            except Later as exc:
                self._wait(held, None, str(exc))
                return
            if letter is None:  # somebody has deleted the original
                claims.drop(self._store, held.progress.id)
                return
            held = claims.keep(self._store, held, letter)
            intake.forget(self._store, held.progress)
        elif held.progress.claims > 1:  # the previous reader may have died before it deleted this
            intake.forget(self._store, held.progress)
        before = self._services.answered.copy()
        learned = self._reader.read(letter, self._refuse_late)
        letter, why = learned.letter, learned.waits_for
        if why and self._now - letter.received_at > GIVEN_UP_AFTER:
            letter, why = letter.noted("given up", why), ""
        if why and any(learned.refused):
            held = claims.keep(self._store, held, letter)
            own = self._services.answered - before
            self._refused.append(RefusedLetter(held, letter, why, learned.refused, own))
        elif why:
            self._wait(held, letter, why)
        else:
            claims.keep(self._store, held, letter)  # fails unless the claim is still ours
            self._finish(letter)

    def _settle(self, one: RefusedLetter) -> None:
        """Release a letter that was refused, or finish it if others have been answered too often.

        Whether the services answered about others is only known at the end of the round.
        """
        answered = self._services.answered
        alone = all(answered[call] > one.own[call] for call in one.calls)
        known = one.held.progress
        known = replace(known, refused=known.refused + 1, refused_alone=known.refused_alone + alone)
        held = Held(known, one.held.etag)
        try:
            if known.refused_alone < MAX_REFUSED_ALONE:
                self._wait(held, one.letter, one.why)
                return
            letter = replace(one.letter, kind="unreadable").noted("given up", one.why)
            claims.keep(self._store, held, letter)
            self._finish(letter)
        except StateConflict as exc:
            log.warning("inbox.overtaken", id=known.id, error=exc)

    def _wait(self, held: Held, letter: Letter | None, why: str) -> None:
        self._done.waiting.append(claims.release(self._store, held, letter, why))

    def _finish(self, letter: Letter) -> None:
        letter = replace(letter, read_at=self._now)
        results.write_result(self._store, letter)
        self._done.letters.append(letter)
