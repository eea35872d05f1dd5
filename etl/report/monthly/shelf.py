"""Write into reports/ of the folder."""

from collections.abc import Sequence

from etl.report.page import assets
from etl.store import FOR_EVER, Store, Upload
from etl.store.layout import PAGE, REPORTS

INDEX = f"{REPORTS}{PAGE}"


def shared_script() -> Upload:
    """Return the upload of BokehJS, gzipped, which all charts share; its digest is in its name."""
    name, body = assets.bokeh()
    return Upload(f"{REPORTS}{name}", body, FOR_EVER)


def put(store: Store, uploads: Sequence[Upload]) -> None:
    """Write what isn't there already. Raises StoreError.

    Existing objects stay, and with them their LastModified, which the index shows: it does not
    change when a report is made again from the same archive.
    """
    for upload in uploads:
        head = store.head(upload.key)
        if head is None or head.sha256 != upload.sha256:
            store.write(upload)
