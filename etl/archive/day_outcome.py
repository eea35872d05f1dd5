"""What became of one snapshot in a backfill."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from etl.archive.chain import Chain
from etl.archive.engine import Trouble
from etl.history.record import Failure
from etl.load.snapshots import Snapshot


@dataclass(frozen=True)
class DayOutcome:
    """What became of one snapshot: its run was `there` already, or was `made`, or:

    `failed`: its bytes are bad. `unknown`: a worker or the store failed. `waiting`: it comes after
    a snapshot that is unknown. Said again, backfill goes on with the last two.
    """

    slot: date
    snapshot: str
    outcome: Literal["there", "made", "failed", "unknown", "waiting"]
    run_id: str | None = None
    rows: int | None = None
    bytes: int | None = None
    seconds: float | None = None
    warnings: tuple[str, ...] = ()
    failure: Failure | None = None


def failed(snapshot: Snapshot, failure: Failure) -> DayOutcome:
    return DayOutcome(snapshot.slot, snapshot.run_id, "failed", failure=failure)


def unknown(snapshot: Snapshot, trouble: Trouble | None) -> DayOutcome:
    if trouble is None:
        return DayOutcome(snapshot.slot, snapshot.run_id, "waiting")
    return DayOutcome(snapshot.slot, snapshot.run_id, "unknown", failure=trouble.failure())


def left_out(chosen: Sequence[Snapshot], chain: Chain) -> Iterator[tuple[str, DayOutcome]]:
    """Yield, by snapshot, the outcomes of those that no run is made of."""
    for one in chosen:
        if failure := chain.failures.get(one.run_id):
            yield one.run_id, failed(one, failure)
        elif one.run_id in chain.unknown:
            trouble = chain.unknown[one.run_id]
            yield one.run_id, unknown(one, trouble)
