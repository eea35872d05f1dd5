"""What a daily run does in a folder while its S3 server fails: rows of test_faults.py."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from etl.errors import DataRejected
from etl.extract.sources import SAMPLES
from etl.history.run import Options
from etl.store.memory import MemoryStore
from etl.store.s3.store import S3Store
from tests.support.archives import DAY
from tests.support.reader import assert_promises, assert_settled
from tests.support.runs import NOW, contents, growing, run
from tests.support.stores import Wrapped, once

Contents = Mapping[str, bytes]
Act = Callable[[S3Store], str]
Check = Callable[[Contents, Contents], object]  # is given the folder at the beginning, and later
IF_DUE = Options(if_due=True, sleep=lambda seconds: None)
SOON = timedelta(minutes=1)
WITH_INBOX = {"S3_BUCKET": "any", "INBOX": "on"}
WHO = (
    "Date_reported,Country_code,Country,WHO_region,New_cases,Cumulative_cases,New_deaths,"
    "Cumulative_deaths"
)
BEDS = "iso3,beds,note\nESP,3.5,=cmd()\nUSA,2.8,NA\nFRA,1,x\n"


@dataclass(frozen=True)
class Scene:
    """`act` meets a fault and returns its outcome, or raises EtlError; `mend` is what follows.

    `promises` hold after each of them, `settled` at the end.
    """

    objects: Contents
    act: Act
    mend: Callable[[S3Store], object]
    settled: Check
    promises: Check = assert_promises


def of_a_run(objects: Contents, source: Path, last: str, **variables: Any) -> Scene:
    """A daily run; the next start finishes what it left."""

    def act(store: S3Store, now: datetime = NOW) -> str:
        return run(store, source, now=now, options=IF_DUE, **variables).outcome

    return Scene(objects, act, partial(act, now=NOW + SOON), partial(is_published, last=last))


def is_published(before: Contents, after: Contents, last: str) -> None:
    manifest = assert_settled(after)
    assert manifest["source"]["last_date"] == last
    assert json.loads(after["history.json"])["records"][-1]["outcome"] != "failed"


def write_source(folder: Path, days: int, step: int = 100) -> Path:
    path = folder / f"{days}-{step}.json"
    path.write_bytes(growing(days, ("spain",), step))
    return path


def publish_yesterday(folder: Path, **variables: Any) -> MemoryStore:
    """Return a folder in which three days of data were published yesterday."""
    store = MemoryStore()
    run(store, write_source(folder, 3), now=NOW - DAY, **variables)
    return store


def first(folder: Path) -> Scene:
    return of_a_run({}, write_source(folder, 4), "2021-01-04")


def second(folder: Path) -> Scene:
    return of_a_run(contents(publish_yesterday(folder)), write_source(folder, 4), "2021-01-04")


def unchanged(folder: Path) -> Scene:
    return of_a_run(contents(publish_yesterday(folder)), write_source(folder, 3), "2021-01-03")


def heal(folder: Path) -> Scene:
    """The run before died right after its commit."""
    store, new = publish_yesterday(folder), write_source(folder, 4)

    def die() -> None:
        raise KeyboardInterrupt

    dying = Wrapped(store, after=once("write", "manifest.json", die))
    with pytest.raises(KeyboardInterrupt):
        run(dying, new, now=NOW - 5 * SOON)
    return of_a_run(contents(store), new, "2021-01-04")


def regions(folder: Path) -> Scene:
    """Regions, and no file that can be left out."""
    ohio = {"key": "ohio", "name": "Ohio"}
    ohio["country"] = {"key": "united-states", "name": "United States"}  # type: ignore[assignment]
    elements = [{"region": ohio, "dates": one["dates"]} for one in json.loads(growing(4, ("x",)))]
    path = folder / "regions.json"
    path.write_text(json.dumps(elements))
    return of_a_run({}, path, "2021-01-04", LEVEL="regions", OUTPUTS="none")


def who(folder: Path) -> Scene:
    """Another source's form, with a table for each country, a workbook and the readers' form."""
    path = folder / "who.csv"
    rows = [f"2021-01-0{n},ES,Spain,EUR,{n},{n * 9},0,{n}" for n in range(1, 5)]
    path.write_text("\n".join([WHO, *rows, ""]))
    outputs = "countries-csv,xlsx,feed"
    return of_a_run({}, path, "2021-01-04", SOURCE="who", OUTPUTS=outputs, **WITH_INBOX)


def tables(folder: Path) -> Scene:
    """Facts about countries, and a table of the user's own, over yesterday's run."""
    beds = folder / "beds.csv"
    beds.write_text(BEDS)
    of = {"COUNTRIES_URL": str(SAMPLES / "InfoPaisosExtra.csv"), "TABLES": f"beds={beds}"}
    of["OUTPUTS"] = "countries,world"
    before = contents(publish_yesterday(folder, **of))
    return of_a_run(before, write_source(folder, 4), "2021-01-04", **of)


def rejected(folder: Path) -> Scene:
    """A run whose data is refused and kept, and a sound one after it."""
    outputs = {"OUTPUTS": "csv"}
    before = contents(publish_yesterday(folder, **outputs))
    sound = of_a_run(before, write_source(folder, 4), "2021-01-04", **outputs)
    shrunk = of_a_run(before, write_source(folder, 1), "", **outputs)

    def act(store: S3Store) -> str:
        try:
            return shrunk.act(store)
        except DataRejected:
            return "rejected"

    return Scene(before, act, sound.mend, sound.settled)


SCENES: dict[str, Callable[[Path], Scene]] = {
    "first": first,
    "second": second,
    "unchanged": unchanged,
    "heal": heal,
    "regions": regions,
    "who": who,
    "tables": tables,
    "rejected": rejected,
}
