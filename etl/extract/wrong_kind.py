"""Recognise documents that servers send in place of the one that was asked for."""

import re

LOOKED_AT = 1 << 16  # bytes at the beginning of a document that `wrong_kind` needs
_BLANK = b"\xef\xbb\xbf \t\r\n"
_KINDS = {
    "an HTML page": re.compile(
        rb"(<!--.*?-->\s*)?<(!doctype\s+html|html|head|body)\b", re.I | re.S
    ),
    "an XML document": re.compile(rb"<(\?xml|[a-z])", re.I),
    "a Git LFS pointer": re.compile(rb"version https://git-lfs"),
}


def wrong_kind(begins: bytes) -> str | None:
    """Return what a document is, such as `an HTML page`, by its first bytes; None if unknown.

    A byte order mark, blanks and, in HTML, a comment may come first.
    """
    text = begins.lstrip(_BLANK)
    return next((kind for kind, pattern in _KINDS.items() if pattern.match(text)), None)
