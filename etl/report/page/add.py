"""Add the page to a version whose files are written."""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from etl import log
from etl.errors import StoreError, lacks_room
from etl.history import outcomes
from etl.history import status as statuses
from etl.history.history import History
from etl.history.manifest import Manifest, PublishedFile
from etl.history.record import PAGE_NOT_MADE
from etl.history.run import Run
from etl.load.publish import File, Version, describe, uploads
from etl.report import translations
from etl.store import Store
from etl.store.layout import FORM, PAGE, REPORTS, of_page, page_in

REPORTS_LISTED = 12


def add_page(run: Run, version: Version, folder: Path) -> Version:
    """Write the page of the files in `folder`, in every language of the settings, and add it.

    Without `page` in OUTPUTS, return the version as it is.
    The data are published even if the page fails. Then the page that was published before stays,
    and a page that can't be translated is left out; both are logged and listed in the version's
    warnings. Raises StoreError, and what is due to a full disk or too little memory: a later try
    can make the page.
    """
    if "page" not in run.settings.table.outputs:
        return version
    stays: list[PublishedFile] = []
    try:
        files = _pages(run, version.manifest, folder)
    except Exception as exc:
        if lacks_room(exc) or isinstance(exc, StoreError):
            raise
        log.error("page.failed", exc=exc, kind=type(exc).__name__, error=exc)
        files = []
        missing = {PAGE: f"{PAGE_NOT_MADE} ({type(exc).__name__})"}
        stays = [file for file in run.before.files if of_page(file.name)] if run.before else []
    else:
        missing = _untranslated(run.settings.alerts.translate_to, files)
    into_run = uploads(files, run.run_id)
    manifest = version.manifest
    warnings = [*manifest.checks.warnings, *missing.values()]
    manifest = replace(
        manifest,
        files=[*manifest.files, *describe(files, into_run), *stays],
        checks=replace(manifest.checks, warnings=warnings),
    )
    return Version(manifest, [*version.files, *into_run.values()], version.raw, missing)


def _pages(run: Run, manifest: Manifest, folder: Path) -> list[File]:
    from etl.report.page import page  # if Jinja fails, only the page fails
    from etl.report.page.rendering import Beside

    past = History([*run.past.records, outcomes.published(manifest)])
    status = statuses.status(past, run.now, run.settings.table.stale_after_days)
    languages = run.settings.alerts.translate_to
    translate = partial(translations.translated, run.store, languages, keep=not run.options.dry_run)
    form = FORM if run.settings.inbox.on else ""
    beside = Beside(form, _months_reported(run.store))
    return page.write_pages(folder, manifest, status, languages, translate, beside)


def _months_reported(store: Store) -> list[str]:
    """List the months that have a monthly report, the latest first. Raises StoreError."""
    months = (name for name in store.folders(REPORTS) if re.fullmatch(r"\d{4}-\d{2}", name))
    return sorted(months, reverse=True)[:REPORTS_LISTED]


def _untranslated(wanted: Sequence[str], files: Sequence[File]) -> dict[str, str]:
    made = {file.name for file in files}
    return {
        page_in(language): f"the page could not be translated to {language}"
        for language in wanted
        if page_in(language) not in made
    }
