"""Copy a PNG's pixels without its metadata. Pure.

As with JPEG, the file is never decoded. Only the chunks needed to show the picture are copied.
EXIF, texts, times, colour profiles, animation, unknown chunks, and anything after the end are
dropped. Each chunk must be as long and as frequent as the PNG specification (third edition, 11)
allows, so that nothing can hide in a palette of megabytes.
"""

import struct
import zlib

from etl.inbox.letter import Check, Unreadable

MAGIC = b"\x89PNG\r\n\x1a\n"
# the chunks that are copied, with their lengths in bytes
KEPT = {
    b"IHDR": range(13, 14),
    b"PLTE": range(3, 769, 3),
    b"IDAT": range(1 << 31),
    b"IEND": range(1),
    b"tRNS": range(1, 257),
    b"gAMA": range(4, 5),
    b"cHRM": range(32, 33),
    b"sRGB": range(1, 2),
}
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
LONGEST_KEYWORD = 79  # before the zero byte in a text chunk
DAMAGED = "it is a PNG that is damaged"


def cleaned(body: bytes, check: Check) -> tuple[bytes, str, int, int]:
    """Return the copy, its file ending, and its width and height in pixels.

    Raises Unreadable, and what `check` raises; it is called for every chunk.
    """
    kept, at, name = bytearray(MAGIC), len(MAGIC), b""
    seen = set[bytes]()
    while name != b"IEND":
        check()
        before = name
        length, name = _header(body, at)
        after = at + 12 + length
        if after > len(body):
            raise Unreadable("it is a PNG that ends too early")
        (checksum,) = struct.unpack_from(">I", body, after - 4)
        if zlib.crc32(memoryview(body)[at + 4 : after - 4]) != checksum:
            raise Unreadable(DAMAGED)
        if (name == b"IHDR") != (at == len(MAGIC)):
            raise Unreadable(DAMAGED)
        if name in KEPT:
            repeated = name in seen and not (name == before == b"IDAT")
            if length not in KEPT[name] or repeated:
                raise Unreadable(DAMAGED)
            seen.add(name)
            kept += memoryview(body)[at:after]
        elif name in TEXTS and not _has_keyword(body, at + 8, after - 4):
            raise Unreadable(DAMAGED)
        elif name[:1].isupper():  # a critical chunk: the picture can't be shown without it
            raise Unreadable("it is a PNG of a kind that other programs can't show")
        at = after
    width, height = struct.unpack_from(">II", body, len(MAGIC) + 8)
    if b"IDAT" not in seen or not (width and height):
        raise Unreadable("it is a PNG without a picture in it")
    return bytes(kept), "png", width, height


def _header(body: bytes, at: int) -> tuple[int, bytes]:
    """Return a chunk's length and name."""
    if at + 8 > len(body):
        raise Unreadable("it is a PNG that ends too early")
    length, name = struct.unpack_from(">I4s", body, at)
    return length, name


def _has_keyword(body: bytes, start: int, end: int) -> bool:
    """Say whether a text chunk's data begin with 1 to LONGEST_KEYWORD bytes and a zero byte."""
    return body.find(b"\0", start + 1, min(start + LONGEST_KEYWORD + 1, end)) > 0
