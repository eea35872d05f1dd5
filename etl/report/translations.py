"""The pages' sentences in the languages of TRANSLATE_TO, each asked for once."""

from collections.abc import Sequence

from etl import log
from etl.errors import AlertError
from etl.history.run import Run
from etl.store import Store

Translations = dict[str, dict[str, str]]


def translate(run: Run, sentences: Sequence[str]) -> Translations:
    """A dry run keeps nothing."""
    return translated(
        run.store, run.settings.alerts.translate_to, sentences, keep=not run.options.dry_run
    )


def translated(
    store: Store, languages: Sequence[str], sentences: Sequence[str], *, keep: bool = True
) -> Translations:
    """By language; one that Translate fails in is left out, and said."""
    from etl.alerts.translate import Translator  # brings boto3: only who translates pays for it

    translator, found = Translator(store), {}
    for language in languages:
        try:
            found[language] = translator.translate(sentences, language)
        except AlertError as exc:
            log.warning("page.untranslated", language=language, error=exc)
    if keep:
        translator.keep()
    return found
