"""Share the page of a private folder: a signed link to a copy whose own links are signed.

A relative link can't carry a signature, so a copy is written to `_shared/`. Its links lead to the
run folder, whose files never change, so the copy goes on showing the version that was shared.
"""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

from etl.errors import StoreError
from etl.history import manifest as manifests
from etl.load import rewrite_links
from etl.store import Store, Upload, valid_key
from etl.store.layout import LATEST_CSV, MANIFEST, PAGE, SHARED, run_key

_EXPIRES = "%Y-%m-%dT%H%M%SZ"

Sign = Callable[[str], str]  # a key -> a URL


def copy_page(store: Store, sign: Sign, expires_at: datetime) -> str:
    """Write a copy of the published page with signed links. Return its key. Raises StoreError."""
    published = manifests.read(store)
    files = {file.name: file.key for file in published.manifest.files} if published else {}
    stored = store.read(files[PAGE]) if PAGE in files else None
    if published and "page" not in published.manifest.outputs:
        raise StoreError(
            f"{store.address} has no page, OUTPUTS leaves it out; share a file: {LATEST_CSV}"
        )
    if published is None or stored is None:
        raise StoreError(
            f"{store.address} has no page to share; python app.py run --force publishes one"
        )
    files[MANIFEST] = run_key(published.manifest.run_id, MANIFEST)

    @cache
    def signed(name: str) -> str | None:
        try:
            key = files.get(name) or name
            return sign(key) if name in files or store.head(valid_key(key)) else None
        except ValueError:  # not a valid key
            return None

    page = rewrite_links.rewrite(stored.body.decode(), signed)
    key = shared_key(PAGE, expires_at)
    store.write(Upload(key, page.encode()))
    return key


def shared_key(name: str, expires_at: datetime) -> str:
    """Return the key of a file that is shared until `expires_at`."""
    return f"{SHARED}{expires_at:{_EXPIRES}}-{secrets.token_hex(8)}/{name}"


def expired(key: str, now: datetime) -> bool:
    """Return whether the key belongs to a copy whose links have expired."""
    if not key.startswith(SHARED):
        return False
    try:
        stamp = key.removeprefix(SHARED).rpartition("-")[0]
        return datetime.strptime(stamp, _EXPIRES).replace(tzinfo=UTC) < now
    except ValueError:
        return False
