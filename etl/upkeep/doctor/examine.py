"""The doctor: examine the settings, the source, the store, and then what is published.

The other modules of this package examine one thing each and yield findings.
"""

from collections.abc import Generator, Iterator, Mapping
from datetime import datetime

from etl.errors import EtlError
from etl.settings.groups import Settings
from etl.store import Store
from etl.upkeep.doctor import alerts, inbox, place, published, sources
from etl.upkeep.doctor import settings as of_settings
from etl.upkeep.doctor.finding import Finding
from etl.upkeep.doctor.trial import trial


def examine(
    settings: Settings, environ: Mapping[str, str], store: Store, now: datetime
) -> Iterator[Finding]:
    """Yield every finding, in the order in which to fix them. Never raises EtlError."""
    yield from of_settings.setting_findings(environ)
    yield from sources.source_findings(settings, now)
    # if the bucket or folder itself fails, everything else would fail for the same reason
    if (yield from _all_well(place.place_findings(store, now, settings.table.outputs))):
        if (yield from _all_well(trial(store))):
            yield from _all_well(place.server_findings(store))
            yield from _all_well(inbox.inbox_findings(settings, store, now))
        yield from _all_well(alerts.alert_findings(settings, store))
        yield from _all_well(published.published_findings(store))
        yield from _all_well(place.public_url_findings(store, settings.table.public_url))


def _all_well(part: Iterator[Finding]) -> Generator[Finding, None, bool]:
    """Pass the findings on; return whether none failed."""
    well = True
    try:
        for finding in part:
            well = well and finding.level != "failed"
            yield finding
    except EtlError as exc:
        yield Finding("failed", str(exc))
        return False
    return well
