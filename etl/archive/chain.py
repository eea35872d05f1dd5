"""Which snapshots would have been published one after the other, and against which. Pure.

As the daily run decides it: what holds much less than the version before, or ends earlier, is
refused, and the next one is compared with the last that was not.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from etl.archive.job import Job
from etl.archive.rebuild import Surveyed
from etl.extract.sources import level_of
from etl.history.record import Failure
from etl.load.snapshots import Snapshot
from etl.transform import checks


@dataclass(frozen=True)
class ChainLink:
    """A snapshot and the one before it in the chain; `failure`: it is no part of it."""

    snapshot: Snapshot
    found: Surveyed
    before: tuple[Snapshot, Surveyed] | None = None
    failure: Failure | None = None


def chain(surveyed: Iterable[tuple[Snapshot, Surveyed]]) -> list[ChainLink]:
    """Every snapshot in its place, oldest first as they came."""
    links, last = [], None
    for snapshot, found in surveyed:
        failure = found.failure or _refused(snapshot, found, last)
        links.append(ChainLink(snapshot, found, last, failure))
        if failure is None:
            last = (snapshot, found)
    return links


def _refused(
    snapshot: Snapshot, found: Surveyed, last: tuple[Snapshot, Surveyed] | None
) -> Failure | None:
    if found.held is None or last is None:
        return None
    refusals = checks.shrank_or_ended_earlier(found.held, last[1].held, level_of(snapshot.source))
    return Failure("DataRejected", "; ".join(refusals)) if refusals else None


def run_id(link: ChainLink, job: Job) -> str:
    """Of the run that is made of a snapshot: its moment, and 12 digits of all that shapes it."""
    snapshot, found = link.snapshot, link.found
    parts = [job.fingerprint, snapshot.run_id, str(snapshot.slot), *found.digests]
    parts.append(found.facts_sha256 or "")
    if link.before:
        before, held = link.before
        parts += [before.run_id, *held.digests]
    return f"{snapshot.run_id[:18]}-{sha256(chr(0).join(parts).encode()).hexdigest()[:12]}"
