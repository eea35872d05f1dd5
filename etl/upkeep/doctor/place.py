"""Examine the bucket (clock, credentials, region, page) or the folder (free space)."""

import shutil
import time
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import requests

from etl.errors import SourceUnavailable, StoreError
from etl.extract.answer import TryAgain
from etl.extract.http import get
from etl.store import Store
from etl.store.directory import DirectoryStore
from etl.store.layout import MANIFEST, PAGE, at
from etl.store.s3 import account, bucket
from etl.store.s3.account import Identity
from etl.store.s3.answers import NO_BUCKET
from etl.store.s3.bucket import Greeting
from etl.store.s3.probe import Verdict
from etl.store.s3.server import server_kind
from etl.store.s3.store import S3Store
from etl.upkeep.doctor.finding import Finding

CLOCK_WORTH_A_WORD, CLOCK_REFUSED = timedelta(minutes=5), timedelta(minutes=15)
SET_CLOCK = "set this machine's clock; S3 refuses requests that are 15 minutes off"
LIMIT_S = 10.0
LEAST_FREE = 1_000_000_000  # a run of the default source takes some 60 MB, twice


def place_findings(store: Store, now: datetime, outputs: Collection[str]) -> Iterator[Finding]:
    """Examine the bucket or the folder, whichever the store is; `outputs` as in OUTPUTS."""
    if isinstance(store, DirectoryStore):
        yield from directory_findings(store.root)
    elif isinstance(store, S3Store):
        yield from bucket_findings(store, now, outputs)
    if "page" not in outputs:
        yield Finding("ok", "the page: switched off by OUTPUTS")


def bucket_findings(store: S3Store, now: datetime, outputs: Collection[str]) -> Iterator[Finding]:
    """Examine the bucket, stopping at a fault that makes the other checks pointless.

    The clock comes first, because STS reports a wrong clock as a wrong secret key.
    """
    seen = bucket.greet(store)
    if seen.date:
        yield (clock := _clock(seen.date - now))
        if clock.level == "failed":
            return
    try:
        yield credentials_finding(account.identity(store.client, store.bucket))
    except StoreError as exc:
        yield Finding("failed", f"credentials: {exc}", "docs/deploy.md shows both ways to set them")
        return
    if seen.error or not seen.exists:
        yield Finding("failed", str(seen.error or NO_BUCKET.format(bucket=store.bucket)))
        return
    yield from _region(store, seen)
    if "page" in outputs:
        yield _page(store, seen)


def server_findings(store: Store) -> Iterator[Finding]:
    """Name the kind of S3 server, and what follows from what it does with conditions."""
    if not isinstance(store, S3Store):
        return
    seen = bucket.greet(store)
    endpoint = store.client.meta.endpoint_url
    kind = f"server: {server_kind(endpoint, seen.server, seen.request_id)}"
    verdicts = store.conditions.verdicts()
    if not verdicts.kept:
        what = f"{kind}; {verdicts.lacks()}, so two workers could overwrite each other"
        yield Finding("warning", what, "run one worker, never two at once; see docs/s3-servers.md")
    elif verdicts.if_match is Verdict.UNQUOTED:
        yield Finding("ok", f"{kind}; it supports conditional writes, if ETags have no quotes")
    else:
        yield Finding(
            "ok", f"{kind}; it supports conditional writes: two workers can't overwrite each other"
        )


def credentials_finding(found: Identity) -> Finding:
    """Judge credentials: a warning for a root user, and for those that expire."""
    key = f", key ...{found.key_end}" if found.key_end else ""
    source = f"credentials: from {found.place}{key}"
    whose = found.arn or f"their owner is not known: {found.why}"
    if found.arn.endswith(":root"):
        step = "create an IAM user with the policy that this prints: python app.py setup --policy"
        return Finding("warning", f"{source}: the account's root user, who may do anything", step)
    if found.ends:
        step = "give the worker permanent ones, or a role, which renews them automatically"
        return Finding("warning", f"{source}, temporary: {whose}", step)
    return Finding("ok", f"{source}: {whose}")


def _clock(ahead: timedelta) -> Finding:
    seconds = round(abs(ahead).total_seconds())
    clock = f"clock: {seconds:,} s {'behind' if ahead > timedelta() else 'ahead of'} the server's"
    if abs(ahead) > CLOCK_REFUSED:
        return Finding("failed", clock, SET_CLOCK)
    if abs(ahead) > CLOCK_WORTH_A_WORD:
        return Finding("warning", clock, SET_CLOCK)
    return Finding("ok", clock)


def _region(store: S3Store, seen: Greeting) -> Iterator[Finding]:
    ours = store.client.meta.region_name
    yield Finding("ok", f"bucket: {store.bucket} answers")
    if seen.region == ours:
        yield Finding("ok", f"region: {ours}")
    else:
        what = f"region: the bucket is in {seen.region}, requests go to {ours or 'no region'} first"
        yield Finding("warning", what, f"set AWS_DEFAULT_REGION={seen.region}")


def _page(store: S3Store, seen: Greeting) -> Finding:
    """Request the page without credentials, as the public does."""
    address = bucket.public_address(store, seen.region, PAGE)
    try:
        with requests.Session() as session, get(address, session, time.monotonic() + LIMIT_S):
            return Finding("ok", f"the page: anyone can read {address}")
    except SourceUnavailable:
        return Finding("ok", f"the page: {address} is private, or not published yet")
    except TryAgain as exc:
        return Finding("warning", f"the page: {address} does not answer: {exc}", "try again")


def public_url_findings(store: Store, public_url: str) -> Iterator[Finding]:
    """Read the manifest at PUBLIC_URL as the public does: is it this folder's?

    Yield nothing if PUBLIC_URL is not set, or nothing is published. Raises StoreError.
    """
    stored = store.read(MANIFEST) if public_url else None
    if stored is None:
        return
    address, step = at(public_url, MANIFEST), "make the folder public, or correct PUBLIC_URL"
    try:
        with requests.Session() as session, get(address, session, time.monotonic() + LIMIT_S) as it:
            found = _beginning(it.pieces, len(stored.body) + 1)
    except (SourceUnavailable, TryAgain) as exc:
        yield Finding("warning", f"PUBLIC_URL: the manifest can't be read: {exc}", step)
        return
    if found == stored.body:
        yield Finding("ok", f"PUBLIC_URL: anyone can read {address}")
    else:
        yield Finding("warning", f"PUBLIC_URL: {address} is not this folder's manifest", step)


def _beginning(pieces: Iterator[bytes], size: int) -> bytes:
    body = b""
    for piece in pieces:
        body += piece
        if len(body) >= size:
            break
    return body[:size]


def directory_findings(root: Path, least_free: int = LEAST_FREE) -> Iterator[Finding]:
    """Examine the free space, and say where the page is."""
    existing = next(folder for folder in (root, *root.resolve().parents) if folder.is_dir())
    free = shutil.disk_usage(existing).free
    space = f"{root}: {free / 1e9:,.1f} GB are free"
    if free < least_free:
        yield Finding("warning", space, "free some space, or set OUTPUT_DIR elsewhere")
    else:
        yield Finding("ok", space)
    if (page := root / PAGE).is_file():
        yield Finding("ok", f"the page: {page.resolve().as_uri()}")
