"""Which keys are the worker's own: nobody should write or remove them by accident."""

from etl.alerts.state import KEY as ALERTS
from etl.history import manifest as manifests
from etl.history.catalogue import KEY as CATALOGUE
from etl.history.feed import FEED
from etl.history.history import HISTORY
from etl.history.manifest import ROOT
from etl.history.status import STATUS
from etl.store import Store

STATE = (ROOT, HISTORY, STATUS, FEED, ALERTS, CATALOGUE)
ARCHIVES = ("runs/", "raw/")


def owned(store: Store, key: str) -> str | None:
    """What an own key is, in words; None for any other. Raises StoreError."""
    if key in STATE:
        return "what the worker remembers"
    if key.startswith(ARCHIVES):
        return "a part of the worker's archive"
    published = manifests.read(store)
    if published and key in published.manifest.digests():
        return "a published file"
    return None
