"""The lifecycle rules by which S3 itself removes objects of the folder, merged with other people's.
Pure.

They remove only what is useless in any case. runs/ and raw/ have no rule, because a rule knows
nothing but an object's age. It would delete the published run if the source has not changed for
long, and the last snapshot of a month, which that month's report needs. `prune` spares both.
"""

from etl.store.layout import INBOX
from etl.store.places import PLACES
from etl.store.s3.setup import BucketState, BucketWish, Rule

FORMER_DAYS = 30  # former versions, such as a history.json that was overwritten or deleted
UNFINISHED_DAYS = 2  # parts of an upload that broke off: invisible, but they cost money
FORMER_INBOX_DAYS = 1  # short: a picture as it was sent may say where it was taken

EXPIRING = {place.key: place.keep_days for place in PLACES if place.keep_days}
SENTENCE = (
    f"remove from {{start}}: former versions after {FORMER_DAYS} days, unfinished uploads "
    f"after {UNFINISHED_DAYS}, "
    + ", ".join(f"{name} after {days}" for name, days in EXPIRING.items())
    + f", former versions in {INBOX} after {FORMER_INBOX_DAYS}"
)


def owner(wish: BucketWish) -> str:
    """Return the prefix of the IDs of this folder's rules."""
    return f"cloud-etl:{wish.folder}:"


def own_rules(wish: BucketWish) -> list[Rule]:
    former = {
        "ID": f"{owner(wish)}former",
        "Status": "Enabled",
        "Filter": {"Prefix": wish.start},
        "Expiration": {"ExpiredObjectDeleteMarker": True},
        "NoncurrentVersionExpiration": {"NoncurrentDays": FORMER_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UNFINISHED_DAYS},
    }
    expiring: dict[str, Rule] = {
        name: {
            "ID": f"{owner(wish)}{name}",
            "Status": "Enabled",
            "Filter": {"Prefix": wish.start + name},
            "Expiration": {"Days": days},
        }
        for name, days in EXPIRING.items()
    }
    expiring[INBOX]["NoncurrentVersionExpiration"] = {"NoncurrentDays": FORMER_INBOX_DAYS}
    return [former, *expiring.values()]


def merged(found: BucketState, wish: BucketWish) -> Rule | None:
    """Return the whole configuration, since a put replaces everything; None: nothing to change.

    Other people's rules stay unchanged and in their order. So does the bucket's setting for the
    smallest object that is moved to another storage class.
    """
    rules = found.lifecycle.get("Rules", [])
    ours = [rule for rule in rules if rule.get("ID", "").startswith(owner(wish))]
    if sorted(ours, key=_name) == sorted(own_rules(wish), key=_name):
        return None
    theirs = [rule for rule in rules if rule not in ours]
    arguments: Rule = {"LifecycleConfiguration": {"Rules": [*theirs, *own_rules(wish)]}}
    smallest = "TransitionDefaultMinimumObjectSize"
    return arguments | {key: found.lifecycle[key] for key in (smallest,) if key in found.lifecycle}


def _name(rule: Rule) -> str:
    return str(rule["ID"])
