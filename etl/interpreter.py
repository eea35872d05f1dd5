"""The page's sentences in the languages of TRANSLATE_TO, each asked for once."""

from collections.abc import Sequence

from etl import log
from etl.context import Context
from etl.errors import AlertError


def translate(run: Context, sentences: Sequence[str]) -> dict[str, dict[str, str]]:
    """By language; one that Translate fails in is left out, and said. A dry run keeps nothing."""
    from etl.alerts.translate import Translator  # brings boto3: only who translates pays for it

    translator, found = Translator(run.store), {}
    for language in run.settings.translate_to:
        try:
            found[language] = translator.translate(sentences, language)
        except AlertError as exc:
            log.warning("page.untranslated", language=language, error=exc)
    if not run.options.dry_run:
        translator.keep()
    return found
