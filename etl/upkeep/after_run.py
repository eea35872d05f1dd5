"""The worker's monthly tasks after a run: last month's report, and a clean-up."""

from dataclasses import replace

from etl.history.run import Result
from etl.report.monthly.due import make_due
from etl.upkeep.prune import clear_due

TASKS = (make_due, clear_due)


def after_run(result: Result) -> Result:
    """Do the tasks that are due after a recorded run of the worker. Return the updated result.

    A task that fails is noted in the log and the record, and the run remains a success.
    """
    run, past, record = result.run, result.past, result.record
    if run is None or past is None or record is None or not run.options.if_due:
        return result
    for task in TASKS:
        record = task(run, past, record)
    return replace(result, record=record)
