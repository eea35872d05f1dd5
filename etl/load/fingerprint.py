"""A digest of what shapes the output apart from the inputs: the settings and the code."""

import hashlib
import os
from collections.abc import Sequence
from functools import cache

from etl import PROJECT
from etl.settings.groups import Settings

CODE = (".py", ".csv", ".json", ".html", ".css", ".js")


def shaping(settings: Settings) -> dict[str, str]:
    """Return the settings that a reader of the manifest needs to understand the files."""
    if_set = {
        "TABLES": ",".join(one.name for one in settings.table.own_tables),
        "TRANSFORM": settings.table.own_step.name if settings.table.own_step else "",
        "PUBLIC_URL": settings.table.public_url,
    }
    return {
        "LEVEL": settings.source.level,
        "KEEP": settings.table.keep,
        "COUNTRIES": ",".join(settings.table.countries),
        "SINCE": str(settings.table.since or ""),
        "OUTPUTS": ",".join(settings.table.outputs) or "none",
        "STALE_AFTER_DAYS": str(settings.table.stale_after_days),
        **{name: value for name, value in if_set.items() if value},
    }


def fingerprint(settings: Settings, tables: Sequence[str] = ()) -> str:
    """Return a digest of the settings and the code, of the user's step, and of TABLES.

    `tables` are the digests of the tables' files. Any edit of the code or of a pinned dependency
    changes it.
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
    if settings.table.own_tables or settings.table.own_step:
        step = settings.table.own_step
        options = [
            (one.name, one.country, one.date, one.fill_days) for one in settings.table.own_tables
        ]
        digest.update(repr((options, list(tables), step and step.sha256)).encode())
    return digest.hexdigest()[:32]


@cache
def code() -> str:
    """Return a digest of the code and the pinned dependencies, computed once per process."""
    digest = hashlib.sha256()
    # os.walk takes half of pathlib's time
    folders = os.walk(PROJECT / "etl")
    files = [f"{folder}/{name}" for folder, _, names in folders for name in names]
    ours = sorted(file for file in files if file.endswith(CODE))
    for file in (*ours, f"{PROJECT}/requirements.txt"):
        digest.update(file.removeprefix(str(PROJECT)).replace(os.sep, "/").encode() + b"\0")
        with open(file, "rb") as opened:
            digest.update(opened.read())
    return digest.hexdigest()
