"""What shapes the output besides the inputs: the settings and the code."""

import hashlib
from functools import cache

from config import FACTS_URL, Settings
from etl import PROJECT
from etl.extract.sources import Source

CODE = (".py", ".csv", ".json", ".html", ".css", ".js")


def facts_url(settings: Settings, source: Source) -> str:
    """Where COUNTRIES_URL has its default, the facts that belong to the source come first."""
    if settings.countries_url == FACTS_URL and source.facts_url is not None:
        return source.facts_url
    return settings.countries_url


def shaping(settings: Settings) -> dict[str, str]:
    """The settings that a reader of the manifest needs to understand the files."""
    return {
        "LEVEL": settings.level,
        "KEEP": settings.keep,
        "COUNTRIES": ",".join(settings.countries),
        "SINCE": str(settings.since or ""),
        "STALE_AFTER_DAYS": str(settings.stale_after_days),
    }


def fingerprint(settings: Settings) -> str:
    """One digest of both; it changes with any edit of the code or a pinned dependency."""
    digest = hashlib.sha256()
    page = f"{','.join(settings.translate_to)}{' inbox' * settings.inbox}"
    for part in (settings.source, settings.source_url, settings.countries_url, page, code()):
        digest.update(part.encode() + b"\0")
    digest.update(repr(shaping(settings)).encode())
    return digest.hexdigest()[:32]


@cache
def code() -> str:
    """A digest of the code, and of the dependencies that are asked for, as they were when this
    process first asked."""
    digest = hashlib.sha256()
    files = sorted(path for path in (PROJECT / "etl").rglob("*") if path.suffix in CODE)
    for path in (*files, PROJECT / "requirements.txt"):
        digest.update(path.relative_to(PROJECT).as_posix().encode() + b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()
