"""Enforce AWS's rules in front of moto, which has none of them.

    with AwsLike(upstream) as aws:
        use(monkeypatch, aws.url)
        aws.policy = worker_policy(...)      # what the caller may do; None: everything

It accepts only the tests' credentials and verifies their signatures, lets tokens expire, compares
its clock with the caller's, keeps buckets in their regions, blocks public access to new buckets,
refuses ACLs, and answers 403 for a missing key if the caller may not list the bucket. Of SNS, if
that is upstream too, only the policy is enforced.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.support.fault_proxy import FaultProxy, Handler
from tests.support.iam import Asked, allows, asked, asked_of_sns
from tests.support.s3_server import ACCESS_KEY, SECRET_KEY

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

EXPIRED = "a-token-that-has-expired"
SKEW_ALLOWED = timedelta(minutes=15)
BLOCKED = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
SCOPE = re.compile(
    r"Credential=([^/]*)/\d{8}/([^/]*)/([^/]*)/aws4_request, *"
    r"SignedHeaders=([^,]*), *Signature=(\w+)"
)
Refusal = tuple[int, str, str]  # status, code, more XML


class _AwsHandler(Handler):
    proxy: "AwsLike"

    def handle_any(self) -> None:
        body = self._read_body()
        self.proxy.seen.append(f"{self.command} {self.path}")
        if refusal := next(self.proxy.refusals(self, body), None):
            self._refuse_as(*refusal)
            return
        status, headers, answer = self._forward(body)
        reading = self.command in ("GET", "HEAD")
        if status == 404 and reading and not self.proxy.may_know_what_is_missing(self):
            self._refuse_as(403, "AccessDenied", "")
            return
        if status == 200 and self.command == "PUT":
            self.proxy.made(self, body)
        own = dict(self.own)
        headers = [(name, value) for name, value in headers if name.lower() not in own]
        self._answer(status, [*headers, *self.own], answer, cut=False)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = handle_any  # noqa: N815  http.server's names

    def _refuse_as(self, status: int, code: str, fields: str) -> None:
        body = f"<Error><Code>{code}</Code><Message>it says so</Message>{fields}</Error>"
        if self.scope and self.scope[2] != "s3":
            body = f"<ErrorResponse>{body}</ErrorResponse>"
        self._answer(status, self.own, body.encode(), cut=False)

    @property
    def own(self) -> list[tuple[str, str]]:
        """Return the headers that this server adds to moto's."""
        now = datetime.now(UTC) + self.proxy.ahead
        date = now.strftime("%a, %d %b %Y %H:%M:%S GMT")
        return [("x-amz-bucket-region", self.proxy.regions.get(self.bucket, "")), ("date", date)]

    @property
    def bucket(self) -> str:
        return urlsplit(self.path).path.split("/")[1]

    @property
    def sent_headers(self) -> dict[str, str]:
        """Return the headers, by their names in lower case."""
        return {name.lower(): value for name, value in self.headers.items()}

    @property
    def asks(self) -> list[Asked]:
        return list(asked(self.command, self.path, self.sent_headers))

    @property
    def scope(self) -> tuple[str, ...] | None:
        """Return key, region, service, signed headers and signature; None if it is unsigned."""
        found = SCOPE.search(self.headers.get("Authorization", ""))
        return found.groups() if found else None


