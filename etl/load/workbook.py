"""latest.xlsx: a row per country, typed, so that a spreadsheet in any language opens it.

XlsxWriter is imported only here. It needs no other package, and takes 0.1 s for 213 countries.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from etl.load.values import records
from etl.store.layout import LATEST_XLSX

MADE = datetime(2020, 1, 1, tzinfo=UTC)  # in place of the clock: the same rows, the same bytes
# text stays text: nothing becomes a formula, a link or a number
TEXT_STAYS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
WIDTH, WIDE = 12, 24


def write_latest_workbook(folder: Path, latest: pd.DataFrame, about: dict[str, str]) -> int:
    """Write latest.xlsx: a sheet of the table, and one with `about`. Return the number of rows."""
    path = str(folder / LATEST_XLSX)
    options = {"constant_memory": True, "tmpdir": str(folder), **TEXT_STAYS}
    with xlsxwriter.Workbook(path, options) as workbook:
        workbook.set_properties({"title": about.get("source", ""), "created": MADE})
        day = workbook.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        sheet, dates = workbook.add_worksheet("latest"), _days(latest)
        names = [str(name) for name in latest.columns]
        sheet.freeze_panes(1, 2)
        sheet.set_column(0, len(names) - 1, WIDTH)
        sheet.set_column(0, 1, WIDE)
        sheet.write_row(0, 0, names)
        for at, row in enumerate(records(latest), 1):
            for column, name in enumerate(names):
                _write(sheet, at, column, row[name], day if name in dates else None)
        sheet.autofilter(0, 0, len(latest), len(names) - 1)
        notes = workbook.add_worksheet("about")
        for at, (name, value) in enumerate(about.items()):
            notes.write_string(at, 0, name)
            notes.write_string(at, 1, str(value))
    return len(latest)


def _write(sheet: Any, row: int, column: int, value: Any, day: Any) -> None:
    if value is None or value != value:  # NaN
        return
    if day is not None:
        sheet.write_datetime(row, column, date.fromisoformat(value), day)
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, str):
        sheet.write_string(row, column, value)
    else:
        sheet.write_number(row, column, value)


def _days(table: pd.DataFrame) -> Sequence[str]:
    return [str(name) for name in table.columns if table[name].dtype.kind == "M"]
