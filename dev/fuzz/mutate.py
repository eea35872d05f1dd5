"""Damage a document at random. Pure: the same seed gives the same bytes."""

from collections.abc import Sequence
from random import Random

# what parsers stumble over, beside single bytes
PIECES = (
    *(
        b"\xff",
        b"\0",
        b'"',
        b"'",
        b",",
        b"\r",
        b"\n",
        b"\r\n",
        b"\\",
        b"{}",
        b"[",
        b"]",
        b"{",
        b":",
    ),
    *(b"-1", b"1e999", b"NaN", b"null", b"9" * 40, b"0.5", b"\\u0000", b"\\ud800", b"\xed\xa0\x80"),
    *(
        b"\xef\xbb\xbf",
        b"\x1b[31m",
        b" \xe2\x80\xae",
        b"\xe2\x80\xa8",
        b"2020-02-30",
        b"=1+1",
        b"NA",
    ),
    *(b"\xff\xda\x00\x02", b"\xff\xc4\x00\x02", b"\xff\xd9", b"\x1f\x8b", b"PK\x03\x04"),
)
EDITS = (1, 1, 1, 1, 2, 2, 3, 6)


def mutated(random: Random, corpus: Sequence[bytes]) -> bytes:
    """Return one of the documents with a few edits: pieces put in, cut or repeated."""
    data = bytearray(random.choice(corpus))
    for _ in range(random.choice(EDITS)):
        start = random.randint(0, len(data))
        end = min(start + random.choice((0, 1, 1, 2, 4, 16, 64)), len(data))
        kind = random.random()
        if kind < 0.4:
            data[start:end] = random.choice(PIECES)
        elif kind < 0.7:
            data[start:end] = random.randbytes(random.randint(0, 4))
        elif kind < 0.9:
            data[start:start] = data[start:end] * random.randint(1, 3)
        elif kind < 0.95:
            data[start:start] = random.choice(corpus)[: random.randint(0, 200)]
        else:
            del data[start:]
    return bytes(data)


def stretched(random: Random, corpus: Sequence[bytes], size: int) -> bytes:
    """Return one of the documents with a piece of it, or one of PIECES, repeated to `size` bytes.

    A reader that takes quadratic time does so on such a document.
    """
    data = random.choice(corpus)
    start = random.randrange(len(data))
    own = data[start : start + random.choice((1, 2, 4, 16, 64, 256))]
    piece = random.choice((own, own, random.choice(PIECES), random.randbytes(2)))
    at = random.choice((start, start + len(own), random.randrange(len(data))))
    return data[:at] + piece * (size // len(piece)) + data[at:]
