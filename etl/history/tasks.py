"""The worker's monthly tasks: which are due, and how often each was tried. Pure.

An attempt is noted in the history before it begins. So a task that ends its process is not tried
for ever.
"""

from datetime import date, timedelta

from etl.history.history import History
from etl.history.record import SUCCESS, Record

MOST_ATTEMPTS = 3  # at each task, one after each slot's run
REPORT, CLEAN_UP = "report", "clean-up"


def due(past: History, slot: date) -> list[str]:
    """List the tasks to do after the run of `slot`, such as `report 2021-01`; least tried first."""
    waiting = [task for task in _undone(past, slot) if attempts(past, task) < MOST_ATTEMPTS]
    return sorted(waiting, key=lambda task: attempts(past, task))


def given_up(past: History, slot: date) -> list[str]:
    """List the tasks that failed MOST_ATTEMPTS times."""
    return [task for task in _undone(past, slot) if attempts(past, task) >= MOST_ATTEMPTS]


def attempts(past: History, task: str) -> int:
    """Count how often a task was begun."""
    return sum(record.tasks_tried.count(task) for record in past.records)


def latest_success(past: History) -> Record | None:
    """Return the newest record of a run that succeeded: it notes the attempts."""
    return next((r for r in reversed(past.records) if r.outcome in SUCCESS), None)


def _undone(past: History, slot: date) -> list[str]:
    """List the tasks of the slot's month that are not done.

    A report is made of the month before, if a run succeeded in it.
    """
    before = slot.replace(day=1) - timedelta(days=1)
    made = {(r.slot.year, r.slot.month) for r in past.records if r.outcome in SUCCESS}
    tasks = [f"{CLEAN_UP} {slot:%Y-%m}"]
    if (before.year, before.month) in made:
        tasks.insert(0, f"{REPORT} {before:%Y-%m}")
    done = {task for record in past.records for task in record.tasks_done}
    done |= {f"{REPORT} {record.report}" for record in past.records if record.report}
    return [task for task in tasks if task not in done]
