"""What fits into an SMS and into the subject of an e-mail, whatever is said."""

import re

from hypothesis import given

from etl.alerts import sms
from tests.support.wild_text import SPOKEN


@given(SPOKEN)
def test_whatever_is_said_an_sms_is_one_sms(text: str) -> None:
    short = sms.sms(text)
    assert sms.parts(short) == 1
    if set(short) <= sms.BASIC | sms.EXTENDED:
        # as 3GPP TS 23.038 counts them
        assert len(short) + len(re.findall(r"[\^{}\\\[~\]|\u20ac]", short)) <= 160
    else:
        assert len(short.encode("utf-16-le")) <= 2 * 70
    assert "\n" not in short


@given(SPOKEN, SPOKEN)
def test_whatever_is_said_a_subject_is_ascii_on_one_line_and_under_100_characters(
    text: str, otherwise: str
) -> None:
    for given_text in (sms.subject(text), sms.subject(text, otherwise)):
        assert given_text.isascii()
        assert given_text.isprintable()
        assert len(given_text) < 100


def test_accents_that_an_sms_lacks_are_taken_off_and_others_stay() -> None:
    spanish = "¿Qué pasó? La ejecución «falló» \u2014 mañana…"
    assert sms.sms(spanish) == '¿Qué paso? La ejecucion "fallo" - mañana...'
    assert sms.sms("a na\u00efve one: \U0001f600 \u0142") == "a naive one: ? ?"


def test_long_texts_are_cut_where_their_alphabet_ends() -> None:
    assert sms.sms("a" * 200) == "a" * 157 + "..."
    assert sms.sms("a" * 160) == "a" * 160
    assert len(sms.sms("\u20ac" * 100)) == 78 + 3
    assert sms.sms("\u044f" * 71) == "\u044f" * 67 + "..."
    assert [sms.parts(t) for t in ("a" * 160, "a" * 161, "a" * 306, "a" * 307)] == [1, 2, 2, 3]
    assert [sms.parts(t) for t in ("\u044f" * 70, "\u044f" * 71, "\U0001f600" * 35)] == [1, 2, 1]
