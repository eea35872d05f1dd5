"""A gzip in pieces of any size is unpacked, whatever they are; anything else passes as it is."""

import gzip
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.extract.gunzip import STEP, unpacked


def in_pieces(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


def unpack(content: bytes, size: int) -> bytes:
    return b"".join(unpacked(in_pieces(content, size)))


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4), st.integers(1, 300))
def test_members_come_out_one_after_the_other_in_pieces_of_any_size(
    members: list[bytes], size: int
) -> None:
    packed = b"".join(gzip.compress(member) for member in members)
    assert unpack(packed, size) == b"".join(members)


@given(st.binary(), st.integers(1, 20))
def test_what_is_no_gzip_passes_unchanged(content: bytes, size: int) -> None:
    if not content.startswith(b"\x1f\x8b"):
        assert unpack(content, size) == content


@given(st.binary(max_size=300), st.integers(1, 20), st.data())
def test_a_gzip_that_ends_anywhere_inside_is_noticed(
    content: bytes, size: int, data: st.DataObject
) -> None:
    packed = gzip.compress(content)
    end = data.draw(st.integers(2, len(packed) - 1))
    with pytest.raises(EOFError, match="ends too early"):
        unpack(packed[:end], size)


@given(st.binary(min_size=1, max_size=100), st.integers(1, 20))
def test_garbage_behind_a_gzip_is_an_error(garbage: bytes, size: int) -> None:
    if not garbage.startswith(b"\x1f"):
        with pytest.raises((zlib.error, EOFError)):
            unpack(gzip.compress(b"content") + garbage, size)


def test_a_member_of_zeros_comes_out_in_small_steps() -> None:
    steps = [len(step) for step in unpacked(iter([gzip.compress(bytes(10 * STEP))]))]
    assert sum(steps) == 10 * STEP
    assert max(steps) <= STEP


def test_no_pieces_at_all_are_an_empty_file() -> None:
    assert b"".join(unpacked(iter([]))) == b""
