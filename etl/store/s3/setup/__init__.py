"""A bucket's setup, the setup that is wanted, and the changes between them, as data. Pure.

`plan.plan_changes` compares the two; apply.py reads the bucket and changes it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Rule = dict[str, Any]  # a rule, statement or configuration as S3 words it


@dataclass(frozen=True)
class Bucket:
    """A bucket of the account; `region` is None if the server does not say."""

    name: str
    region: str | None
    created: datetime


@dataclass(frozen=True)
class BucketState:
    """A bucket's present setup; a field is empty if nothing is set.

    `region` is the bucket's or, if it does not exist, the one in which it would be created.
    `unknown` has the names of the fields that this server does not support.
    """

    exists: bool
    region: str
    block: dict[str, bool] = field(default_factory=dict)
    encryption: list[Rule] = field(default_factory=list)
    versioning: str = ""
    lifecycle: Rule = field(default_factory=dict)
    cors: list[Rule] = field(default_factory=list)
    policy: Rule = field(default_factory=dict)
    website: Rule = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True)
class BucketWish:
    """The setup that is wanted. ARNs of buckets in this partition of AWS begin with `arn`.

    `inbox`: readers may send letters by a form.
    """

    bucket: str
    folder: str
    public: bool = False
    website: bool = False
    arn: str = "arn:aws:s3:::"
    inbox: bool = False

    @property
    def start(self) -> str:
        """Return the folder as a key prefix; empty for the whole bucket."""
        return f"{self.folder}/" if self.folder else ""


@dataclass(frozen=True)
class BucketChange:
    """One call of boto3's S3 client, the IAM action it needs, and a sentence that describes it."""

    call: str
    action: str
    arguments: Rule
    sentence: str
