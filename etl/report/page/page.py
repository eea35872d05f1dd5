"""Write index.html and its assets: the published figures for people, in one or more languages."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from etl.history.manifest import Manifest
from etl.history.status import Status
from etl.load.publish import File
from etl.report.page import assets
from etl.report.page.rendering import (
    NOTHING_BESIDE,
    Beside,
    Content,
    page_name,
    read_content,
    render,
    render_chart,
)
from etl.report.page.series import estimate_bytes
from etl.report.page.texts import Texts
from etl.store.layout import ASSETS, CHART

MOST_BYTES = 1_500_000  # of all that the page loads
MOST_ALONE = 560_000  # of the scripts of chart.html, so that it loads less than 600 kB
DAYS_A_POINT_ALONE = (7, 28)  # in chart.html, where those of the page are too many
DAYS_A_POINT = (1, 7, 0)  # in the chart; tried in turn until the page is light enough (0: none)

# sentences -> their translations, by language; languages that failed are left out
Translate = Callable[[Sequence[str]], Mapping[str, Mapping[str, str]]]


def write_pages(
    folder: Path,
    manifest: Manifest,
    status: Status,
    languages: Sequence[str] = (),
    translate: Translate = lambda sentences: {},
    beside: Beside = NOTHING_BESIDE,
) -> list[File]:
    """Write the page and its assets into `folder`, and return the files that were written.

    `status`: as it will be once this run is published. The files' `content_sha256` ignores the run
    and which of the `languages` could be translated: two pages that differ in nothing else count
    as the same.
    """
    content = read_content(folder, manifest, status, beside)
    content, original, html = choose_scripts(content, folder, languages)
    known = translate(list(original.asked)) if languages else {}
    translated = [Texts(language, known[language]) for language in languages if language in known]
    there = [texts.language for texts in translated]
    files = write_scripts(folder, dict([*content.scripts, *content.alone]))
    if content.alone:
        files.append(write_chart(folder, content, known))
    for texts in reversed(translated):
        body = render(content, texts, there)
        files.append(write_page(folder, content, texts, languages, body))
    # index.html comes last, so that it links to nothing that does not exist yet
    body = html if there == [*languages] else render(content, original, there)
    return [*files, write_page(folder, content, original, languages, body)]


def choose_scripts(
    content: Content, folder: Path, languages: Sequence[str]
) -> tuple[Content, Texts, bytes]:
    """Put as many days into the charts as MOST_BYTES allows.

    Returns the content with its scripts, the texts with every sentence of the page in `asked`, and
    the page as it was weighed, with links to all `languages`.
    """
    made = SeriesScripts(folder, content)
    for every in made.days_a_point:
        series = made.script(every) if every else None
        scripts = list(assets.scripts(content.view.level, series))
        if series and _weight(scripts) > MOST_BYTES:
            continue
        alone = scripts_alone(made, every) if every else []
        content = replace(content, scripts=scripts, every=every, alone=alone)
        original = Texts()
        html = render(content, original, languages)
        if len(html) + _weight(scripts) <= MOST_BYTES:
            break
    return content, original, html


class SeriesScripts:
    """The scripts of the series, each with one day in so many; made when first asked for."""

    def __init__(self, folder: Path, content: Content) -> None:
        self._folder = folder
        self._level = content.view.level
        self._own = content.own
        self._made: dict[int, assets.Script] = {}
        self._estimate = estimate_bytes(folder, content.own)

    @property
    def days_a_point(self) -> Sequence[int]:
        """DAYS_A_POINT, without daily points where own columns make them far too many."""
        return DAYS_A_POINT[bool(self._own) and self._estimate > MOST_BYTES :]

    def script(self, every: int) -> assets.Script:
        if every not in self._made:
            # chart.html needs fewer days of long series: the table is read once for both
            fewer = [n for n in DAYS_A_POINT_ALONE if n > every and self._estimate > MOST_ALONE]
            each = (every, *fewer[:1])
            self._made |= assets.series_scripts(self._folder, self._level, each, self._own)
        return self._made[every]


def scripts_alone(series: SeriesScripts, every: int) -> list[assets.Script]:
    """Return the scripts of chart.html; none if they are too large even with few days.

    `every`: the page's series have one day in so many.
    """
    for each in dict.fromkeys((every, *DAYS_A_POINT_ALONE)):
        alone = assets.scripts_alone(series.script(each))
        if _weight(alone) <= MOST_ALONE:
            return alone
    return []


def _weight(scripts: Sequence[assets.Script]) -> int:
    return sum(len(body) for _, body in scripts)


def write_scripts(folder: Path, scripts: Mapping[str, bytes]) -> list[File]:
    (folder / ASSETS).mkdir()
    for name, body in scripts.items():
        (folder / name).write_bytes(body)
    return [File(name, folder / name, 0) for name in scripts]


def write_chart(folder: Path, content: Content, known: Mapping[str, Mapping[str, str]]) -> File:
    """Write chart.html; its `content_sha256` ignores what could be translated."""
    (folder / CHART).write_bytes(render_chart(content, known))
    digest = hashlib.sha256(render_chart(content, {})).hexdigest()
    return File(CHART, folder / CHART, len(content.view.rows), content_sha256=digest)


def write_page(
    folder: Path, content: Content, texts: Texts, languages: Sequence[str], body: bytes
) -> File:
    name = page_name(texts.language)
    (folder / name).write_bytes(body)
    digest = hashlib.sha256(render(content, texts, languages, with_run=False)).hexdigest()
    return File(name, folder / name, len(content.view.rows), content_sha256=digest)
