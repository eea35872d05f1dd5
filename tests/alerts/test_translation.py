"""A sentence on its way to a translation and back."""

import re
from dataclasses import replace

import pytest
from hypothesis import given

from etl.alerts import messages, translation
from etl.alerts.messages import Draft, write_message
from etl.errors import one_line
from tests.support.wild_text import SPOKEN


def answer(sentence: str) -> str:
    """What the service sends for it: the words in capitals, what is marked as it came."""
    pieces = re.split(r"(<span translate=\"no\">.*?</span>)", translation.marked(sentence))
    return "".join(p if p.startswith("<span") else p.upper() for p in pieces)


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("The run of {slot} failed {attempts} times.", ["{slot}", "{attempts}"]),
        ("Publish with: `python app.py run --force`", ["`python app.py run --force`"]),
        ("See https://example.org/a?b=1&c=2.", ["https://example.org/a?b=1&c=2"]),
        ("Ask ada@example.org about run_lost, 3x.", ["ada@example.org", "run_lost", "3x"]),
        ("It cost 1,234.5 on 2026-01-01, 06:00 UTC", ["1,234.5", "2026-01-01", "06:00", "UTC"]),
        ("Call +34600111222 (v42) at Cloud ETL", ["+34600111222", "v42", "Cloud ETL"]),
        ("SOURCE chooses; ESP too; kept in raw/ and runs/{before}/.", None),
        ("TODO IN CAPITALS, 7 OF THEM", ["7"]),
    ],
)
def test_figures_names_links_and_codes_are_marked(sentence: str, kept: list[str] | None) -> None:
    marks = re.findall(r'<span translate="no">(.*?)</span>', translation.marked(sentence))
    if kept is not None:
        assert [mark.replace("&amp;", "&") for mark in marks] == kept
    text = translation.unmarked(sentence, answer(sentence))
    assert text
    assert text.upper() == " ".join(sentence.upper().split())


def test_words_may_change_places_but_nothing_marked_may_be_lost_changed_or_doubled() -> None:
    sentence = "The run of {slot} failed {attempts} times & more."
    slot, attempts = map(translation.MARKED.format, ("{slot}", "{attempts}"))
    swapped = f"{attempts} veces fall\u00f3 la ejecuci\u00f3n de {slot} &amp; m\u00e1s."
    assert translation.unmarked(sentence, swapped) == (
        "{attempts} veces fall\u00f3 la ejecuci\u00f3n de {slot} & m\u00e1s."
    )
    for wrong in (
        f"La ejecuci\u00f3n de {slot} fall\u00f3.",
        f"{slot} {attempts} {attempts}",
        f"{slot} {attempts.replace('attempts', 'intentos')}",
        f"{slot} {attempts} {{kind}}",
        "{slot} {attempts}",
        "",
    ):
        assert translation.unmarked(sentence, wrong) is None


@given(SPOKEN)
def test_whatever_is_written_comes_back_with_all_that_was_marked(text: str) -> None:
    line = messages.literal(one_line(text, instead=" "))
    back = translation.unmarked(line, translation.marked(line))
    assert back == " ".join(line.split())


def test_a_translation_that_was_never_asked_for_leaves_the_sentence() -> None:
    made = Draft("s", "short", ["one", "two"], {"where": "here", "id": "x"})
    assert write_message(made, {"one": "uno"}).long.split("\n")[:2] == ["uno", "two"]
    assert write_message(replace(made, body=[]), {}).long == "\n-- \nhere\nx"
