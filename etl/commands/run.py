"""The worker's own work: a run, the demo, the history."""

from datetime import UTC, datetime

import click

from etl.commands import JSON, in_force, open_store


@click.command()
@click.option("--if-due", is_flag=True, help="Only if today's slot has no successful run yet.")
@click.option(
    "--force", is_flag=True, help="Publish in spite of refusals, and though nothing changed."
)
@click.option("--dry-run", is_flag=True, help="Fetch, check and say what would be done; no writes.")
@JSON
def run(if_due: bool, force: bool, dry_run: bool, as_json: bool) -> None:
    """Make one run: fetch, tidy, check, publish.

    \b
    python app.py run              now, whatever the hour
    python app.py run --dry-run    see what it would publish, or refuse
    """
    from etl import pipeline
    from etl.context import Options
    from etl.screen import Screen

    settings = in_force()
    with Screen.of(settings, as_json=as_json) as screen:
        options = Options(
            if_due=if_due, force=force, dry_run=dry_run, step=screen.step, advance=screen.advance
        )
        result = pipeline.run(settings, open_store(settings), options)
        screen.show(result)


@click.command()
def demo() -> None:
    """The whole job twice on made-up data: no account, no network.

    Serves samples/ on loopback, publishes into OUTPUT_DIR (out/ by default), and finds on the
    second run that nothing has changed.
    """
    from etl.demo import demonstrate

    demonstrate(in_force())


@click.command()
@click.option("--last", type=click.IntRange(1), default=30, show_default=True, help="How many.")
@JSON
def history(last: int, as_json: bool) -> None:
    """What happened, run by run, newest last."""
    from etl import history as histories
    from etl.screen import print_history

    settings = in_force()
    past, _ = histories.read(open_store(settings))
    print_history(past.records[-last:], as_json=as_json, where=settings.store_address)


@click.command("record-failure", hidden=True)
@click.option("--slot", type=click.DateTime(["%Y-%m-%d"]), required=True)
@click.option("--started", type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]), required=True)
@click.option("--error", required=True)
def record_failure(slot: datetime, started: datetime, error: str) -> None:
    """Put on record a run that could not do so itself; called by the worker."""
    from etl import journal, records

    settings = in_force()
    began, now = started.replace(tzinfo=UTC), datetime.now(UTC)
    seconds = (now - began).total_seconds()
    record = records.lost(settings.source, slot.date(), began, seconds, error)
    journal.tell(open_store(settings), record, settings.stale_after_days)
