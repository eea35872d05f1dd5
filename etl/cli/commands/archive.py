"""Commands for the whole archive: import one, rebuild its runs, sum up how figures were revised."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from etl.cli.options import JSON, Date, Key, in_force, open_store
from etl.store.layout import TABLE_PARQUET

Cluster = tuple[str | None, int | None]
ONLY = click.option("--only", type=click.Choice(["table"]), help="Make only timeseries.parquet.")
ADDRESSES = ("tcp://", "tls://", "ws://", "wss://")


class Address(click.ParamType[str]):
    """Where Dask's scheduler is, such as tcp://10.0.0.5:8786."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not value.startswith(ADDRESSES):
            self.fail(f"expected an address such as tcp://10.0.0.5:8786, got {value[:80]!r}")
        return str(value)


def on_dask(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options --dask and --workers, which need Dask.

    The command gets them as `cluster`: the scheduler's address and the number of local processes,
    at most one of the two.
    """

    @click.option("--dask", type=Address(), help="Use the workers of this scheduler.")
    @click.option(
        "--workers",
        type=click.IntRange(1, 256),
        metavar="N",
        help="Use N processes on this machine.",
    )
    @wraps(command)
    def wrapped(dask: str | None, workers: int | None, **options: Any) -> None:
        if dask and workers:
            raise click.UsageError("--dask has its own workers: leave out --workers")
        command(cluster=(dask, workers), **options)

    return wrapped


@click.command("import-archive")
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option("--dry-run", is_flag=True, help="Show what would happen; write nothing.")
@click.option("--forget", metavar="SNAPSHOT", help="Remove an imported snapshot, by id or day.")
@JSON
def import_archive(path: Path | None, dry_run: bool, forget: str | None, as_json: bool) -> None:
    """Add versions of SOURCE's document that you have to the archive, raw/.

    \b
    python app.py import-archive versions/                 2020-09-07.json, 2020-09-08.json.gz ...
    python app.py import-archive repository/v1/stats.json  every version in its git history
    python app.py import-archive repository                the same, if it has one stats.json
    python app.py import-archive --forget 2020-09-07       remove the one imported for that day

    The date (and the time, in UTC) comes from the file's name, or else from the file's
    modification time; in git it is the author's date. Documents of another source or level are
    left out, with the reason. Nothing is published: python app.py backfill makes the runs.
    """
    from etl.archive import import_versions
    from etl.archive.engine import Progress
    from etl.cli.print_archive import print_forgotten, print_imported
    from etl.cli.screen import Screen

    if (path is None) == (forget is None) or (forget and dry_run):
        raise click.UsageError("give a folder or file to import, or --forget SNAPSHOT")
    settings = in_force()
    store, now = open_store(settings), _now()
    if path is None:
        print_forgotten(import_versions.forget_snapshot(store, forget or ""), as_json=as_json)
        return
    with Screen.of(settings, as_json=as_json) as screen:
        progress = Progress(screen.stage, screen.advance, screen.failed)
        outcomes = import_versions.import_archive(
            settings, store, path, now, progress, dry_run=dry_run
        )
    if not print_imported(outcomes, settings, as_json=as_json, dry_run=dry_run):
        raise SystemExit(1)


@click.command()
@click.option("--from", "first", type=Date(), help="The first slot, such as 2020-09-01.")
@click.option("--to", "last", type=Date(), help="The last slot.")
@on_dask
@ONLY
@click.option("--publish", is_flag=True, help="Publish the newest of these runs.")
@JSON
def backfill(
    first: date | None,
    last: date | None,
    cluster: Cluster,
    only: str | None,
    publish: bool,
    as_json: bool,
) -> None:
    """Rebuild the run of every archived snapshot with today's settings and code.

    \b
    python app.py backfill                                one after the other
    python app.py backfill --workers 4                    in four processes on this machine
    python app.py backfill --dask tcp://10.0.0.5:8786     on a cluster
    python app.py backfill --from 2020-09-01 --to 2020-09-30
    python app.py backfill --only table                   enough for vintages

    Existing runs of the same snapshot, settings and code are skipped, so you can stop the command
    and start it again. If a snapshot fails, it is listed and the others continue; the exit status
    is then 1. The published version does not change unless you use --publish.
    """
    from etl.archive.backfill import Span
    from etl.cli.fill_archive import fill

    if first and last and first > last:
        raise click.UsageError("--from is later than --to")
    if only and publish:
        raise click.UsageError("--publish needs every file: leave out --only")
    fill(Span(first, last, only=_file(only)), cluster, publish, as_json)


@click.command()
@click.argument("snapshot", type=Key())
@ONLY
@JSON
def rebuild(snapshot: str, only: str | None, as_json: bool) -> None:
    """Rebuild the run of one archived snapshot, named as in raw/.

    \b
    python app.py rebuild 2021-01-25T060000Z-0123456789ab

    This is for services that start a process for each task, such as AWS Batch, Lambda or Modal:
    any number of them may run at the same time. The run is the same as the one that backfill makes.
    """
    from etl.archive.backfill import Span
    from etl.cli.fill_archive import fill

    fill(Span(snapshot=snapshot, only=_file(only)), (None, None), False, as_json)


def _file(only: str | None) -> str:
    return TABLE_PARQUET if only else ""


@click.command()
@on_dask
@JSON
def vintages(cluster: Cluster, as_json: bool) -> None:
    """Write all snapshots to one data set, and a summary of the revisions.

    \b
    vintages/snapshot=2021-01-31/part.parquet   what the source said that day about every day
    revisions.csv                               one row per country: how much was restated, and when

    This uses the latest run of each snapshot; python app.py backfill makes missing runs. Existing
    files are not written again.
    """
    from etl.archive.cluster import open_engine
    from etl.archive.engine import Progress
    from etl.archive.revisions import write_revisions
    from etl.archive.vintages import write_vintages
    from etl.cli.print_archive import print_vintages
    from etl.cli.screen import Screen

    settings = in_force()
    store = open_store(settings)
    with Screen.of(settings, as_json=as_json) as screen, open_engine(*cluster) as engine:
        progress = Progress(screen.stage, screen.advance, screen.failed)
        written = write_vintages(settings, store, engine, progress)
        table = write_revisions(settings, store, engine, written.slots, progress)
    print_vintages(written, table, settings, as_json=as_json)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
