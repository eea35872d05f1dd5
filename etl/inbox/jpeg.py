"""Copy a JPEG's pixels without its metadata. Pure.

The file's segments are copied, never decoded: no quality is lost, no memory is needed for millions
of pixels, and no decoder with bugs of its own has to handle a stranger's file.

Dropped are EXIF (place, time, camera, thumbnail), XMP, IPTC, comments, colour profiles, data that
applications add, and anything after the end of the picture. Only EXIF's orientation is written
back, or the picture would be shown sideways.
"""

import re
import struct

from etl.inbox.letter import Check, Unreadable

MAGIC = b"\xff\xd8\xff"
START, END = b"\xff\xd8", b"\xff\xd9"
SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # frame headers, which have the size
KEPT = {*range(0xC0, 0xD0), *range(0xDA, 0xE0)}  # frames, tables and scans
JFIF = bytes.fromhex("ffe0 0010 4a464946 00 0102 00 0001 0001 00 00")  # without its thumbnail
ADOBE = bytes.fromhex("ffee 000e")  # has the colour space; without it CMYK is shown inverted
ORIENTATION = 0x0112
UPRIGHT = 1
_MARKER = re.compile(rb"\xff+([\xc0-\xfe])")
# The excluded bytes occur within a scan. Not \xff+: a long run of \xff would take quadratic time.
_SCAN_END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


def cleaned(body: bytes, check: Check) -> tuple[bytes, str, int, int]:
    """Return the copy, its file ending, and its width and height in pixels.

    Raises Unreadable, and what `check` raises; it is called for every segment.
    """
    head, rest = START, bytearray()
    size, orientation, has_scan, at = (0, 0), UPRIGHT, False, len(START)
    while True:
        check()
        marker, at = _marker(body, at)
        if marker == END[1]:
            break
        segment, after = _segment(body, at)
        if marker in SIZES:
            size = _size(segment)
        if marker == 0xE0 and segment.startswith(b"JFIF\0"):
            head = START + JFIF
        elif marker == 0xE1 and segment.startswith(b"Exif\0\0"):
            orientation = _orientation(segment[6:])
        elif marker == 0xEE and segment.startswith(b"Adobe"):
            rest += ADOBE + segment[:12].ljust(12, b"\0")
        elif marker in KEPT:
            rest += bytes((0xFF, marker)) + body[at:after]
        at = after
        if marker == 0xDA:
            found = _SCAN_END.search(body, at)
            if not found:
                raise Unreadable("it is a JPEG that ends too early")
            scan = body[at : found.start()].rstrip(b"\xff")  # what fills up to a marker is dropped
            rest += scan
            has_scan, at = True, at + len(scan)
    if not has_scan or not all(size):
        raise Unreadable("it is a JPEG without a picture in it")
    height, width = size
    turned = _turned(orientation) if orientation != UPRIGHT else b""
    return b"".join([head, turned, rest, END]), "jpg", width, height


def _marker(body: bytes, at: int) -> tuple[int, int]:
    """Return the next marker, and where its segment begins."""
    found = _MARKER.match(body, at)
    if not found:
        broken = "ends too early" if at >= len(body) else "is damaged"
        raise Unreadable(f"it is a JPEG that {broken}")
    return found[1][0], found.end()


def _segment(body: bytes, at: int) -> tuple[bytes, int]:
    """Return a segment without the two bytes of its length, and where it ends."""
    length = int.from_bytes(body[at : at + 2], "big")
    if length < 2:
        raise Unreadable("it is a JPEG that is damaged")
    if at + length > len(body):
        raise Unreadable("it is a JPEG that ends too early")
    return body[at + 2 : at + length], at + length


def _size(frame: bytes) -> tuple[int, int]:
    """Return the height and width from a frame header."""
    if len(frame) < 5:
        raise Unreadable("it is a JPEG that is damaged")
    height, width = struct.unpack_from(">HH", frame, 1)
    return height, width


def _orientation(tiff: bytes) -> int:
    """Return EXIF's orientation, 1 to 8; UPRIGHT if there is none."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return UPRIGHT
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for n in range(count):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * n)
            if (tag, kind) == (ORIENTATION, 3):
                return value if value in range(1, 9) else UPRIGHT
    except struct.error:  # an offset points beyond the end
        pass
    return UPRIGHT


def _turned(orientation: int) -> bytes:
    """Return an EXIF segment with only the orientation."""
    tiff = struct.pack(">4sIHHHIHHI", b"MM\0*", 8, 1, ORIENTATION, 3, 1, orientation, 0, 0)
    exif = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", 2 + len(exif)) + exif
