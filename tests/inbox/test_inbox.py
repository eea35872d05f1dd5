"""Rounds through the inbox: S3 over the wire, the services by a fake that holds Amazon's limits."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

import pytest
import requests
from botocore.stub import Stubber

from config import read_settings
from etl.alerts import aws
from etl.alerts.teller import Teller
from etl.errors import StoreError
from etl.inbox import allowance, claims, letter_round, results, rounds
from etl.inbox.allowance import Allowance
from etl.inbox.letter import Label, Later
from etl.inbox.letter_round import LetterRound, RoundResult
from etl.inbox.services import SPENT, Services
from etl.settings.groups import Settings
from etl.store import Upload
from etl.store.layout import INCOMING, PENDING
from etl.store.s3.store import S3Store
from tests.support.language_server import Languages, language_server
from tests.support.letters import GIF, HIDDEN, ZIP, jpeg, pixels, png, send
from tests.support.logged import Logged
from tests.support.s3_server import SECRET_KEY, use
from tests.support.sns_server import Sns, attributes

BUCKET = "news"
MB = 1_000_000
REMARK = "The figures of Spain are wrong since Monday, all of them."


@dataclass
class Inbox:
    """A folder on an S3 server, and the services beside it."""

    store: S3Store
    services: Languages

    def round(self, later: timedelta = timedelta(0), /, **variables: str) -> RoundResult:
        settings = self.settings(**variables)
        teller = Teller(settings, self.store)
        return rounds.make_round(settings.inbox, self.store, teller, datetime.now(UTC) + later)

    def settings(self, **variables: str) -> Settings:
        return read_settings({"S3_BUCKET": self.store.bucket, "INBOX": "on", **variables})

    def listed(self, prefix: str = "inbox/") -> list[str]:
        return [entry.key for entry in self.store.list(prefix)]

    def json(self, key: str) -> Any:
        stored = self.store.read(key)
        assert stored is not None
        return json.loads(stored.body)

    def results(self) -> dict[str, Any]:
        """What was written down, by the name under which it was sent."""
        found = [self.json(key) for key in self.listed("inbox/results/")]
        return {result["key"].removeprefix(INCOMING): result for result in found}


@contextmanager
def inbox_on(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    use(monkeypatch, s3_url)
    store = S3Store.connect(f"inbox-{uuid4().hex}", "covid")
    store.client.create_bucket(Bucket=store.bucket)
    monkeypatch.setattr(aws, "client", cache(aws.client))  # to make one takes time
    with language_server(monkeypatch) as services:
        yield Inbox(store, services)
    store.client.close()


@pytest.fixture
def inbox(moto_s3: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    with inbox_on(moto_s3, monkeypatch) as made:
        yield made


@pytest.fixture
def anywhere(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """On moto, and on a real S3 server."""
    with inbox_on(s3_url, monkeypatch) as made:
        yield made


# ---- what is read


def test_a_remark_gets_its_language_a_translation_and_a_mood(anywhere: Inbox) -> None:
    send(anywhere.store, {"1-remark": "Las cifras están WRONG.".encode()})
    done = anywhere.round()
    assert anywhere.services.calls == ["DetectDominantLanguage", "TranslateText", "DetectSentiment"]
    (letter,) = done.letters
    assert (letter.language, letter.translation) == ("es", "en: LAS CIFRAS ESTÁN WRONG.")
    assert (letter.mood, letter.look) == ("negative", ["negative"])
    result = anywhere.results()["1-remark"]
    assert result["text"] == "Las cifras están WRONG."
    assert result["mood_score"] == 0.97
    assert result["read_at"].endswith("Z")


def test_a_remark_in_the_owner_s_language_is_not_translated(inbox: Inbox) -> None:
    send(inbox.store, {"1-remark": b"Hola, las cifras"})
    inbox.round(INBOX_LANGUAGE="es")
    assert inbox.services.calls == ["DetectDominantLanguage", "DetectSentiment"]
    assert inbox.services.asked[-1]["LanguageCode"] == "es"


def test_a_language_whose_mood_nobody_judges_is_judged_by_its_translation(inbox: Inbox) -> None:
    inbox.services.spoken = (("ca", 0.9),)
    send(inbox.store, {"1-remark": b"Les xifres son wrong"})
    (letter,) = inbox.round().letters
    assert inbox.services.asked[-1] == {
        "Text": "en: LES XIFRES SON WRONG",
        "LanguageCode": "en",
    }
    assert letter.mood == "negative"
    # an owner who speaks none of them either: by English, which is not kept
    send(inbox.store, {"2-remark": b"Les xifres son wrong"})
    (second,) = inbox.round(INBOX_LANGUAGE="sv").letters
    assert second.translation == "sv: LES XIFRES SON WRONG"
    assert inbox.services.asked[-1]["Text"] == "en: LES XIFRES SON WRONG"
    assert second.mood == "negative"


def test_a_language_that_translate_does_not_know_is_noted_and_nothing_waits(inbox: Inbox) -> None:
    inbox.services.spoken = (("la", 0.9),)
    send(inbox.store, {"1-remark": b"Numeri falsi sunt, amici."})
    done = inbox.round()
    (letter,) = done.letters
    assert letter.language == "la"
    assert "UnsupportedLanguagePairException" in letter.notes["translation"]
    assert (letter.mood, done.waiting, inbox.listed(PENDING)) == ("", [], [])


def test_a_picture_gets_labels_and_its_copy_tells_nothing_of_its_camera(anywhere: Inbox) -> None:
    for name, body in (("1-photo", jpeg()), ("2-shot", png())):
        send(anywhere.store, {name: body})
        anywhere.round(INBOX_ALERT="label:Cat>80")
        result = anywhere.results()[name]
        assert [label["name"] for label in result["labels"]] == ["Animal", "Cat", "Sofa"]
        assert result["look"] == ["label:Cat>80"]
        copy = anywhere.store.read(result["picture"])
        assert copy is not None
        assert pixels(copy.body) == pixels(body)
        head = anywhere.store.head(result["picture"])
        assert head is not None
        assert head.content_type in ("image/jpeg", "image/png")
    assert anywhere.listed(INCOMING) == []
    for key in anywhere.listed():
        stored = anywhere.store.read(key)
        assert stored is not None
        assert HIDDEN.encode() not in stored.body


def test_a_picture_too_large_for_a_request_is_looked_at_in_s3(inbox: Inbox) -> None:
    large = png(1600, 1200, compress_level=0)
    assert 5 * 1024 * 1024 < len(large) < 15 * MB
    send(inbox.store, {"1-photo": large})
    (letter,) = inbox.round().letters
    (asked,) = inbox.services.asked
    full = f"covid/{letter.picture}"
    assert asked["Image"] == {"S3Object": {"Bucket": inbox.store.bucket, "Name": full}}
    assert letter.labels[0] == Label("Animal", 99.1)


def test_a_long_text_is_read_to_its_first_5000_bytes(inbox: Inbox) -> None:
    send(inbox.store, {"1-remark": "Las cifras están mal. ".encode() * 50_000})
    (letter,) = inbox.round().letters
    assert letter.cut
    assert letter.mood == "neutral"  # no limit of any service was met
    assert letter.notes == {}
    assert all(len(asked["Text"].encode()) <= 5_005 for asked in inbox.services.asked)


def test_two_letters_of_one_character_are_read(inbox: Inbox) -> None:
    send(inbox.store, {"1-remark": b"?", "2-remark": "好".encode()})
    assert [letter.mood for letter in inbox.round().letters] == ["neutral", "neutral"]


# ---- bad input: one clear record each, and the round goes on


BAD = {
    "latin-1": ("Año nuevo".encode("latin-1"), "it is not UTF-8 text (byte 2)"),
    "a.gif": (GIF, "it is a GIF"),
    "broken.jpg": (jpeg()[:3000], "it is a JPEG that ends too early"),
    "zip.png": (ZIP, "it is a ZIP archive"),
    "nothing": (b"", "it is empty"),
    "20MB.png": (b"\x89PNG\r\n\x1a\n" + bytes(20 * MB), "it has 20.0 MB; letters of up to 15.0 MB"),
    "tiny.png": (png(10, 10), "it has 10 x 10 pixels; Rekognition accepts 80 to"),
    "thin.jpg": (jpeg(2000, 40), "it has 2,000 x 40 pixels"),
}


def test_each_bad_letter_is_one_clear_record_and_the_good_ones_are_read(anywhere: Inbox) -> None:
    send(
        anywhere.store,
        {name: body for name, (body, _) in BAD.items()} | {"zz-good": b"Hola, amigos"},
    )
    done = anywhere.round()
    assert len(done.letters) == len(BAD) + 1
    results = anywhere.results()
    for name, (_, why) in BAD.items():
        notes = results[name].get("notes", {})
        assert len(notes) == 1
        assert next(iter(notes.values())).startswith(why)
        assert results[name].get("look", []) == []
    assert results["zz-good"]["mood"] == "neutral"
    assert len(anywhere.services.calls) == 3  # nothing was asked of what no service takes
    assert anywhere.listed(INCOMING) == anywhere.listed(PENDING) == []
    assert anywhere.round().letters == []


def test_a_text_that_says_no_language_is_noted(inbox: Inbox) -> None:
    inbox.services.spoken = ()
    send(inbox.store, {"1-remark": b"1234567890"})
    (letter,) = inbox.round().letters
    assert "the language of this text" in letter.notes["language"]


def test_a_picture_that_only_the_service_finds_broken_is_noted(inbox: Inbox) -> None:
    inbox.services.refusals["DetectLabels"] = (400, "InvalidImageFormatException", "invalid")
    send(inbox.store, {"1-photo": jpeg()})
    done = inbox.round()
    assert "InvalidImageFormatException" in done.letters[0].notes["labels"]
    assert done.waiting == []


WILD_NAMES = [
    "a b",
    "ünï-😀.png",
    "sub/folder/x",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
]


def test_a_letter_s_name_is_any_at_all(anywhere: Inbox) -> None:
    send(anywhere.store, dict.fromkeys(WILD_NAMES, b"Hola, amigos"))
    anywhere.round()
    assert set(anywhere.results()) == set(WILD_NAMES)
    names = [key.removeprefix("inbox/results/") for key in anywhere.listed("inbox/results/")]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d{6}Z-[0-9a-f]{16}\.json", name) for name in names)


def test_a_name_that_leads_elsewhere_leads_nowhere(inbox: Inbox) -> None:
    # AWS and moto take such names as they are; SeaweedFS refuses them
    store = inbox.store
    store.write(Upload("manifest.json", b"mine"))
    evil = ["../../manifest.json", "../pending/x.json", "a\x1b[31m\nb", "a//b", "x" * 890]
    form = store.client.generate_presigned_post(store.bucket, f"covid/{INCOMING}${{filename}}")
    for name in evil:
        fields = form["fields"] | {"key": f"covid/{INCOMING}{name}"}
        requests.post(form["url"], data=fields, files={"file": b"Hola"}, timeout=10)
    listed = {entry.key for entry in store.list(INCOMING)}
    assert listed == {INCOMING + name for name in evil}
    done = inbox.round()
    assert {letter.notes["contents"] for letter in done.letters} == {
        "the worker can't use its name"
    }
    assert {letter.key for letter in done.letters} == listed
    assert inbox.round().letters == []  # once, though they can't be deleted
    stored = store.read("manifest.json")
    assert stored is not None
    assert stored.body == b"mine"
    assert inbox.listed(PENDING) == []


def test_many_letters_at_once_are_read_within_the_day_s_calls_and_the_rest_waits(
    anywhere: Inbox, logged: Logged
) -> None:
    send(anywhere.store, {f"{n:02}-remark": f"Remark {n}, again.".encode() for n in range(40)})
    done = anywhere.round(INBOX_DAILY_LIMIT="50")
    assert len(anywhere.services.calls) == 50
    assert (len(done.letters), len(done.waiting)) == (16, 24)
    assert {one.why for one in done.waiting} == {SPENT}
    assert logged.lines("inbox.limit") == ["inbox.limit level=warning calls=50 waiting=24"]
    assert anywhere.listed(INCOMING) == []
    (count,) = anywhere.listed("inbox/usage/")
    assert anywhere.json(count)["calls"] == 50
    again = anywhere.round(INBOX_DAILY_LIMIT="50")
    assert (len(again.letters), len(again.waiting)) == (0, 24)
    assert len(anywhere.services.calls) == 50
    tomorrow = anywhere.round(timedelta(days=1), INBOX_DAILY_LIMIT="100")
    assert (len(tomorrow.letters), len(tomorrow.waiting)) == (24, 0)
    # what the sixteenth-and-a-bit letter had been told was not asked for again
    assert len(anywhere.services.calls) == 40 * 3


def test_calls_that_were_not_made_are_given_back_and_no_others(inbox: Inbox) -> None:
    now = datetime.now(UTC)
    first = Allowance(inbox.store, 100, now)
    assert [first.take() for _ in range(21)] == [True] * 21
    # the limit was lowered meanwhile: nothing is left, and only what is in hand goes back
    second = Allowance(inbox.store, 30, now)
    assert not second.take()
    first.return_unused()
    second.return_unused()
    assert allowance.read_usage(inbox.store, now)[0].calls == 21
    assert [Allowance(inbox.store, 22, now).take(), second.is_spent] == [True, True]


def test_a_round_ends_in_time_and_the_next_goes_on(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(inbox.store, {f"{n}-remark": b"Hola, amigos" for n in range(5)})
    monkeypatch.setattr(letter_round, "MOST_LETTERS", 2)
    assert [len(inbox.round().letters) for _ in range(4)] == [2, 2, 1, 0]
    send(inbox.store, {"6-remark": b"Hola, amigos"})
    monkeypatch.setattr(letter_round, "LIMIT_S", -1.0)
    assert inbox.round().letters == []
    monkeypatch.undo()


def test_a_letter_that_takes_too_long_to_read_is_finished_as_unreadable(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letter_round, "LETTER_LIMIT_S", -1.0)
    send(inbox.store, {"1-photo": jpeg(), "2-remark": b"Hola, amigos"})
    photo, remark = sorted(inbox.round().letters, key=lambda letter: letter.key)
    assert photo.kind == "unreadable"
    assert photo.notes == {"contents": "it takes more than -1 s to read"}
    assert remark.mood
    assert inbox.listed(INCOMING) == inbox.listed(PENDING) == []


@pytest.mark.parametrize("call", ["DetectDominantLanguage", "TranslateText"])
def test_a_round_thatis_late_ends_within_a_letter_and_the_next_goes_on(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    send(inbox.store, {"1-remark": b"Hola, amigos"})
    slow = [False]
    inbox.services.before = lambda name: slow.append(name == call)
    with monkeypatch.context() as late:
        late.setattr(LetterRound, "is_late", lambda self: any(slow))
        (waiting,) = inbox.round().waiting
    assert waiting.why == letter_round.LATE
    (letter,) = inbox.round().letters
    assert letter.mood
    assert len(inbox.services.calls) == 3


def test_a_round_thatis_late_ends_while_a_letter_is_taken_in(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(inbox.store, {"1-photo": jpeg()})
    asked = iter([False])
    with monkeypatch.context() as late:
        late.setattr(LetterRound, "is_late", lambda self: next(asked, True))
        (waiting,) = inbox.round().waiting
    assert (waiting.letter, waiting.why, waiting.claims) == (None, letter_round.LATE, 0)
    assert len(inbox.listed(INCOMING)) == 1
    (letter,) = inbox.round().letters
    assert letter.labels


# ---- services that refuse


REFUSALS = {
    "throttled": (400, "ThrottlingException", "Rate exceeded", "the service is busy"),
    "too many": (400, "ProvisionedThroughputExceededException", "slow down", "is busy"),
    "denied": (400, "AccessDeniedException", "not authorized", "access denied; allow "),
    "failing": (500, "InternalServerError", "sorry", "the service is busy or failing"),
    "unknown key": (400, "UnrecognizedClientException", "invalid", "does not know this access key"),
}
CALLS = {
    "DetectDominantLanguage": "comprehend",
    "DetectSentiment": "comprehend",
    "TranslateText": "translate",
    "DetectLabels": "rekognition",
}


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore's pauses between its tries are its own matter."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize(
    ("call", "refusal"),
    [*((call, refusal) for call in CALLS for refusal in ("throttled", "denied"))]
    + [("DetectLabels", refusal) for refusal in ("too many", "failing", "unknown key")],
)
def test_what_a_service_refuses_waits_with_one_clear_record_and_is_asked_for_again(
    inbox: Inbox, logged: Logged, call: str, refusal: str
) -> None:
    status, code, message, said = REFUSALS[refusal]
    inbox.services.refusals[call] = (status, code, message)
    mine = {f"{n}-remark": b"Las cifras" for n in (1, 2, 3)} | {"4-photo": jpeg(), "5-photo": png()}
    send(inbox.store, mine)
    done = inbox.round()
    pictures = call == "DetectLabels"
    assert (len(done.letters), len(done.waiting)) == ((3, 2) if pictures else (2, 3))
    (told,) = logged.fields("inbox.refused")
    assert told["service"] == CALLS[call]
    assert said in told["error"]
    if refusal == "denied":
        assert f"{CALLS[call]}:{call}" in told["error"]
    assert {one.why for one in done.waiting} == {told["error"]}
    assert SECRET_KEY not in told["error"]
    tries = 1 if refusal in ("denied", "unknown key") else 3
    assert inbox.services.calls.count(call) == tries  # it was set aside behind the first of them
    assert inbox.listed(INCOMING) == []
    before = len(inbox.services.calls)
    assert len(inbox.round().waiting) == len(done.waiting)
    assert inbox.services.calls[before:].count(call) == tries
    inbox.services.refusals.clear()
    healed = inbox.round()
    assert (len(healed.letters), healed.waiting) == (len(done.waiting), [])
    assert all(letter.notes == {} for letter in healed.letters)
    # nothing that was said before was paid for twice
    for name, wanted in (("DetectDominantLanguage", 3), ("TranslateText", 3), ("DetectLabels", 2)):
        if name != call:
            assert inbox.services.calls.count(name) == wanted


def test_a_letter_that_waits_for_a_week_is_given_up(inbox: Inbox) -> None:
    inbox.services.refuse = (400, "AccessDeniedException", "no")
    send(inbox.store, {"1-remark": b"Las cifras"})
    assert len(inbox.round().waiting) == 1
    (letter,) = inbox.round(timedelta(days=8)).letters
    assert "access denied; allow comprehend:DetectDominantLanguage" in letter.notes["given up"]
    assert letter.text == "Las cifras"
    assert inbox.listed(PENDING) == []


def test_a_service_that_the_region_lacks_says_so(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_REKOGNITION", "http://127.0.0.1:9")
    send(inbox.store, {"1-photo": jpeg()})
    (waits,) = inbox.round().waiting
    assert "can't be reached" in waits.why
    assert "not every region has this service: AWS_ENDPOINT_URL_REKOGNITION" in waits.why


def test_an_endpoint_of_another_region_is_signed_for_that_region(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use(monkeypatch, "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-south-2")
    there = "https://rekognition.eu-west-1.amazonaws.com"
    monkeypatch.setenv("AWS_ENDPOINT_URL_REKOGNITION", there)
    meta = aws.client("rekognition").meta
    assert (meta.endpoint_url, meta.region_name) == (there, "eu-west-1")
    assert aws.client("comprehend").meta.region_name == "eu-south-2"


def test_the_requests_are_those_of_the_services_models(inbox: Inbox) -> None:
    """botocore's Stubber holds requests and answers to Amazon's own description of them."""
    services = Services(Allowance(inbox.store, 100, datetime.now(UTC)))
    scores = dict.fromkeys(("Positive", "Negative", "Neutral", "Mixed"), 0.25)
    stubs = []
    for client, call, answer, expected in (
        (
            services.comprehend,
            "detect_sentiment",
            {"Sentiment": "MIXED", "SentimentScore": scores},
            {"Text": "So so", "LanguageCode": "en"},
        ),
        (
            services.translate,
            "translate_text",
            {"TranslatedText": "b", "SourceLanguageCode": "es", "TargetLanguageCode": "en"},
            {"Text": "a", "SourceLanguageCode": "es", "TargetLanguageCode": "en"},
        ),
        (
            services.rekognition,
            "detect_labels",
            {"Labels": [{"Name": "Cat", "Confidence": 98.24}]},
            {"Image": {"S3Object": {"Bucket": "news", "Name": "k"}}, "MinConfidence": 55.0},
        ),
    ):
        stub = Stubber(client)
        stub.add_response(call, answer, expected)
        stub.activate()
        stubs.append(stub)
    assert services.mood("So so", "en") == ("mixed", 0.25)
    assert services.translation("a", "es", "en") == "b"
    assert services.labels({"S3Object": {"Bucket": "news", "Name": "k"}}, 55.0) == [
        Label("Cat", 98.2)
    ]
    for stub in stubs:
        stub.assert_no_pending_responses()


def test_what_one_service_refuses_the_others_are_asked_for_all_the_same(inbox: Inbox) -> None:
    services = Services(Allowance(inbox.store, 100, datetime.now(UTC)))
    services.refusing["translate"] = "denied"
    with pytest.raises(Later, match="denied"):
        services.translation("a", "es", "en")
    assert services.language("Hola, amigos")[0] == "es"


# ---- somebody is told


@pytest.fixture
def told(sns: Sns, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """S3 and SNS of one moto, with somebody who reads the topic `news`."""
    with language_server(monkeypatch) as services:
        yield Inbox(S3Store.connect(BUCKET, "covid"), services)


TOPIC = {"ALERT_TOPIC": "news", "INBOX_ALERT": "negative,label:Cat>80"}


def test_a_round_s_letters_are_one_alert_with_a_link_to_the_picture(told: Inbox, sns: Sns) -> None:
    box = sns.mailbox("ada", kinds=("inbox",))
    send(told.store, {"1-remark": REMARK.encode(), "2-remark": b"All is well.", "3-photo": jpeg()})
    told.round(**TOPIC)
    (message,) = box.read()
    assert attributes(message)["kind"] == "inbox"
    body = json.loads(sns.published()[0]["Message"])
    assert "Letters: 2." in body["email"]
    assert REMARK.upper() in body["email"]
    assert "label:Cat>80: a picture: Animal 99%, Cat 98%, Sofa 61%" in body["email"]
    assert "All is well" not in body["email"]
    (link,) = re.findall(r"https?://\S+", body["sms"])
    picture = requests.get(link, timeout=10)
    assert picture.headers["Content-Type"] == "image/jpeg"
    assert pixels(picture.content) == pixels(jpeg())
    assert link in body["email"]
    assert told.round(**TOPIC).letters == []
    assert box.read() == []


def test_nobody_is_told_of_what_answers_to_no_rule(told: Inbox, sns: Sns) -> None:
    send(told.store, {"1-remark": b"All is well.", "2-photo": jpeg()})
    told.round(ALERT_TOPIC="news")
    assert sns.published() == []
    assert told.store.read("alerts.json") is None


def test_an_alert_that_sns_does_not_take_waits_and_the_letters_are_done(
    told: Inbox, sns: Sns
) -> None:
    sns.refuse["Publish"] = (403, "AuthorizationError", "no")
    send(told.store, {"1-remark": REMARK.encode()})
    told.round(**TOPIC)
    assert told.listed(PENDING) == []
    assert len(told.json("alerts.json")["waiting"]) == 1
    sns.refuse.clear()
    told.round(**TOPIC)  # what waits goes out with it
    assert len(sns.published()) == 2
    assert told.json("alerts.json").get("waiting", []) == []


def test_letters_that_could_not_be_told_of_are_come_back_to(
    told: Inbox, sns: Sns, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(told.store, {"1-remark": REMARK.encode()})
    write = S3Store.write

    def no_alerts(self: S3Store, upload: Upload, **conditions: Any) -> str:
        if upload.key == "alerts.json":
            raise StoreError("the folder is full")
        return write(self, upload, **conditions)

    with monkeypatch.context() as patched:
        patched.setattr(S3Store, "write", no_alerts)
        with pytest.raises(StoreError, match="could not be recorded for sending"):
            told.round(**TOPIC)
    assert len(told.listed(PENDING)) == 1
    calls = len(told.services.calls)
    told.round(timedelta(minutes=16), **TOPIC)
    assert len(sns.published()) == 1
    assert (told.listed(PENDING), len(told.services.calls)) == ([], calls)


def test_no_word_of_a_letter_is_in_the_log(told: Inbox, logged: Logged) -> None:
    send(told.store, {"1-remark": REMARK.encode(), "2-bad": b"\xff secret words"})
    told.round(**TOPIC)
    said = logged.text
    assert logged.lines("inbox.read")
    assert "figures of Spain" not in said
    assert "FIGURES" not in said
    assert SECRET_KEY not in said


# ---- what is left of it


def test_what_was_read_is_listed_newest_last(anywhere: Inbox) -> None:
    for n in range(3):
        send(anywhere.store, {f"{n}-remark": f"Remark {n}".encode()})
        anywhere.round()
    found = results.latest_results(anywhere.store, 2)
    assert len(found) == 2
    assert [letter.id for letter in found] == sorted(letter.id for letter in found)
    assert claims.all_progress(anywhere.store) == []


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[]"])
def test_a_file_of_the_inbox_that_cannot_be_read_stops_nothing(inbox: Inbox, body: bytes) -> None:
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    for key in ("inbox/pending/x.json", "inbox/results/x.json", f"inbox/usage/{day}.json"):
        inbox.store.write(Upload(key, body))
    send(inbox.store, {"1-remark": b"Hola, amigos"})
    read = {letter.id: letter.kind for letter in inbox.round().letters}
    assert len(read) == 2
    assert read["x"] == "unreadable"  # its letter is gone
    (kept,) = results.latest_results(inbox.store, 50)  # that of x is damaged, too
    assert kept.id in read
