"""Write docs/data-dictionary.md from the register of columns: `make docs`."""

from collections.abc import Iterable
from pathlib import Path

from etl.transform import columns
from etl.transform.columns import Field

PAGE = Path(__file__).resolve().parents[2] / "docs" / "data-dictionary.md"
HEAD = """\
# The data dictionary

Made from `etl/transform/columns.py` by `make docs`, as is `datapackage.json` in the folder:
change it there.
"""
TABLE_TEXT = """\
## The tidy table

`timeseries.parquet` and `timeseries.csv.gz` have one row a country and day, by `country_key` and
`date`; `latest.csv` and `latest.json` have the last row of each country, with `active` too.
With `LEVEL=regions` a row is a region's and the table begins `region_key, region`, with
`LEVEL=places` a place's and it begins `place_key, place`.

Missing is an empty cell in CSV and null elsewhere. In Parquet text is a dictionary, an integer is
64 bits wide and may be null, a number is a double and a date a timestamp. `KEEP` leaves columns
out: see [data.md](data.md).
"""
REPORT_TEXT = """\
## The monthly report

`reports/2021-01/final_report.csv`: one row a country (region, place); of regions and places
without `cases_per_100k` and `population`. What counts as "of the month" is explained in
[reports.md](reports.md).
"""
SNAPSHOTS_TEXT = """\
## The month in one file

`reports/2021-01/snapshots.csv.gz`: of each snapshot of the month the last row a country (region,
place), with the date the snapshot was taken. `new_*` is recomputed, as in the tidy table.
"""


def table(listed: Iterable[Field]) -> str:
    lines = [f"| `{f.name}` | {f.type} | {f.unit} | {f.meaning} |" for f in listed]
    return "\n".join(["| column | type | unit | meaning |", "|---|---|---|---|", *lines, ""])


def page() -> str:
    names = columns.NAMES.values()
    tidy, report = ([*names, *more] for more in (columns.LATEST_FIGURES, columns.REPORT_FIGURES))
    taken = [*columns.TAKEN, *names, *columns.snapshot_fields()[len(columns.TAKEN) + 2 :]]
    parts = [TABLE_TEXT, table(tidy), REPORT_TEXT, table(report), SNAPSHOTS_TEXT, table(taken)]
    return "\n".join([HEAD, *parts])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
