"""Copy a PNG's pixels without its metadata. Pure.

As with JPEG, the file is never decoded. Only the chunks needed to show the picture are copied.
EXIF, texts, times, colour profiles, animation, unknown chunks, and anything after the end are
dropped.
"""

import struct
import zlib

from etl.inbox.letter import Unreadable

MAGIC = b"\x89PNG\r\n\x1a\n"
KEPT = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB")


def cleaned(body: bytes) -> tuple[bytes, str, int, int]:
    """Return the copy, its file ending, and its width and height in pixels. Raises Unreadable."""
    kept, at, name = [MAGIC], len(MAGIC), b""
    width = height = 0
    has_picture = False
    while name != b"IEND":
        length, name = _header(body, at)
        after = at + 12 + length
        if after > len(body):
            raise Unreadable("it is a PNG that breaks off")
        (checksum,) = struct.unpack_from(">I", body, after - 4)
        if zlib.crc32(memoryview(body)[at + 4 : after - 4]) != checksum:
            raise Unreadable("it is a PNG that is damaged")
        if (name == b"IHDR") != (at == len(MAGIC)) or (name == b"IHDR" and length != 13):
            raise Unreadable("it is a PNG that is damaged")
        if name == b"IHDR":
            width, height = struct.unpack_from(">II", body, at + 8)
        has_picture = has_picture or name == b"IDAT"
        if name in KEPT:
            kept.append(body[at:after])
        elif name[:1].isupper():  # a critical chunk: the picture can't be shown without it
            raise Unreadable("it is a PNG of a kind that nobody else can show")
        at = after
    if not has_picture or not (width and height):
        raise Unreadable("it is a PNG without a picture in it")
    return b"".join(kept), "png", width, height


def _header(body: bytes, at: int) -> tuple[int, bytes]:
    """Return a chunk's length and name."""
    if at + 8 > len(body):
        raise Unreadable("it is a PNG that breaks off")
    length, name = struct.unpack_from(">I4s", body, at)
    return length, name
