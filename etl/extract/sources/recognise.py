"""Recognise whose form a document has by its beginning, before it is imported."""

import re
from pathlib import Path

from etl.errors import one_line
from etl.extract.levels import WITHIN
from etl.extract.sources import Source, jhu, owid, who
from etl.extract.sources.csv_files import first_row
from etl.extract.wrong_kind import LOOKED_AT, wrong_kind

LEVEL = re.compile(rb'"(country|region|place)"\s*:\s*\{')
LEVEL_OF = {around[0]: level for level, around in WITHIN.items()}


def misfit(path: Path, source: Source) -> str | None:
    """Return why a document is none of the source at its level, or None if it seems to be one.

    Only the beginning is read: other faults show when it is used. Raises SourceChanged if the
    header is no CSV.
    """
    with path.open("rb") as file:
        begins = file.read(LOOKED_AT).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not begins:
        return "empty"
    if kind := wrong_kind(begins):
        return kind
    theirs = source.name.partition("-")[0]
    if begins.startswith(b"["):
        if not source.files[0].endswith(".json"):
            return f"a JSON array, not in the format of {theirs}"
        found = LEVEL.search(begins)
        level = LEVEL_OF[found[1].decode()] if found else source.level
        if level != source.level:
            return f"{level}, not {source.level}: set LEVEL={level}"
        return None
    form = _csv_form(path)
    if form == theirs:
        return None
    if form:
        return f"in the format of {form}, not of {theirs}: set SOURCE={form}"
    return f"not in the format of {theirs}; it begins '{one_line(begins[:320], 80)}'"


def _csv_form(path: Path) -> str | None:
    names = set(first_row(path)[0])
    for name, form in (("who", who.FORM), ("owid", owid.FORM)):
        if {form.older.get(one, one) for one in names} >= set(form.columns):
            return name
    return "jhu" if names >= set(jhu.ABOUT) else None
