"""Write docs/data-dictionary.md from the register of columns: `make docs`."""

from collections.abc import Iterable
from pathlib import Path

from etl.transform import columns, report_columns, revision_columns
from etl.transform.columns import Field

PAGE = Path(__file__).resolve().parents[2] / "docs" / "data-dictionary.md"
HEAD = """\
# The data dictionary

`make docs` generates this page from `etl/transform/columns.py`, the source of `datapackage.json`
too: change texts there.
"""
TABLE_TEXT = """\
## The tidy table

`timeseries.parquet` and `timeseries.csv.gz` have one row per country and day, sorted by
`country_key` and `date`. `latest.csv` and `latest.json` have the last row of each country, and the
column `active`. With `LEVEL=regions` there is one row per region and day, and the table begins with
`region_key, region`; with `LEVEL=places` one row per place and day, and it begins with
`place_key, place`.

A missing value is an empty cell in CSV and null elsewhere. In Parquet, in `timeseries.parquet` and
`vintages/` alike, text is `string`, integers are `int64`, numbers `double` and dates `date32`; each
column has its unit and description. `KEEP` can leave columns out: see [data.md](data.md).
"""
REPORT_TEXT = """\
## The monthly report

`reports/2021-01/final_report.csv` has one row per country (region, place). For regions and places
it lacks `cases_per_100k` and `population`. [reports.md](reports.md) explains which days count as
"of the month".
"""
SNAPSHOTS_TEXT = """\
## The month in one file

`reports/2021-01/snapshots.csv.gz` has, for each snapshot of the month, the last row of every
country (region, place) and the date when the snapshot was taken. `new_*` is recomputed, as in the
tidy table.
"""

REVISIONS_TEXT = """\
## Revisions

`revisions.csv`: one row per country (region, place), the most restated first. `python app.py
vintages` writes it together with `vintages/`, whose columns are those of the tidy table: the
names, `iso3`, `date`, `new_*` and `cumulative_*`; and `snapshot`, the day on which the counts were
published.
"""


def table(listed: Iterable[Field]) -> str:
    lines = [f"| `{f.name}` | {f.type} | {f.unit} | {f.meaning} |" for f in listed]
    return "\n".join(["| column | type | unit | meaning |", "|---|---|---|---|", *lines, ""])


def page() -> str:
    names = columns.NAMES.values()
    tidy, report = (
        [*names, *more] for more in (columns.LATEST_FIGURES, report_columns.REPORT_FIGURES)
    )
    taken = [
        *report_columns.TAKEN,
        *names,
        *report_columns.snapshot_fields()[len(report_columns.TAKEN) + 2 :],
    ]
    revised = [*names, *revision_columns.FIGURES]
    parts = [TABLE_TEXT, table(tidy), REPORT_TEXT, table(report), SNAPSHOTS_TEXT, table(taken)]
    parts += [REVISIONS_TEXT, table(revised)]
    return "\n".join([HEAD, *parts])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
