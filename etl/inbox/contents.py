"""Turn bytes from a stranger into a text, or into a picture without metadata. Pure.

The first bytes decide the type: the sender may have put anything into the name and media type.
"""

from dataclasses import dataclass, field
from unicodedata import category

from etl.inbox import jpeg, png
from etl.inbox.letter import Check, Unreadable

MOST_BYTES = 15_000_000  # of a letter: Rekognition accepts no larger picture
TEXT_BYTES = 5_000  # of a text: Comprehend accepts no more; the rest is cut
OTHERS = {
    b"GIF8": "a GIF",
    b"PK\x03\x04": "a ZIP archive",
    b"%PDF": "a PDF",
    b"RIFF": "a WebP picture, or a sound",
    b"BM": "a BMP picture",
    b"II*\x00": "a TIFF picture",
    b"MM\x00*": "a TIFF picture",
    b"\x1f\x8b": "a gzip archive",
}
KEPT = "only texts in UTF-8, JPEG and PNG are read"


@dataclass(frozen=True)
class Text:
    """A text of at most TEXT_BYTES; `cut` if there was more."""

    text: str
    cut: bool


@dataclass(frozen=True)
class Picture:
    """A picture with the same pixels as the original; width and height are in pixels."""

    body: bytes = field(repr=False)
    ending: str
    width: int
    height: int


def read_contents(body: bytes, check: Check) -> Text | Picture:
    """Return the text or picture, in a time that grows linearly with the bytes.

    Raises Unreadable, which says what the bytes are instead, and what `check` raises.
    """
    if body.startswith(jpeg.MAGIC):
        return Picture(*jpeg.cleaned(body, check))
    if body.startswith(png.MAGIC):
        return Picture(*png.cleaned(body, check))
    for magic, name in OTHERS.items():
        if body.startswith(magic):
            raise Unreadable(f"it is {name}; {KEPT}")
    return _text(body)


def _text(body: bytes) -> Text:
    try:
        whole = body.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise Unreadable(f"it is not UTF-8 text (byte {exc.start + 1:,}); {KEPT}") from exc
    if "\0" in whole:
        raise Unreadable(f"it is not text: it contains zero bytes; {KEPT}")
    text = whole.strip()
    # cut by bytes; "ignore" drops a character cut in half
    first = text.encode()[:TEXT_BYTES].decode("utf-8", "ignore")
    clean = "".join(map(_harmless, first.replace("\r\n", "\n").replace("\r", "\n"))).strip()
    if not clean:
        raise Unreadable("it is empty")
    return Text(clean, cut=len(first) < len(text))


def _harmless(char: str) -> str:
    """Replace control characters: letters don't need them, and terminals act on some."""
    return char if char in "\n\t" or category(char) != "Cc" else " "
