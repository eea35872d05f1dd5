"""Prepare a sentence for Amazon Translate and check its answer. Pure.

Parts that must not change (blanks, figures, links, codes, addresses) are wrapped in HTML with
`translate="no"`. The service should respect that; the answer is checked all the same.
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
_CODE = r"\b[A-Z][A-Z0-9]+\b"  # SOURCE, ESP, UTC; not used if the whole sentence is in capitals
_KEPT = re.compile("|".join([*_ALWAYS, _CODE]))
_KEPT_IN_CAPITALS = re.compile("|".join(_ALWAYS))


def marked(sentence: str) -> str:
    """Return the sentence as HTML, with the parts that must not change marked."""
    pieces, done = [], 0
    for found in _kept(sentence):
        pieces += [html.escape(sentence[done : found.start()], quote=False)]
        pieces += [MARKED.format(html.escape(found[0], quote=False))]
        done = found.end()
    return "".join([*pieces, html.escape(sentence[done:], quote=False)])


def unmarked(sentence: str, answer: str) -> str | None:
    """Return the translation as text, or None if a marked part was lost, changed or doubled."""
    spans = sorted(html.unescape(inner).strip() for inner in _SPAN.findall(answer))
    if spans != sorted(found[0] for found in _kept(sentence)):
        return None
    text = " ".join(html.unescape(_TAG.sub("", answer)).split())
    return text if sorted(BLANK.findall(text)) == sorted(BLANK.findall(sentence)) else None


def filled(sentence: str, values: Mapping[str, str]) -> str:
    """Fill in the blanks of a sentence; a blank without a value stays."""
    return BLANK.sub(lambda found: values.get(found[1], found[0]), sentence)


def halves(sentence: str) -> tuple[str, str] | None:
    """Cut the sentence at the space nearest to its middle; None if it has no space."""
    cuts = [found.start() for found in re.finditer(r" ", sentence.strip())]
    if not cuts:
        return None
    at = min(cuts, key=lambda cut: abs(cut - len(sentence) // 2))
    return sentence[:at].strip(), sentence[at:].strip()


def _kept(sentence: str) -> list[re.Match[str]]:
    pattern = _KEPT_IN_CAPITALS if sentence == sentence.upper() else _KEPT
    return list(pattern.finditer(sentence))
