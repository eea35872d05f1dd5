"""Print what became of an archive: lines, or JSON."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta

import pandas as pd

from etl.archive.backfill import Backfilled
from etl.archive.day_outcome import DayOutcome
from etl.archive.import_versions import ImportOutcome
from etl.archive.vintages import Written
from etl.cli.console import print_json
from etl.errors import escaped
from etl.history.record import Failure
from etl.history.run_id import RUN_ID
from etl.load.values import records
from etl.report.numbers import human, plural
from etl.settings.groups import Settings
from etl.store.layout import RAW, REVISIONS, VINTAGES

LISTED = 20
# what differs between messages that give the same reason: the worker, the run, the object in it
OF_A_WORKER = re.compile(r"\bworker [a-z]+://\S+: ")
OF_A_RUN = re.compile(RUN_ID.pattern + r"(/[^\s:;,']+)?")
OLD = "left by an interrupted run or import"


def print_imported(
    outcomes: Sequence[ImportOutcome], settings: Settings, *, as_json: bool, dry_run: bool = False
) -> bool:
    """Print how many versions are in the archive now, and return whether all are."""
    left_out = [one for one in outcomes if one.run_id is None]
    if as_json:
        print_json(outcomes)
        return not left_out
    new, guessed = [one for one in outcomes if one.new], [one for one in outcomes if one.guessed]
    same = len(outcomes) - len(new) - len(left_out)
    versions = plural(len(outcomes), "version")
    print(
        f"{settings.store.address}/raw: {versions} of {settings.source.data_set}: "
        f"{len(new)} new, {same} already there or the same as the previous one, "
        f"{len(left_out)} left out{' (a dry run: nothing was written)' if dry_run else ''}"
    )
    _print_slots([one for one in outcomes if one.run_id], every=dry_run)
    if new and not dry_run:
        print(f"  from {new[0].moment:%Y-%m-%d} to {new[-1].moment:%Y-%m-%d}")
        days = timedelta(days=settings.store.retention_days)
        print(f"  kept for {days.days} days from now on (RETENTION_DAYS)")
        print("  next: python app.py backfill makes their runs")
    if guessed:
        print(f"  dated by the file's own time, since its name has no date: {len(guessed)}")
        _few(f"{one.origin}: {one.moment:%Y-%m-%d %H:%M} UTC" for one in guessed)
    if left_out:
        print("  left out:")
        _few(f"{one.origin}: {one.why}" for one in left_out)
    return not left_out


def _print_slots(taken: Sequence[ImportOutcome], *, every: bool) -> None:
    """Print the slot that each version falls into, and what becomes of it."""
    if not taken:
        return
    slots = Counter(slot for slot, _ in {(one.slot, one.run_id) for one in taken})
    several = sum(count > 1 for count in slots.values())
    has = "has several, and its" if several == 1 else "have several, and the"
    more = f"; {several} of them {has} last one counts" if several else ""
    print(f"  in {len(slots)} slots{more}:")
    _few(
        (
            f"{one.slot}  {one.origin} of {one.moment:%Y-%m-%d %H:%M} UTC: "
            f"{'new' if one.new else f'the same as {one.run_id}'}"
            for one in taken
        ),
        len(taken) if every else LISTED,
    )


def print_forgotten(run_id: str, *, as_json: bool) -> None:
    """Print which imported snapshot was removed."""
    if as_json:
        print_json({"forgotten": run_id})
    else:
        print(f"raw/{run_id} is removed; runs made from it stay until prune removes them")


def print_backfilled(
    done: Backfilled, published: str | None, settings: Settings, *, as_json: bool
) -> bool:
    """Print how many runs were made and what failed, and return whether nothing failed."""
    failed = [(day, day.failure) for day in done.days if day.failure]
    whole = all(day.run_id for day in done.days)
    if as_json:
        print_json({"days": done.days, "unfinished": done.unfinished, "published": published})
        return whole
    count = Counter(day.outcome for day in done.days)
    made = sum(day.bytes or 0 for day in done.days)
    size = f" ({human(made)})" if made else ""
    snapshots = plural(len(done.days), "snapshot")
    print(
        f"{settings.store.address}/runs: {snapshots}: {count['made']} made{size}, "
        f"{count['there']} already there, {count['failed']} failed"
    )
    if later := count["unknown"] + count["waiting"]:
        after = f", and {count['waiting']} come after one of those" if count["waiting"] else ""
        unknown = f"{count['unknown']} could not be processed"
        print(f"  {later} left for the next backfill: {unknown}{after}")
    _print_failures(failed)
    if warned := [day for day in done.days if day.warnings]:
        print(f"  with warnings, recorded in the manifest: {len(warned)}")
    if done.unfinished:
        print(f"  skipped, {OLD}: {', '.join(f'{RAW}{run}' for run in done.unfinished)}")
    if published:
        print(f"  published: run {published}")
    elif any(day.run_id for day in done.days):
        print("  the published version is unchanged (--publish publishes the newest of these)")
    return whole


def _print_failures(failed: Sequence[tuple[DayOutcome, Failure]]) -> None:
    """Print each failure or, if they are many, how many failed for each reason."""
    if len(failed) <= LISTED:
        for day, failure in failed:
            print(f"  {day.slot}  {day.snapshot}  {escaped(f'{failure.kind}: {failure.message}')}")
        return
    reasons: dict[str, list[tuple[DayOutcome, Failure]]] = {}
    for day, failure in failed:
        why = f"{failure.kind}: {OF_A_RUN.sub('RUN', OF_A_WORKER.sub('', failure.message))}"
        reasons.setdefault(why, []).append((day, failure))
    for why, days in sorted(reasons.items(), key=lambda found: -len(found[1]))[:LISTED]:
        first, failure = days[0]
        worker = OF_A_WORKER.match(failure.message)
        where = f" on {worker[0].removesuffix(': ')}" if worker else ""
        print(f"  {len(days):5,}  {escaped(why, 300)}; first {first.snapshot}{where}")
    if len(reasons) > LISTED:
        print(f"  and {len(reasons) - LISTED} other reasons")
    print("  --json lists each snapshot")


def print_vintages(
    written: Written, table: pd.DataFrame, settings: Settings, *, as_json: bool
) -> None:
    """Print what is in the data set now, and the series that were restated most."""
    if as_json:
        print_json(
            {
                "slots": written.slots,
                "new": written.new,
                "missing": written.missing,
                "revisions": records(table),
            }
        )
        return
    where = settings.store.address
    snapshots = plural(len(written.slots), "snapshot")
    print(
        f"{where}/{VINTAGES}: {snapshots}, {len(written.new)} of them new, "
        f"from {written.slots[0]} to {written.slots[-1]}"
    )
    cells, restated = int(table["cells_compared"].sum()), int(table["cells_restated"].sum())
    share = restated / cells if cells else 0
    print(f"{where}/{REVISIONS}: {restated:,} of {cells:,} cells were restated ({share:.2%})")
    for row in records(table[table["cells_restated"] > 0].head(LISTED)):
        name = escaped(str(row[table.columns[1]]))
        print(f"  {name:30} {row['cells_restated']:>9,}  last on {row['last_revised']}")
    if written.missing:
        print(f"  missing: {len(written.missing)}; python app.py backfill makes them")
        _few(f"{slot}: {why}" for slot, why in written.missing.items())


def _few(lines: Iterable[str], at_most: int = LISTED) -> None:
    all_lines = list(lines)
    for line in all_lines[:at_most]:
        print(f"    {escaped(line)}")
    if len(all_lines) > at_most:
        print(f"    and {len(all_lines) - at_most} more; --json has all")