class AwsLike(FaultProxy):
    """The server. `policy`: what the caller may do. `ahead`: how far its clock is ahead."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream, handler=_AwsHandler)
        self.policy: dict[str, Any] | None = None
        self.ahead = timedelta()
        self.regions: dict[str, str] = {}
        self.foreign: set[str] = set()  # buckets of other accounts
        self.blocked_account = False  # public access, for all buckets of the account
        self._behind: S3Client = boto3.client(
            "s3",
            endpoint_url=upstream,
            region_name="us-east-1",
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )

    def refusals(self, request: _AwsHandler, body: bytes) -> Iterator[Refusal]:
        """Yield the reasons to refuse a request, in the order in which AWS checks."""
        if request.scope and request.scope[2] != "s3":
            if request.scope[2] == "sns" and not self._allowed(asked_of_sns(body), request):
                yield 403, "AuthorizationError", ""
            return
        if request.scope:
            yield from self._of_the_caller(request, request.scope)
            yield from self._of_the_region(request, request.scope[1])
        yield from self._of_the_bucket(request, body)
        if not all(self._allowed(one, request) for one in request.asks):
            yield 403, "AccessDenied", ""

    def may_know_what_is_missing(self, request: _AwsHandler) -> bool:
        """Return whether the caller may list this prefix: otherwise 404 becomes 403."""
        bucket, _, key = request.asks[0].resource.partition("/")
        one = Asked("s3:ListBucket", bucket, {"s3:prefix": key})
        return not key or self._allowed(one, request)

    def made(self, request: _AwsHandler, body: bytes) -> None:
        """Note a new bucket's region, and block public access to it."""
        if [one.action for one in request.asks] == ["s3:CreateBucket"]:
            named = re.search(rb"<LocationConstraint>([^<]*)<", body)
            self.regions[request.bucket] = named[1].decode() if named else "us-east-1"
            self._behind.put_public_access_block(
                Bucket=request.bucket,
                PublicAccessBlockConfiguration=dict.fromkeys(BLOCKED, True),  # type: ignore[arg-type]
            )

    def _of_the_caller(self, request: _AwsHandler, scope: tuple[str, ...]) -> Iterator[Refusal]:
        key, region, _, signed, signature = scope
        when = datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%S%z")
        if abs(datetime.now(UTC) + self.ahead - when) > SKEW_ALLOWED:
            yield 403, "RequestTimeTooSkewed", ""
        if key != ACCESS_KEY:
            yield 403, "InvalidAccessKeyId", f"<AWSAccessKeyId>{key}</AWSAccessKeyId>"
        if request.headers.get("X-Amz-Security-Token") == EXPIRED:
            yield 400, "ExpiredToken", ""
        if signature != _signature(request, region, signed.split(";")):
            yield 403, "SignatureDoesNotMatch", ""

    def _of_the_region(self, request: _AwsHandler, signed_for: str) -> Iterator[Refusal]:
        making = request.asks[0].action == "s3:CreateBucket"
        if self.regions.get(request.bucket, signed_for) != signed_for and not making:
            yield 301, "PermanentRedirect", f"<Bucket>{request.bucket}</Bucket>"

    def _of_the_bucket(self, request: _AwsHandler, body: bytes) -> Iterator[Refusal]:
        action = request.asks[0].action
        if request.bucket in self.foreign:
            yield 403, "AccessDenied", ""
        if action == "s3:PutObjectAcl" or request.headers.get("x-amz-acl"):
            yield 400, "AccessControlListNotSupported", ""
        if action == "s3:PutBucketPolicy" and (
            self.blocked_account or self._block(request.bucket)["BlockPublicPolicy"]
        ):
            statements = json.loads(body)["Statement"]
            if any(one["Effect"] == "Allow" and one["Principal"] == "*" for one in statements):
                yield 403, "AccessDenied", ""

    def _allowed(self, one: Asked, request: _AwsHandler) -> bool:
        if request.scope or "X-Amz-Signature" in request.path:
            return self.policy is None or allows(self.policy, one)
        if self._block(request.bucket)["RestrictPublicBuckets"]:
            return False
        try:
            policy = json.loads(self._behind.get_bucket_policy(Bucket=request.bucket)["Policy"])
        except ClientError:  # it has none
            return False
        return allows(policy, one, anonymous=True)

    def _block(self, bucket: str) -> dict[str, bool]:
        try:
            found = self._behind.get_public_access_block(Bucket=bucket)
        except ClientError:  # nothing is set
            return dict.fromkeys(BLOCKED, False)
        return {**found["PublicAccessBlockConfiguration"]}  # type: ignore[dict-item]


def _signature(request: _AwsHandler, region: str, signed: list[str]) -> str:
    """Return the signature that a caller who knows the secret key would send."""
    headers = {name: request.sent_headers[name] for name in signed}
    url = f"http://{request.headers['Host']}{request.path}"
    again = AWSRequest(request.command, url, headers=headers)
    again.context["timestamp"] = request.headers["X-Amz-Date"]
    auth = S3SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "s3", region)
    canonical = auth.canonical_request(again)
    return str(auth.signature(auth.string_to_sign(again, canonical), again))
