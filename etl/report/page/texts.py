"""The page's sentences in one language: what the template and the script say them by."""

import re
from collections.abc import Mapping

from markupsafe import Markup, escape

from etl.alerts import translation
from etl.settings.languages import ORIGINAL

_JINJAS_BLANK = re.compile(r"%\((\w+)\)s")


class Texts:
    """`asked` has every sentence that was said so far; with none `known`, each stands for itself.

    So the catalogue is what the page says, and no list beside it.
    """

    def __init__(self, language: str = ORIGINAL, known: Mapping[str, str] | None = None) -> None:
        self.language = language
        self.asked: dict[str, None] = {}
        self._known = known

    def text(self, sentence: str) -> str:
        """With its {blanks} still in it."""
        self.asked[sentence] = None
        return sentence if self._known is None else self._known[sentence]

    def say(self, sentence: str, /, **values: object) -> Markup:
        """As HTML, whatever the translation holds; values that are HTML already stay so."""
        filled = translation.filled(
            escape(self.text(sentence)), {name: escape(value) for name, value in values.items()}
        )
        return Markup(filled)  # noqa: S704  every part is escaped

    def gettext(self, sentence: str, /, **values: object) -> Markup:
        """What Jinja calls for {% trans %} and _(), whose blanks are Python's: %(name)s."""
        return self.say(_JINJAS_BLANK.sub(r"{\1}", sentence).replace("%%", "%"), **values)
