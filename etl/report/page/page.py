"""index.html and its assets: the published files, for people, in one language or several."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from etl.extract.sources import SOURCES
from etl.history.manifest import Manifest
from etl.history.status import REASONS, Status
from etl.load.changes_file import read_changes
from etl.load.file import File
from etl.report import numbers, templating
from etl.report.page import assets, linked_data, view, words
from etl.report.page.texts import Texts
from etl.settings import languages
from etl.settings.alert_rules import ORIGINAL
from etl.store.layout import ASSETS, CHANGES, PAGE, page_in

TEMPLATES = Path(__file__).with_name("templates")
MOST_BYTES = 1_500_000  # of all that the page loads
DAYS_A_POINT = (1, 7)  # of the charts: more where they weigh too much, and then there are none

# sentences -> their translations, by language; one that can't be had is not among them
Translate = Callable[[Sequence[str]], Mapping[str, Mapping[str, str]]]


def make(
    folder: Path,
    manifest: Manifest,
    status: Status,
    wanted: Sequence[str] = (),
    translate: Translate = lambda sentences: {},
    form: str = "",
) -> list[File]:
    """Write the page beside the files that `manifest` lists; what was made. `form` is the name of
    the page by which readers write back, if there is one.

    `status` as it will be once this run is published. What tells of it, of the run, of its
    warnings and of what it changed differs from day to day: a page that differs in nothing else
    counts as the same. So does one that links to all the languages `wanted`, or to those alone that
    could be had today.
    """
    source = SOURCES[manifest.source.name]
    shown = view.read(folder, manifest, source.level)
    template = _environment(TEMPLATES).get_template(PAGE)
    lasting = {
        "manifest": manifest,
        "form": form,
        "source": manifest.source,
        "view": shown,
        "most_ranked": view.RANKED,
        "most_listed": view.LISTED,
        "map_from": words.MAP_FROM,
        "meanings": words.MEANING,
        "corrections": words.CORRECTIONS,
        "outcomes": words.OUTCOMES,
        "known_fault": source.known_fault,
        "filtered": words.filters(manifest.settings),
        "original": ORIGINAL,
        "names": languages.NAMES,
        "right_to_left": languages.RIGHT_TO_LEFT,
        "style": assets.style(),
        "linked_data": linked_data.embedded(linked_data.dataset(manifest, source, shown)),
    }
    in_script = [*assets.sentences(), *words.OUTCOMES, *REASONS]
    changed = read_changes((folder / CHANGES).read_bytes())

    def written(texts: Texts, others: Sequence[str], told: Status | None) -> bytes:
        table = {sentence: texts.text(sentence) for sentence in in_script}
        return template.render(
            lasting,
            status=told,
            changed=changed if told else None,
            language=texts.language,
            languages=[ORIGINAL, *others],
            texts=texts,
            gettext=texts.gettext,
            script_texts=linked_data.embedded(table) if texts.language != ORIGINAL else "",
        ).encode()

    scripts: list[tuple[str, bytes]] = []
    original, html = Texts(), b""
    for every in (*DAYS_A_POINT, 0):
        # without charts there is the page's own script alone, which is the first
        scripts = list(assets.scripts(folder, source.level, every) if every else scripts[:1])
        lasting |= {"every": every, "scripts": [name for name, _ in scripts]}
        original = Texts()
        html = written(original, wanted, status)  # in which whatever is said is asked for
        if len(html) + sum(len(content) for _, content in scripts) <= MOST_BYTES:
            break
    files = []
    (folder / ASSETS).mkdir()
    for name, content in scripts:
        (folder / name).write_bytes(content)
        files.append(File(name, folder / name, 0))
    made = [original]
    if wanted:
        known = translate(list(original.asked))
        made += [Texts(language, known[language]) for language in wanted if language in known]
    others = [texts.language for texts in made[1:]]
    for texts in reversed(made):  # index.html last, so that it names nothing that is not there yet
        name = _page_in(texts.language)
        as_weighed = texts is original and others == [*wanted]
        (folder / name).write_bytes(html if as_weighed else written(texts, others, status))
        digest = hashlib.sha256(written(texts, wanted, None)).hexdigest()
        files.append(File(name, folder / name, len(shown.rows), lasting_sha256=digest))
    return files


@cache
def _environment(templates: Path) -> Environment:
    # made once: to compile the templates takes longer than to fill them in
    environment = templating.environment(templates, extensions=["jinja2.ext.i18n"])
    # The blanks' values are then handed to `gettext`, which each rendering brings of its own.
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {
        "number": numbers.typeset,
        "size": numbers.human,
        "translated": _translated,
        "at_level": _at_level,
        "long_date": _long_date,
        "page_in": _page_in,
        "signed": numbers.typeset_change,
        "percent": numbers.typeset_share,
        "plain": words.plain,
    }
    return environment


def _page_in(language: str) -> str:
    return PAGE if language == ORIGINAL else page_in(language)


@pass_context
def _translated(context: Context, sentence: str, **values: object) -> Markup:
    """A sentence that is no literal of the template's."""
    texts: Texts = context["texts"]
    return texts.say(sentence, **values)


@pass_context
def _at_level(context: Context, sentence: str, **values: object) -> Markup:
    return _translated(context, words.at_level(sentence, context["view"].level), **values)


@pass_context
def _long_date(context: Context, day: date) -> Markup:
    return _translated(context, words.MONTHS[day.month - 1], day=day.day, year=day.year)
