"""The commands; the only place that builds clients and catches errors."""

import os
import signal
import sys
import threading
from datetime import UTC, datetime
from functools import partial
from types import FrameType
from typing import NoReturn

# Arrow's own allocator keeps some 30 MB more than the system's for frames of this size; it is read
# once, when pyarrow is imported
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

import click

from config import Settings, load_settings
from etl import log
from etl.errors import ConfigError, EtlError
from etl.stores import Store

STOPS = (signal.SIGTERM, signal.SIGINT)
STOP_GRACE_S = 3.0  # for threads in mid-upload; a run may end anywhere without harm


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
    epilog="Without a command `python app.py` is the worker: one run a day, for ever. "
    "Settings come from the environment and from .env; .env.example lists them all.",
)
def cli() -> None:
    """Somebody else's data every day, tidy, in your own S3 folder."""


@cli.command()
@click.option("--if-due", is_flag=True, help="Only if today's slot has no successful run yet.")
@click.option(
    "--force", is_flag=True, help="Publish in spite of refusals, and though nothing changed."
)
@click.option("--dry-run", is_flag=True, help="Fetch, check and say what would be done; no writes.")
@click.option("--json", "as_json", is_flag=True, help="Print the run's record as JSON.")
def run(if_due: bool, force: bool, dry_run: bool, as_json: bool) -> None:
    """Make one run: fetch, tidy, check, publish.

    \b
    python app.py run              now, whatever the hour
    python app.py run --dry-run    see what it would publish, or refuse
    """
    from etl import pipeline
    from etl.context import Options
    from etl.screen import Screen

    settings = _settings()
    with Screen.of(settings, as_json=as_json) as screen:
        options = Options(
            if_due=if_due, force=force, dry_run=dry_run, step=screen.step, advance=screen.advance
        )
        result = pipeline.run(settings, open_store(settings), options)
        screen.show(result)


@cli.command()
def demo() -> None:
    """The whole job twice on made-up data: no account, no network.

    Serves samples/ on loopback, publishes into OUTPUT_DIR (out/ by default), and finds on the
    second run that nothing has changed.
    """
    from etl.demo import demonstrate

    demonstrate(_settings())


@cli.command()
@click.option("--last", type=click.IntRange(1), default=30, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print the records as JSON.")
def history(last: int, as_json: bool) -> None:
    """What happened, run by run, newest last."""
    from etl import history as histories
    from etl.screen import print_history

    settings = _settings()
    past, _ = histories.read(open_store(settings))
    print_history(past.records[-last:], as_json=as_json, where=settings.store_address)


@cli.command()
@click.option("--heal", is_flag=True, help="Mend what can be mended.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(heal: bool, as_json: bool) -> None:
    """Verify what is published: every digest against the bytes.

    Says what is damaged, missing or left over, and what to do; exit status 1 if anything failed.
    """
    from etl import doctor as doctors
    from etl.screen import print_findings

    store = open_store(_settings())
    mended = list(doctors.heal(store)) if heal else []
    findings = [*mended, *doctors.examine(store)]
    print_findings(findings, as_json=as_json)
    if any(finding.level == "failed" for finding in findings):
        raise SystemExit(1)


@cli.command("record-failure", hidden=True)
@click.option("--slot", type=click.DateTime(["%Y-%m-%d"]), required=True)
@click.option("--started", type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]), required=True)
@click.option("--error", required=True)
def record_failure(slot: datetime, started: datetime, error: str) -> None:
    """Put on record a run that could not do so itself; called by the worker."""
    from etl import journal, records

    settings = _settings()
    began, now = started.replace(tzinfo=UTC), datetime.now(UTC)
    seconds = (now - began).total_seconds()
    record = records.lost(settings.data_set, slot.date(), began, seconds, error)
    journal.tell(open_store(settings), record, settings.stale_after_days)


def open_store(settings: Settings) -> Store:
    """The bucket, or the folder that takes its place. Raises StoreError."""
    if settings.s3_bucket:
        from etl.stores.s3 import S3Store

        return S3Store.connect(settings.s3_bucket, settings.s3_folder)
    from etl.stores.directory import DirectoryStore

    return DirectoryStore(settings.output_dir)


def _settings() -> Settings:
    settings = load_settings()
    log.set_up(settings.log_level)
    return settings


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    """End at once: what is half done has not been published, and what is published is whole."""
    for again in STOPS:  # it may well come twice, from the platform and from the worker
        signal.signal(again, signal.SIG_IGN)
    status = 128 + number
    killer = threading.Timer(STOP_GRACE_S, partial(os._exit, status))
    killer.daemon = True
    killer.start()
    log.warning("run.stopped", signal=signal.Signals(number).name)
    raise SystemExit(status)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; the exit status: 0 done, 1 an error, 2 wrong usage or settings."""
    for number in STOPS:
        signal.signal(number, _stop)
    log.set_up("INFO")
    try:
        cli.main(arguments, prog_name="python app.py", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has gone; at the end Python would try again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except ConfigError as exc:
        for fault in exc.faults:
            log.error("settings.wrong", error=fault)
        return 2
    except EtlError as exc:
        log.error("run.failed", kind=type(exc).__name__, error=exc)
        return 1
    except Exception as exc:  # a defect of ours: one line in the log, with the way to it
        log.error("run.crashed", exc=exc, kind=type(exc).__name__, error=exc)
        return 1
    return 0
