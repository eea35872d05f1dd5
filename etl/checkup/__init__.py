"""Is everything ready for the worker? Every setting, the source, the store; then what is published.

The rooms here look at one thing each and tell it as findings; nothing here raises EtlError.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from config import Settings
from etl import doctor
from etl.checkup import settings as of_settings
from etl.checkup import sources
from etl.checkup.trial import trial
from etl.doctor import Finding
from etl.errors import EtlError
from etl.stores import Store
from etl.stores.directory import DirectoryStore


def examine(
    settings: Settings, environ: Mapping[str, str], store: Store, now: datetime
) -> Iterator[Finding]:
    """Every finding, in the order in which a newcomer can mend them."""
    yield from of_settings.findings(environ)
    yield from sources.findings(settings, now)
    usable = True
    for finding in _place(store, now):
        usable = usable and finding.level != "failed"
        yield finding
    if not usable:
        return  # whatever else is tried would fail for the same reason
    try:
        yield from trial(store)
        yield from doctor.examine(store)
    except EtlError as exc:
        yield Finding("failed", str(exc))


def _place(store: Store, now: datetime) -> Iterator[Finding]:
    if isinstance(store, DirectoryStore):
        from etl.checkup import directory

        yield from directory.findings(store.root)
        return
    from etl.checkup import bucket
    from etl.stores.s3 import S3Store

    if isinstance(store, S3Store):
        yield from bucket.findings(store, now)
