"""The messages for AWS's error codes and botocore's exceptions, each with the next step. Data.

`{where}` is the object as people call it, `{action}` the permission that the call needs.
"""

from collections.abc import Mapping

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from etl.store.s3.denials import SETTLE

KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
UNKNOWN_KEY = "AWS does not know this access key; check AWS_ACCESS_KEY_ID or profile"
SECRET = "the secret does not match the access key; check AWS_SECRET_ACCESS_KEY"  # noqa: S105  a sentence
EXPIRED = "the AWS session has expired; renew AWS_SESSION_TOKEN and its keys, or sign in again"
NO_CREDENTIALS = "AWS refused {operation} ({code}), so there are no credentials; check AWS_PROFILE"
CLOCK = "this machine's clock is wrong, so the server refuses it; set the clock"
OTHERWISE = "{where}: {code}: {text}"
PROXY = "check HTTPS_PROXY, or HTTP_PROXY for an endpoint without TLS"

# ---- what a service answers

NO_BUCKET = (
    "bucket {bucket!r} does not exist; create it with: python app.py setup, "
    "or set S3_BUCKET to an existing one"
)
TAKEN = "bucket name {bucket!r} belongs to another AWS account; set S3_BUCKET to another name"
CONFLICT = "{where} was changed by another process; read it again before writing"
DENIED = "access denied: {allow}{action} on {arn}{hint}{reason}"  # S3's objects have an ARN
DENIED_ELSEWHERE = "{where}: access denied; {allow}{action}{reason}"
REGION = "bucket {bucket!r} is in {region}; set AWS_DEFAULT_REGION to that region"
BUSY = "{where}: the service is busy or failing ({code}); try again in a few minutes"
UNABLE = "{where}: the server does not support {operation} ({code}); see docs/s3-servers.md"
CHECKSUMS = (
    "{where}: the server refuses the checksums that boto3 sends ({code}: {text}); set "
    "AWS_REQUEST_CHECKSUM_CALCULATION=when_required"
)
LACKING = "{where}: the server's answer lacks {text}; see docs/s3-servers.md"
FULL = "the server has no space left for {where} ({code}); free space, or raise its quota"
NO_ACLS = (
    "bucket {bucket!r} does not accept ACLs, which is the default; make the whole folder public "
    "instead, with the bucket's policy (python app.py setup --public), or share a link that "
    "expires (python app.py share KEY)"
)
ACCOUNT = f"{{where}}: refused: {SETTLE} (AWS says {{code}}: {{text}})"

# By error code, for every service: none gives a code of another one's a different meaning.
ANSWERS: Mapping[str, str] = {
    # credentials
    **dict.fromkeys(("InvalidAccessKeyId", "InvalidClientTokenId"), UNKNOWN_KEY),
    "UnrecognizedClientException": UNKNOWN_KEY,
    **dict.fromkeys(("SignatureDoesNotMatch", "InvalidSignatureException"), SECRET),
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "InvalidToken"), EXPIRED),
    **dict.fromkeys(("RequestTimeTooSkewed", "RequestExpired"), CLOCK),
    **dict.fromkeys(("AccessDenied", "AccessDeniedException"), DENIED),
    **dict.fromkeys(("AuthorizationError", "AuthorizationErrorException"), DENIED),
    **dict.fromkeys(("NotAuthorized", "NotAuthorizedException"), DENIED),
    **dict.fromkeys(("AccountProblem", "AllAccessDisabled", "OptInRequired"), ACCOUNT),
    **dict.fromkeys(("SubscriptionRequired", "SubscriptionRequiredException"), ACCOUNT),
    # busy
    **dict.fromkeys(("SlowDown", "ServiceUnavailable", "ServiceUnavailableException"), BUSY),
    **dict.fromkeys(("InternalError", "InternalErrorException", "InternalServerException"), BUSY),
    **dict.fromkeys(("Throttling", "ThrottlingException", "Throttled"), BUSY),
    **dict.fromkeys(("TooManyRequestsException", "LimitExceededException"), BUSY),
    **dict.fromkeys(("ProvisionedThroughputExceededException", "RequestTimeout"), BUSY),
    # buckets and objects
    "NoSuchBucket": NO_BUCKET,
    "InvalidBucketName": "bucket name {bucket!r} is not valid; set S3_BUCKET to a valid name",
    "BucketAlreadyExists": TAKEN,
    "OperationAborted": "bucket {bucket!r} is busy with an earlier change; try again in a minute",
    "TooManyBuckets": "the account can't have more buckets; delete one, or use an existing one",
    "BucketNotEmpty": "bucket {bucket!r} is not empty; empty it first",
    "AccessControlListNotSupported": NO_ACLS,
    "NoSuchKey": "{where} does not exist",
    "400": "{where}: refused without a reason; renew the session, or check AWS_DEFAULT_REGION",
    **dict.fromkeys(("PermanentRedirect", "AuthorizationHeaderMalformed"), REGION),
    "IllegalLocationConstraintException": REGION,
    **dict.fromkeys(("PreconditionFailed", "ConditionalRequestConflict"), CONFLICT),
    **dict.fromkeys(("QuotaExceeded", "EntityTooLarge"), FULL),
    "NotImplemented": UNABLE,
    "407": f"the proxy wants a user and a password; {PROXY}",
    # topics and subscriptions
    **dict.fromkeys(("NotFound", "NotFoundException"), "{where} does not exist{missing}"),
}
# For a code that is not above, or an answer without one. Only S3's statuses mean one thing each.
STATUSES = {
    **{301: REGION, 307: BUSY, 403: DENIED, 409: CONFLICT, 412: CONFLICT, 429: BUSY},
    **{501: UNABLE, 507: FULL},
}

