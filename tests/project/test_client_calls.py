"""Every call of an AWS client in the code: its permission is in the policy, or in the documents."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import get_session

from dev.tools.rooms import MODULES
from etl import PROJECT
from etl.store.s3.setup import BucketWish
from etl.store.s3.setup.policy import worker_policy

SERVICES = ("s3", "sns", "translate", "comprehend", "rekognition", "sts")
CLIENT = re.compile(r"(client|stranger|sts|comprehend|translate|rekognition)(\(.*\))?$")
# Calls whose permission has another name; STS's needs none.
S3_ACTIONS = {
    "copy_object": {"s3:GetObject", "s3:PutObject"},
    "delete_bucket_cors": {"s3:PutBucketCORS"},
    "delete_bucket_lifecycle": {"s3:PutLifecycleConfiguration"},
    "delete_bucket_encryption": {"s3:PutEncryptionConfiguration"},
    "delete_object": {"s3:DeleteObject"},
    "delete_objects": {"s3:DeleteObject", "s3:DeleteObjectVersion"},
    "get_bucket_cors": {"s3:GetBucketCORS"},
    "get_bucket_encryption": {"s3:GetEncryptionConfiguration"},
    "get_bucket_lifecycle_configuration": {"s3:GetLifecycleConfiguration"},
    "get_public_access_block": {"s3:GetBucketPublicAccessBlock"},
    "head_bucket": {"s3:ListBucket"},
    "head_object": {"s3:GetObject"},
    "list_buckets": {"s3:ListAllMyBuckets"},
    "list_object_versions": {"s3:ListBucketVersions"},
    "list_objects_v2": {"s3:ListBucket"},
    "put_bucket_cors": {"s3:PutBucketCORS"},
    "put_bucket_encryption": {"s3:PutEncryptionConfiguration"},
    "put_bucket_lifecycle_configuration": {"s3:PutLifecycleConfiguration"},
    "put_public_access_block": {"s3:PutBucketPublicAccessBlock"},
}
OTHER_NAMES = {
    **S3_ACTIONS,
    "generate_presigned_post": {"s3:PutObject"},
    "get_caller_identity": set[str](),
    "upload_file": {"s3:PutObject"},
}


@cache
def operations() -> dict[str, set[str]]:
    """Return the name of each boto3 method, and the IAM actions that it needs."""
    session = get_session()
    found: dict[str, set[str]] = {}
    for service in SERVICES:
        for name in session.get_service_model(service).operation_names:
            found.setdefault(xform_name(name), set()).add(f"{service}:{name}")
    return found | OTHER_NAMES


def called(tree: ast.AST) -> Iterator[str]:
    """Yield the methods called on a client, also by name, as for paginators and links."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            # names such as "publish" mean other things; those with an underscore do not
            if node.value in operations() and "_" in node.value:
                yield node.value
        elif (
            isinstance(node, ast.Attribute)
            and node.attr in operations()
            and CLIENT.search(ast.unparse(node.value))
        ):
            yield node.attr


def needed() -> dict[str, set[str]]:
    """Return the actions that each module's calls need."""
    return {
        module: {action for call in called(tree) for action in operations()[call]}
        for module, path in MODULES.items()
        if (tree := ast.parse(path.read_text(encoding="utf-8")))
    }


def allowed() -> set[str]:
    wish = BucketWish("news", "covid", inbox=True)
    statements = worker_policy(wish, "news", translates=True)["Statement"]
    listed: list[Any] = [statement["Action"] for statement in statements]
    return {action for one in listed for action in ([one] if isinstance(one, str) else one)}


@pytest.fixture(scope="module")
def documented() -> set[str]:
    """Return the actions that docs/ names for what a person does, beside the worker's policy."""
    texts = [path.read_text(encoding="utf-8") for path in (PROJECT / "docs").glob("*.md")]
    return set(re.findall(r"`([a-z0-9]+:[A-Z][A-Za-z]+)`", "\n".join(texts)))


def test_each_client_call_is_in_the_policy_or_in_the_documents(documented: set[str]) -> None:
    every = needed()
    assert {"sns:Publish", "s3:PutObject", "rekognition:DetectLabels"} <= set().union(
        *every.values()
    )
    missing = {
        f"{module}: {action}"
        for module, actions in every.items()
        for action in actions - allowed() - documented
    }
    assert missing == set()


def test_the_policy_and_the_documents_name_no_permission_that_nobody_uses(
    documented: set[str],
) -> None:
    used = set().union(*needed().values())
    assert allowed() - used == set()
    assert {one for one in documented - used if not one.startswith(("sts:", "kms:"))} == set()


def test_what_the_worker_itself_calls_is_all_in_the_policy() -> None:
    """The modules that only a person's commands use are named here, and no others."""
    by_hand = {
        "etl.store.s3.setup.apply": "setup",
        "etl.store.s3.setup.read": "setup",
        "etl.store.s3.setup.undo": "setup",
        "etl.store.s3.setup.plan": "setup",
        "etl.store.s3.bucket": "buckets",
        "etl.store.s3.deleting": "buckets",
        "etl.store.s3.emptying": "buckets --empty",
        "etl.store.s3.store": "share --public",
        "etl.alerts.sns": "topics, setup",
        "etl.alerts.subscriptions": "subscribe",
    }
    more = {module: actions - allowed() for module, actions in needed().items()}
    assert {module for module, actions in more.items() if actions} <= by_hand.keys()
    assert more["etl.store.s3.store"] <= {"s3:PutObjectAcl"}
