"""An array is taken apart into the same elements that json.loads finds, whatever window is used."""

import json
import tracemalloc
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.errors import SourceChanged
from etl.extract.sources import json_elements as elements_module
from etl.extract.sources.json_elements import elements, likely_elements

# characters that a scanner of quotes and brackets may stumble over come often
TEXT = st.text(
    st.sampled_from('{}[]",:\\/ \n\t\x7fé€🦠a') | st.characters(codec="utf-8"), max_size=8
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, width=32) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.lists(st.dictionaries(TEXT, VALUES, max_size=4), max_size=6)
JUNK = st.text(st.sampled_from('[[[]]]{{}}"",,:\\ a1\n\ufeffé'), max_size=30).map(str.encode)


WINDOWS = st.integers(1, 80)


def damaged(objects: list[dict[str, Any]], at: int, instead: str) -> bytes:
    """A document with one character replaced by others, or taken out."""
    text = json.dumps(objects, ensure_ascii=False)
    at %= len(text)
    return f"{text[:at]}{instead}{text[at + 1 :]}".encode()


DAMAGED = st.builds(damaged, OBJECTS, st.integers(0, 999), st.text('{}[]",:\\ 1', max_size=2))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elements") / "source.json"


def spaced(value: Any, random: Random) -> str:
    """The value as JSON, with white space wherever it is legal and text escaped now and then."""

    def blank() -> str:
        return "".join(random.choices(" \t\r\n", k=random.choice((0, 0, 0, 1, 3))))

    if isinstance(value, dict):
        items = [f"{spaced(k, random)}:{spaced(v, random)}" for k, v in value.items()]
        text = "{" + (",".join(items) or blank()) + "}"
    elif isinstance(value, list):
        text = "[" + (",".join(spaced(item, random) for item in value) or blank()) + "]"
    else:
        text = json.dumps(value, ensure_ascii=random.choice((True, False)))
    return blank() + text + blank()


def taken_apart(file: Path, content: bytes, window: int = 1 << 20) -> list[bytes]:
    file.write_bytes(content)
    return list(elements(file, window))


def fault(file: Path, content: bytes, window: int = 1 << 20) -> str:
    with pytest.raises(SourceChanged) as caught:
        taken_apart(file, content, window)
    return str(caught.value)


@settings(max_examples=100)
@given(OBJECTS, st.randoms(use_true_random=False), WINDOWS, st.booleans())
def test_the_pieces_decode_to_what_json_loads_finds(
    file: Path, objects: list[dict[str, Any]], random: Random, window: int, bom: bool
) -> None:
    content = (b"\xef\xbb\xbf" if bom else b"") + spaced(objects, random).encode()
    pieces = taken_apart(file, content, window)
    assert [json.loads(piece) for piece in pieces] == objects
    assert all(piece == piece.strip() for piece in pieces)


@settings(max_examples=200)
@given(JUNK | JUNK.map(lambda junk: b"[" + junk + b"]") | st.binary(max_size=60) | DAMAGED, WINDOWS)
@example(b"[{}}", 1)
@example(b"[}", 9)
@example(b"[1,2]", 9)
def test_anything_is_either_refused_or_taken_apart_as_json_would(
    file: Path, content: bytes, window: int
) -> None:
    """If every piece is JSON, then so is the whole, and the same; and the other way round."""
    try:
        found = [json.loads(piece.decode()) for piece in taken_apart(file, content, window)]
    except (SourceChanged, ValueError):
        found = None
    try:
        whole = json.loads(content.decode("utf-8-sig"))
    except ValueError:
        whole = None
    if found is not None:
        assert json.dumps(whole) == json.dumps(found)  # NaN is not equal to itself
    elif isinstance(whole, list):
        assert not all(isinstance(item, dict) for item in whole)


@settings(max_examples=200)
@given(
    st.builds(lambda objects: json.dumps(objects, ensure_ascii=False).encode(), OBJECTS)
    | st.builds(
        lambda objects, random: spaced(objects, random).encode(),
        OBJECTS,
        st.randoms(use_true_random=False),
    )
    | JUNK.map(lambda junk: b"[" + junk + b"]")
    | DAMAGED,
    WINDOWS,
)
@example(b'[{"a": "},{"}]', 9)
@example(b'[{"a": "}]", "b": [{}, {}]}, {}]', 9)
@example(b"[{},]", 9)
@example(b"[{}] ]", 9)
def test_likely_elements_are_the_elements_once_each_of_them_is_json(
    file: Path, content: bytes, window: int
) -> None:
    """Where every piece is JSON they are json.loads's; else nothing is said of the document."""
    file.write_bytes(content)
    try:
        found = [json.loads(piece.decode()) for piece in likely_elements(file, window)]
    except (SourceChanged, ValueError):
        return
    assert json.dumps(json.loads(content.decode("utf-8-sig"))) == json.dumps(found)