# ---- what botocore raises when there was no answer

SIGN_IN = f"AWS credentials can't be fetched; sign in again (aws sso login), or set {KEYS}"
NO_REGION = "no AWS region is set; set AWS_DEFAULT_REGION, e.g. to eu-west-1{unread}"
UNREACHABLE = "{endpoint} can't be reached; check the network, and {variable} if it is set"
ENDPOINT = "the AWS settings can't be used: {text}; check {variable}"
CLOSED = "{endpoint} closed the connection, or is no HTTP server; try again, then check {variable}"
BROKEN_OFF = "{where}: the answer was cut off in the middle; try again"
LOOP = "the server redirects endlessly, or to no region; check {variable}: https? the right region?"
UNREADABLE = "{where}: the answer is not in AWS's format; {reader}"
OTHER_SERVER = "check {}: the server there may not know this request"
NOT_SENDABLE = (
    "a header of the request can't be sent, so the credentials contain a line break or a letter "
    f"with an accent; set {KEYS} again, and AWS_SESSION_TOKEN"
)
UNTRUSTED = "{endpoint} shows a certificate that is not trusted; see AWS_CA_BUNDLE"
NO_TLS = "no TLS connection to {endpoint}; check {variable}: is it http instead of https?"
FAILED = "{where}: the connection failed; check the network, and HTTPS_PROXY or HTTP_PROXY"

# The first match counts, so a class comes before those it derives from.
FAULTS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (boto.NoCredentialsError, f"no AWS credentials found; set {KEYS}, or AWS_PROFILE"),
    (boto.PartialCredentialsError, f"AWS credentials are incomplete; set both {KEYS}"),
    (boto.ProfileNotFound, "AWS profile {profile!r} is not configured; check AWS_PROFILE"),
    (boto.ConfigParseError, "AWS's configuration file {path} can't be read; correct it"),
    (boto.NoRegionError, NO_REGION),
    (boto.InvalidRegionError, "{region_name!r} is not an AWS region; correct AWS_DEFAULT_REGION"),
    ((boto.CredentialRetrievalError, boto.TokenRetrievalError), SIGN_IN),
    ((boto.MetadataRetrievalError, boto.SSOError, boto.LoginError), SIGN_IN),
    (boto.ProxyConnectionError, f"the proxy can't be reached; {PROXY}"),
    (boto.SSLError, NO_TLS),
    (boto.ReadTimeoutError, "{endpoint} did not answer in time; try again, then check {variable}"),
    ((boto.ResponseStreamingError, boto.IncompleteReadError, HTTPError), BROKEN_OFF),
    (boto.ConnectionClosedError, CLOSED),
    (boto.ConnectionError, UNREACHABLE),
    (boto.HTTPClientError, FAILED),
    (boto.FlexibleChecksumError, "{where} arrived damaged: its checksum differs; try again"),
    (boto.ParamValidationError, "{where} can't be used: {text}{check}"),
    (KeyError, LACKING),
    (RecursionError, LOOP),
    (ResponseParserError, UNREADABLE),
    ((ValueError, boto.EndpointResolutionError), ENDPOINT),
)
# What an HTTPClientError wraps: an error of http.client or urllib3 before anything was sent. Its
# text may quote a header, so it is never shown.
WRAPPED: tuple[tuple[type[Exception], str], ...] = (
    (RecursionError, LOOP),
    (ValueError, NOT_SENDABLE),
)
