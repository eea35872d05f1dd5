"""The link that goes out with an alert."""

from etl.errors import StoreError
from etl.stores import Store

LASTS_S = 7 * 86_400  # as long as S3 signs for


def page_link(store: Store, key: str | None) -> str | None:
    """By which anybody can read that object; None on a folder of this machine, which has none."""
    from etl.stores.s3 import S3Store
    from etl.stores.s3_errors import explained

    if key is None or not isinstance(store, S3Store):
        return None
    full = f"{store.folder}/{key}".lstrip("/")
    try:
        with explained(store.bucket, full, "s3:GetObject"):
            return store.client.generate_presigned_url(
                "get_object", Params={"Bucket": store.bucket, "Key": full}, ExpiresIn=LASTS_S
            )
    except StoreError:  # an alert without a link is an alert
        return None
