"""The page's sentences in one language, for its template and its script."""

import re
from collections.abc import Mapping

from markupsafe import Markup, escape

from etl.alerts import translation
from etl.settings.languages import ORIGINAL

_JINJAS_BLANK = re.compile(r"%\((\w+)\)s")


class Texts:
    """Sentences in a language; without `known` translations, as they are written.

    `asked` collects every sentence that is used: rendering the page once gives the list of what has
    to be translated, so that none has to be maintained.
    """

    def __init__(self, language: str = ORIGINAL, known: Mapping[str, str] | None = None) -> None:
        self.language = language
        self.asked: dict[str, None] = {}
        self._known = known

    def text(self, sentence: str) -> str:
        """Return the sentence in this language, with its {blanks} not filled in yet."""
        self.asked[sentence] = None
        return sentence if self._known is None else self._known[sentence]

    def say(self, sentence: str, /, **values: object) -> Markup:
        """Return the sentence as HTML, its blanks filled in; Markup values are not escaped."""
        filled = translation.filled(
            escape(self.text(sentence)), {name: escape(value) for name, value in values.items()}
        )
        return Markup(filled)  # noqa: S704  every part is escaped

    def gettext(self, sentence: str, /, **values: object) -> Markup:
        """Translate for Jinja's {% trans %} and _(), where blanks are written %(name)s."""
        return self.say(_JINJAS_BLANK.sub(r"{\1}", sentence).replace("%%", "%"), **values)
