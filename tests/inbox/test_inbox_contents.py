"""What readers send, told by its bytes; pictures that keep their pixels and nothing else."""

import io
import struct
import time
import tracemalloc
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from etl.inbox import contents
from etl.inbox.contents import TEXT_BYTES, Picture, Text
from etl.inbox.letter import Unreadable
from etl.settings.inbox_rules import InboxRule, least_confidence, met, rules
from tests.support.letters import GIF, HIDDEN, MAKER, ORIENTATION, ZIP, exif, jpeg, pixels, png


def read(body: bytes) -> Text | Picture:
    return contents.read_contents(body, check=lambda: None)


def picture(body: bytes) -> Picture:
    found = read(body)
    assert isinstance(found, Picture)
    return found


def text(body: bytes) -> Text:
    found = read(body)
    assert isinstance(found, Text)
    return found


def why_not(body: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        read(body)
    return str(caught.value)


# ---- pictures

JPEGS = {
    "plain": jpeg(),
    "progressive": jpeg(progressive=True),
    "grey": jpeg(mode="L"),
    "of four colours": jpeg(mode="CMYK", icc_profile=None),
    "with restarts": jpeg(restart_marker_blocks=2),
    "one pixel": jpeg(1, 1),
}
PNGS = {
    "plain": png(),
    "with a palette": png(mode="P", transparency=3),
    "grey": png(mode="L"),
    "with transparency": png(mode="RGBA"),
    "one bit": png(mode="1", icc_profile=None),
}


@pytest.mark.parametrize("body", JPEGS.values(), ids=list(JPEGS))
def test_a_jpeg_keeps_its_pixels_and_how_it_was_held_and_nothing_else(body: bytes) -> None:
    found = picture(body)
    assert pixels(found.body) == pixels(body)
    assert (found.ending, (found.width, found.height)) == ("jpg", pixels(body)[0])
    for word in (HIDDEN.encode(), b"camera", b"Mallorca"):
        assert word in body
        assert word not in found.body
    kept = Image.open(io.BytesIO(found.body))
    assert dict(kept.getexif()) == {ORIENTATION: 6}
    assert not {"icc_profile", "comment", "xmp"} & kept.info.keys()
    assert found.body.endswith(b"\xff\xd9")


@pytest.mark.parametrize("body", PNGS.values(), ids=list(PNGS))
def test_a_png_keeps_its_pixels_and_nothing_else(body: bytes) -> None:
    found = picture(body)
    assert pixels(found.body) == pixels(body)
    assert (found.ending, (found.width, found.height)) == ("png", pixels(body)[0])
    assert HIDDEN.encode() in body
    assert HIDDEN.encode() not in found.body
    kept = Image.open(io.BytesIO(found.body))
    assert not dict(kept.getexif())
    assert set(kept.info) <= {"transparency"}


def test_a_picture_that_is_cleaned_already_stays_as_it_is() -> None:
    for body in (*JPEGS.values(), *PNGS.values()):
        once = picture(body).body
        assert picture(once).body == once


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_way_to_hold_a_camera_is_kept(orientation: int) -> None:
    kept = Image.open(io.BytesIO(picture(jpeg(exif=exif(orientation))).body)).getexif()
    assert kept.get(ORIENTATION, 1) == orientation
    assert MAKER not in kept


@pytest.mark.parametrize(
    "tiff", [b"", b"II*\0", b"MM\0*\xff\xff\xff\xff", b"II*\0\x08\0\0\0\x09\0"]
)
def test_exif_that_points_beyond_its_end_is_dropped_like_any_other(tiff: bytes) -> None:
    segment = b"Exif\0\0" + tiff + HIDDEN.encode()
    body = b"\xff\xd8\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + jpeg()[2:]
    assert HIDDEN.encode() not in picture(body).body


def test_a_picture_broken_off_anywhere_is_refused_with_a_reason() -> None:
    for body, name in ((jpeg(), "JPEG"), (png(), "PNG")):
        whole = body.removesuffix(HIDDEN.encode())
        for size in range(12, len(whole) - 1, 997):
            assert f"a {name} that ends too early" in why_not(whole[:size])


def test_a_png_that_was_damaged_on_its_way_is_refused() -> None:
    whole = bytearray(png())
    whole[len(whole) // 2] ^= 1
    assert why_not(bytes(whole)) == "it is a PNG that is damaged"


def test_a_picture_without_a_picture_is_refused() -> None:
    end = struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    header = b"IHDR" + struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    assert "without a picture" in why_not(b"\x89PNG\r\n\x1a\n" + chunk + end)
    assert "without a picture" in why_not(b"\xff\xd8\xff\xd9")


def test_a_picture_of_a_billion_pixels_takes_no_more_memory_than_its_bytes() -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = b"IDAT" + b"\x78\x9c" + b"\0" * 1_000_000
    parts = [
        struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part))
        for part in (header, data, b"IEND")
    ]
    body = b"\x89PNG\r\n\x1a\n" + b"".join(parts)
    tracemalloc.start()
    try:
        assert picture(body).width == 60_000
        assert tracemalloc.get_traced_memory()[1] < 4 * len(body)
    finally:
        tracemalloc.stop()


