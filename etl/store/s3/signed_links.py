"""Links and forms that are signed by S3's own rules, on this machine, without a request."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, NoCredentialsError

from etl.store import valid_key
from etl.store.s3.client import CONFIG, addressing
from etl.store.s3.errors import explained
from etl.store.signing import Link, Post, Temporary

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Signer:
    """A signer for keys that begin with `start`, with the client's credentials of this moment.

    `region` is the bucket's. The constructor raises StoreError if there are no credentials.
    """

    def __init__(self, client: "S3Client", bucket: str, start: str, region: str) -> None:
        self._bucket, self._start = bucket, start
        with explained(bucket, None, "s3:ListBucket"):
            # there is no public way; boto3 itself uses this
            credentials = client._get_credentials()  # type: ignore[attr-defined]
            if credentials is None:
                raise NoCredentialsError
            frozen = credentials.get_frozen_credentials()
            style = addressing(bucket, client.meta.endpoint_url)
            # the store's client follows redirects to the bucket's region, but signs for its own
            self._client: S3Client = boto3.client(
                "s3",
                config=CONFIG.merge(Config(s3={"addressing_style": style})),
                region_name=region,
                aws_access_key_id=frozen.access_key,
                aws_secret_access_key=frozen.secret_key,
                aws_session_token=frozen.token,
            )
        until = getattr(credentials, "_expiry_time", None)
        self.temporary = Temporary(until) if frozen.token else None

    def link(self, key: str, lasts: timedelta) -> Link:
        seconds = int(lasts.total_seconds())
        url = self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": self._start + valid_key(key)},
            ExpiresIn=seconds,
        )
        return Link(url, datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds))

    def post(self, folder: str, media_type: str, most_bytes: int, lasts: timedelta) -> Post:
        media = {"Content-Type": media_type}
        starts = media_type.endswith("/")
        made = self._client.generate_presigned_post(
            self._bucket,
            self._start + valid_key(f"{folder}${{filename}}"),
            Fields=media,
            Conditions=[
                ["starts-with", "$Content-Type", media_type] if starts else media,
                ["content-length-range", 1, most_bytes],
            ],
            ExpiresIn=int(lasts.total_seconds()),
        )
        return Post(made["url"], made["fields"])

    def address(self, key: str) -> str:
        return urlsplit(self.link(key, timedelta(minutes=1)).url)._replace(query="").geturl()


def bucket_region(client: "S3Client", bucket: str) -> str:
    """Return the bucket's region from the response headers, also those of an error response.

    Without such a header it is the client's own region.
    """
    try:
        headers = client.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
    except ClientError as exc:
        headers = exc.response["ResponseMetadata"]["HTTPHeaders"]
    return headers.get("x-amz-bucket-region") or client.meta.region_name
