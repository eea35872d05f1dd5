"""The page with the form that readers write with: one file with all its languages.

It loads no other files, so it also works from a disk.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from markupsafe import Markup

from etl import PROJECT
from etl.report import templating
from etl.report.numbers import human
from etl.settings import languages
from etl.settings.languages import ORIGINAL
from etl.store.layout import FORM, INBOX_DAYS

HERE = Path(__file__).with_name("templates")
STYLE = PROJECT / "etl/report/page/assets/page.css"
SAID = Markup("<span data-say>{}</span>")

Texts = Mapping[str, Mapping[str, str]]  # language -> sentence -> translation


@dataclass(frozen=True)
class Way:
    """A signed upload for one kind of letter: its URL, form fields and size limit."""

    url: str
    fields: Mapping[str, str]
    most_bytes: int


def sentences() -> list[str]:
    """Return the sentences of the page, for translation."""
    nowhere = Way("", {}, 0)
    return _rendered(nowhere, nowhere, {ORIGINAL: {}}, datetime.min.replace(tzinfo=UTC))[1]


def page(remark: Way, picture: Way, texts: Texts, until: datetime) -> bytes:
    """Return the page as HTML. `until` is when the signatures expire."""
    return _rendered(remark, picture, texts, until)[0]


def _rendered(remark: Way, picture: Way, texts: Texts, until: datetime) -> tuple[bytes, list[str]]:
    asked: dict[str, None] = {}

    def say(sentence: str) -> Markup:
        asked[sentence] = None
        return SAID.format(sentence)

    environment = templating.environment(HERE)
    body = environment.get_template(FORM).render(
        _=say,
        style=STYLE.read_text(encoding="utf-8"),
        script=(HERE / "feedback.js").read_text(encoding="utf-8"),
        languages=[ORIGINAL, *texts],
        original=ORIGINAL,
        names=languages.NAMES,
        right_to_left=languages.RIGHT_TO_LEFT,
        until=until,
        days=INBOX_DAYS,
        largest=human(picture.most_bytes),
        data={
            "ways": {
                kind: {"url": way.url, "fields": {**way.fields}, "most": way.most_bytes}
                for kind, way in (("remark", remark), ("picture", picture))
            },
            "texts": {language: {**known} for language, known in texts.items()},
            "until": until.isoformat(),
        },
    )
    return body.encode(), list(asked)
