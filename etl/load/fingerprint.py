"""A digest of what shapes the output apart from the inputs: the settings and the code."""

import hashlib
from functools import cache

from etl import PROJECT
from etl.settings.groups import Settings

CODE = (".py", ".csv", ".json", ".html", ".css", ".js")


def shaping(settings: Settings) -> dict[str, str]:
    """Return the settings that a reader of the manifest needs to understand the files."""
    return {
        "LEVEL": settings.source.level,
        "KEEP": settings.table.keep,
        "COUNTRIES": ",".join(settings.table.countries),
        "SINCE": str(settings.table.since or ""),
        "OUTPUTS": ",".join(settings.table.outputs) or "none",
        "STALE_AFTER_DAYS": str(settings.table.stale_after_days),
    }


def fingerprint(settings: Settings) -> str:
    """Return a digest of the settings and the code.

    Any edit of the code or of a pinned dependency changes it.
    """
    digest = hashlib.sha256()
    page = f"{','.join(settings.alerts.translate_to)}{' inbox' * settings.inbox.on}"
    for part in (
        settings.source.name,
        settings.source.url,
        settings.source.countries_url,
        page,
        code(),
    ):
        digest.update(part.encode() + b"\0")
    digest.update(repr(shaping(settings)).encode())
    return digest.hexdigest()[:32]


@cache
def code() -> str:
    """Return a digest of the code and the pinned dependencies, computed once per process."""
    digest = hashlib.sha256()
    files = sorted(path for path in (PROJECT / "etl").rglob("*") if path.suffix in CODE)
    for path in (*files, PROJECT / "requirements.txt"):
        digest.update(path.relative_to(PROJECT).as_posix().encode() + b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()
