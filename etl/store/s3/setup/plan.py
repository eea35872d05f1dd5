"""A bucket's present and wanted setup -> the changes, in the order in which to make them. Pure."""

import json
import re
from collections.abc import Iterator

from etl.errors import StoreError
from etl.store.layout import PAGE
from etl.store.s3.setup import BucketChange, BucketState, BucketWish, Rule, lifecycle, policy

PRIVATE = {"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"}
IN_THE_WAY = {"BlockPublicPolicy", "RestrictPublicBuckets"}  # of a public bucket policy
ENCRYPTED = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
READING, WRITING = ["GET", "HEAD"], ["GET", "HEAD", "POST"]
CORS: Rule = {
    "ID": "cloud-etl",
    "AllowedMethods": READING,
    "AllowedOrigins": ["*"],
    # a page that reads Parquet asks for a range; one that asks for news sends the ETag it has
    "AllowedHeaders": ["Range", "If-None-Match", "If-Modified-Since"],
    "ExposeHeaders": ["ETag", "Content-Range", "Accept-Ranges", "x-amz-meta-sha256"],
    "MaxAgeSeconds": 3600,
}
INDEX = {"IndexDocument": {"Suffix": PAGE}}
ENCRYPT = BucketChange(
    "put_bucket_encryption",
    "s3:PutEncryptionConfiguration",
    {"ServerSideEncryptionConfiguration": ENCRYPTED},
    "encrypt stored objects (SSE-S3)",
)
VERSION = BucketChange(
    "put_bucket_versioning",
    "s3:PutBucketVersioning",
    {"VersioningConfiguration": {"Status": "Enabled"}},
    "keep former versions of overwritten and deleted objects (versioning)",
)
HOST = BucketChange(
    "put_bucket_website",
    "s3:PutBucketWebsite",
    {"WebsiteConfiguration": INDEX},
    "serve index.html at the folder's address (website, http only)",
)
# In a website's address, the names of the oldest regions follow a hyphen, those of others a dot.
HYPHEN = {
    *("us-east-1", "us-west-1", "us-west-2", "us-gov-west-1", "sa-east-1", "eu-west-1"),
    *("ap-southeast-1", "ap-southeast-2", "ap-northeast-1"),
}
WORDS = {
    "block": "public access block",
    "cors": "CORS rules",
    "encryption": "encryption by default",
    "lifecycle": "lifecycle rules",
    "policy": "bucket policies",
    "versioning": "versioning",
    "website": "websites",
}
KEPT_BACK = r"xn--.*|sthree-.*|amzn-s3-demo-.*|.*-s3alias|.*--ol-s3|.*\.mrap|.*--(x|table)-s3"


def plan_changes(found: BucketState, wish: BucketWish) -> list[BucketChange]:
    """List the calls that give the bucket the wanted setup; once they were made, there are none.

    Raises StoreError if it should be public and the server has no bucket policies.
    """
    if wish.public and "policy" in found.unknown:
        raise StoreError(
            f"{wish.bucket}: this server has no bucket policies, so the folder can't be public; "
            "share links instead: python app.py share"
        )
    return [change for change in _changes(found, wish) if change is not None]


def notes(found: BucketState, wish: BucketWish) -> list[str]:
    """List what stays unchanged although people might expect a change."""
    said = [f"this server has no {WORDS[name]}: skipped" for name in sorted(found.unknown)]
    open_to = sorted(name for name in PRIVATE if not found.block.get(name))
    if found.exists and open_to and not wish.public and "block" not in found.unknown:
        said.append(f"public access is not fully blocked ({', '.join(open_to)}): left unchanged")
    if found.versioning == "Suspended":
        said.append("versioning is suspended: left unchanged")
    if found.exists and not found.encryption and "encryption" not in found.unknown:
        said.append("this server does not encrypt objects in the bucket: left unchanged")
    if policy.is_open(found, wish) and not wish.public:
        sid = policy.public_statement(wish)["Sid"]
        said.append(f"anyone can read this folder, by {sid} in the bucket's policy: left unchanged")
    if wish.website and found.website not in ({}, INDEX):
        said.append("the bucket serves a website with other settings: left unchanged")
    return said


def name_faults(bucket: str) -> list[str]:
    """List AWS's rules that a bucket's name breaks."""
    rules = {
        "it is not 3 to 63 of a-z, 0-9, '.' and '-', with a letter or digit at both ends": (
            not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket)
        ),
        "two dots follow each other": ".." in bucket,
        "it looks like an IP address": bool(re.fullmatch(r"\d+\.\d+\.\d+\.\d+", bucket)),
        "AWS reserves such names": bool(re.fullmatch(KEPT_BACK, bucket)),
    }
    return [fault for fault, broken in rules.items() if broken]