# a long run of one of these makes a careless search start again at every byte of it
REPEATED = [b"\xff", b"\xff\x00", b"\xff\xda\x00\x02", b"\xff\xc4\x00\x02", b"\0"]


@pytest.mark.parametrize("piece", REPEATED, ids=repr)
@pytest.mark.parametrize("scan", [b"", b"\xff\xda\x00\x02"], ids=["a segment", "in a scan"])
def test_a_jpeg_takes_a_time_that_grows_with_its_bytes_only(piece: bytes, scan: bytes) -> None:
    frame = b"\xff\xc0\x00\x11\x08\x00\x64\x00\x64\x03" + bytes(9)
    body = b"\xff\xd8" + frame + scan + piece * (200_000 // len(piece))
    began_s = time.process_time()
    with suppress(Unreadable):
        read(body)
    assert time.process_time() - began_s < 2  # quadratic: more than a minute


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@pytest.mark.parametrize(
    ("extra", "is_read"),
    [
        (chunk(b"PLTE", bytes(768)), True),
        (chunk(b"PLTE", bytes(771)), False),
        (chunk(b"PLTE", bytes(4)), False),
        (chunk(b"PLTE", bytes(3)) * 2, False),
        (chunk(b"tRNS", bytes(257)), False),
        (chunk(b"gAMA", bytes(5)), False),
        (chunk(b"tEXt", b"k" * 79 + b"\0" + bytes(9_000)), True),
        (chunk(b"tEXt", b"k" * 80 + b"\0"), False),
        (chunk(b"zTXt", b"\0"), False),
        (chunk(b"iTXt", b"k"), False),
        (chunk(b"IEND", b"hidden"), False),
    ],
)
def test_a_png_s_chunks_are_as_long_as_the_format_allows(extra: bytes, is_read: bool) -> None:
    whole = png(mode="P", pnginfo=None)
    start = whole.index(b"PLTE") - 4
    length = 12 + int.from_bytes(whole[start : start + 4], "big")
    body = whole[:start] + extra + (whole[start + length :] if b"PLTE" in extra else whole[start:])
    if is_read:
        assert len(picture(body).body) < len(body)
    else:
        assert why_not(body) == "it is a PNG that is damaged"


def test_reading_asks_at_every_segment_whether_there_is_time_left() -> None:
    def late() -> None:
        raise Unreadable("too slow")

    for body in (jpeg(), png()):
        with pytest.raises(Unreadable, match="too slow"):
            contents.read_contents(body, late)


@given(st.sampled_from([*JPEGS.values(), *PNGS.values()]), st.data())
def test_however_a_picture_is_damaged_it_is_read_or_refused(
    body: bytes, data: st.DataObject
) -> None:
    wild = bytearray(body)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, min(len(wild) - 1, 900)))
        wild[at : at + data.draw(st.integers(1, 3))] = data.draw(st.binary(max_size=5))
    try:
        found = read(bytes(wild))
    except Unreadable:
        return
    if isinstance(found, Picture):
        assert len(found.body) <= len(wild) + 60


