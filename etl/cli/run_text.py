"""What is said of a run: a sentence on a terminal, fields in the log, the reason of a failure."""

from collections.abc import Iterator
from typing import Any

from etl.errors import SHOWN, DataRejected, SourceChanged, SourceUnavailable, listed, shortened
from etl.history.manifest import Manifest
from etl.history.run import Result
from etl.report.numbers import human
from etl.settings.groups import Settings
from etl.store.layout import home

LISTED = 20


def in_words(result: Result, settings: Settings) -> str:
    """Say what a person wants to know of a run, after the name of its outcome."""
    record, manifest = result.record, result.manifest
    if record is None or manifest is None:
        return {
            "not_due": "today's slot already has its run",
            "yielded": "to another worker, which published this slot's run first",
        }.get(result.outcome, "")
    parts = [
        f"{manifest.rows:,} rows{_more_rows(result)}",
        f"{record.series or 0:,} {settings.source.level}",
        f"data to {record.source_last}",
    ]
    if result.outcome == "unchanged":
        return f"{', '.join(parts)}: nothing new in {record.seconds:.1f} s"
    weight = human(sum(file.bytes for file in manifest.files))
    said = f"{', '.join(parts)}, {weight} in {record.seconds:.1f} s"
    return said if result.outcome == "would_publish" else f"{said}; {_where(settings)}"


def _more_rows(result: Result) -> str:
    """Return how many rows more or fewer than the version before, such as ` (+188)`."""
    before = result.run.before if result.run else None
    if before is None or result.manifest is None or before is result.manifest:
        return ""
    return f" ({result.manifest.rows - before.rows:+,})"


def _where(settings: Settings) -> str:
    if settings.store.bucket:
        shown = "page" in settings.table.outputs
        return f"in {settings.store.address}" + "; python app.py open shows the page" * shown
    return f"open {settings.store.output_dir / home(settings.table.outputs)}"


def summary(result: Result) -> dict[str, Any]:
    """List the figures of a run, the most interesting first."""
    record, manifest = result.record, result.manifest
    fields: dict[str, Any] = {}
    if record:
        fields |= {
            "run": record.published_run or record.run_id,
            "slot": record.slot,
            "rows": record.rows,
            "countries": record.series,
            "source_last": record.source_last,
            "seconds": round(record.seconds, 2),
        }
    if result.still:
        fields |= {
            "last_date_since": result.still.last_date_since,
            "bytes_since": result.still.bytes_since,
        }
    if record and manifest and result.outcome != "unchanged":
        fields |= {
            "files": len(manifest.files),
            "bytes": sum(file.bytes for file in manifest.files),
            "unmatched": unmatched(manifest),
        }
    return fields


def unmatched(manifest: Manifest) -> str:
    """List the names that could not be matched, for the log; the manifest has all of them."""
    found = manifest.checks.unmatched
    names = found["source_names"] + found["facts_names"]
    return listed(names, LISTED)


def why_failed(error: Exception, result: Result | None, settings: Settings) -> Iterator[str]:
    """Yield lines for a person: the reason, where the input is kept, and what to do.

    `result` is that of the failed run, if it came far enough to have one.
    """
    faults = error.faults if isinstance(error, SourceChanged | DataRejected) else [str(error)]
    yield from shortened(faults, SHOWN)
    for key in kept_inputs(result):
        yield f"the input is kept: {settings.store.address}/{key}"
    if isinstance(error, SourceUnavailable):
        yield "if it is only down for now, run again later; python app.py doctor tests the source"
    if isinstance(error, SourceChanged):
        yield "check the document and its address; a new form needs code: docs/adding-a-source.md"
    if isinstance(error, SourceChanged | DataRejected) and len(faults) > SHOWN:
        yield "python app.py validate FILE lists every fault of a file"
    if isinstance(error, DataRejected) and error.may_be_forced:
        yield "if the data is right after all, publish it: python app.py run --force"
    if result and result.run and result.run.before:
        yield f"the previous version, run {result.run.before.run_id}, stays in place"


def kept_inputs(result: Result | None) -> list[str]:
    """List the keys under which the inputs of a failed run are kept."""
    return [kept.key for kept in result.record.kept] if result and result.record else []
