"""Translations: asked for once, kept in the folder, and nothing of value lost in them."""

import json
from collections.abc import Iterator

import pytest
from botocore.stub import Stubber
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from etl.alerts import aws, notes, translate, translation
from etl.alerts.messages import draft_alert, draft_note, write_message
from etl.alerts.translate import Translator
from etl.errors import AlertError, StoreError
from etl.store import Stored, Upload
from etl.store.layout import TRANSLATIONS
from etl.store.memory import MemoryStore
from tests.support.alerts import ALERTS, LINK, WHERE
from tests.support.language_server import Languages, language_server, with_credentials

SENTENCE = "The run of {slot} failed {attempts} times & more."


@pytest.fixture
def languages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Languages]:
    with_credentials(monkeypatch)
    with language_server(monkeypatch) as found:
        yield found


def kept(store: MemoryStore) -> dict[str, dict[str, str]]:
    stored = store.read(TRANSLATIONS)
    return json.loads(stored.body) if stored else {}


# ---- once


def test_a_sentence_is_asked_for_once_for_each_language_and_kept_in_the_folder(
    languages: Languages,
) -> None:
    store = MemoryStore()
    for _ in range(2):
        translator = Translator(store)
        for language in ("es", "ca"):
            found = translator.translate([SENTENCE, "Nothing is to be done."], language)
            assert found == {
                SENTENCE: f"{language}: THE RUN OF {{slot}} FAILED {{attempts}} TIMES & MORE.",
                "Nothing is to be done.": f"{language}: NOTHING IS TO BE DONE.",
            }
        translator.keep()
    assert len(languages.asked) == 4
    assert set(kept(store)) == {"es", "ca"}


def test_nothing_is_written_where_nothing_is_new(languages: Languages) -> None:
    store = MemoryStore()
    Translator(store).keep()
    assert store.read(TRANSLATIONS) is None


def test_a_translation_that_somebody_has_put_right_stays_right(languages: Languages) -> None:
    store = MemoryStore()
    mine = {"ca": {"Nothing is to be done.": "No cal fer res."}}
    store.write(Upload(TRANSLATIONS, json.dumps(mine).encode()))
    assert Translator(store).translate(["Nothing is to be done."], "ca") == mine["ca"]
    assert languages.asked == []


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"ca": 1}', b"[]"])
def test_kept_translations_that_cannot_be_read_are_made_anew(
    languages: Languages, body: bytes
) -> None:
    store = MemoryStore()
    store.write(Upload(TRANSLATIONS, body))
    translator = Translator(store)
    assert translator.translate(["One."], "ca") == {"One.": "ca: ONE."}
    translator.keep()
    assert kept(store) == {"ca": {"One.": "ca: ONE."}}


class Refusing(MemoryStore):
    def read(self, key: str) -> Stored | None:
        raise StoreError("the folder is gone")

    def write_message(
        self, upload: Upload, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        raise StoreError("the folder is gone")


def test_a_folder_that_is_gone_does_not_stop_a_translation(languages: Languages) -> None:
    translator = Translator(Refusing())
    assert translator.translate(["One."], "ca") == {"One.": "ca: ONE."}
    translator.keep()


# ---- whole messages


@pytest.mark.parametrize("alert", ALERTS.values(), ids=list(ALERTS))
def test_of_every_alert_the_figures_names_links_and_codes_come_through(
    languages: Languages, alert: object
) -> None:
    made = draft_alert(alert, where=WHERE, link=LINK)  # type: ignore[arg-type]
    spoken = write_message(made, Translator(MemoryStore()).translate(made.sentences, "ca"), "ca")
    for value in (*(v for n, v in made.values.items() if f"{{{n}}}" in str(made.body)), WHERE):
        assert value in spoken.long
    for item in made.items:
        assert f"- {item}" in spoken.long
    assert "ca: " in spoken.long
    assert spoken.subject.startswith("ca: Cloud ETL: ")
    for asked in languages.asked:
        assert len(asked["Text"].encode()) <= 10_000
        assert LINK not in asked["Text"]


def test_a_translation_that_loses_a_figure_is_refused(languages: Languages) -> None:
    languages.translate = lambda text, language: text.replace("{slot}", "")
    with pytest.raises(AlertError, match="came back changed"):
        Translator(MemoryStore()).translate([SENTENCE], "ca")


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        ((400, "AccessDeniedException", "no"), "access denied; allow translate:TranslateText"),
        ((400, "ThrottlingException", "no"), "try again in a few minutes"),
        ((400, "TooManyRequestsException", "no"), "try again in a few minutes"),
        ((500, "InternalServerException", "no"), "try again in a few minutes"),
        ((400, "UnsupportedLanguagePairException", "a pair"), "a pair"),
    ],
)
def test_what_translate_refuses_is_told_with_what_to_do(
    languages: Languages, refusal: tuple[int, str, str], told: str
) -> None:
    languages.refuse = refusal
    with pytest.raises(AlertError, match=told):
        Translator(MemoryStore()).translate(["One."], "ca")


