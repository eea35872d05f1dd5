"""The worker's own work: a run, the demo, the history."""

import subprocess
import sys
from datetime import UTC, date, datetime

import click

from etl import log
from etl.cli.options import JSON, Date, handed_over, in_common, in_force, open_store
from etl.errors import ConfigError, EtlError
from etl.worker.children import PROGRAM
from etl.worker.handover import BY_HAND, Handover

MOMENT = click.DateTime(["%Y-%m-%dT%H:%M:%SZ"])


@click.command()
@click.option("--if-due", is_flag=True, help="Only if today's slot has no successful run yet.")
@click.option(
    "--force", is_flag=True, help="Publish even if checks refuse the data or nothing has changed."
)
@click.option(
    "--dry-run", is_flag=True, help="Fetch and check, and say what would happen; write nothing."
)
@JSON
def run(if_due: bool, force: bool, dry_run: bool, as_json: bool) -> None:
    """Make one run: fetch, tidy, check, publish.

    \b
    python app.py run              run now, at any time of day
    python app.py run --dry-run    show what it would publish or refuse
    """
    from etl import pipeline
    from etl.cli.screen import Screen
    from etl.cli.time_limit import time_limit
    from etl.history import tasks

    settings = in_force()
    with Screen.of(settings, as_json=as_json) as screen:
        options = screen.options(handed_over(), if_due=if_due, force=force, dry_run=dry_run)
        try:
            with time_limit(settings.schedule.timeout_s, options.handover):
                result = pipeline.run(settings, open_store(settings), options)
        except ConfigError:
            raise
        except EtlError as exc:
            screen.show_failure(exc)
            raise SystemExit(1) from exc
        except Exception as exc:
            screen.show_failure(exc)
            raise
        screen.show(result)
    if if_due and result.run and result.past and tasks.due(result.past, result.run.slot):
        _have_tasks_done(options.handover)


def _have_tasks_done(handover: Handover) -> None:
    """Ask the worker to have the monthly tasks done; without one, start their process here.

    The run has succeeded, whatever happens to them.
    """
    if handover != BY_HAND:
        handover.note("tasks")
        return
    name = click.get_current_context().find_root().params.get("source")
    command = [sys.executable, str(PROGRAM), *(["--source", name] if name else []), "monthly-tasks"]
    try:
        subprocess.run(command, check=False)  # noqa: S603  our own program
    except OSError as exc:
        log.error("task.lost", error=f"no process could be started: {exc}")


@click.command()
def demo() -> None:
    """Run the whole job twice on made-up data: no account, no network.

    Serves samples/ on loopback and publishes to OUTPUT_DIR (out/ by default). The second run finds
    that nothing has changed.
    """
    from etl.cli.demo import demonstrate

    demonstrate(in_common())


@click.command()
@click.option(
    "--last", type=click.IntRange(1), default=30, show_default=True, help="How many runs to show."
)
@click.option("--changes", is_flag=True, help="Show what each published run changed.")
@JSON
def history(last: int, changes: bool, as_json: bool) -> None:
    """List the runs and their outcomes, newest last."""
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
@click.option("--slot", type=Date(), required=True)
@click.option("--started", type=MOMENT, required=True)
@click.option("--error", required=True)
def record_failure(slot: date, started: datetime, error: str) -> None:
    """Put on record a run that could not do so itself, and tell of it; called by the worker."""
    from etl.alerts.recorder import record_lost
    from etl.history import outcomes

    settings = in_force()
    began, now = started.replace(tzinfo=UTC), datetime.now(UTC)
    seconds = (now - began).total_seconds()
    lost = outcomes.lost(settings.source.data_set, slot, began, seconds, error)
    record_lost(settings, open_store(settings), handed_over(), lost, now)


@click.command("monthly-tasks", hidden=True)
def monthly_tasks() -> None:
    """Make last month's report and clear up, if that is due; called after a run of the worker."""
    from etl.cli.screen import Screen
    from etl.upkeep.monthly import do_due_tasks

    settings, now = in_force(), datetime.now(UTC)
    with Screen.of(settings, as_json=False) as screen:
        store = open_store(settings)
        if not do_due_tasks(settings, store, now, handed_over(), screen.step):
            raise SystemExit(1)


@click.command("tell-pending", hidden=True)
def tell_pending() -> None:
    """Send the alerts that wait; called by the worker."""
    from etl.alerts.teller import Teller

    settings = in_force()
    Teller(settings, open_store(settings), handed_over()).retry(datetime.now(UTC))
