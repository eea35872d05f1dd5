"""Aggregate a month's snapshots to the figures of its report. Pure.

The month is counted up to the last day that its last snapshot has: one taken on the morning of the
31st ends on the 30th. The month before is then counted up to its 30th, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from etl.extract import levels
from etl.extract.sources.table import starts
from etl.load.month import Month
from etl.load.values import to_list
from etl.report.monthly.restated import COUNTS, MEASURES, RESTATED, restatements
from etl.transform.derive import case_fatality
from etl.transform.report_columns import report_fields
from etl.transform.silence import add_unreported, last_known, unreported

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Part:
    """A snapshot, reduced to the rows a report needs; `last_date` is of the whole snapshot.

    `last`: the last row of each series, as `last_rows` returns it.
    """

    run_id: str
    slot: date
    last_date: date
    rows: pd.DataFrame
    last: pd.DataFrame


@dataclass(frozen=True)
class Figures:
    """The figures of a month's report.

    `until`: the last day of the month that is counted, None if there is none; `before_until`: the
    same for the month before. `series`: a row per country, region or place (see `level`), the
    columns of `report_fields`, most new cases first. `total`: their sums; None where none is
    known. `snapshots`: a row per snapshot, with what it restated. `daily`: the 7-day averages of
    all series together. `gone`: the keys of series that the last snapshot no longer has.
    """

    month: Month
    until: date | None
    before_until: date | None
    series: pd.DataFrame
    total: dict[str, int | None]
    snapshots: pd.DataFrame
    daily: pd.DataFrame
    gone: list[str]
    level: str = "countries"


def reduced(rows: pd.DataFrame, month: Month) -> pd.DataFrame:
    """Keep the days of a month and of the one before, and each series' last row before them.

    Of the columns the key, `date` and COUNTS are kept. `reported_cases` and `reported_deaths` are
    added if some count was not reported: the last day up to the row's on which one was (see
    `silence`). The result is a copy, so that `rows` can be freed.
    """
    key = levels.key(rows)
    days, codes = rows["date"].to_numpy(), rows[key].cat.codes.to_numpy()
    earlier = days < np.datetime64(month.before.first)
    followed = np.r_[(codes[1:] == codes[:-1]) & earlier[1:], False][: len(codes)]
    kept = (days <= np.datetime64(month.last)) & ~(earlier & followed)
    few: pd.DataFrame = rows.loc[kept, [key, "date", *COUNTS]].reset_index(drop=True)
    marked, first = add_unreported(rows), starts(rows)
    for measure, count in zip(MEASURES, COUNTS, strict=True):
        reported = rows[count].notna().to_numpy() & ~unreported(marked, measure)
        if not reported.all():
            at = np.where(reported, np.arange(len(rows)), last_known(reported, first))[kept]
            few[f"reported_{measure}"] = np.where(at < 0, np.datetime64("NaT"), days[at])
    return few


def aggregate(parts: Sequence[Part], listed: pd.DataFrame, month: Month) -> Figures:
    """Aggregate a month's snapshots, oldest first and at least one.

    `listed`: the last snapshot's entities as `etl.transform.merge.attach` returns them.
    """
    last = parts[-1].rows
    inside = last.loc[last["date"] >= np.datetime64(month.first), "date"]
    until = inside.max().date() if len(inside) else None
    cut = _same_day(month, until) if until else None
    changed = restatements([(part.run_id, part.rows) for part in parts], month)
    key, level = levels.key(listed), levels.level(listed)
    series = _series(last, listed.set_index(key, drop=False), month, cut)
    by_series = changed.groupby(key)[RESTATED].sum()
    series = series.join(by_series.reindex(series.index).fillna(0).astype("Int64"))
    ranked = series.reset_index(drop=True).sort_values(
        ["new_cases", key], ascending=[False, True], na_position="last"
    )
    ranked = ranked[[field.name for field in report_fields(level)]].reset_index(drop=True)
    summed = [f"new_{measure}{which}" for which in ("", "_before") for measure in MEASURES]
    gone = set().union(*(part.rows[key].cat.categories for part in parts)) - set(listed[key])
    return Figures(
        month=month,
        until=until,
        before_until=cut,
        series=ranked,
        total=dict(zip(summed, to_list(ranked[summed].sum(min_count=1)), strict=True)),
        snapshots=_snapshots(parts, changed),
        daily=_daily(last, month, until) if until else pd.DataFrame(),
        gone=sorted(gone),
        level=level,
    )


def _same_day(month: Month, until: date) -> date:
    """Return the day up to which the month before is counted."""
    last = month.before.last
    return last if until == month.last else last.replace(day=min(until.day, last.day))


def _series(
    last: pd.DataFrame, listed: pd.DataFrame, month: Month, cut: date | None
) -> pd.DataFrame:
    keys, before = listed.index, month.before
    held = _up_to(last, month.last, keys)
    has_month = held["date"] >= np.datetime64(month.first)
    base = _up_to(last, before.last, keys)
    ends = _up_to(last, cut or before.last, keys)
    had = (ends["date"] >= np.datetime64(before.first)) & (cut is not None)
    start = _up_to(last, before.first - ONE_DAY, keys)
    names = levels.names(levels.level(listed))
    table = listed[[*names, "iso3", "population"]].assign(
        last_date=held["date"].where(has_month),
        **{count: held[count] for count in COUNTS},
    )
    for measure, count in zip(MEASURES, COUNTS, strict=True):
        day = f"reported_{measure}" if f"reported_{measure}" in held else "date"
        reported = has_month & (held[day] >= np.datetime64(month.first))
        reported_before = had & (ends[day] >= np.datetime64(before.first))
        new = (held[count] - base[count].fillna(0)).where(reported)
        new_before = (ends[count] - start[count].fillna(0)).where(reported_before)
        change = new - new_before
        share = _number(change) / _number(new_before.where(new_before > 0)) * 100
        table = table.assign(
            **{
                f"new_{measure}": new,
                f"new_{measure}_before": new_before,
                f"{measure}_change": change,
                f"{measure}_change_pct": share.round(2),
            }
        )
    people = _number(table["population"].where(table["population"] > 0))
    table["cases_per_100k"] = (_number(table["new_cases"]) / people * 100_000).round(4)
    counted = table.dropna(subset=COUNTS)
    fatality = pd.Series(case_fatality(counted), counted.index)
    return table.assign(case_fatality=fatality.reindex(keys))


def _number(column: "pd.Series[int]") -> "pd.Series[float]":
    return column.astype("Float64").astype("float64")


def _up_to(rows: pd.DataFrame, day: date, keys: pd.Index) -> pd.DataFrame:
    """Return each series' last row on or before a day: `date`, COUNTS (Int64), `reported_*`."""
    known = rows[(rows["date"] <= np.datetime64(day)).to_numpy()]
    key = levels.key(known)
    last = known.groupby(key, observed=True)[list(known.columns.drop(key))].last().reindex(keys)
    return last.astype(dict.fromkeys(COUNTS, "Int64"))


