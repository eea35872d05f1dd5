"""Translate botocore's errors into sentences that name the next step.

answers.py has the sentences. S3's errors become a StoreError; alerts/aws.py translates those of the
other services.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    SSLError,
    UndefinedModelAttributeError,
)
from botocore.parsers import ResponseParserError
from msgspec import Struct
from urllib3.exceptions import HTTPError

from etl.errors import StateConflict, StoreError, one_line
from etl.store.s3 import denials
from etl.store.s3.answers import (
    ANSWERS,
    BUSY,
    CHECKSUMS,
    CLOCK,
    CONFLICT,
    DENIED,
    DENIED_ELSEWHERE,
    FAULTS,
    LOOP,
    NO_CREDENTIALS,
    OTHER_SERVER,
    OTHERWISE,
    PROXY,
    REGION,
    SECRET,
    STATUSES,
    TAKEN,
    UNTRUSTED,
    WRAPPED,
)
from etl.store.s3.client import endpoint_variable

# All that a call of boto3's raises. botocore's two classes have no common base. Beside them come
# urllib3's errors when an answer breaks off, a RecursionError when a server redirects for ever,
# OSError and ValueError from files, variables and endpoints that can't be used, and a KeyError when
# an answer lacks a field that AWS always sends.
RAISED = (
    *(BotoCoreError, ClientError, ResponseParserError, UndefinedModelAttributeError),
    *(HTTPError, OSError, ValueError, RecursionError, KeyError),
)
ARN = "arn:aws:s3:::"
HINTS = {
    "s3:ListBucket": " (or the bucket belongs to someone else)",
    "s3:PutBucketPolicy": " (or the account as a whole blocks public access)",
}
LATE = re.compile(r"^Signature (expired|not yet current)")
PUBLIC_BLOCKED = " (a public ACL is also denied if the bucket's BlockPublicAcls is on)"
CHECKSUM_CODES = ("MissingContentLength", "XAmzContentSHA256Mismatch")
# botocore makes these itself, to get credentials: their errors say nothing about the object.
CREDENTIAL_CALLS = ("AssumeRole", "GetRoleCredentials", "CreateToken", "CreateOAuth2Token")


class Asked(Struct, frozen=True):
    """A call to a service.

    `service` is its name in botocore; `where` is what people call the object; `action` is IAM's
    name of the permission ("s3:PutObject"); `missing` says what to do if the object does not exist.
    """

    service: str
    where: str
    action: str
    bucket: str = ""
    arn: str = ""
    missing: str = ""


def explain(exc: Exception, *, bucket: str, key: str | None, action: str) -> StoreError:
    """Return a StoreError, or StateConflict, that names the S3 object and the next step."""
    name = f"{bucket}/{key}" if key else bucket
    asked = Asked("s3", f"s3://{name}", action, bucket, ARN + name)
    kind = StateConflict if _template(exc, asked) is CONFLICT else StoreError
    return kind(sentence(exc, asked))


@contextmanager
def explained(bucket: str, key: str | None, action: str) -> Iterator[None]:
    """Raise botocore's errors as `explain`'s StoreError; the original is its cause."""
    try:
        yield
    except RAISED as exc:
        raise explain(exc, bucket=bucket, key=key, action=action) from exc


def status(exc: StoreError) -> int:
    """Return the HTTP status that led to an explained error; 0 if there was no answer."""
    cause = exc.__cause__
    return Refusal.of(cause).status if isinstance(cause, ClientError) else 0


def sentence(exc: Exception, asked: Asked) -> str:
    """Return the sentence for an error of botocore's: what failed and what to do."""
    facts = {"where": asked.where, "action": asked.action, "missing": asked.missing}
    named = endpoint_variable(asked.service)
    variable = named or f"AWS_ENDPOINT_URL_{asked.service.upper()}"
    facts |= {"bucket": asked.bucket, "arn": asked.arn, "variable": variable}
    if isinstance(exc, ClientError):
        refusal = Refusal.of(exc)
        facts |= {
            "code": refusal.code,
            "text": _safe(refusal.text),
            "operation": exc.operation_name,
        }
        facts |= {"hint": _hint(refusal.code, asked), "region": refusal.region}
        why = denials.reason(refusal.code, _safe(refusal.text, 2000), asked.action)
        facts["reason"] = f" ({why})" if why else ""
        facts["allow"] = "" if denials.says_more(why) else "allow "
    else:
        known: dict[str, Any] = getattr(exc, "kwargs", {})
        facts |= {field: str(known.get(field, "")) for field in ("profile", "path", "region_name")}
        facts |= {"endpoint": _host(known.get("endpoint_url"), asked), "text": _safe(str(exc))}
        facts["reader"] = OTHER_SERVER.format(named) if named else PROXY
        facts["unread"] = "; boto3 does not read AWS_REGION" if os.environ.get("AWS_REGION") else ""
        facts["check"] = "; check S3_BUCKET and S3_FOLDER" if asked.service == "s3" else ""
    return _template(exc, asked).format(**facts)


