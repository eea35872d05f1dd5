"""Open the store that the settings name."""

from etl.settings.groups import Settings
from etl.store import Store


def open_store(settings: Settings) -> Store:
    """Open the bucket or, if none is set, the folder on this machine. Raises StoreError."""
    if settings.store.bucket:
        from etl.store.s3.store import S3Store

        return S3Store.connect(settings.store.bucket, settings.store.folder)
    from etl.store.directory import DirectoryStore

    return DirectoryStore(settings.store.output_dir)