def _snapshots(parts: Sequence[Part], changed: pd.DataFrame) -> pd.DataFrame:
    by_run = changed.groupby("snapshot")[RESTATED].sum()
    table = pd.DataFrame(
        {
            "run_id": [part.run_id for part in parts],
            "slot": [part.slot for part in parts],
            "last_date": [part.last_date for part in parts],
        }
    )
    counts = by_run.reindex(table["run_id"]).fillna(0).astype(np.int64)
    return table.join(counts.reset_index(drop=True))


def _daily(last: pd.DataFrame, month: Month, until: date) -> pd.DataFrame:
    """Return `date, cases_7d_avg, deaths_7d_avg` of all series, from the 7th of the month before.

    For a day that a series lacks, its last known value is used.
    """
    eve = np.datetime64(month.before.first - ONE_DAY, "s")
    days = pd.date_range(eve, until, unit="s")
    dates = np.maximum(last["date"].to_numpy(), eve)
    averages = {}
    for measure, count in zip(MEASURES, COUNTS, strict=True):
        wide = last.assign(date=dates).pivot(index="date", columns=levels.key(last), values=count)
        total = wide.reindex(days).ffill().fillna(0).sum(axis=1)
        averages[f"{measure}_7d_avg"] = (total.diff(7) / 7).round(4)
    return pd.DataFrame(averages).dropna().rename_axis(index="date").reset_index()
