"""The source of a version and the version before it, as its files and manifest name them."""

import pandas as pd

from etl.extract.inputs import Facts
from etl.extract.sources import MEASURES, Source
from etl.extract.sources.table import measures
from etl.history.catalogue import Rebuilt
from etl.history.manifest import Previous, SourceNote
from etl.history.run import Run
from etl.load.values import Header
from etl.settings.groups import FACTS_URL, TableSettings
from etl.store.layout import home
from etl.transform.checks import Extent


def header(source: Source, held: Extent, table: TableSettings) -> Header:
    """Return the header of the JSON files; `held` is the source's extent before any filter."""
    return Header(
        source=source.title,
        attribution=source.attribution,
        licence=source.licence,
        last_date=str(held.last_date),
        notice=source.notice,
        licence_id=source.licence_id,
        level=source.level,
        creator=source.author,
        public_url=table.public_url,
        home=home(table.outputs),
    )


def sources(run: Run, facts: Facts) -> list[dict[str, str]]:
    """Return the title of each source, and its address if that is the public default.

    Another address may be private, such as a path on this machine.
    """
    named = [(run.source.title, run.source.url)]
    if facts.fetched:
        named.append(("InfoPaisosExtra: facts about countries", run.settings.source.facts_url))
    public = (run.source.url, FACTS_URL)
    return [
        {"title": title, "path": url} if url in public and "://" in url else {"title": title}
        for title, url in named
    ]


def note(source: Source, held: Extent, rows: pd.DataFrame) -> SourceNote:
    """Return the manifest's entry about the source; `rows` show which measures it lacks."""
    return SourceNote(
        name=source.name,
        title=source.title,
        attribution=source.attribution,
        licence=source.licence,
        notice=source.notice,
        lacks=[m for m in MEASURES if m not in measures(rows)],
        **held.noted(),
    )


def held_by(noted: SourceNote | Rebuilt) -> Extent:
    """Return how much a run's source held, before any filter."""
    return Extent(noted.rows, noted.series, noted.first_date, noted.last_date)


def previous(run: Run) -> Previous | None:
    """Return the manifest's link to the version before, or None for the first one."""
    if run.published is None:
        return None
    return Previous(run.published.manifest.run_id, run.published.sha256)
