"""Whose fault a refusal is: the account's, then every letter waits, or one letter's own."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from etl.alerts import aws
from etl.inbox import results, services
from etl.store.layout import INCOMING, PENDING
from tests.inbox.test_inbox import Inbox, inbox_on
from tests.inbox.test_inbox_faults import NOW, Dead, Mortal, make_round
from tests.support.language_server import Languages, language_server
from tests.support.letters import jpeg, png, send
from tests.support.sns_server import Sns

HOUR = timedelta(hours=1)
STRANGE = (400, "HasNeverBeenSeenException", "no")


@pytest.fixture
def inbox(moto_s3: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    with inbox_on(moto_s3, monkeypatch) as made:
        yield made


@pytest.fixture
def languages(sns: Sns, monkeypatch: pytest.MonkeyPatch) -> Iterator[Languages]:
    with language_server(monkeypatch) as found:
        monkeypatch.setattr(aws, "client", cache(aws.client))  # to make one takes time
        yield found


def refuses(word: str, refusal: tuple[int, str, str] = STRANGE) -> Any:
    return lambda request: refusal if word in request.get("Text", "") else None


@pytest.mark.parametrize(
    "code",
    [
        *("SubscriptionRequiredException", "OptInRequired", "NotAuthorized", "RequestExpired"),
        *("ThrottlingException", "AccessDeniedException", "InvalidS3ObjectException"),
        *("ResourceNotFoundException", "HasNeverBeenSeenException"),
    ],
)
def test_a_problem_of_the_account_finishes_no_letter_however_many_rounds(
    inbox: Inbox, code: str
) -> None:
    send(inbox.store, {"1-remark": b"Hola, amigos", "2-photo": jpeg()})
    inbox.services.refuse = (400, code, "no")
    for hour in range(5):
        done = inbox.round(hour * HOUR)
        assert (len(done.letters), len(done.waiting)) == (0, 2)
        assert all(one.why for one in done.waiting)
    inbox.services.refuse = None
    letters = inbox.round(6 * HOUR).letters
    assert [letter.notes for letter in letters] == [{}, {}]


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("DetectDominantLanguage", "InvalidRequestException"),
        ("TranslateText", "TextSizeLimitExceededException"),
        ("TranslateText", "UnsupportedLanguagePairException"),
        ("TranslateText", "DetectedLanguageLowConfidenceException"),
        ("DetectSentiment", "UnsupportedLanguageException"),
        ("DetectLabels", "InvalidImageFormatException"),
        ("DetectLabels", "ImageTooLargeException"),
        ("DetectLabels", "InvalidParameterException"),
    ],
)
def test_what_a_service_says_of_the_letter_itself_is_noted_at_once(
    inbox: Inbox, call: str, code: str
) -> None:
    inbox.services.refusals[call] = (400, code, "no")
    send(inbox.store, {"1-letter": jpeg() if call == "DetectLabels" else b"Hola, amigos"})
    done = inbox.round()
    assert code in " ".join(done.letters[0].notes.values())
    assert done.waiting == []


def test_a_letter_refused_in_three_rounds_in_which_others_were_read_is_finished(
    inbox: Inbox,
) -> None:
    inbox.services.refuse_one = refuses("poison")
    send(inbox.store, {"0-remark": b"This is poison, I say."})
    assert len(inbox.round().waiting) == 1  # alone in its round: that does not count
    for hour in range(1, 4):
        send(inbox.store, {f"{hour}-remark": b"Hola, amigos"})
        done = inbox.round(hour * HOUR)
        assert len(done.waiting) == (hour < 3)
        assert "Hola, amigos" in [letter.text for letter in done.letters]
    finished = inbox.results()["0-remark"]
    assert finished["kind"] == "unreadable"
    assert "HasNeverBeenSeenException" in finished["notes"]["given up"]
    assert finished["text"] == "This is poison, I say."
    assert inbox.listed("inbox/pending/") == []


def test_one_call_that_works_says_nothing_about_another_of_the_same_service(inbox: Inbox) -> None:
    inbox.services.refusals["DetectSentiment"] = STRANGE
    for hour in range(5):
        send(inbox.store, {f"{hour}-remark": b"Hola, amigos"})
        assert inbox.round(hour * HOUR).letters == []
    inbox.services.refusals.clear()
    assert {letter.mood for letter in inbox.round(6 * HOUR).letters} == {"neutral"}


def test_a_picture_that_rekognition_cannot_fetch_from_the_bucket_waits(inbox: Inbox) -> None:
    large = png(1600, 1200, compress_level=0)
    send(inbox.store, {"0-large": large})
    inbox.services.refuse_one = lambda request: (
        (400, "InvalidS3ObjectException", "no") if "S3Object" in request.get("Image", {}) else None
    )
    for hour in range(4):
        send(inbox.store, {f"{hour}-small": jpeg()})
        done = inbox.round(hour * HOUR)
        assert (len(done.letters), len(done.waiting)) == (1, 1)


def test_many_letters_with_a_strange_refusal_keep_no_other_waiting_for_long(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MOST_UNKNOWN", 2)
    inbox.services.refuse_one = refuses("poison")
    send(inbox.store, {f"0-{n}": b"This is poison, I say." for n in range(3)})
    inbox.round()
    assert inbox.services.calls.count("DetectDominantLanguage") == 2  # not a third
    send(inbox.store, {"1-remark": b"Hola, amigos"})
    inbox.round(HOUR)
    assert "1-remark" in inbox.results()


def test_wherever_a_worker_dies_a_refused_letter_is_neither_lost_nor_doubled(
    languages: Languages,
) -> None:
    languages.refuse_one = refuses("poison")
    letters = {"0-remark": b"This is poison, I say.", "1-remark": b"Hola, amigos"}
    alone = Mortal()
    send(alone, letters)
    alone.live()
    make_round(alone, NOW)
    for dies_at in range(1, alone.count + 1, 4):
        store = Mortal()
        send(store, letters)
        store.live(dies_at, done=True)
        with pytest.raises(Dead):
            make_round(store, NOW)
        store.live()
        for hour in range(1, 5):
            send(store, {f"{hour + 1}-remark": b"Hola, amigos"})
            make_round(store, NOW + hour * HOUR)
        found = [letter for letter in results.latest_results(store, 100) if letter]
        names = [letter.key.removeprefix(INCOMING) for letter in found]
        assert sorted(names) == [f"{n}-remark" for n in range(6)]
        assert [letter.kind for letter in found].count("unreadable") == 1
        assert [entry.key for entry in store.list(PENDING)] == []
