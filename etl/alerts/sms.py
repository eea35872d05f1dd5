"""What fits into one SMS, and into the subject of an e-mail. Pure."""

import unicodedata

GSM_CHARACTERS, UCS2_CHARACTERS = 160, 70  # of one SMS
LONGEST_SMS = 1_600  # characters that SNS sends, in as many parts as it takes
SUBJECT_CHARACTERS = 99
CUT = "..."
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€")  # two places each
PLAIN = {
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u00ab\u00bb"), '"'),
    **dict.fromkeys(map(ord, "\u2013\u2014\u2212"), "-"),
    ord("\u2026"): "...",
}
MOSTLY = 0.8  # of a text that the alphabet must hold, for the rest to become question marks


def sms(text: str) -> str:
    """One SMS's worth: accents that its alphabet lacks are taken off, what is too long is cut.

    Another script than the Latin goes as it is, in which case fewer characters fit.
    """
    text = " ".join(text.translate(PLAIN).split())
    folded = "".join(char if _is_gsm(char) else _folded(char) for char in text)
    if sum(map(_is_gsm, folded)) < MOSTLY * len(folded):
        return _cut(text, UCS2_CHARACTERS)
    return _cut("".join(c if _is_gsm(c) else "?" for c in folded), GSM_CHARACTERS)


def parts(text: str) -> int:
    """How many SMS a text is sent as, and paid for; in several each has room for a header."""
    size = _size(text)
    one, each = (GSM_CHARACTERS, 153) if _is_gsm(text) else (UCS2_CHARACTERS, 67)
    return 1 if size <= one else -(-size // each)


def subject(text: str, otherwise: str = "") -> str:
    """ASCII, under 100 characters, on one line; `otherwise` where little would be left of it."""
    text = " ".join(text.translate(PLAIN).split())
    folded = "".join(map(_folded, text)).encode("ascii", "ignore").decode()
    folded = "".join(char for char in folded if char.isprintable())
    if otherwise and len(folded) < MOSTLY * len(text):
        return subject(otherwise)
    return _cut(folded.strip(), SUBJECT_CHARACTERS)


def _is_gsm(text: str) -> bool:
    return set(text) <= BASIC | EXTENDED


def _folded(char: str) -> str:
    """A letter without its accents; what else there is stays."""
    plain = unicodedata.normalize("NFKD", char)
    return "".join(part for part in plain if not unicodedata.combining(part))


def _size(text: str) -> int:
    """In the places of an SMS: GSM's septets, or UTF-16's units."""
    if _is_gsm(text):
        return len(text) + sum(char in EXTENDED for char in text)
    return len(text.encode("utf-16-le", "replace")) // 2


def _cut(text: str, most: int) -> str:
    if _size(text) <= most:
        return text
    while _size(text + CUT) > most:
        text = text[:-1]
    return text.rstrip() + CUT
