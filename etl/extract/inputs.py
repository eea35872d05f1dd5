"""Bring a run's two inputs: the statistics and the country facts."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from etl.extract.fetch import Fetched, fetch, fetch_if_changed
from etl.extract.http import NONE_GIVEN, Validators, shown

MAX_FACTS_BYTES = 50 * 10**6

Sleep = Callable[[float], None]


@dataclass(frozen=True)
class Facts:
    """The file of country facts; `warning` says if it is not today's, or not there at all."""

    fetched: Fetched | None
    warning: str | None = None

    @property
    def sha256(self) -> str | None:
        return self.fetched.sha256 if self.fetched else None


@dataclass(frozen=True)
class Inputs:
    """What a run works on: the source's documents, in their order, and the country facts."""

    statistics: Sequence[Fetched]
    facts: Facts


def fetch_facts(url: str, work: Path, *, sleep: Sleep = time.sleep) -> Fetched:
    """Bring the country facts into the folder `work`. Raises SourceUnavailable, SourceChanged."""
    return fetch(url, work / facts_name(url), max_bytes=MAX_FACTS_BYTES, sleep=sleep)


def facts_name(url: str) -> str:
    """The name of the facts' file, in the working folder and in raw/."""
    return PurePosixPath(shown(url)).name or "facts"


def fetch_statistics(
    documents: Mapping[str, str],
    known: Sequence[Validators],
    work: Path,
    *,
    max_bytes: int,
    sleep: Sleep,
) -> list[Fetched]:
    """Bring a source's documents, URLs by file name, into the folder `work`.

    `known` describes the versions that were seen last, one for each document or none at all.
    Nothing is returned if the source says of every document that it is still that version.
    Raises SourceUnavailable, SourceChanged.
    """
    known = known if len(known) == len(documents) else [NONE_GIVEN] * len(documents)
    found = {
        name: fetch_if_changed(url, work / name, validators, max_bytes=max_bytes, sleep=sleep)
        for (name, url), validators in zip(documents.items(), known, strict=True)
    }
    if not any(found.values()):
        return []
    # if one document is new, those that are not are needed as well
    return [
        found[name] or fetch(url, work / name, max_bytes=max_bytes, sleep=sleep)
        for name, url in documents.items()
    ]
