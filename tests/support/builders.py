"""Build small documents in coviddata's format, valid until a test changes them.

stats_json([country("spain", days={"2020-05-25": day(new_cases=3)}), country("italy")])
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

FIRST_DAY = date(2020, 1, 22)
MEASURES = ("cases", "deaths", "recoveries")


def day(**over: object) -> dict[str, Any]:
    """Return one day's counts, 0 unless given: `day(new_cases=3, cumulative_cases=7)`."""
    made: dict[str, Any] = {kind: dict.fromkeys(MEASURES, 0) for kind in ("new", "cumulative")}
    for name, value in over.items():
        kind, _, measure = name.partition("_")
        made[kind][measure] = value
    return made


def country(
    key: str, name: str | None = None, days: Mapping[str, Any] | int = 1, **over: object
) -> dict[str, Any]:
    """Return one country; `days`: its days, or how many days of zeros from 2020-01-22 on."""
    if isinstance(days, int):
        days = {str(FIRST_DAY + timedelta(days=n)): day() for n in range(days)}
    title = key.replace("-", " ").title() if name is None else name
    return {"country": {"key": key, "name": title}, "dates": dict(days), **over}


def stats_json(elements: Sequence[Any]) -> bytes:
    """Encode the document as the source does: no blanks, text in UTF-8."""
    return json.dumps(elements, ensure_ascii=False, separators=(",", ":")).encode()