class Refusal(Struct, frozen=True):
    """A service's error response. `region` describes where the bucket is, as far as known."""

    code: str
    text: str
    status: int
    region: str

    @classmethod
    def of(cls, exc: ClientError) -> "Refusal":
        response: dict[str, Any] = {**exc.response}
        error, meta = response.get("Error", {}), response.get("ResponseMetadata", {})
        code, text = str(error.get("Code", "")), str(error.get("Message", ""))
        return cls(code, text, int(meta.get("HTTPStatusCode", 0)), _region(error, meta))


def _template(exc: Exception, asked: Asked) -> str:
    """Return the template from answers.py that fits, with its placeholders."""
    if not isinstance(exc, ClientError):
        return _template_of_fault(exc)
    refusal = Refusal.of(exc)
    if exc.operation_name.startswith(CREDENTIAL_CALLS):
        return NO_CREDENTIALS
    if refusal.code == "NoSuchKey" and asked.action == "s3:PutObject":
        return CONFLICT  # the answer to If-Match if the object was deleted
    if ANSWERS.get(refusal.code) is SECRET and LATE.search(refusal.text):
        return CLOCK  # services other than S3 have no code of its own for this
    by_status = STATUSES.get(refusal.status) if asked.service == "s3" else None
    by_status = by_status or (BUSY if refusal.status >= 500 else OTHERWISE)
    template = ANSWERS.get(refusal.code, by_status)
    if template is REGION and asked.action == "s3:ListAllMyBuckets":
        return LOOP  # it belongs to no region
    if template is DENIED and asked.service != "s3":
        return DENIED_ELSEWHERE
    if asked.action == "s3:PutObject" and refuses_checksums(refusal):
        return CHECKSUMS
    # other servers give these codes to other calls too, where they don't mean what AWS means
    if template is TAKEN and asked.action != "s3:CreateBucket":
        return OTHERWISE
    if template is CONFLICT and asked.action != "s3:PutObject":
        return BUSY if refusal.status == 409 else OTHERWISE
    return template


def refuses_checksums(refusal: Refusal) -> bool:
    """Say whether a server refuses the checksums that boto3 adds, rather than finding one wrong."""
    if refusal.code in CHECKSUM_CODES:
        return True
    known = refusal.status in (400, 501) and not refusal.code.endswith("Digest")
    return known and bool(re.search("checksum|trailer|aws-chunked", refusal.text, re.IGNORECASE))


def _template_of_fault(exc: Exception) -> str:
    if isinstance(exc, SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(exc):
        return UNTRUSTED
    wrapped = exc.kwargs.get("error") if type(exc) is HTTPClientError else None
    inner = next((text for kind, text in WRAPPED if isinstance(wrapped, kind)), None)
    return inner or next(
        (text for kind, text in FAULTS if isinstance(exc, kind)), "{where}: {text}"
    )


def _hint(code: str, asked: Asked) -> str:
    """Return other possible reasons for a denial."""
    hint = HINTS.get(asked.action, "")
    if "s3:GetObject" in asked.action:
        hint = f", and s3:ListBucket on {ARN}{asked.bucket}: without it a missing object is denied"
    if "s3:PutObjectAcl" in asked.action:
        hint = PUBLIC_BLOCKED
    if code == "403":  # a HEAD has no body that would say more
        hint += " (or the credentials or the clock are wrong)"
    return hint


def _region(error: dict[str, Any], meta: dict[str, Any]) -> str:
    named = error.get("Region") or meta.get("HTTPHeaders", {}).get("x-amz-bucket-region")
    if not named and (endpoint := error.get("Endpoint")):
        found = re.search(r"s3[.-]([a-z]{2}(-[a-z]+)+-[0-9])", str(endpoint))
        named = found and found[1]
    return f"region {named}" if named else "another region"


def _host(url: str | None, asked: Asked) -> str:
    """Return the endpoint without a user name or password that its URL may contain."""
    parts = urlsplit(url or "")
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}" if parts.hostname else asked.service.upper()


def _safe(text: str, longest: int = 300) -> str:
    """Return a text as one line without passwords in URLs."""
    return one_line(re.sub(r"//[^/\s]*@", "//", text), longest)
