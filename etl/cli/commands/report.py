"""The monthly reports."""

from functools import partial

import click

from etl.cli.options import JSON, in_force, open_store
from etl.errors import EtlError


@click.command()
@click.argument("month", required=False, help="Such as 2021-01.")
@click.option("--all", "every", is_flag=True, help="Every month that has snapshots.")
@JSON
def report(month: str | None, every: bool, as_json: bool) -> None:
    """Make the report of a month from its snapshots in raw/: CSV, HTML, charts.

    \b
    python app.py report 2021-01    writes reports/2021-01/ and reports/index.html
    python app.py report --all      every month that has snapshots

    With --all, if a month fails, it is listed and the others continue; the exit status is then 1.
    """
    from etl.cli.print_reports import print_reports
    from etl.cli.screen import Screen
    from etl.history import history as histories
    from etl.load.month import Month
    from etl.report.monthly import make

    if every == (month is not None):
        raise click.UsageError("name a month, such as 2021-01, or use --all")
    try:
        wanted = [Month.parse(month)] if month else []
    except ValueError as exc:
        raise click.BadParameter(f"expected {exc}, got {month!r}", param_hint="MONTH") from exc
    settings = in_force()
    store = open_store(settings)
    past, _ = histories.read(store)
    limit, facts_url = settings.source.max_bytes, settings.source.facts_url
    report_of = partial(make.make_report, store, past, max_bytes=limit, facts_url=facts_url)
    made, failed = [], {}
    with Screen.of(settings, as_json=as_json) as screen:
        for one in wanted or make.months_with_snapshots(store, past):
            screen.step(f"report {one}")
            try:
                made.append(report_of(one, advance=screen.advance))
            except EtlError as exc:
                if not every:
                    raise
                failed[str(one)] = str(exc)
    print_reports(made, failed, as_json=as_json, where=settings.store.address)
    if failed:
        raise SystemExit(1)
