"""countries/ESP.csv and so on: the rows of one country each, for spreadsheets and R."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from etl.extract import levels
from etl.load.table import to_csv_table
from etl.load.values import spans


class CountryTables:
    """Writes a CSV file for each country, beside its JSON file. `countries` has keys and `file`."""

    def __init__(self, folder: Path, countries: pd.DataFrame) -> None:
        self._folder = folder
        pairs = zip(countries[levels.key(countries)], countries["file"], strict=True)
        self._names = {key: f"{name.removesuffix('.json')}.csv" for key, name in pairs}
        (folder / levels.level(countries)).mkdir(exist_ok=True)

    def add(self, group: pd.DataFrame) -> dict[str, int]:
        """Write the countries of a tidy table. Return the number of rows by file name."""
        table = to_csv_table(pa.Table.from_pandas(group, preserve_index=False, nthreads=1))
        written = {}
        for key, begin, end in spans(group):
            written[self._names[key]] = end - begin
            pa.csv.write_csv(table.slice(begin, end - begin), self._folder / self._names[key])
        return written
