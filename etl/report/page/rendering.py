"""Render index.html in one language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from etl.extract.sources import SOURCES, Source
from etl.history.manifest import Manifest
from etl.history.status import REASONS, Status
from etl.load.changes_file import read_changes
from etl.report import numbers, templating
from etl.report.page import assets, linked_data, view, words
from etl.report.page.texts import Texts
from etl.settings import languages
from etl.settings.languages import ORIGINAL
from etl.store.layout import CHANGES, CHART, FEED, PAGE, at, page_in
from etl.transform.difference import Difference

TEMPLATES = Path(__file__).with_name("templates")
WEB = ("https://", "http://")


@dataclass(frozen=True)
class Beside:
    """What the page links to that is not part of its version; empty: there is none.

    `form`: the name of the readers' form. `reports`: the months that have a report, latest first.
    """

    form: str = ""
    reports: Sequence[str] = ()


NOTHING_BESIDE = Beside()


@dataclass(frozen=True)
class Content:
    """What the page shows in every language.

    `values`: the template's variables that do not depend on the run. `status`, `changed` and
    `reports` (months such as 2021-01, the latest first) do, and so do the `addresses` of the
    sources, since the facts may move without a change. `dataset`: the description for search
    engines, with its run. `every`: the chart shows one day in so many; 0: no chart. `alone`: the
    scripts of chart.html; empty: there is none.
    """

    view: view.View
    values: Mapping[str, object]
    status: Status
    changed: Difference
    dataset: Mapping[str, Any]
    addresses: Mapping[str, str]
    scripts: Sequence[assets.Script] = ()
    alone: Sequence[assets.Script] = ()
    every: int = 0
    reports: Sequence[str] = ()

    @property
    def own(self) -> list[words.Measure]:
        """The measures that are the user's own columns."""
        return [measure for measure in self.view.measures if measure not in words.MEASURES]


def read_content(folder: Path, manifest: Manifest, status: Status, beside: Beside) -> Content:
    """Read what the page shows from the published files in `folder`."""
    source = SOURCES[manifest.source.name]
    shown = view.read_view(folder, manifest, source.level)
    step = manifest.own_note.step
    values = {
        "manifest": manifest,
        "form": beside.form,
        "source": manifest.source,
        "view": shown,
        "most_ranked": view.RANKED,
        "most_listed": view.LISTED,
        "meanings": words.MEANING,
        "elsewhere": words.ELSEWHERE,
        "published": {*(file.name for file in manifest.files), *_feed(manifest)},
        "corrections": words.CORRECTIONS,
        "outcomes": words.OUTCOMES,
        "known_fault": source.known_fault,
        "filtered": words.filters(manifest.settings, step.columns_dropped if step else ()),
        "original": ORIGINAL,
        "names": languages.NAMES,
        "right_to_left": languages.RIGHT_TO_LEFT,
        "style": assets.style(),
        "address": at(manifest.public_url, ""),
    }
    changed = read_changes((folder / CHANGES).read_bytes())
    dataset = linked_data.dataset(manifest, source, shown)
    addresses = _addresses(manifest, source)
    return Content(shown, values, status, changed, dataset, addresses, reports=beside.reports)


def _feed(manifest: Manifest) -> list[str]:
    return [FEED] if "feed" in manifest.outputs else []


def _addresses(manifest: Manifest, source: Source) -> dict[str, str]:
    """Return the web addresses of the sources and of the licence; without one, an empty text."""
    facts = manifest.input("facts")
    found = {
        "statistics": source.url,
        "facts": facts.url if facts else "",
        "licence": source.licence_url or "",
    }
    return {name: url if url.startswith(WEB) else "" for name, url in found.items()}


def render(
    content: Content, texts: Texts, translations: Sequence[str], *, with_run: bool = True
) -> bytes:
    """Render the page in one language, with links to its `translations`.

    Without the run, the page is the same for any two runs with the same data.
    """
    own = [measure.meaning for measure in content.own]
    in_script = [*assets.sentences(), *words.OUTCOMES, *REASONS, *own]
    table = {sentence: texts.text(sentence) for sentence in in_script}
    dataset = content.dataset if with_run else linked_data.without_run(content.dataset)
    template = _environment(TEMPLATES).get_template(PAGE)
    return template.render(
        content.values,
        every=content.every,
        embedded=bool(content.alone),
        scripts=[name for name, _ in content.scripts],
        status=content.status if with_run else None,
        changed=content.changed if with_run else None,
        linked_data=linked_data.embedded(dataset),
        addresses=content.addresses if with_run else dict.fromkeys(content.addresses, ""),
        reports=content.reports if with_run else (),
        language=texts.language,
        languages=[ORIGINAL, *translations],
        texts=texts,
        gettext=texts.gettext,
        script_texts=linked_data.embedded(table) if texts.language != ORIGINAL else "",
    ).encode()


def render_chart(content: Content, known: Mapping[str, Mapping[str, str]]) -> bytes:
    """Render chart.html, one page for all languages: `known` has their translations."""
    said = [*assets.sentences("alone"), *(measure.meaning for measure in content.own)]
    tables = {language: {text: table[text] for text in said} for language, table in known.items()}
    template = _environment(TEMPLATES).get_template(CHART)
    return template.render(
        content.values,
        scripts=[name for name, _ in content.alone],
        script_texts=linked_data.embedded(tables),
    ).encode()


def page_name(language: str) -> str:
    """Return the page's file name: index.html, or index.LANGUAGE.html for a translation."""
    return PAGE if language == ORIGINAL else page_in(language)


@cache
def _environment(templates: Path) -> Environment:
    # cached: compiling the templates takes longer than filling them in
    environment = templating.environment(templates, extensions=["jinja2.ext.i18n"])
    # `newstyle` passes the blanks' values to `gettext`, which each rendering provides itself
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {
        "number": numbers.typeset,
        "size": numbers.human,
        "translated": _translated,
        "at_level": _at_level,
        "long_date": _long_date,
        "page_in": page_name,
        "signed": numbers.typeset_change,
        "percent": numbers.typeset_share,
        "plain": words.plain,
    }
    return environment


@pass_context
def _translated(context: Context, sentence: str, **values: object) -> Markup:
    """Translate a sentence that comes from a variable instead of the template's own text."""
    texts: Texts = context["texts"]
    return texts.say(sentence, **values)


@pass_context
def _at_level(context: Context, sentence: str, **values: object) -> Markup:
    return _translated(context, words.at_level(sentence, context["view"].level), **values)


@pass_context
def _long_date(context: Context, day: date) -> Markup:
    return _translated(context, words.MONTHS[day.month - 1], day=day.day, year=day.year)
