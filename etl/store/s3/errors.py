"""What botocore says, put for people: every error becomes a StoreError that names the next step."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from etl.errors import StateConflict, StoreError, one_line

ARN = "arn:aws:s3:::"
KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
NO_BUCKET = (
    "bucket {bucket!r} does not exist; create it with: python app.py setup, "
    "or set S3_BUCKET to one that does"
)
TAKEN = "bucket name {bucket!r} is taken by somebody else, all over AWS; set S3_BUCKET to another"
UNKNOWN_KEY = "AWS does not know this access key; check AWS_ACCESS_KEY_ID or profile"
CONFLICT = "{where} was written by somebody else in between; read it again before writing"
DENIED = "access denied: allow {action} on {arn}{hint}"
REGION = "bucket {bucket!r} lives in {region}; set AWS_DEFAULT_REGION to it"
BUSY = "{where}: the server is busy or failing ({code}); it passes: try again in some minutes"
EXPIRED = "the AWS session has expired; renew AWS_SESSION_TOKEN and its keys, or sign in again"
UNABLE = "the server can't do this ({code}); use one with S3's conditional writes"
FULL = "the server takes no more for {where} ({code}); free space, or raise its quota"
SIGN_IN = f"AWS credentials can't be fetched; sign in again (aws sso login), or set {KEYS}"
UNREACHABLE = "{endpoint} can't be reached; check the network, and AWS_ENDPOINT_URL_S3 if it is set"
ENDPOINT = "the AWS settings can't be used: {text}; check AWS_ENDPOINT_URL_S3"
BROKEN_OFF = "{where}: the answer broke off in the middle; try again"

NO_ACLS = (
    "bucket {bucket!r} takes no ACLs, as is usual; make the whole folder public instead, by the "
    "bucket's policy (python app.py setup --public), or hand out a link that expires "
    "(python app.py share KEY)"
)
PUBLIC_BLOCKED = " (a public one is denied too where the bucket's BlockPublicAcls is on)"

ANSWERS = {
    "NoSuchBucket": NO_BUCKET,
    "InvalidBucketName": "bucket name {bucket!r} is not valid; set S3_BUCKET to one that is",
    "BucketAlreadyExists": TAKEN,
    "OperationAborted": "bucket {bucket!r} is busy with an earlier change; try again in a minute",
    "TooManyBuckets": "the account may have no more buckets; delete one, or use one that is there",
    "NoSuchKey": "{where} does not exist",
    "AccessDenied": DENIED,
    **dict.fromkeys(("InvalidAccessKeyId", "InvalidClientTokenId"), UNKNOWN_KEY),
    "SignatureDoesNotMatch": "the secret does not fit the access key; check AWS_SECRET_ACCESS_KEY",
    "RequestTimeTooSkewed": "this machine's clock is wrong, so S3 refuses it; set the clock",
    "AccessControlListNotSupported": NO_ACLS,
    "BucketNotEmpty": "bucket {bucket!r} is not empty; empty it first",
    "400": "{where}: refused without a reason; renew the session, or check AWS_DEFAULT_REGION",
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "InvalidToken"), EXPIRED),
    **dict.fromkeys(("PermanentRedirect", "AuthorizationHeaderMalformed"), REGION),
    "IllegalLocationConstraintException": REGION,
    **dict.fromkeys(("SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout"), BUSY),
    **dict.fromkeys(("PreconditionFailed", "ConditionalRequestConflict"), CONFLICT),
    **dict.fromkeys(("QuotaExceeded", "EntityTooLarge"), FULL),
    "NotImplemented": UNABLE,
}
HINTS = {
    "s3:ListBucket": " (or the bucket is somebody else's)",
    "s3:PutBucketPolicy": " (or the account as a whole blocks public access)",
}
STATUSES = {301: REGION, 307: BUSY, 403: DENIED, 409: CONFLICT, 412: CONFLICT, 429: BUSY}
STATUSES |= {500: BUSY, 501: UNABLE, 502: BUSY, 503: BUSY, 504: BUSY, 507: FULL}
# Made behind the scenes to get credentials: what they refuse is not the bucket's doing.
CREDENTIAL_CALLS = ("AssumeRole", "GetRoleCredentials", "CreateToken", "CreateOAuth2Token")

# A class stands before those it derives from.
FAULTS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (boto.NoCredentialsError, f"no AWS credentials found; set {KEYS}, or AWS_PROFILE"),
    (boto.PartialCredentialsError, f"AWS credentials are incomplete; set both {KEYS}"),
    (boto.ProfileNotFound, "AWS profile {profile!r} is not configured; check AWS_PROFILE"),
    (boto.ConfigParseError, "AWS's configuration file {path} can't be read; mend it"),
    (boto.NoRegionError, "no AWS region is set; set AWS_DEFAULT_REGION, e.g. to eu-west-1"),
    (boto.InvalidRegionError, "{region_name!r} is no AWS region; set AWS_DEFAULT_REGION to one"),
    ((boto.CredentialRetrievalError, boto.TokenRetrievalError), SIGN_IN),
    ((boto.MetadataRetrievalError, boto.SSOError, boto.LoginError), SIGN_IN),
    (boto.ProxyConnectionError, "the proxy can't be reached; check HTTPS_PROXY"),
    (boto.SSLError, "{endpoint} shows a certificate that is not trusted; see AWS_CA_BUNDLE"),
    (boto.ReadTimeoutError, "{endpoint} did not answer in time; try again"),
    ((boto.ResponseStreamingError, boto.IncompleteReadError, HTTPError), BROKEN_OFF),
    (boto.ConnectionClosedError, "{endpoint} closed the connection; try again"),
    (boto.ConnectionError, UNREACHABLE),
    (boto.HTTPClientError, "{where}: the connection failed; check the network and HTTPS_PROXY"),
    (boto.FlexibleChecksumError, "{where} arrived damaged: its checksum differs; try again"),
    (boto.ParamValidationError, "{where} can't be used: {text}; check S3_BUCKET and S3_FOLDER"),
    (RecursionError, "the server sends on and on elsewhere; check AWS_ENDPOINT_URL_S3: https?"),
    ((ValueError, boto.EndpointResolutionError), ENDPOINT),
)


def explain(exc: Exception, *, bucket: str, key: str | None, action: str) -> StoreError:
    """Say what failed on which object and what to do; `action` is IAM's name, "s3:PutObject"."""
    name = f"{bucket}/{key}" if key else bucket
    facts = {"bucket": bucket, "where": f"s3://{name}", "arn": ARN + name, "action": action}
    if isinstance(exc, ClientError):
        return _answered(exc, facts)
    known: dict[str, Any] = getattr(exc, "kwargs", {})
    facts |= {field: str(known.get(field, "")) for field in ("profile", "path", "region_name")}
    facts |= {"endpoint": _host(known.get("endpoint_url")), "text": _safe(str(exc))}
    texts = (text for kind, text in FAULTS if isinstance(exc, kind))
    return StoreError(next(texts, "{where}: {text}").format(**facts))


