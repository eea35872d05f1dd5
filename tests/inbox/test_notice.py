"""Readers' letters in an alert."""

from etl.alerts import sms
from etl.alerts.messages import draft_alert, write_message
from etl.inbox.notice import notice
from tests.support.alerts import ALERTS, LINK, NOW, WHERE, remark, sent
from tests.support.wild_text import WILD


def test_an_sms_of_a_picture_ends_on_its_whole_link_and_one_of_a_run_has_none() -> None:
    short = sent(ALERTS["letters"]).short
    assert short.endswith(f" {LINK}")
    assert sms.parts(short.removesuffix(f" {LINK}")) == 1
    assert LINK not in sent(ALERTS["failed"]).short


def test_a_link_that_makes_an_sms_too_long_for_sns_is_left_out_of_it() -> None:
    link = f"{LINK}&X-Amz-Security-Token={'x' * 1_500}"
    message = write_message(draft_alert(ALERTS["letters"], where=WHERE, link=link))
    assert sms.parts(message.short) == 1
    assert link in message.long


def test_a_stranger_s_words_fill_no_blank_and_stay_on_their_line() -> None:
    first = remark(text=WILD)
    message = write_message(draft_alert(notice([first], NOW), where=WHERE, link=LINK))
    (line,) = [line for line in message.long.split("\n") if "=cmd" in line]
    assert line.startswith("- 1, negative: \"=cmd|' /C calc'!A0 {where} `x` [31m <script>")
    assert len(line) < 500
    assert message.short.isprintable()


def test_many_letters_are_one_alert_that_lists_the_first_ones() -> None:
    many = [remark(f"letter-{n}") for n in range(30)]
    message = write_message(draft_alert(notice(many, NOW), where=WHERE))
    assert "Letters: 30." in message.long
    assert "letter-19" in message.long
    assert "letter-20" not in message.long
    assert "- and 10 more" in message.long
    assert notice(many, NOW).id == notice(many, NOW).id != notice(many[:29], NOW).id
