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
)
from etl.report.page.texts import Texts
from etl.store.layout import ASSETS

MOST_BYTES = 1_500_000  # of all that the page loads
DAYS_A_POINT = (1, 7, 0)  # in the charts; tried in turn until the page is light enough (0: none)

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
    files = write_scripts(folder, content.scripts)
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
    for every in DAYS_A_POINT:
        scripts = list(assets.scripts(folder, content.view.level, every, content.own))
        content = replace(content, scripts=scripts, every=every)
        original = Texts()
        html = render(content, original, languages)
        if len(html) + sum(len(body) for _, body in scripts) <= MOST_BYTES:
            break
    return content, original, html


def write_scripts(folder: Path, scripts: Sequence[assets.Script]) -> list[File]:
    (folder / ASSETS).mkdir()
    for name, body in scripts:
        (folder / name).write_bytes(body)
    return [File(name, folder / name, 0) for name, _ in scripts]


def write_page(
    folder: Path, content: Content, texts: Texts, languages: Sequence[str], body: bytes
) -> File:
    name = page_name(texts.language)
    (folder / name).write_bytes(body)
    digest = hashlib.sha256(render(content, texts, languages, with_run=False)).hexdigest()
    return File(name, folder / name, len(content.view.rows), content_sha256=digest)
