"""Fetch a run's two inputs: the statistics and the country facts."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from etl.extract.answer import NONE_GIVEN, Received, Validators, shown, unheard
from etl.extract.fetch import TIMEOUT_S, Fetched, Limits, fetch, fetch_if_changed
from etl.settings.tables import TableSpec

if TYPE_CHECKING:
    import pandas as pd

MAX_FACTS_BYTES = 50 * 10**6
TABLE = "table-"  # the name of the file of one of TABLES begins so
TABLE_KINDS = (".csv", ".tsv", ".xlsx", ".json", ".parquet")
UNREADABLE = "unreadable-"  # the name of facts that could not be read begins so

Sleep = Callable[[float], None]


@dataclass(frozen=True)
class Facts:
    """The file of country facts; `warning` says if it is an older one or missing.

    `table` is its content, as `read_facts` returns it, if it has been read already.
    """

    fetched: Fetched | None
    warning: str | None = None
    table: "pd.DataFrame | None" = field(default=None, compare=False)

    @property
    def sha256(self) -> str | None:
        return self.fetched.sha256 if self.fetched else None


@dataclass(frozen=True)
class OwnInput:
    """One of TABLES: its file, and `table`, its content (OwnTable) if it has been read already.

    `warning` says if it is an older copy.
    """

    spec: TableSpec
    fetched: Fetched
    table: Any = field(default=None, compare=False)  # its module is heavy
    warning: str | None = None


class Inputs(Struct, frozen=True):
    """A run's inputs: the source's documents, in the order of its `files`, the facts and TABLES."""

    statistics: Sequence[Fetched]
    facts: Facts
    tables: Sequence[OwnInput] = ()


def fetch_facts(
    url: str, work: Path, *, sleep: Sleep = time.sleep, timeout_s: float = TIMEOUT_S
) -> Fetched:
    """Fetch the country facts into the folder `work`. Raises SourceUnavailable, SourceChanged."""
    to = work / facts_name(url)
    return fetch(url, to, Limits(MAX_FACTS_BYTES, timeout_s), sleep=sleep)


def table_name(spec: TableSpec) -> str:
    """Return the name of a table's file, which is unpacked, in the working folder and in raw/."""
    suffixes = PurePosixPath(shown(spec.url).partition("?")[0]).name.lower().removesuffix(".gz")
    suffix = PurePosixPath(suffixes).suffix
    return f"{TABLE}{spec.name}{suffix if suffix in TABLE_KINDS else ''}"


def facts_name(url: str) -> str:
    """Return the name of the facts' file, in the working folder and in raw/."""
    return PurePosixPath(shown(url)).name or "facts"


def fetch_statistics(
    documents: Mapping[str, str],
    known: Sequence[Validators],
    work: Path,
    limits: Limits,
    *,
    sleep: Sleep,
    received: Received = unheard,
) -> list[Fetched]:
    """Fetch a source's documents, URLs by file name, into the folder `work`.

    `known` describes the versions that were fetched last, one for each document or none at all.
    Returns an empty list if no document has changed since. Raises SourceUnavailable, SourceChanged.
    """
    known = known if len(known) == len(documents) else [NONE_GIVEN] * len(documents)
    found = {
        name: fetch_if_changed(url, work / name, limits, validators, sleep=sleep, received=received)
        for (name, url), validators in zip(documents.items(), known, strict=True)
    }
    if not any(found.values()):
        return []
    # if one document has changed, a run needs the unchanged ones as well
    return [
        found[name] or fetch(url, work / name, limits, sleep=sleep, received=received)
        for name, url in documents.items()
    ]
