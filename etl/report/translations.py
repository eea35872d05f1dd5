"""Translate the pages' sentences into the languages of TRANSLATE_TO, each only once."""

from collections.abc import Sequence

from etl import log
from etl.errors import AlertError
from etl.store import Store

Translations = dict[str, dict[str, str]]


def translated(
    store: Store, languages: Sequence[str], sentences: Sequence[str], *, keep: bool = True
) -> Translations:
    """Translate sentences with Amazon Translate, and return the translations by language.

    A language that fails is left out and logged. `keep`: save new translations in
    translations.json.
    """
    from etl.alerts.translate import Translator  # imports boto3, which only translating needs

    translator, found = Translator(store), {}
    for language in languages:
        try:
            found[language] = translator.translate(sentences, language)
        except AlertError as exc:
            log.warning("page.untranslated", language=language, error=exc)
    if keep:
        translator.keep()
    return found
