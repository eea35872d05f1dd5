"""Read the setting INBOX_ALERT, and decide which letters meet its rules.

Pure; uses the standard library only, since config.py imports it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

MOODS = ("negative", "positive", "mixed", "neutral")  # Comprehend's
WANTED = "rules such as negative,label:Cat>80, of the moods " + ", ".join(MOODS)


@dataclass(frozen=True)
class InboxRule:
    """Alert about letters whose mood is `name`.

    With `over`: about pictures in which Rekognition recognises the label `name` with a confidence
    of more than `over` percent.
    """

    name: str
    over: float | None = None

    def __str__(self) -> str:
        return self.name if self.over is None else f"label:{self.name}>{self.over:.12g}"

    def is_met(self, mood: str, labels: Mapping[str, float]) -> bool:
        """Say whether a letter meets the rule. The keys of `labels` are in lower case."""
        if self.over is None:
            return self.name == mood
        return labels.get(self.name.lower(), 0.0) > self.over


def rules(value: str) -> tuple[InboxRule, ...]:
    """Read the rules in INBOX_ALERT. Raises ValueError with what was expected."""
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if not parts:
        raise ValueError(WANTED)
    return tuple(dict.fromkeys(map(_rule, parts)))


def _rule(text: str) -> InboxRule:
    if text.lower() in MOODS:
        return InboxRule(text.lower())
    found = re.fullmatch(r"label:\s*([^:<>]*[^:<>\s])\s*>\s*([0-9]{1,2}(?:\.[0-9]{1,9})?)", text)
    if not found:
        raise ValueError(WANTED)
    return InboxRule(found[1], float(found[2]))


def met(rules: Iterable[InboxRule], mood: str, labels: Iterable[tuple[str, float]]) -> list[str]:
    """Return the rules that a letter meets, as INBOX_ALERT writes them."""
    known = {name.lower(): confidence for name, confidence in labels}
    return [str(rule) for rule in rules if rule.is_met(mood, known)]


def least_confidence(rules: Sequence[InboxRule], otherwise: float) -> float:
    """Return the lowest confidence that matters: the rules' least, but at most `otherwise`."""
    return min([otherwise, *(rule.over for rule in rules if rule.over is not None)])
