"""How this project's S3 clients are set up, and which addresses they use."""

from typing import Literal
from urllib.parse import urlsplit

from botocore.config import Config

# Short enough for a stop within 30 s; SigV2 links are refused by new buckets.
CONFIG = Config(
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 3},
    signature_version="s3v4",
    max_pool_connections=32,
    # botocore's own would be put together for each request, at a sixth of its CPU
    user_agent="cloud-etl/0.1",
)


def addressing(bucket: str, url: str) -> Literal["virtual", "auto"]:
    """Choose how others should address a bucket at an endpoint.

    By default boto3 gives the address that serves all regions, which redirects to the bucket's own
    for some hours. AWS's certificate does not cover a bucket's name with dots in it.
    """
    return "virtual" if on_aws(url) and "." not in bucket else "auto"


def on_aws(url: str) -> bool:
    """Say whether an endpoint is AWS's own."""
    host = urlsplit(url).hostname or ""
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))
