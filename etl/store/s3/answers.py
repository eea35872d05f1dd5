"""The messages for AWS's error codes and botocore's exceptions, each with the next step. Data.

`{where}` is the object as people call it, `{action}` the permission that the call needs.
"""

from collections.abc import Mapping

from botocore import exceptions as boto
from urllib3.exceptions import HTTPError

KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
UNKNOWN_KEY = "AWS does not know this access key; check AWS_ACCESS_KEY_ID or profile"
SECRET = "the secret does not fit the access key; check AWS_SECRET_ACCESS_KEY"  # noqa: S105  a sentence
EXPIRED = "the AWS session has expired; renew AWS_SESSION_TOKEN and its keys, or sign in again"
NO_CREDENTIALS = "AWS refused {operation} ({code}), so there are no credentials; check AWS_PROFILE"
OTHERWISE = "{where}: {code}: {text}"

# ---- S3 only

NO_BUCKET = (
    "bucket {bucket!r} does not exist; create it with: python app.py setup, "
    "or set S3_BUCKET to one that does"
)
TAKEN = "bucket name {bucket!r} is taken by somebody else, all over AWS; set S3_BUCKET to another"
CONFLICT = "{where} was written by somebody else in between; read it again before writing"
DENIED = "access denied: allow {action} on {arn}{hint}"
REGION = "bucket {bucket!r} lives in {region}; set AWS_DEFAULT_REGION to it"
BUSY = "{where}: the server is busy or failing ({code}); it passes: try again in some minutes"
UNABLE = "the server can't do this ({code}); use one with S3's conditional writes"
FULL = "the server takes no more for {where} ({code}); free space, or raise its quota"
NO_ACLS = (
    "bucket {bucket!r} takes no ACLs, as is usual; make the whole folder public instead, by the "
    "bucket's policy (python app.py setup --public), or hand out a link that expires "
    "(python app.py share KEY)"
)
_OF_S3: Mapping[str, str] = {
    "NoSuchBucket": NO_BUCKET,
    "InvalidBucketName": "bucket name {bucket!r} is not valid; set S3_BUCKET to one that is",
    "BucketAlreadyExists": TAKEN,
    "OperationAborted": "bucket {bucket!r} is busy with an earlier change; try again in a minute",
    "TooManyBuckets": "the account may have no more buckets; delete one, or use one that is there",
    "NoSuchKey": "{where} does not exist",
    "AccessDenied": DENIED,
    "RequestTimeTooSkewed": "this machine's clock is wrong, so S3 refuses it; set the clock",
    "AccessControlListNotSupported": NO_ACLS,
    "BucketNotEmpty": "bucket {bucket!r} is not empty; empty it first",
    "400": "{where}: refused without a reason; renew the session, or check AWS_DEFAULT_REGION",
    "InvalidToken": EXPIRED,
    **dict.fromkeys(("PermanentRedirect", "AuthorizationHeaderMalformed"), REGION),
    "IllegalLocationConstraintException": REGION,
    **dict.fromkeys(("SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout"), BUSY),
    **dict.fromkeys(("PreconditionFailed", "ConditionalRequestConflict"), CONFLICT),
    **dict.fromkeys(("QuotaExceeded", "EntityTooLarge"), FULL),
    "NotImplemented": UNABLE,
}
S3_STATUSES = {
    **{301: REGION, 307: BUSY, 403: DENIED, 409: CONFLICT, 412: CONFLICT, 429: BUSY},
    **{500: BUSY, 501: UNABLE, 502: BUSY, 503: BUSY, 504: BUSY, 507: FULL},
}

# ---- SNS, Translate, Comprehend, Rekognition, STS

ACCESS_DENIED = "{where}: access denied; allow {action}"
SERVICE_BUSY = (
    "{where}: the service is busy or failing ({code}); it passes: try again in some minutes"
)
SANDBOX = (
    "{where}: refused ({text}); while the account is in the SMS sandbox, verify the number first "
    "in the SNS console"
)
_OF_OTHERS: Mapping[str, str] = {
    **dict.fromkeys(("NotFound", "NotFoundException"), "{where} does not exist{missing}"),
    **dict.fromkeys(("AuthorizationError", "AuthorizationErrorException"), ACCESS_DENIED),
    **dict.fromkeys(("AccessDenied", "AccessDeniedException"), ACCESS_DENIED),
    **dict.fromkeys(("Throttling", "ThrottlingException", "Throttled"), SERVICE_BUSY),
    **dict.fromkeys(("TooManyRequestsException", "ServiceUnavailableException"), SERVICE_BUSY),
    "ProvisionedThroughputExceededException": SERVICE_BUSY,
    "LimitExceededException": SERVICE_BUSY,
    **dict.fromkeys(("InternalError", "InternalErrorException"), SERVICE_BUSY),
    "InternalServerException": SERVICE_BUSY,
    **dict.fromkeys(("OptedOut", "OptedOutException"), "{where} wants no SMS: it has opted out"),
    **dict.fromkeys(("UserError", "UserErrorException"), SANDBOX),
}

# ---- every service

_OF_ALL: Mapping[str, str] = {
    **dict.fromkeys(("InvalidAccessKeyId", "InvalidClientTokenId"), UNKNOWN_KEY),
    "UnrecognizedClientException": UNKNOWN_KEY,
    **dict.fromkeys(("SignatureDoesNotMatch", "InvalidSignatureException"), SECRET),
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException"), EXPIRED),
}
S3_ANSWERS: Mapping[str, str] = {**_OF_ALL, **_OF_S3}  # by error code
OTHER_ANSWERS: Mapping[str, str] = {**_OF_ALL, **_OF_OTHERS}

# ---- what botocore raises when there was no answer

SIGN_IN = f"AWS credentials can't be fetched; sign in again (aws sso login), or set {KEYS}"
UNREACHABLE = "{endpoint} can't be reached; check the network, and {variable} if it is set"
ENDPOINT = "the AWS settings can't be used: {text}; check {variable}"
BROKEN_OFF = "{where}: the answer broke off in the middle; try again"

# The first match counts, so a class comes before those it derives from.
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
    (boto.ParamValidationError, "{where} can't be used: {text}{check}"),
    (RecursionError, "the server sends on and on elsewhere; check {variable}: https?"),
    ((ValueError, boto.EndpointResolutionError), ENDPOINT),
)
