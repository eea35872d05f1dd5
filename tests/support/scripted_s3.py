"""An S3 server with scripted answers, and a store that sends each request once."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from botocore.config import Config

from etl.errors import StoreError
from etl.store import Upload
from etl.store.s3.client import CONFIG
from etl.store.s3.store import S3Store
from tests.support.s3_server import (
    SECRET_KEY,
    Answer,
)

ONE_TRY = CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}))
Connect = Callable[..., S3Store]  # takes an endpoint, and botocore's settings


@dataclass
class Scripted:
    """A store whose server answers as the test says; shared, since making a client is slow."""

    store: S3Store
    reply: Callable[[Answer], None]


def refused(store: S3Store) -> str:
    """Try to write, and return the message that a person would read."""
    with pytest.raises(StoreError) as caught:
        store.write(Upload("latest.json", b"{}"))
    message = str(caught.value)
    assert "\n" not in message
    assert SECRET_KEY not in message
    return message
