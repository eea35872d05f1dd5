"""The configuration of this project's S3 clients, and the addresses they use."""

import os
from typing import Literal
from urllib.parse import urlsplit

from botocore.config import Config

# The timeouts allow a stop within 30 s. New buckets refuse links that are signed by SigV2.
CONFIG = Config(
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 3},
    signature_version="s3v4",
    max_pool_connections=32,
    # botocore's check of types takes a twentieth of a request's CPU; mypy makes the same check
    parameter_validation=False,
    # botocore would assemble its own for each request, which takes a sixth of a request's CPU
    user_agent="cloud-etl/0.1",
)


def addressing(bucket: str, url: str) -> Literal["virtual", "auto"]:
    """Return boto3's addressing style for links to a bucket at an endpoint.

    boto3's default on AWS is the address for all regions, which redirects to the region's own for
    some hours after the bucket was created; "virtual" avoids that. It does not work for a name with
    dots, which AWS's certificate does not cover.
    """
    return "virtual" if on_aws(url) and "." not in bucket else "auto"


def endpoint_fault(bucket: str, url: str) -> str:
    """Say what is wrong with an endpoint for this bucket; empty if nothing is.

    Some dashboards show an address that ends in the bucket's name, which boto3 adds itself: every
    key would then begin with that name.
    """
    path = urlsplit(url).path.rstrip("/")
    if not bucket or path.rpartition("/")[2] != bucket:
        return ""
    named = endpoint_variable("s3") or "endpoint_url"
    return f"{named}: it ends with the bucket's name, /{bucket}; leave that out"


def endpoint_variable(service: str) -> str:
    """Return the variable that names the service's endpoint; empty: none is set."""
    variables = (f"AWS_ENDPOINT_URL_{service.upper()}", "AWS_ENDPOINT_URL")
    return next((name for name in variables if os.environ.get(name)), "")


def on_aws(url: str) -> bool:
    """Say whether an endpoint is AWS's own."""
    host = urlsplit(url).hostname or ""
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))