@given(st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b""]), st.binary(max_size=200))
def test_whatever_the_bytes_are_nothing_but_a_refusal_comes_of_them(
    magic: bytes, body: bytes
) -> None:
    with suppress(Unreadable):
        assert isinstance(read(magic + body), Text | Picture)


# ---- texts


def test_a_remark_is_a_text_whatever_its_language() -> None:
    for said in ("Las cifras están mal.", "数据错了", "الأرقام خاطئة", "a"):
        assert text(said.encode()) == Text(said, cut=False)
    assert text(b"\xef\xbb\xbf  one\r\ntwo\rthree\n ") == Text("one\ntwo\nthree", cut=False)


def test_a_text_of_a_megabyte_is_cut_between_two_characters() -> None:
    found = text("é€😀".encode() * 120_000)
    assert found.cut
    assert TEXT_BYTES - 4 < len(found.text.encode()) <= TEXT_BYTES
    assert ("é€😀" * 2_000).startswith(found.text)


def test_control_characters_reach_no_terminal() -> None:
    assert text(b"red \x1b[31m\x07 tab\tline\nend\x7f") == Text(
        "red  [31m  tab\tline\nend", cut=False
    )


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "it is empty"),
        (b" \n\t ", "it is empty"),
        (b"\x1b\x07", "it is empty"),
        ("Año".encode("latin-1"), "it is not UTF-8 text (byte 2)"),
        ("Año".encode("utf-16"), "it is not UTF-8 text"),
        (b"one\0two", "it is not text: it contains zero bytes"),
        (GIF, "it is a GIF; only texts in UTF-8, JPEG and PNG are read"),
        (ZIP, "it is a ZIP archive"),
        (b"%PDF-1.7", "it is a PDF"),
        (b"\x1f\x8b\x08", "it is a gzip archive"),
    ],
)
def test_what_is_neither_a_text_nor_a_picture_is_refused_by_its_name(body: bytes, why: str) -> None:
    assert why_not(body).startswith(why)


# ---- which of them somebody is told of


def test_rules_are_moods_and_labels() -> None:
    assert rules("negative, label:Cat>80,label: Motor Vehicle > 62.5,NEGATIVE") == (
        InboxRule("negative"),
        InboxRule("Cat", 80.0),
        InboxRule("Motor Vehicle", 62.5),
    )
    assert [str(rule) for rule in rules("mixed,label:Cat>80")] == ["mixed", "label:Cat>80"]


@pytest.mark.parametrize(
    "value",
    ["angry", "label:Cat", "label:>80", "label:Cat>100", "label:Cat>-1", "Cat>80", ",", "-"],
)
def test_a_rule_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="rules such as negative,label:Cat>80"):
        rules(value)


def test_a_letter_answers_to_a_mood_or_to_a_label_that_is_sure_enough() -> None:
    wanted = rules("negative,label:cat>80,label:Dog>0")
    assert met(wanted, "negative", ()) == ["negative"]
    assert met(wanted, "neutral", ()) == []
    assert met(wanted, "", [("Cat", 80.1), ("Sofa", 99.0)]) == ["label:cat>80"]
    assert met(wanted, "", [("Cat", 80.0)]) == []
    assert met(wanted, "", [("Cat", 99.0), ("Dog", 0.5)]) == ["label:cat>80", "label:Dog>0"]


def test_rekognition_is_asked_for_labels_as_unsure_as_a_rule_wants() -> None:
    assert least_confidence(rules("negative"), 55) == 55
    assert least_confidence(rules("label:Cat>80,label:Dog>20"), 55) == 20
