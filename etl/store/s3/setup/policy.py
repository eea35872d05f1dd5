"""IAM policies: one that opens the folder to the public, and one for the worker. Pure."""

import hashlib

from etl.store.places import PLACES, Place
from etl.store.s3.setup import BucketState, BucketWish, Rule

VERSION = "2012-10-17"  # of the policy language


def _pattern(place: Place) -> str:
    """Return a place as a pattern: `latest.*` for both `latest.csv` and `latest.json`."""
    stem = place.key.partition(".")[0]
    alike = [one.key for one in PLACES if one.key.startswith(f"{stem}.") and "*" not in one.key]
    if place.key in alike and len(alike) > 1:
        return f"{stem}.*"
    return f"{place.key}*" if place.is_folder else place.key


# What the public may read below the folder; `*` matches slashes too. The list names what is open,
# since an Allow has no exceptions, and a Deny would apply to the worker too. All else stays closed:
# raw/, inbox/, history.json, and whatever begins with `_`.
PUBLIC = tuple(dict.fromkeys(_pattern(place) for place in PLACES if place.public))
TOPIC_ACTIONS = ("sns:Publish", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic")
PHONE_ACTIONS = (  # they concern the account
    "sns:GetSMSSandboxAccountStatus",
    "sns:GetSMSAttributes",
    "sns:CheckIfPhoneNumberIsOptedOut",
)
INBOX_ACTIONS = (
    "comprehend:DetectDominantLanguage",
    "comprehend:DetectSentiment",
    "rekognition:DetectLabels",
)


def public_statement(wish: BucketWish) -> Rule:
    # the Sid depends on the folder, since several folders of a bucket have a statement each
    folder = hashlib.sha256(wish.folder.encode()).hexdigest()[:12]
    return {
        "Sid": f"CloudEtlPublic{folder}",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": [f"{_objects(wish)}{pattern}" for pattern in PUBLIC],
    }


def opened(found: BucketState, wish: BucketWish) -> Rule | None:
    """Return the bucket's policy with the public statement added; None: nothing to change."""
    ours = public_statement(wish)
    statements = _statements(found)
    if ours in statements:
        return None
    theirs = [statement for statement in statements if statement.get("Sid") != ours["Sid"]]
    return {"Version": VERSION, **found.policy, "Statement": [*theirs, ours]}


def is_open(found: BucketState, wish: BucketWish) -> bool:
    """Say whether an earlier `setup --public` opened this folder."""
    name = public_statement(wish)["Sid"]
    return any(statement.get("Sid") == name for statement in _statements(found))


def worker_policy(wish: BucketWish, topic: str = "", *, translates: bool = False) -> Rule:
    """Return the policy with the least permissions that the worker's IAM user or role needs.

    `topic` is the name or ARN of the SNS topic. A name allows that topic in every region, since
    finding out the region takes a request.

    s3:ListBucket is needed even without listing: without it S3 answers "denied" instead of "not
    found" for a missing object. For that check the prefix is the object's key.
    """
    objects = {
        "Sid": "CloudEtlObjects",
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
        "Resource": f"{_objects(wish)}*",
    }
    listing: Rule = {
        "Sid": "CloudEtlList",
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": f"{wish.arn}{wish.bucket}",
    }
    if wish.folder:
        listing["Condition"] = {"StringLike": {"s3:prefix": f"{_literal(wish.start)}*"}}
    return {
        "Version": VERSION,
        "Statement": [objects, listing, *_service_statements(wish, topic, translates)],
    }


def _service_statements(wish: BucketWish, topic: str, translates: bool) -> list[Rule]:
    """Return the statements for alerts, translations and the inbox."""
    allowed: list[tuple[str, str | list[str], str]] = []
    if topic:
        partition = wish.arn.split(":")[1]
        arn = topic if topic.startswith("arn:") else f"arn:{partition}:sns:*:*:{topic}"
        allowed.append(("CloudEtlTell", [*TOPIC_ACTIONS], arn))
        allowed.append(("CloudEtlPhones", [*PHONE_ACTIONS], "*"))
    if translates or wish.inbox:
        allowed.append(("CloudEtlTranslate", "translate:TranslateText", "*"))
    if wish.inbox:
        allowed.append(("CloudEtlInbox", [*INBOX_ACTIONS], "*"))
    return [
        {"Sid": name, "Effect": "Allow", "Action": action, "Resource": resource}
        for name, action, resource in allowed
    ]


def _objects(wish: BucketWish) -> str:
    """Return the prefix of the ARNs of the folder's objects."""
    return f"{wish.arn}{wish.bucket}/{_literal(wish.start)}"


def _literal(text: str) -> str:
    """Escape a * in a folder's name, which would be a wildcard in a policy."""
    return text.replace("*", "${*}")


def _statements(found: BucketState) -> list[Rule]:
    """Return the policy's statements as a list; S3 accepts a single one without a list."""
    statements = found.policy.get("Statement", [])
    return [statements] if isinstance(statements, dict) else list(statements)
