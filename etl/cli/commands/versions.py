"""Restore an earlier version, and clear old ones."""

import sys
from datetime import UTC, datetime, timedelta

import click

from etl.cli.options import YES, Key, confirm, in_force, open_store
from etl.report.numbers import counted


@click.command()
@click.argument("run", metavar="RUN|DATE|previous", type=Key())
def restore(run: str) -> None:
    """Give readers an earlier run's files again, until the next scheduled run.

    \b
    python app.py restore previous      the run before the published one
    python app.py restore 2021-01-25    the run of that day
    """
    from etl.upkeep import restore as restoring
    from etl.worker import schedule

    settings = in_force()
    now = datetime.now(UTC)
    at = restoring.Moment.of(settings.schedule, settings.table, now)
    record = restoring.restore(open_store(settings), run, at)
    if record is None:
        click.echo("this run is already published; nothing was changed")
        return
    due = schedule.next_moment(now, settings.schedule.run_at, settings.schedule.timezone)
    click.echo(
        f"run {record.published_run} is published again; "
        f"the next scheduled run, at {due:%Y-%m-%d %H:%M} UTC, replaces it"
    )


@click.command()
@click.option("--keep-days", type=click.IntRange(1), help="Use this instead of RETENTION_DAYS.")
@click.option("--dry-run", is_flag=True, help="Show what would be removed; remove nothing.")
@YES
def prune(keep_days: int | None, dry_run: bool, yes: bool) -> None:
    """Remove old runs and inputs, and leftovers of interrupted runs, after asking.

    The published run, the one before it, and each month's last inputs stay.
    """
    from etl.upkeep import prune as pruning

    settings = in_force()
    store, days = open_store(settings), keep_days or settings.store.retention_days
    now = datetime.now(UTC)
    plan = pruning.make_plan(store, days, now)
    portions, begin = plan.portions(), now - timedelta(days=days)
    if not portions:
        click.echo(f"{store.address}: nothing to remove from before {begin:%Y-%m-%d}")
        return
    click.echo(f"{store.address}, from before {begin:%Y-%m-%d} and left over:")
    for why, group in plan.groups.items():
        size = counted(sum(one.objects for one in group), sum(one.bytes for one in group))
        click.echo(f"  {len(group):5,} {why}: {size}")
    objects = sum(one.objects for one in portions)
    total = counted(objects, sum(one.bytes for one in portions))
    if dry_run:
        click.echo(f"total: {total}; nothing was removed")
        return
    confirm(f"Remove {total}?", yes=yes)
    bar = click.progressbar(
        length=objects, label="removing", file=sys.stderr, hidden=not sys.stderr.isatty()
    )
    with bar:
        pruning.clear(store, plan, advance=bar.update)
    click.echo(f"removed {total}")
