"""The tables of the runs in the folder, set against another table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from etl import changes, country_files, log
from etl.changes import Changes
from etl.errors import StoreError
from etl.manifest import Manifest, run_key
from etl.outputs.changes import Difference, difference
from etl.outputs.table import PARQUET, read_table, read_whole
from etl.stores import Store
from etl.transform import CUMULATIVE, NEW

COLUMNS = ("country_key", "date", *CUMULATIVE, *NEW)


@dataclass(frozen=True)
class Compared:
    """`names`: by key, of countries in the run compared with, where some are gone since."""

    changes: Changes
    names: Mapping[str, str] = field(default_factory=dict)


def with_run(
    store: Store, run_id: str, rows: pd.DataFrame, shown: NDArray[np.bool_], work: Path
) -> Compared | None:
    """Repaired rows against a run's table; a table that can't be read is said and passed over."""
    try:
        path = _table(store, run_id, work / "published.parquet")
        found = changes.compare(rows, read_table(path, COLUMNS), shown)
        return Compared(found, country_names(store, run_id) if found.gone else {})
    except (StoreError, ValueError, OSError) as exc:
        log.warning("published.unreadable", error=exc)
        return None


def between(store: Store, before: Manifest, after: Manifest, work: Path) -> Difference:
    """What `after` says otherwise than `before`. Raises StoreError."""
    old, new = before.run_id, after.run_id
    try:
        rows = read_whole(_table(store, new, work / "after.parquet"), COLUMNS)
        pieces = read_table(_table(store, old, work / "before.parquet"), COLUMNS)
        found = changes.compare(rows, pieces)
        names = {**country_names(store, old), **country_names(store, new)}
    except (ValueError, OSError) as exc:
        raise StoreError(
            f"runs {old} and {new} can't be compared: {exc}; look at each: python app.py get"
        ) from exc
    return difference(found, names, old, before.source.last_date, after.source.last_date)


def country_names(store: Store, run_id: str) -> dict[str, str]:
    """By key. Raises StoreError."""
    listed = country_files.countries(store, run_id) or []
    return {country.country_key: country.country for country in listed}


def _table(store: Store, run_id: str, path: Path) -> Path:
    key = run_key(run_id, PARQUET)
    if not store.download(key, path):
        raise StoreError(f"{key} is not there")
    return path
