"""reports/ in the folder: what is written there, and the index of it."""

from collections.abc import Sequence
from hashlib import sha256

from etl.load.month import SHELF
from etl.report.monthly import pages
from etl.store import FOR_EVER, Store, Upload

INDEX = f"{SHELF}index.html"


def script(body: bytes) -> Upload:
    """Bokeh's script, which all charts share; its name is made from its bytes."""
    name = f"bokeh-{sha256(body).hexdigest()[:12]}.min.js"
    return Upload(f"{SHELF}assets/{name}", body, FOR_EVER)


def put(store: Store, uploads: Sequence[Upload]) -> None:
    """Write what isn't there already, then the index. Raises StoreError.

    What is there is left alone, so that the store's LastModified, and with it the index, stays the
    same when a report is made again from the same archive.
    """
    for upload in uploads:
        _write(store, upload)
    _write(store, Upload(INDEX, pages.index_page(list(store.list(SHELF)))))


def _write(store: Store, upload: Upload) -> None:
    head = store.head(upload.key)
    if head is None or head.sha256 != upload.sha256:
        store.write(upload)
