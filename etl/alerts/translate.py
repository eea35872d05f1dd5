"""Amazon Translate, which translates each sentence only once, and Comprehend.

Translations of the project's own sentences are kept in the folder; those of texts that people
write are not. `Translator` works for any fixed sentences, not only those of alerts.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from etl import log
from etl.alerts import aws, translation
from etl.errors import AlertError, StoreError
from etl.settings.languages import ORIGINAL
from etl.store import Store, Upload
from etl.store.json_state import Malformed, decode, readable
from etl.store.layout import TRANSLATIONS

if TYPE_CHECKING:
    from mypy_boto3_comprehend import ComprehendClient
    from mypy_boto3_translate import TranslateClient

MOST_BYTES = 10_000  # Translate's limit for the UTF-8 text of one request
LEAST_TO_DETECT, MOST_TO_DETECT = 20, 5_000  # characters

Translations = dict[str, dict[str, str]]  # language -> sentence -> translation


class Translator:
    """Translates sentences, with a cache in the folder. Connects on first use."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._new = False

    @cached_property
    def client(self) -> "TranslateClient":
        client: TranslateClient = aws.client("translate")
        return client

    @cached_property
    def _known(self) -> Translations:
        try:
            stored = self._store.read(TRANSLATIONS)
            return decode(stored.body, Translations) if stored else {}
        except (StoreError, Malformed) as exc:
            log.warning("alert.translations_unreadable", key=TRANSLATIONS, error=exc)
            return {}

    def translate(self, sentences: Iterable[str], language: str) -> dict[str, str]:
        """Return each sentence with its translation, from the cache or from the service.

        Raises AlertError if one can't be translated.
        """
        known = self._known.setdefault(language, {})
        translated = {}
        for sentence in sentences:
            if sentence not in known:
                known[sentence] = self.once(sentence, ORIGINAL, language)
                self._new = True
            translated[sentence] = known[sentence]
        return translated

    def keep(self) -> None:
        """Save new translations to the folder. If that fails, they are requested again later."""
        if not self._new:
            return
        try:
            self._store.write(Upload(TRANSLATIONS, readable(self._known)))
            self._new = False
        except StoreError as exc:
            log.warning("alert.translations_not_kept", key=TRANSLATIONS, error=exc)

    def once(self, sentence: str, source: str, language: str) -> str:
        """Translate a text without keeping the result. Raises AlertError."""
        body = translation.marked(sentence)
        if len(body.encode()) > MOST_BYTES:
            halves = translation.halves(sentence)
            if halves is None:
                raise AlertError(f"a word of {len(sentence):,} characters can't be translated")
            return " ".join(self.once(half, source, language) for half in halves)
        what = f"translation to {language}"
        with aws.explained("translate", what=what, action="translate:TranslateText"):
            answer = self.client.translate_text(
                Text=body, SourceLanguageCode=source, TargetLanguageCode=language
            )
        text = translation.unmarked(sentence, answer["TranslatedText"])
        if text is None:
            raise AlertError(f"{what}: figures or names came back changed")
        return text


def detect(text: str, client: "ComprehendClient") -> tuple[str, float]:
    """Return the code of the dominant language and Comprehend's score, 0 to 1.

    Raises AlertError.
    """
    sample = text[:MOST_TO_DETECT]
    while len(sample) < LEAST_TO_DETECT:  # Comprehend needs a minimum; repeating is harmless
        sample = f"{sample} {text}"
    action = "comprehend:DetectDominantLanguage"
    with aws.explained("comprehend", what="the language's name", action=action):
        found = client.detect_dominant_language(Text=sample)["Languages"]
    if not found:
        raise AlertError("the language of this text can't be detected; write more")
    best = max(found, key=lambda language: language["Score"])
    return best["LanguageCode"], best["Score"]
