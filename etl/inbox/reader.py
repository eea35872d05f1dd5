"""Add the services' answers to a letter that was taken in.

Answers already known are not requested again when a letter had to wait.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from etl.errors import AlertError
from etl.inbox.contents import TEXT_BYTES
from etl.inbox.letter import Check, Later, Letter
from etl.inbox.services import INLINE_BYTES, LABEL_CONFIDENCE, SENTIMENT, Services
from etl.settings import inbox_rules as alert_rules
from etl.settings.inbox_rules import InboxRule
from etl.settings.languages import ORIGINAL
from etl.store.s3.store import S3Store

if TYPE_CHECKING:
    from mypy_boto3_rekognition.type_defs import ImageTypeDef

LEAST_PIXELS, MOST_PIXELS = 80, 10_000  # per side, as Rekognition requires
LABELS_KEPT = 20


@dataclass(frozen=True)
class Learned:
    """A letter with what is known by now; `waits_for` says why the rest waits, empty if none.

    `refused` has the calls that were refused, and "" for each that could not be made.
    """

    letter: Letter
    waits_for: str
    refused: tuple[str, ...]


class Reader:
    """Reads letters for the owner: translates to their language and applies their rules."""

    def __init__(
        self, store: S3Store, services: Services, language: str, rules: Sequence[InboxRule]
    ) -> None:
        self._store = store
        self._services = services
        self._language = language
        self._rules = rules

    def read(self, letter: Letter, check: Check) -> Learned:
        """Ask the services for what is not known yet. Raises StoreError.

        `check` is called before each question; if it raises Later, the rest waits.
        """
        steps: dict[str, Callable[[Letter], Letter]] = {}
        if letter.kind == "text":
            steps = {
                "language": self._with_language,
                "translation": self._with_translation,
                "mood": self._with_mood,
            }
        elif letter.kind == "picture":
            steps = {"labels": self._with_labels}
        why, refused = "", list[str]()
        for name, step in steps.items():
            if name in letter.notes:
                continue
            try:
                check()
                letter = step(letter)
            except Later as exc:
                why = why or str(exc)
                refused.append(exc.call)
            except AlertError as exc:  # the service rejected this letter; others may work
                letter = letter.noted(name, str(exc))
        return Learned(letter, why, tuple(refused))

    def _with_language(self, letter: Letter) -> Letter:
        if letter.language:
            return letter
        language, score = self._services.language(letter.text)
        return replace(letter, language=language, language_score=round(score, 3))

    def _with_translation(self, letter: Letter) -> Letter:
        if letter.translation or letter.language in ("", self._language):
            return letter
        said = self._services.translation(letter.text, letter.language, self._language)
        return replace(letter, translation=said)

    def _with_mood(self, letter: Letter) -> Letter:
        """Add the mood of the text, or of a translation if Comprehend can't judge its language."""
        if letter.mood or not letter.language:
            return letter
        text, language = letter.text, letter.language
        if language not in SENTIMENT and self._language in SENTIMENT:
            text, language = letter.translation, self._language
        elif language not in SENTIMENT:
            text, language = self._services.translation(text, language, ORIGINAL), ORIGINAL
        if not text:
            return letter  # the translation waits, or failed
        mood, score = self._services.mood(_within(text), language)
        looked = alert_rules.met(self._rules, mood, ())
        return replace(letter, mood=mood, mood_score=round(score, 3), look=looked)

    def _with_labels(self, letter: Letter) -> Letter:
        if letter.labels:
            return letter
        if not all(LEAST_PIXELS <= side <= MOST_PIXELS for side in (letter.width, letter.height)):
            raise AlertError(
                f"it has {letter.width:,} x {letter.height:,} pixels; Rekognition accepts "
                f"{LEAST_PIXELS} to {MOST_PIXELS:,} a side"
            )
        least = alert_rules.least_confidence(self._rules, LABEL_CONFIDENCE)
        found = self._services.labels(self._image(letter), least)
        looked = alert_rules.met(self._rules, "", [(one.name, one.confidence) for one in found])
        if not found:
            raise AlertError("Rekognition recognises nothing in it")
        return replace(letter, labels=found[:LABELS_KEPT], look=looked)

    def _image(self, letter: Letter) -> "ImageTypeDef":
        if letter.picture_bytes > INLINE_BYTES:
            where = {"Bucket": self._store.bucket, "Name": self._store.full_key(letter.picture)}
            return {"S3Object": where}  # type: ignore[typeddict-item]
        stored = self._store.read(letter.picture)
        if stored is None:
            raise AlertError(f"the copy {letter.picture} is gone")
        return {"Bytes": stored.body}


def _within(text: str) -> str:
    """Cut to what Comprehend accepts: a translation may be longer than the original."""
    return text.encode()[:TEXT_BYTES].decode("utf-8", "ignore")
