"""Bring a run's two inputs: the statistics and the country facts."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from config import FACTS_URL, Settings
from etl import log
from etl.errors import SourceUnavailable
from etl.extract import fetch
from etl.extract.fetch import Fetched, Validators
from etl.extract.sources import Source
from etl.history.manifest import FACTS
from etl.history.record import Seen
from etl.history.run import Context
from etl.load.raw import _unpack

FACTS_LIMIT_MB = 50


@dataclass(frozen=True)
class Facts:
    """The file of country facts; `warning` says if it is not today's, or not there at all."""

    fetched: Fetched | None
    warning: str | None = None

    @property
    def sha256(self) -> str | None:
        return self.fetched.sha256 if self.fetched else None


def fetch_facts(run: Context, work: Path) -> Facts:
    """The facts of COUNTRIES_URL; where they can't be fetched, the last archived copy."""
    url = facts_url(run.settings, run.source)
    if not url:
        return Facts(None)
    path = work / facts_name(url)
    limit = FACTS_LIMIT_MB * 10**6
    try:
        return Facts(fetch.fetch(url, path, max_bytes=limit, sleep=run.options.sleep))
    except SourceUnavailable as exc:
        log.warning("facts.unavailable", error=exc)
        archived = run.before.input(FACTS) if run.before else None
        if archived is None or not _unpack(run.store, archived, work / "archived", path):
            return Facts(None, f"published without country facts: {exc}")
        copy = Fetched(path, archived.url, archived.bytes, archived.sha256)
        return Facts(copy, f"country facts from the archive ({archived.key}): {exc}")


def facts_url(settings: Settings, source: Source) -> str:
    """Where COUNTRIES_URL has its default, the facts that belong to the source come first."""
    if settings.countries_url == FACTS_URL and source.facts_url is not None:
        return source.facts_url
    return settings.countries_url


def facts_name(url: str) -> str:
    """How they are called in raw/."""
    return PurePosixPath(fetch.shown(url)).name or FACTS


def fetch_statistics(run: Context, work: Path, seen: Seen | None) -> list[Fetched] | None:
    """The source's documents; None where it says of each that it is what was `seen` before."""
    documents = run.source.documents(run.settings.source_url)
    known = [Validators(one.etag, one.last_modified) for one in seen.documents] if seen else []
    if len(known) != len(documents):
        known = [Validators()] * len(documents)
    found = {
        name: _fetch(run, url, work / name, validators)
        for (name, url), validators in zip(documents.items(), known, strict=True)
    }
    if not any(found.values()):
        return None
    # beside one that is new, those that are not are needed as well
    again = (found[name] or _fetch(run, url, work / name) for name, url in documents.items())
    return [document for document in again if document]


def _fetch(run: Context, url: str, to: Path, known: Validators | None = None) -> Fetched | None:
    limit = run.settings.max_source_mb * 10**6
    return fetch.fetch(url, to, max_bytes=limit, known=known, sleep=run.options.sleep)
