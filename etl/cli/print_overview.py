"""Print the state of a folder in five lines, or as JSON."""

from datetime import UTC, datetime, tzinfo

from etl.cli.console import OUTCOMES, print_json
from etl.errors import one_line
from etl.upkeep.overview import Overview


def print_overview(seen: Overview, timezone: tzinfo, *, as_json: bool) -> None:
    """Print what is published, the last check, the next run, the source and the folder."""
    if as_json:
        print_json(seen)
        return
    from rich.console import Console
    from rich.text import Text

    colour = "red" if seen.overdue else OUTCOMES.get(seen.outcome or "", "red")
    lines = {
        "published": Text(_published(seen)),
        "last check": Text(_last_check(seen), style=colour),
        "next run": Text(f"{seen.next_run.astimezone(timezone):%Y-%m-%d %H:%M} ({timezone})"),
        "source": Text(_source(seen), style="yellow" if seen.stale else ""),
        "folder": Text(seen.where),
    }
    console = Console(highlight=False, soft_wrap=True)
    for name, line in lines.items():
        console.print(Text(f"{name:12}", style="bold"), line, sep="")


def _published(seen: Overview) -> str:
    if seen.published_run is None:
        return "nothing yet; python app.py run publishes the first version"
    rows = f": {seen.rows:,} rows, {seen.series:,} series" if seen.rows and seen.series else ""
    return f"run {seen.published_run}{rows}"


def _last_check(seen: Overview) -> str:
    if seen.checked_at is None:
        return "none"
    said = f"{_minute(seen.checked_at)}: {seen.outcome}"
    if seen.failure:
        said += f" ({one_line(seen.failure)})"
    return said + ("; today's run is overdue: is the worker running?" if seen.overdue else "")


def _source(seen: Overview) -> str:
    if seen.source_last is None:
        return "not read yet"
    stale = "stale, " if seen.stale else ""
    said = f"data to {seen.source_last} ({stale}{seen.days_behind:,} days ago)"
    return said + (f"; unchanged since {seen.unchanged_since}" if seen.unchanged_since else "")


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
