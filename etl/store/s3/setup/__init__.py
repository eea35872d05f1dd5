"""How the bucket should be set up, as data: what is there -> what is to change. Pure.

`plan.plan_changes` compares the two; apply.py reads the bucket and changes it.
"""

from dataclasses import dataclass, field
from typing import Any

Rule = dict[str, Any]  # a rule, statement or configuration as S3 words it


@dataclass(frozen=True)
class BucketState:
    """A bucket as it is; empty where nothing is set.

    `region` is where it lies or, where it is missing, would be made. `unknown` names what this
    server does not know at all, as the fields here are called.
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
    """What was asked for; `arn` is how this part of AWS begins its buckets' names. `inbox`: readers
    may send letters by a form."""

    bucket: str
    folder: str
    public: bool = False
    website: bool = False
    arn: str = "arn:aws:s3:::"
    inbox: bool = False

    @property
    def start(self) -> str:
        """The folder as a key prefix; empty for the whole bucket."""
        return f"{self.folder}/" if self.folder else ""


@dataclass(frozen=True)
class BucketChange:
    """One call of boto3's S3 client, the IAM action it takes, and what it is for people."""

    call: str
    action: str
    arguments: Rule
    sentence: str
