"""An S3 server that answers by a script, and a store that asks it once."""

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
Connect = Callable[..., S3Store]  # of an endpoint, and botocore's settings


@dataclass
class Scripted:
    """A store whose server answers as the test says; making a client for each would take longer."""

    store: S3Store
    reply: Callable[[Answer], None]


def refused(store: S3Store) -> str:
    """Try to write, and return what a person would read."""
    with pytest.raises(StoreError) as caught:
        store.write(Upload("latest.json", b"{}"))
    message = str(caught.value)
    assert "\n" not in message
    assert SECRET_KEY not in message
    return message
