"""Make runs of archived snapshots: what the commands `backfill` and `rebuild` share."""

from datetime import UTC, datetime

from etl.archive import backfill as filling
from etl.archive.backfill import Span
from etl.archive.cluster import open_engine
from etl.archive.engine import Progress
from etl.cli.options import in_force, open_store
from etl.cli.print_archive import print_backfilled
from etl.cli.screen import Screen
from etl.errors import EtlError


def fill(span: Span, cluster: tuple[str | None, int | None], publish: bool, as_json: bool) -> None:
    """Make the runs, publish the newest if asked to, and print what became of each snapshot."""
    settings = in_force()
    store, now = open_store(settings), datetime.now(UTC)
    with Screen.of(settings, as_json=as_json) as screen, open_engine(*cluster) as engine:
        progress = Progress(screen.stage, screen.advance, screen.failed)
        done = filling.backfill(settings, store, engine, span, now, progress)
    failure, published = None, None
    try:
        published = filling.publish(settings, store, done, now) if publish else None
    except EtlError as exc:
        failure = exc
    whole = print_backfilled(done, published, settings, as_json=as_json)
    if failure:
        raise failure
    if not whole:
        raise SystemExit(1)
