"""Which credentials are used: where boto3 found them, and whose they are."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError, HTTPClientError, NoCredentialsError
from botocore.exceptions import ConnectionError as NoConnection
from botocore.parsers import ResponseParserError

from etl.store.s3.client import CONFIG, on_aws
from etl.store.s3.errors import explained

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Where credentials that nothing renews come from, by boto3's names.
FIXED = {
    "env": "AWS_ACCESS_KEY_ID",
    "shared-credentials-file": "~/.aws/credentials",
    "config-file": "~/.aws/config",
}
NO_STS = "this server has no STS"
KEY_CHARS = 16  # AWS's keys are at least this long; the end of a shorter one reveals too much


@dataclass(frozen=True)
class Identity:
    """The owner of the credentials in use.

    `place` is where boto3 found them, `key_end` the last characters of the access key. `arn` is
    their owner (empty: unknown, for the reason `why`). `ends`: they expire, and nothing renews
    them.
    """

    place: str
    key_end: str
    arn: str
    why: str
    ends: bool


def identity(client: "S3Client", bucket: str) -> Identity:
    """Ask STS who owns the credentials, which needs no permission.

    Credentials for another server are never sent to AWS. Raises StoreError if there are none, or
    AWS rejects them.
    """
    session = boto3.session.Session()
    arn = why = ""
    with explained(bucket, None, "sts:GetCallerIdentity"):
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        frozen = credentials.get_frozen_credentials()
        sts = session.client("sts", region_name=client.meta.region_name, config=CONFIG)
        aws = on_aws(sts.meta.endpoint_url)
        if aws and not on_aws(client.meta.endpoint_url):
            why = NO_STS
        else:
            try:
                arn = sts.get_caller_identity()["Arn"]
            except (NoConnection, HTTPClientError):
                why = "STS can't be reached"
            except (ClientError, ResponseParserError):
                if aws:
                    raise
                why = NO_STS
    key, method = frozen.access_key or "", credentials.method
    ends = method in FIXED and bool(frozen.token)
    end = key[-4:] if len(key) >= KEY_CHARS else ""
    return Identity(FIXED.get(method, method), end, arn, why, ends)
