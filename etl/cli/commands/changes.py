"""Compare what the source said in different runs: all figures of two, or one figure in all."""

from datetime import date
from pathlib import Path

import click

from etl.cli.options import JSON, Date, Key, in_force, open_store
from etl.errors import StoreError
from etl.extract.sources import MEASURES
from etl.worker.scratch import scratch

FIGURES = [f"{kind}_{measure}" for kind in ("cumulative", "new") for measure in MEASURES]


@click.command()
@click.argument("before", metavar="RUN|DATE|previous", type=Key())
@click.argument("after", metavar="[RUN|DATE]", type=Key(), required=False)
@JSON
def diff(before: str, after: str | None, as_json: bool) -> None:
    """Show how a run differs from an earlier one.

    Shows added and removed rows, restated figures, and new or missing countries (regions, places).

    \b
    python app.py diff previous                 the published run and the one before it
    python app.py diff 2021-01-20 2021-01-25    the runs of two days
    """
    from etl.cli.print_changes import print_difference
    from etl.upkeep import diff as diffing

    run_id, found = diffing.diff(open_store(in_force()), before, after)
    print_difference(run_id, found, as_json=as_json)


@click.command()
@click.argument("series", metavar="COUNTRY")
@click.argument("day", metavar="DATE", type=Date())
@click.option(
    "--measure",
    type=click.Choice(FIGURES),
    default=FIGURES[0],
    show_default=True,
    help="Which measure.",
)
@JSON
def vintage(series: str, day: date, measure: str, as_json: bool) -> None:
    """Show how one figure was reported, run by run.

    The figure is one measure of a country, region or place on one day.

    \b
    python app.py vintage ESP 2020-09-01
    python app.py vintage France 2020-09-01 --measure new_deaths

    Name a country by ISO code, key or name, and a region or place by key or name. For runs that
    were removed, the archived inputs are read if they still exist.
    """
    from etl.archive.figure_history import FigureKey, read_figure_history
    from etl.cli.print_changes import print_vintage
    from etl.history import history as histories
    from etl.history import manifest as manifests
    from etl.upkeep.versions import nothing_published

    settings = in_force()
    store = open_store(settings)
    past, _ = histories.read(store)
    wanted = FigureKey(series, day, measure)
    with scratch() as work:
        limit = settings.source.max_bytes
        found = list(read_figure_history(store, past, wanted, Path(work), limit))
    if not found and manifests.read(store) is None:
        raise nothing_published(store)
    if not found:
        listing = f"{settings.source.level}.json"
        raise StoreError(
            f"{store.address}: no run has the name, key or code {series!r}; all are in {listing}: "
            f"python app.py get {listing} -"
        )
    print_vintage(wanted, found, as_json=as_json)
