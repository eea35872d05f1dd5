"""What the worker does once a month, after a run: last month's report, and a clean-up."""

from dataclasses import replace

from etl.history.run import Result
from etl.report.monthly.due import make_due
from etl.upkeep.prune import clear_due

TASKS = (make_due, clear_due)


def after_run(result: Result) -> Result:
    """Do what is due after a run of the worker's that was put on record; what it ended as then.

    A task that fails says so in log and record, and leaves the run a success.
    """
    run, past, record = result.run, result.past, result.record
    if run is None or past is None or record is None or not run.options.if_due:
        return result
    for task in TASKS:
        record = task(run, past, record)
    return replace(result, record=record)
