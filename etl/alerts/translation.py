"""A sentence on its way to Amazon Translate and back. Pure.

What must stay as it is (blanks, figures, links, codes, addresses) is marked as HTML's
`translate="no"`, which the service respects; whether it did is looked at afterwards.
"""

import html
import re
from collections.abc import Mapping

MARKED = '<span translate="no">{}</span>'
_SPAN = re.compile(r"<span\b[^>]*>(.*?)</span\s*>", re.DOTALL | re.IGNORECASE)
BLANK = re.compile(r"\{([a-z_]+)\}")
_TAG = re.compile(r"<[^>]*>")
_ALWAYS = (
    r"\{[a-z_]+\}",  # a blank
    r"`[^`]+`",  # code
    r"https?://[^\s<>]*[^\s<>.,;:!?)]",
    r"(?<![^\s<(])[^\s<>@]+@[^\s<>@]+\.\w+",
    r"\bCloud ETL\b",
    r"[-+]?\b\w*[0-9](?:[\w.,:/%-]*[\w%/])?",  # a figure, a date, 3x
    r"\b\w+(?:[_/]\w*)+",  # run_lost, runs/, s3/covid
)
_CODE = r"\b[A-Z][A-Z0-9]+\b"  # SOURCE, ESP, UTC: where not all is in capitals
_KEPT = re.compile("|".join([*_ALWAYS, _CODE]))
_KEPT_IN_CAPITALS = re.compile("|".join(_ALWAYS))


def marked(sentence: str) -> str:
    """HTML in which what is to stay stands in marks."""
    pieces, done = [], 0
    for found in _kept(sentence):
        pieces += [html.escape(sentence[done : found.start()], quote=False)]
        pieces += [MARKED.format(html.escape(found[0], quote=False))]
        done = found.end()
    return "".join([*pieces, html.escape(sentence[done:], quote=False)])


def unmarked(sentence: str, answer: str) -> str | None:
    """The translation as text; None if it lost, changed or doubled something that was to stay."""
    spans = sorted(html.unescape(inner).strip() for inner in _SPAN.findall(answer))
    if spans != sorted(found[0] for found in _kept(sentence)):
        return None
    text = " ".join(html.unescape(_TAG.sub("", answer)).split())
    return text if sorted(BLANK.findall(text)) == sorted(BLANK.findall(sentence)) else None


def filled(sentence: str, values: Mapping[str, str]) -> str:
    """With the values in its blanks; one that has none stays."""
    return BLANK.sub(lambda found: values.get(found[1], found[0]), sentence)


def halves(sentence: str) -> tuple[str, str] | None:
    """Cut at the blank nearest to the middle; None where there is none."""
    cuts = [found.start() for found in re.finditer(r" ", sentence.strip())]
    if not cuts:
        return None
    at = min(cuts, key=lambda cut: abs(cut - len(sentence) // 2))
    return sentence[:at].strip(), sentence[at:].strip()


def _kept(sentence: str) -> list[re.Match[str]]:
    pattern = _KEPT_IN_CAPITALS if sentence == sentence.upper() else _KEPT
    return list(pattern.finditer(sentence))
