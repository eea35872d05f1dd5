"""The worker's own work: a run, the demo, the history."""

from datetime import UTC, datetime

import click

from etl.cli.options import JSON, handed_over, in_common, in_force, open_store
from etl.errors import EtlError

MOMENT = click.DateTime(["%Y-%m-%dT%H:%M:%SZ"])


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
    from etl.cli.screen import Screen
    from etl.history.run import Options
    from etl.upkeep.after_run import after_run

    settings = in_force()
    with Screen.of(settings, as_json=as_json) as screen:
        options = Options(
            handover=handed_over(),
            if_due=if_due,
            force=force,
            dry_run=dry_run,
            step=screen.step,
            advance=screen.advance,
        )
        result = pipeline.run(settings, open_store(settings), options)
        screen.show(after_run(result))


@click.command()
def demo() -> None:
    """The whole job twice on made-up data: no account, no network.

    Serves samples/ on loopback, publishes into OUTPUT_DIR (out/ by default), and finds on the
    second run that nothing has changed.
    """
    from etl.cli.demo import demonstrate

    demonstrate(in_common())


@click.command()
@click.option("--last", type=click.IntRange(1), default=30, show_default=True, help="How many.")
@click.option("--changes", is_flag=True, help="What each published run changed.")
@JSON
def history(last: int, changes: bool, as_json: bool) -> None:
    """What happened, run by run, newest last."""
    from etl.cli.print_runs import print_history
    from etl.history import history as histories

    settings = in_force()
    store = open_store(settings)
    past, _ = histories.read(store)
    if changes:
        from etl.cli.print_changes import print_changes
        from etl.upkeep.diff import changes_by_run

        published = [record for record in past.records if record.outcome == "published"][-last:]
        print_changes(
            changes_by_run(store, published), as_json=as_json, where=settings.store.address
        )
        return
    print_history(past, last, as_json=as_json, where=settings.store.address)


@click.command("record-failure", hidden=True)
@click.option("--slot", type=click.DateTime(["%Y-%m-%d"]), required=True)
@click.option("--started", type=MOMENT, required=True)
@click.option("--error", required=True)
def record_failure(slot: datetime, started: datetime, error: str) -> None:
    """Put on record a run that could not do so itself, and tell of it; called by the worker."""
    from etl.alerts.teller import Teller
    from etl.history import append, outcomes
    from etl.history import manifest as manifests
    from etl.history.record import Failure

    settings = in_force()
    store = open_store(settings)
    teller = Teller(settings, store, handed_over())
    began, now = started.replace(tzinfo=UTC), datetime.now(UTC)
    seconds = (now - began).total_seconds()
    failure = Failure("Lost", error)
    record = outcomes.lost(settings.source.data_set, slot.date(), began, seconds, error)
    try:
        past = append.record(store, record, settings.table.stale_after_days)
        published = manifests.read(store)
    except EtlError:
        teller.failed_unrecorded(failure, now)
        raise
    teller.failed(past, published.manifest if published else None, now)


@click.command("tell-pending", hidden=True)
def tell_pending() -> None:
    """Send the alerts that wait; called by the worker."""
    from etl.alerts.teller import Teller

    settings = in_force()
    Teller(settings, open_store(settings), handed_over()).retry(datetime.now(UTC))
