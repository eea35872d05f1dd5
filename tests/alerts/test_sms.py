"""What fits into an SMS and into the subject of an e-mail, whatever is said."""

import re

from hypothesis import given
from hypothesis import strategies as st

from etl.alerts import sms
from tests.support.wild_text import SPOKEN


@given(SPOKEN, st.sampled_from(["", "CLOUD ETL> ", "ÀLERTES> ", "\u6570> ", "{E}" * 30 + "> "]))
def test_whatever_is_said_an_sms_is_one_sms_with_its_prefix(text: str, before: str) -> None:
    short, shortened = sms.sms(text, before)
    arrives = before + short
    assert sms.parts(arrives) == 1
    if set(arrives) <= sms.BASIC | sms.EXTENDED:
        # as 3GPP TS 23.038 counts them
        assert len(arrives) + len(re.findall(r"[\^{}\\\[~\]|\u20ac]", arrives)) <= 160
    else:
        assert len(arrives.encode("utf-16-le")) <= 2 * 70
    assert "\n" not in short
    assert not shortened or short.endswith(sms.CUT)


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
    assert sms.sms(spanish)[0] == '¿Qué paso? La ejecucion "fallo" - mañana...'
    assert sms.sms("a na\u00efve one: \U0001f600 \u0142")[0] == "a naive one: ? ?"


def test_long_texts_are_cut_where_their_alphabet_ends() -> None:
    assert sms.sms("a" * 200) == ("a" * 157 + "...", True)
    assert sms.sms("a" * 160) == ("a" * 160, False)
    assert len(sms.sms("\u20ac" * 100)[0]) == 78 + 3
    assert sms.sms("\u044f" * 71)[0] == "\u044f" * 67 + "..."
    assert [sms.parts(t) for t in ("a" * 160, "a" * 161, "a" * 306, "a" * 307)] == [1, 2, 2, 3]
    assert [sms.parts(t) for t in ("\u044f" * 70, "\u044f" * 71, "\U0001f600" * 35)] == [1, 2, 1]


def test_the_display_name_takes_its_characters() -> None:
    before = sms.prefix("Cloud ETL")
    assert before == "CLOUD ETL> "
    assert sms.sms("a" * 149, before) == ("a" * 149, False)
    assert sms.sms("a" * 150, before) == ("a" * 146 + "...", True)
    # one letter that the alphabet lacks makes it 70 characters for all of the message
    assert sms.sms("a" * 80, sms.prefix("Dadés à la carta \u0142"))[0].endswith("...")
    assert sms.prefix("") == ""