def test_what_was_translated_before_a_failure_is_kept(languages: Languages) -> None:
    store = MemoryStore()
    translator = Translator(store)
    translator.translate(["One."], "ca")
    languages.refuse = (400, "AccessDeniedException", "no")
    with pytest.raises(AlertError):
        translator.translate(["One.", "Two."], "ca")
    translator.keep()
    assert kept(store) == {"ca": {"One.": "ca: ONE."}}


# ---- against the service's own model


def test_request_and_answer_fit_the_services_model(monkeypatch: pytest.MonkeyPatch) -> None:
    with_credentials(monkeypatch)
    translator = Translator(MemoryStore())
    asked = {
        "Text": translation.marked(SENTENCE),
        "SourceLanguageCode": "en",
        "TargetLanguageCode": "ca",
    }
    answer = {
        "TranslatedText": translation.marked("Ha fallat {attempts} cops el {slot}."),
        "SourceLanguageCode": "en",
        "TargetLanguageCode": "ca",
    }
    with Stubber(translator.client) as stub:
        stub.add_response("translate_text", answer, asked)
        text = translator.once(SENTENCE, "en", "ca")
        stub.assert_no_pending_responses()
    assert text == "Ha fallat {attempts} cops el {slot}."
    with pytest.raises(AlertError, match="can't be used"):
        translator.once("One.", "e", "ca")  # the model wants two letters or more


# ---- long texts


def test_a_long_text_goes_in_pieces_of_10_000_bytes_at_most(languages: Languages) -> None:
    text = "ñ dos 3 & cuatro " * 700
    spoken = Translator(MemoryStore()).once(text, "es", "ca")
    assert len(languages.asked) > 2
    assert spoken.replace("ca: ", "") == " ".join(text.upper().split())


def test_a_word_that_is_longer_than_a_request_is_not_translated(languages: Languages) -> None:
    with pytest.raises(AlertError, match="a word of 11,000 characters"):
        Translator(MemoryStore()).once("x" * 11_000, "es", "ca")


# ---- notes and their language


def detect(text: str) -> tuple[str, float]:
    return translate.detect(text, aws.client("comprehend"))


def test_the_language_of_a_short_text_is_found_though_20_characters_are_needed(
    languages: Languages,
) -> None:
    assert detect("Hoy es un buen dia") == ("es", 0.75)
    assert detect("Hola") == ("es", 0.75)
    assert languages.asked[0]["Text"] == "Hoy es un buen dia Hoy es un buen dia"
    detect("x" * 200_000)
    assert len(languages.asked[-1]["Text"]) == 5_000


def test_where_no_language_is_found_it_is_said(languages: Languages) -> None:
    languages.spoken = ()
    with pytest.raises(AlertError, match="of this text can't be detected"):
        detect("1234567890 1234567890")


def test_a_note_is_translated_from_its_own_language_and_not_kept(languages: Languages) -> None:
    store = MemoryStore()
    note, failed = notes.written(
        draft_note(
            "Hoy es un buen dia.\nMira https://example.org/a?b=1", where=WHERE, alert_id="note-1"
        ),
        source="es",
        languages=("en", "es", "ca"),
        translator=Translator(store),
    )
    assert failed == {}
    first = {language: message.long.split("\n")[:2] for language, message in note.items()}
    assert first == {
        "en": ["en: HOY ES UN BUEN DIA.", "en: MIRA https://example.org/a?b=1"],
        "es": ["Hoy es un buen dia.", "Mira https://example.org/a?b=1"],
        "ca": ["ca: HOY ES UN BUEN DIA.", "ca: MIRA https://example.org/a?b=1"],
    }
    assert note["en"].subject == "Cloud ETL: a note"
    assert "dia" not in json.dumps(kept(store))


def test_a_note_that_cannot_be_translated_goes_out_as_it_is_and_says_so(
    languages: Languages,
) -> None:
    languages.refuse = (400, "AccessDeniedException", "no")
    note, failed = notes.written(
        draft_note("Look at the page.", where=WHERE, alert_id="note-1"),
        source="en",
        languages=("en", "ca"),
        translator=Translator(MemoryStore()),
    )
    assert "translate:TranslateText" in failed["ca"]
    assert note["ca"].long.startswith("Look at the page.\n\nThis message could not be translated")
    assert note["en"].long.startswith("Look at the page.\n\n-- ")


@profile(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200).filter(str.strip))
def test_whatever_is_written_in_a_note_arrives_or_the_original_does(
    languages: Languages, text: str
) -> None:
    note, _ = notes.written(
        draft_note(text, where=WHERE, alert_id="note-1"),
        source="en",
        languages=("en", "ca"),
        translator=Translator(MemoryStore()),
    )
    assert note["ca"].long.endswith("-- \ns3://bucket/covid\nnote-1")
    figures = [char for char in note["en"].long if char.isascii() and char.isdigit()]
    assert [c for c in note["ca"].long if c.isascii() and c.isdigit()] == figures