@pytest.mark.parametrize("window", [1, 30, 1 << 20])
def test_likely_elements_take_an_ordinary_document_apart(file: Path, window: int) -> None:
    file.write_bytes(b'\xef\xbb\xbf [{"a": {"b": 1}} , {"a": {}},{"a": {"b": {}}}\n]\n')
    pieces = list(likely_elements(file, window))
    assert [json.loads(piece) for piece in pieces] == [
        {"a": {"b": 1}},
        {"a": {}},
        {"a": {"b": {}}},
    ]


DOCUMENT = '[{"a": "]}, {\\"", "b": {"c": [1, {}]}} , {"é": "\\\\"},\n{}]'.encode()


@pytest.mark.parametrize("window", [1, 2, 7, 1 << 20])
def test_a_document_that_ends_anywhere_inside_is_refused(file: Path, window: int) -> None:
    assert len(taken_apart(file, DOCUMENT, window)) == 3
    for end in range(len(DOCUMENT)):
        fault(file, DOCUMENT[:end], window)


@pytest.mark.parametrize("window", [1, 5, 1 << 20])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the source is empty; expected a JSON array"),
        (b" \n\t ", "the source is empty; expected a JSON array"),
        (b"\xef\xbb\xbf", "the source is empty; expected a JSON array"),
        (
            b'\r\n<!DOCTYPE html>\n<html>\n  <title>Not Found</title> "[" ' + b"x" * 400,
            "the source is an HTML page, not a JSON array; it begins '<!DOCTYPE html> <html> "
            '<title>Not Found</title> "[" ' + "x" * 28 + "'",
        ),
        (b'{"message": 1}', "the source is not a JSON array; it begins '{\"message\": 1}'"),
        (b"null", "the source is not a JSON array; it begins 'null'"),
        (b"\x1b[2J\0\xff", "the source is not a JSON array; it begins '\ufffd[2J\ufffd\ufffd'"),
        (b"[", "the source ends inside element 1: '...'"),
        (b'[{"a": 1}', "the source ends inside element 1: '...{\"a\": 1}'"),
        (b'[{"a": 1}, ', "the source ends inside element 2: '...'"),
        (b'[{"a": "]', 'the source ends inside element 1: \'...{"a": "]\''),
        (b"[{},]", "element 2 of the source is empty"),
        (b"[{} }", "the source has an extra closing brace after its element 1"),
        (b"[{}] ]", "the source continues after its 1 elements: ']'"),
        (b"[{},{}]\n{}", "the source continues after its 2 elements: '{}'"),
        (b"[]x", "the source continues after its 0 elements: 'x'"),
        (b"[]\0", "the source continues after its 0 elements: '\ufffd'"),
    ],
)
def test_what_is_no_whole_array_is_refused_and_shown(
    file: Path, content: bytes, message: str, window: int
) -> None:
    found = fault(file, content, window)
    if "continues after" in message:  # what follows is shown as far as the window goes
        found, message = found.partition(": ")[0], message.partition(": ")[0]
    assert found == message


@pytest.mark.parametrize("window", range(1, 13))
@pytest.mark.parametrize("blanks", [0, 1, 100])
def test_garbage_is_found_however_far_behind_the_array(
    file: Path, window: int, blanks: int
) -> None:
    assert taken_apart(file, b"[{}]" + b" " * blanks, window) == [b"{}"]
    assert "continues after" in fault(file, b"[{}]" + b" " * blanks + b"x", window)


@pytest.mark.parametrize("window", [1, 3, 1 << 20])
def test_an_empty_array_has_no_elements(file: Path, window: int) -> None:
    assert taken_apart(file, b" [ \n ] \n", window) == []


def test_an_element_longer_than_any_country_can_be_is_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elements_module, "LONGEST", 2_000_000)
    inside = b'[{}, {"a": "' + b"x" * 1_900_000 + b'"}'
    assert len(taken_apart(file, inside + b"]", 1000)) == 2
    endless = b'[{}, {"a": "' + b"x" * 9_000_000
    message = "element 2 of the source is longer than 2 MB"
    assert fault(file, endless, 1000) == message
    assert fault(file, b"[{}," + b"[" * 9_000_000, 1000) == message


def test_the_memory_is_a_windows_not_the_files(file: Path) -> None:
    element = json.dumps({"country": {"key": "spain"}, "dates": ["x" * 90] * 100}).encode()
    file.write_bytes(b"[" + b",".join([element] * 4_000) + b"]")
    assert file.stat().st_size > 35_000_000
    tracemalloc.start()
    try:
        assert sum(1 for _ in elements(file)) == 4_000
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()
