"""Decide as AWS does which action a request needs on what, and whether policies allow it.

Only the part of IAM's language that this project uses is known; anything else is an error.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

ARN = "arn:aws:s3:::"
KNOWN = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
OF_BUCKETS = {  # a bucket's `?name` -> its name in the actions that read and write it
    "acl": "BucketAcl",
    "cors": "BucketCORS",
    "encryption": "EncryptionConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "policy": "BucketPolicy",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}


@dataclass(frozen=True)
class Asked:
    """A permission that a request needs."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def asked(method: str, path: str, headers: Mapping[str, str]) -> Iterator[Asked]:
    """Yield the permissions a request to S3 needs; `path`: as sent, starting with the bucket."""
    parts = urlsplit(path)
    query = parse_qs(parts.query, keep_blank_values=True)
    bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
    if not key:
        context = {"s3:prefix": query["prefix"][0]} if "prefix" in query else {}
        yield Asked(f"s3:{_of_bucket(method, query)}", ARN + bucket, context)
        return
    verb = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "DELETE": "Delete"}[method]
    yield Asked(f"s3:{verb}Object{'Acl' if 'acl' in query else ''}", f"{ARN}{bucket}/{key}")
    if source := headers.get("x-amz-copy-source"):
        yield Asked("s3:GetObject", ARN + unquote(source).lstrip("/"))


def asked_of_sns(body: bytes) -> Asked:
    """Return the permission that a request to SNS needs, from the form that it sends."""
    form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    return Asked(f"sns:{form['Action']}", form.get("TopicArn", "*"))


def _of_bucket(method: str, query: Mapping[str, Any]) -> str:
    for name, called in OF_BUCKETS.items():
        if name in query:
            return ("Get" if method == "GET" else "Put") + called
    plain = {"HEAD": "ListBucket", "GET": "ListBucket", "PUT": "CreateBucket"}
    return plain.get(method, "DeleteBucket")


def allows(policy: Mapping[str, Any], wanted: Asked, *, anonymous: bool = False) -> bool:
    """Return whether a policy allows it; Deny wins. Only bucket policies have a Principal here."""
    effects = {
        statement["Effect"]
        for statement in policy.get("Statement", [])
        if _applies(statement, wanted, anonymous)
    }
    return effects == {"Allow"}


def _applies(statement: Mapping[str, Any], wanted: Asked, anonymous: bool) -> bool:
    assert set(statement) <= KNOWN
    if anonymous and statement.get("Principal") not in ("*", {"AWS": "*"}):
        return False
    return (
        _matches(statement["Action"], wanted.action)
        and _matches(statement["Resource"], wanted.resource)
        and all(
            key in wanted.context and _matches(values, wanted.context[key])
            for operator, pairs in statement.get("Condition", {}).items()
            for key, values in _known_operator(operator, pairs).items()
        )
    )


def _known_operator(operator: str, pairs: dict[str, Any]) -> dict[str, Any]:
    assert operator == "StringLike"
    return pairs


def _matches(patterns: str | list[str], value: str) -> bool:
    """Match IAM's patterns: `*` is any text, slashes too, `?` one character, `${*}` a star."""
    listed = [patterns] if isinstance(patterns, str) else patterns
    return any(re.fullmatch(_expression(one), value, re.DOTALL) for one in listed)


def _expression(pattern: str) -> str:
    parts = re.split(r"(\$\{\*\}|\*|\?)", pattern)
    meant = {"${*}": r"\*", "*": ".*", "?": "."}
    return "".join(meant.get(part) or re.escape(part) for part in parts)
