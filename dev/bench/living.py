"""Make a big file in a living source's form: `python -m dev.bench.living who|owid OUTPUT`.

who: 26 MB, half a million rows; owid: 100 MB, 61 columns. Every figure is made up; the bytes are
the same each time.
"""

import argparse
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from etl.extract.countries import Country, lookup
from samples.living import OWID_HEADER, WHO_HEADER, counts, owid_rows, who_rows

FIRST = date(2020, 1, 4)
WHO_DAYS, OWID_DAYS = 2_160, 2_225


def countries() -> list[Country]:
    """List every country that has codes."""
    return sorted({one for one in lookup().values() if one.iso3}, key=lambda one: one.name)


def who() -> Iterator[str]:
    yield WHO_HEADER
    for one in countries():
        yield from who_rows(one.iso2 or "", one.name, "EURO", counts(one.name, WHO_DAYS), FIRST)


def owid() -> Iterator[str]:
    yield OWID_HEADER
    for one in countries():
        of = counts(one.name, OWID_DAYS)
        name = f'"{one.name}"' if "," in one.name else one.name
        yield from owid_rows(name, one.iso3 or "", "Europe", of, FIRST)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a big file in a living source's form.")
    parser.add_argument("source", choices=("who", "owid"))
    parser.add_argument("output", type=Path)
    given = parser.parse_args()
    lines = who() if given.source == "who" else owid()
    with given.output.open("w", encoding="utf-8", newline="") as output:
        output.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main()