def website_address(wish: BucketWish, region: str) -> str:
    """Return the address of AWS's website endpoint, which has no https."""
    mark = "-" if region in HYPHEN else "."
    end = ".cn" if region.startswith("cn-") else ""
    host = f"{wish.bucket}.s3-website{mark}{region}.amazonaws.com{end}"
    return f"http://{host}/{wish.start}"


def _changes(found: BucketState, wish: BucketWish) -> Iterator[BucketChange | None]:
    if not found.exists:
        yield _created(found, wish)
    yield _blocked(found, wish)
    if not found.exists:
        yield ENCRYPT
    if "versioning" not in found.unknown and not found.versioning:
        yield VERSION
    yield _expiring(found, wish)
    if "cors" not in found.unknown:
        yield _cors(found, wish)
    if wish.public:
        yield _opened(found, wish)
    if wish.website and not found.website:
        yield HOST


def _created(found: BucketState, wish: BucketWish) -> BucketChange:
    # S3 refuses us-east-1 if it is named, and every other region if it is not
    where = {"CreateBucketConfiguration": {"LocationConstraint": found.region}}
    return BucketChange(
        "create_bucket",
        "s3:CreateBucket",
        {} if found.region == "us-east-1" else where,
        f"create the bucket {wish.bucket} in {found.region} (AWS_DEFAULT_REGION sets the region)",
    )


def _expiring(found: BucketState, wish: BucketWish) -> BucketChange | None:
    rules = None if "lifecycle" in found.unknown else lifecycle.merged(found, wish)
    if rules is None:
        return None
    return BucketChange(
        "put_bucket_lifecycle_configuration",
        "s3:PutLifecycleConfiguration",
        rules,
        lifecycle.SENTENCE.format(start=wish.start or "the bucket"),
    )


def _opened(found: BucketState, wish: BucketWish) -> BucketChange | None:
    whole = policy.opened(found, wish)
    if whole is None:
        return None
    return BucketChange(
        "put_bucket_policy",
        "s3:PutBucketPolicy",
        {"Policy": json.dumps(whole)},
        f"let anyone read what is published in {wish.start or 'the bucket'}, but not raw/, "
        "inbox/, history.json or keys that begin with _",
    )


def _blocked(found: BucketState, wish: BucketWish) -> BucketChange | None:
    """Block a new bucket's public access; with `--public`, lift what forbids a public policy."""
    if "block" in found.unknown:
        return None
    before = found.block if found.exists else dict.fromkeys(PRIVATE, True)
    after = before | dict.fromkeys(IN_THE_WAY & before.keys(), False) if wish.public else before
    if after == found.block:
        return None
    sentence = "block all public access"
    if wish.public:
        sentence = (
            "allow public access" + " only" * (not found.exists) + " through the bucket's policy"
        )
    return BucketChange(
        "put_public_access_block",
        "s3:PutBucketPublicAccessBlock",
        {"PublicAccessBlockConfiguration": {name: after.get(name, False) for name in PRIVATE}},
        sentence,
    )


def _cors(found: BucketState, wish: BucketWish) -> BucketChange | None:
    """Let pages of any host read; with an inbox, let a form see whether its letter arrived."""
    methods, sentence = READING, "let pages on other hosts read public files"
    if wish.inbox:
        methods, sentence = (
            WRITING,
            f"{sentence}, and let readers' forms see whether a letter arrived",
        )
    if _lets(methods, found):
        return None
    ours = CORS | {"AllowedMethods": methods}
    theirs = [rule for rule in found.cors if rule.get("ID") != CORS["ID"]]
    return BucketChange(
        "put_bucket_cors",
        "s3:PutBucketCORS",
        {"CORSConfiguration": {"CORSRules": [*theirs, ours]}},
        f"{sentence} (CORS: {', '.join(methods[:-1])} and {methods[-1]})",
    )


def _lets(methods: list[str], found: BucketState) -> bool:
    """Say whether some rule, ours or not, lets any page use these methods and our headers."""
    return any(
        "*" in rule.get("AllowedOrigins", [])
        and set(methods) <= set(rule.get("AllowedMethods", []))
        and _names(rule, "AllowedHeaders") >= _names(CORS, "AllowedHeaders")
        and _names(rule, "ExposeHeaders") >= _names(CORS, "ExposeHeaders")
        for rule in found.cors
    )


def _names(rule: Rule, headers: str) -> set[str]:
    """Return a rule's headers in lower case; `*`, for every header, as those of our rule."""
    named = {name.lower() for name in rule.get(headers, [])}
    return named | ({name.lower() for name in CORS[headers]} if "*" in named else set())
