"""Check that the source and the country facts can be read, and how old their data is."""

import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests

from etl.errors import SourceUnavailable
from etl.extract.answer import TryAgain, shown
from etl.extract.http import get
from etl.extract.sources import SOURCES
from etl.settings.groups import Settings
from etl.upkeep.doctor.finding import Finding

LIMIT_S = 30.0
UNUSABLE = (SourceUnavailable, TryAgain, OSError, zlib.error)


def source_findings(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Examine the statistics, which every run needs, TABLES, and the optional facts."""
    source = SOURCES[settings.source.data_set]
    for url in source.documents(settings.source.url).values():
        yield _of_statistics(url, now, settings.table.stale_after_days)
    for table in settings.table.own_tables:
        yield _of_table(table.name, table.url)
    if not (url := settings.source.facts_url):
        yield Finding("ok", "no country facts are merged (COUNTRIES_URL is empty)")
        return
    try:
        what = _answer("the country facts", url)[0]
    except UNUSABLE as exc:
        step = "check COUNTRIES_URL; until then the archived copy is used, if there is one"
        yield Finding("warning", f"the country facts: {_why(url, exc)}", step)
    else:
        yield Finding("ok", what)


def _of_table(name: str, url: str) -> Finding:
    try:
        return Finding("ok", _answer(f"table {name}", url)[0])
    except UNUSABLE as exc:
        step = "check TABLES; meanwhile the archived copy serves, if there is one"
        return Finding("warning", f"table {name}: {_why(url, exc)}", step)


def _of_statistics(url: str, now: datetime, stale_after_days: int) -> Finding:
    try:
        what, changed = _answer("the source", url)
    except UNUSABLE as exc:
        step = "check SOURCE_URL and the network"
        return Finding("failed", f"the source: {_why(url, exc)}", step)
    days = (now - changed).days if changed else 0
    if days > stale_after_days:
        step = "if it has ended, choose another SOURCE; its data is published anyway"
        return Finding("warning", f"{what}, unchanged for {days:,} days", step)
    return Finding("ok", what)


def _answer(name: str, url: str) -> tuple[str, datetime | None]:
    """Read only the first bytes. Return a description, and when the document changed last.

    Raises SourceUnavailable, TryAgain, OSError and zlib.error.
    """
    if "://" not in url:
        size = Path(url).stat().st_size
        with Path(url).open("rb") as file:
            file.read(1)
        return f"{name}: {url} can be read, {size:,} bytes", None
    if not url.lower().startswith(("http://", "https://")):
        raise SourceUnavailable("only http://, https:// and paths can be read")
    with (
        requests.Session() as session,
        get(url, session, time.monotonic() + LIMIT_S) as answer,
    ):
        first = next(answer.pieces, b"")
        given = answer.validators
    if first.lstrip()[:1] in (b"", b"<"):
        raise SourceUnavailable("it sends a web page, or nothing, instead of data")
    changed = _date(given.last_modified)
    said = [f"{name}: {shown(url)} answers"]
    said += [f"Last-Modified {changed:%Y-%m-%d %H:%M} UTC"] if changed else []
    said += [f"ETag {given.etag}"] if given.etag else []
    return ", ".join(said), changed


def _date(header: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _why(url: str, exc: Exception) -> str:
    """Give the reason, with the URL in front unless it begins with it."""
    if isinstance(exc, OSError):
        return f"{url}: {exc.strerror}"
    return str(exc) if str(exc).startswith(shown(url)) else f"{shown(url)}: {exc}"
