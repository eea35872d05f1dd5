"""Make the report of the previous month in the first run of a month."""

import msgspec

from etl import log
from etl.alerts import rules
from etl.alerts.teller import Teller
from etl.errors import EtlError
from etl.history import append
from etl.history.history import History
from etl.history.record import Record
from etl.history.run import Run
from etl.load import snapshots
from etl.load.month import Month
from etl.store.layout import report_key


def make_due(run: Run, past: History, record: Record) -> Record:
    """Make last month's report, unless it was made already or that month has no snapshots.

    `record` is already in the history, and an error here does not turn the run into a failure: it
    is logged and added to the record's warnings, and the next run tries again. A new report is
    announced to the subscribers. Returns the updated record.
    """
    month = Month.of(run.slot).before
    made = any(known.report == str(month) for known in past.records)
    if made or month not in snapshots.months(past):
        return record
    try:
        from etl.report.monthly import make  # Bokeh and pandas, once a month

        run.options.step(f"report {month}")
        max_bytes = run.settings.source.max_bytes
        make.make_report(run.store, past, month, max_bytes=max_bytes, advance=run.options.advance)
        noted = msgspec.structs.replace(record, report=str(month))
        log.info("report.written", month=month)
    except Exception as exc:
        log.error(
            "report.failed", exc=None if isinstance(exc, EtlError) else exc, month=month, error=exc
        )
        warning = f"the report of {month} could not be made: {exc}"
        noted = msgspec.structs.replace(record, warnings=[*record.warnings, warning])
    try:
        append.replace(run.store, noted, run.settings.table.stale_after_days)
    except EtlError as exc:
        log.error("history.not_written", error=exc)
    if noted.report:
        teller = Teller(run.settings, run.store, run.options.handover)
        teller.tell(rules.report_ready(noted.report, report_key(noted.report), run.now), run.now)
    return noted
