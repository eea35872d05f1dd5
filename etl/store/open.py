"""Which store the settings name."""

from config import Settings
from etl.store import Store


def open_store(settings: Settings) -> Store:
    """The bucket, or the folder that takes its place. Raises StoreError."""
    if settings.s3_bucket:
        from etl.store.s3.store import S3Store

        return S3Store.connect(settings.s3_bucket, settings.s3_folder)
    from etl.store.directory import DirectoryStore

    return DirectoryStore(settings.output_dir)
