"""Whose data a version is, and which version came before it: for its files and its manifest."""

from dataclasses import asdict

import pandas as pd

from etl.extract.inputs import Facts
from etl.extract.sources import MEASURES, Source
from etl.extract.sources.table import measures
from etl.history.catalogue import Rebuilt
from etl.history.manifest import Previous, SourceNote
from etl.history.run import Run
from etl.load.values import Header
from etl.settings.groups import FACTS_URL
from etl.transform.checks import Extent


def header(source: Source, held: Extent) -> Header:
    return Header(
        source=source.title,
        attribution=source.attribution,
        licence=source.licence,
        last_date=str(held.last_date),
        notice=source.notice,
        licence_id=source.licence_id,
        level=source.level,
    )


def sources(run: Run, facts: Facts) -> list[dict[str, str]]:
    """Where it all comes from; an address only where it is everybody's, not this machine's."""
    named = [(run.source.title, run.source.url)]
    if facts.fetched:
        named.append(("InfoPaisosExtra: facts about countries", run.settings.source.facts_url))
    public = (run.source.url, FACTS_URL)
    return [
        {"title": title, "path": url} if url in public and "://" in url else {"title": title}
        for title, url in named
    ]


def note(source: Source, held: Extent, rows: pd.DataFrame) -> SourceNote:
    return SourceNote(
        name=source.name,
        title=source.title,
        attribution=source.attribution,
        licence=source.licence,
        notice=source.notice,
        lacks=[m for m in MEASURES if m not in measures(rows)],
        **asdict(held),
    )


def held_by(noted: SourceNote | Rebuilt) -> Extent:
    """Return how much a run's source held, before any filter."""
    return Extent(noted.rows, noted.series, noted.first_date, noted.last_date)


def previous(run: Run) -> Previous | None:
    if run.published is None:
        return None
    return Previous(run.published.manifest.run_id, run.published.sha256)
