"""Decide which snapshots would have been published, each compared with which earlier one. Pure.

The rules are the daily run's: a snapshot that holds much less than the one published before it, or
ends earlier, is refused, and the next one is compared with the last that was not refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from etl.archive.engine import Trouble
from etl.archive.job import Job
from etl.archive.rebuild import Surveyed
from etl.extract.sources import level_of
from etl.history.record import Failure
from etl.load.snapshots import Snapshot
from etl.transform import checks

Readable = tuple[Snapshot, Surveyed]


@dataclass(frozen=True)
class ChainLink:
    """A snapshot that would have been published, and the one published before it."""

    snapshot: Snapshot
    found: Surveyed
    before: Readable | None = None


@dataclass(frozen=True)
class Chain:
    """The links, oldest first, and by run id the reasons why the other snapshots are no links.

    The first snapshot in `unknown` could not be surveyed, so nothing can be said of those after it.
    Each has its own trouble, or None.
    """

    links: list[ChainLink]
    failures: Mapping[str, Failure]
    unknown: Mapping[str, Trouble | None]


def make_chain(surveyed: Iterable[tuple[Snapshot, Surveyed | Failure | Trouble]]) -> Chain:
    """Link the snapshots, which come oldest first, up to one that could not be surveyed."""
    links: list[ChainLink] = []
    failures: dict[str, Failure] = {}
    unknown: dict[str, Trouble | None] = {}
    last: Readable | None = None
    for snapshot, found in surveyed:
        if unknown or isinstance(found, Trouble):
            unknown[snapshot.run_id] = found if isinstance(found, Trouble) else None
        elif isinstance(found, Failure):
            failures[snapshot.run_id] = found
        elif refusal := _refusal(snapshot, found, last):
            failures[snapshot.run_id] = refusal
        else:
            links.append(ChainLink(snapshot, found, last))
            last = (snapshot, found)
    return Chain(links, failures, unknown)


def _refusal(snapshot: Snapshot, found: Surveyed, last: Readable | None) -> Failure | None:
    if last is None:
        return None
    refusals = checks.shrank_or_ended_earlier(found.held, last[1].held, level_of(snapshot.source))
    return Failure("DataRejected", "; ".join(refusals)) if refusals else None


def rebuilt_id(link: ChainLink, job: Job) -> str:
    """Name the run of a link: the snapshot's moment, and 12 digits of all that shapes the run."""
    snapshot, found = link.snapshot, link.found
    parts = [job.fingerprint, snapshot.run_id, str(snapshot.slot), *found.digests]
    parts.append(found.facts_sha256 or "")
    parts += [f"only {job.only}"] if job.only else []
    if link.before:
        before, held = link.before
        parts += [before.run_id, *held.digests]
    return f"{snapshot.run_id[:18]}-{sha256(chr(0).join(parts).encode()).hexdigest()[:12]}"
