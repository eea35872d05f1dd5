"""Read a datapackage.json with an independent library."""

import gc
import warnings
from pathlib import Path

import frictionless


def faults(package: Path | str) -> list[str]:
    """List what frictionless finds wrong: descriptor, bytes, digests, every cell of the tables."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # frictionless leaves a .gz open
        report = frictionless.validate(str(package))
        gc.collect()
    errors = [*report.errors, *(error for task in report.tasks for error in task.errors)]
    return [error.message for error in errors]
