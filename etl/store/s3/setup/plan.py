"""What is there -> what is to change, in the order in which it must happen. Pure."""

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
    "ExposeHeaders": ["ETag"],
    "MaxAgeSeconds": 3600,
}
INDEX = {"IndexDocument": {"Suffix": PAGE}}
# Where website endpoints were first, a hyphen stands before the region; elsewhere a dot.
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
    """Nothing to do: an empty list. A second run after the changes were made finds none.

    Raises StoreError where nothing can be made public.
    """
    if wish.public and "policy" in found.unknown:
        raise StoreError(
            f"{wish.bucket}: this server has no bucket policies, so the folder can't be opened; "
            "hand out links instead: python app.py share"
        )
    return [change for change in _changes(found, wish) if change is not None]


def notes(found: BucketState, wish: BucketWish) -> list[str]:
    """What is worth knowing of what stays as it is."""
    said = [f"this server has no {WORDS[name]}: left out" for name in sorted(found.unknown)]
    open_to = sorted(name for name in PRIVATE if not found.block.get(name))
    if found.exists and open_to and not wish.public and "block" not in found.unknown:
        said.append(f"public access is not blocked in full ({', '.join(open_to)}): left as it is")
    if found.exists and not found.encryption and "encryption" not in found.unknown:
        said.append("this server does not encrypt what is stored in the bucket: left as it is")
    if policy.is_open(found, wish) and not wish.public:
        sid = policy.public_statement(wish)["Sid"]
        said.append(f"anyone can read this folder, by {sid} in the bucket's policy: left as it is")
    if wish.website and found.website not in ({}, INDEX):
        said.append("the bucket serves a website of its own settings: left as it is")
    return said


def name_faults(bucket: str) -> list[str]:
    """Why no bucket can be made by this name, by AWS's rules."""
    rules = {
        "it is not 3 to 63 of a-z, 0-9, '.' and '-', with a letter or digit at both ends": (
            not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket)
        ),
        "two dots follow each other": ".." in bucket,
        "it looks like an IP address": bool(re.fullmatch(r"\d+\.\d+\.\d+\.\d+", bucket)),
        "AWS keeps such names to itself": bool(re.fullmatch(KEPT_BACK, bucket)),
    }
    return [fault for fault, broken in rules.items() if broken]


def website_address(wish: BucketWish, region: str) -> str:
    """AWS's website endpoint, which speaks http only."""
    mark = "-" if region in HYPHEN else "."
    end = ".cn" if region.startswith("cn-") else ""
    host = f"{wish.bucket}.s3-website{mark}{region}.amazonaws.com{end}"
    return f"http://{host}/{wish.start}"


def _changes(found: BucketState, wish: BucketWish) -> Iterator[BucketChange | None]:
    known = {"versioning", "lifecycle", "cors"} - found.unknown
    if not found.exists:
        yield _made(found, wish)
    yield _blocked(found, wish)
    if not found.exists:
        yield BucketChange(
            "put_bucket_encryption",
            "s3:PutEncryptionConfiguration",
            {"ServerSideEncryptionConfiguration": ENCRYPTED},
            "encrypt what is stored (SSE-S3)",
        )
    if "versioning" in known and found.versioning != "Enabled":
        yield BucketChange(
            "put_bucket_versioning",
            "s3:PutBucketVersioning",
            {"VersioningConfiguration": {"Status": "Enabled"}},
            "keep former versions of what is overwritten or deleted (versioning)",
        )
    if "lifecycle" in known and (rules := lifecycle.merged(found, wish)):
        yield BucketChange(
            "put_bucket_lifecycle_configuration",
            "s3:PutLifecycleConfiguration",
            rules,
            lifecycle.SENTENCE.format(start=wish.start or "the bucket"),
        )
    if "cors" in known and (cors := _cors(found, wish)):
        yield cors
    if wish.public and (whole := policy.opened(found, wish)):
        yield BucketChange(
            "put_bucket_policy",
            "s3:PutBucketPolicy",
            {"Policy": json.dumps(whole)},
            f"let anyone read what is published in {wish.start or 'the bucket'}: not raw/, "
            "inbox/, history.json, nor what begins with _",
        )
    if wish.website and not found.website:
        yield BucketChange(
            "put_bucket_website",
            "s3:PutBucketWebsite",
            {"WebsiteConfiguration": INDEX},
            "serve index.html where a folder is asked for (website, http only)",
        )


def _made(found: BucketState, wish: BucketWish) -> BucketChange:
    # us-east-1 is refused where it is said, every other region where it is not
    where = {"CreateBucketConfiguration": {"LocationConstraint": found.region}}
    return BucketChange(
        "create_bucket",
        "s3:CreateBucket",
        {} if found.region == "us-east-1" else where,
        f"make the bucket {wish.bucket} in {found.region} (AWS_DEFAULT_REGION chooses the region)",
    )


def _blocked(found: BucketState, wish: BucketWish) -> BucketChange | None:
    """A new bucket is closed; `--public` lifts from any what stands in the way of its policy."""
    if "block" in found.unknown:
        return None
    before = found.block if found.exists else dict.fromkeys(PRIVATE, True)
    after = before | dict.fromkeys(IN_THE_WAY & before.keys(), False) if wish.public else before
    if after == found.block:
        return None
    sentence = "block all public access"
    if wish.public:
        sentence = "allow public access by the bucket's policy" + " alone" * (not found.exists)
    return BucketChange(
        "put_public_access_block",
        "s3:PutBucketPublicAccessBlock",
        {"PublicAccessBlockConfiguration": {name: after.get(name, False) for name in PRIVATE}},
        sentence,
    )


def _cors(found: BucketState, wish: BucketWish) -> BucketChange | None:
    """A form's page must see whether its letter arrived; what it may send is the form's matter."""
    methods, sentence = READING, "let pages of other hosts read what they may read"
    if wish.inbox:
        methods, sentence = WRITING, f"{sentence}, and readers' forms see what arrived"
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
    """Whether a rule, ours or not, lets any page do so."""
    return any(
        "*" in rule.get("AllowedOrigins", [])
        and set(methods) <= set(rule.get("AllowedMethods", []))
        and "ETag" in rule.get("ExposeHeaders", [])
        for rule in found.cors
    )
