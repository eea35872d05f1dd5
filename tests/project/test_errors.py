"""The words of strangers in a line of ours, and lists that name the first of many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import ConfigError, escaped, listed, one_line, shortened


@given(st.text() | st.binary(), st.none() | st.integers(3, 50))
def test_a_strangers_text_is_one_printable_line(text: str | bytes, longest: int | None) -> None:
    line = one_line(text, longest, end="...")
    assert all(char.isprintable() for char in line)
    assert longest is None or len(line) <= longest
    assert one_line(line, longest, end="...") == line.rstrip()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  two\r\n words ", "two words"),
        ("no\xa0break", "no break"),
        ("\x1b[31mred", "\ufffd[31mred"),
        (b"{\xff}", "{\ufffd}"),
        ("país 🦠", "país 🦠"),
        ("0123456789abc", "01234567.."),
    ],
)
def test_white_space_is_squeezed_and_control_characters_are_replaced(text: str, line: str) -> None:
    assert one_line(text, 10, end="..") == line


def test_an_escaped_text_is_cut_before_its_codes_make_it_longer() -> None:
    assert escaped("a\n\n\nb", 3) == "a\\n\\n"


def test_a_list_counts_what_it_does_not_name() -> None:
    assert listed(["a", "b"], 2) == "a, b"
    assert listed(["a", "b", "c", "d"], 2) == "a, b and 2 more"
    assert shortened(["a", "b"], 2) == ["a", "b"]
    assert shortened(["a", "b", "c"], 2) == ["a", "b", "and 1 more"]
    assert str(ConfigError([str(n) for n in range(25)])).endswith("; 19; and 5 more")
