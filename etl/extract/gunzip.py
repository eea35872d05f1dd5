"""Pieces of a file that may be a gzip -> pieces of its content."""

import zlib
from collections.abc import Iterator
from itertools import chain

MAGIC = b"\x1f\x8b"
STEP = 1 << 18


def unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack a gzip, recognised by its first two bytes, in small steps; yield all else unchanged.

    Raises EOFError if the gzip ends too early, and zlib.error if it can't be unpacked.
    """
    first = b""
    while len(first) < len(MAGIC) and (piece := next(pieces, None)) is not None:
        first += piece
    if not first.startswith(MAGIC):
        yield first
        yield from pieces
        return
    unpacker = zlib.decompressobj(wbits=31)
    for piece in chain([first], pieces):
        rest = piece
        while rest:
            if unpacker.eof:  # a gzip may hold several members, one after the other
                unpacker = zlib.decompressobj(wbits=31)
            yield unpacker.decompress(rest, STEP)
            rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    if not unpacker.eof:
        raise EOFError("a gzip that ends too early")
