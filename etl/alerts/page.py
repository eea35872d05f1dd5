"""The link that goes out with an alert."""

from datetime import UTC, datetime, timedelta

from etl.errors import StoreError
from etl.load.share import PAGE, copy_page
from etl.store import Store

LASTS = timedelta(days=7)  # as long as S3 signs for


def page_link(store: Store, key: str | None) -> str | None:
    """By which anybody can read that object; None on a folder of this machine, which has none.

    Of the page it leads to a copy, since the links in it must be signed as well.
    """
    from etl.store.s3.store import S3Store

    if key is None or not isinstance(store, S3Store):
        return None
    from etl.store.s3.signed_links import Signer

    try:
        signer = Signer(store)
        if key == PAGE:
            until = datetime.now(UTC) + LASTS
            key = copy_page(store, lambda name: signer.link(name, LASTS).url, until)
        return signer.link(key, LASTS).url
    except StoreError:  # an alert without a link is an alert
        return None