@contextmanager
def explained(bucket: str, key: str | None, action: str) -> Iterator[None]:
    """Turn what botocore raises inside into `explain`'s StoreError, the cause kept."""
    try:
        yield
    # botocore follows 301s for ever, and lets through what breaks off an answer without a body
    except (BotoCoreError, ClientError, HTTPError, RecursionError) as exc:
        raise explain(exc, bucket=bucket, key=key, action=action) from exc


def status(exc: StoreError) -> int:
    """The HTTP status behind an explained error; 0 where there was no answer."""
    cause = exc.__cause__
    response: dict[str, Any] = {**cause.response} if isinstance(cause, ClientError) else {}
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _answered(exc: ClientError, facts: dict[str, str]) -> StoreError:
    response: dict[str, Any] = {**exc.response}
    error, meta = response.get("Error", {}), response.get("ResponseMetadata", {})
    code, action = str(error.get("Code", "")), facts["action"]
    text = ANSWERS.get(code) or STATUSES.get(meta.get("HTTPStatusCode"), "{where}: {code}: {text}")
    if code == "NoSuchKey" and action == "s3:PutObject":
        text = CONFLICT  # what If-Match meets where the object is gone
    if exc.operation_name.startswith(CREDENTIAL_CALLS):
        text = "AWS refused {operation} ({code}), so there are no credentials; check AWS_PROFILE"
    hint = HINTS.get(action, "")
    if "s3:GetObject" in action:
        hint = f", and s3:ListBucket on {ARN}{facts['bucket']}: a missing object is denied without"
    if "s3:PutObjectAcl" in action:
        hint = PUBLIC_BLOCKED
    if code == "403":  # a HEAD has no body that would say more
        hint += " (or the credentials or the clock are wrong)"
    facts |= {"code": code, "hint": hint, "operation": exc.operation_name}
    facts |= {"text": _safe(str(error.get("Message", ""))), "region": _region(error, meta)}
    return (StateConflict if text is CONFLICT else StoreError)(text.format(**facts))


def _region(error: dict[str, Any], meta: dict[str, Any]) -> str:
    named = error.get("Region") or meta.get("HTTPHeaders", {}).get("x-amz-bucket-region")
    if not named:
        found = re.search(r"s3[.-]([a-z]{2}(-[a-z]+)+-[0-9])", str(error.get("Endpoint")))
        named = found and found[1]
    return f"region {named}" if named else "another region"


def _host(url: str | None) -> str:
    """Without a user name or password that may stand in the URL."""
    parts = urlsplit(url or "")
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}" if parts.hostname else "S3"


def _safe(text: str) -> str:
    """One line, not too long, no password of a URL."""
    return one_line(re.sub(r"//[^/\s]*@", "//", text), 300)
