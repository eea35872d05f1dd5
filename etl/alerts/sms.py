"""Fit a text into one SMS or into the subject of an e-mail. Pure."""

import unicodedata

GSM_CHARACTERS, UCS2_CHARACTERS = 160, 70  # in one SMS (3GPP TS 23.038)
MOST_BYTES = 1_600  # of UTF-8 in one publish; SNS splits them into several SMS
SUBJECT_CHARACTERS = 99
CUT = "..."
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€")  # take two septets each
PLAIN = {
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u00ab\u00bb"), '"'),
    **dict.fromkeys(map(ord, "\u2013\u2014\u2212"), "-"),
    ord("\u2026"): "...",
}
# With less of a text in the alphabet, replacing the rest by question marks would ruin it.
MOSTLY = 0.8


def prefix(display_name: str) -> str:
    """Return what SNS puts before each SMS to a topic with this display name."""
    return f"{display_name.upper()}> " if display_name else ""


def sms(text: str, before: str = "") -> tuple[str, bool]:
    """Fit the text into one SMS, in which it follows `before`. Return it, and whether it was cut.

    Accents that the GSM alphabet lacks are removed. A text that is mostly in another script keeps
    its characters; then only 70 fit.
    """
    text = " ".join(text.translate(PLAIN).split())
    folded = "".join(char if _is_gsm(char) else _folded(char) for char in text)
    if sum(map(_is_gsm, folded)) >= MOSTLY * len(folded):
        text = "".join(char if _is_gsm(char) else "?" for char in folded)
    short = _cut(text, GSM_CHARACTERS if _is_gsm(before + text) else UCS2_CHARACTERS, before)
    return short, short != text


def parts(text: str) -> int:
    """Return how many SMS a text is sent and billed as; with several, each has a header."""
    size = _size(text)
    one, each = (GSM_CHARACTERS, 153) if _is_gsm(text) else (UCS2_CHARACTERS, 67)
    return 1 if size <= one else -(-size // each)


def subject(text: str, otherwise: str = "") -> str:
    """Turn the text into one line of ASCII under 100 characters, as SNS requires of a subject.

    Where less than 80% of the characters would be left, `otherwise` is used instead.
    """
    text = " ".join(text.translate(PLAIN).split())
    folded = "".join(map(_folded, text)).encode("ascii", "ignore").decode()
    folded = "".join(char for char in folded if char.isprintable())
    if otherwise and len(folded) < MOSTLY * len(text):
        return subject(otherwise)
    return _cut(folded.strip(), SUBJECT_CHARACTERS)


def _is_gsm(text: str) -> bool:
    return set(text) <= BASIC | EXTENDED


def _folded(char: str) -> str:
    """Remove the accents of a letter; other characters stay."""
    plain = unicodedata.normalize("NFKD", char)
    return "".join(part for part in plain if not unicodedata.combining(part))


def _size(text: str) -> int:
    """Return the length as an SMS counts it: in GSM septets or in UTF-16 units."""
    if _is_gsm(text):
        return len(text) + sum(char in EXTENDED for char in text)
    return len(text.encode("utf-16-le", "replace")) // 2


def _cut(text: str, most: int, before: str = "") -> str:
    if _size(before + text) <= most:
        return text
    while text and _size(before + text + CUT) > most:
        text = text[:-1]
    return text.rstrip() + CUT
