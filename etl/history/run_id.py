"""The id of a run, which names its folders in runs/ and raw/: when it began, and some digits. Pure.

A run's id ends in 4 random digits. The ids of imported snapshots and rebuilt runs end in 12 digits
of a digest of their inputs, so that repeating the work gives the same id (etl/archive).
"""

import re
import secrets
from datetime import UTC, datetime

DERIVED_DIGITS = 12
FIRST_YEAR = 1970
RUN_ID = re.compile(r"\d{4}-\d{2}-\d{2}T\d{6}Z-[0-9a-f]{4}(?:[0-9a-f]{8})?", re.ASCII)


def new_run_id(now: datetime) -> str:
    """Return a new run id. Its random end keeps runs apart that start in the same second."""
    return f"{now:%Y-%m-%dT%H%M%SZ}-{secrets.token_hex(2)}"


def is_run_id(name: str) -> bool:
    """Say whether a folder's name is a run's id; one that only looks like it is no date."""
    if not RUN_ID.fullmatch(name):
        return False
    try:
        return began(name).year >= FIRST_YEAR
    except ValueError:
        return False


def is_derived(run_id: str) -> bool:
    """Say whether an id is of an imported snapshot or a rebuilt run, and not of a run."""
    return len(run_id.rpartition("-")[2]) == DERIVED_DIGITS


def began(run_id: str) -> datetime:
    """Return when a run began, as its id says. Raises ValueError if it says no date."""
    return datetime.strptime(run_id[:18], "%Y-%m-%dT%H%M%SZ").replace(tzinfo=UTC)
