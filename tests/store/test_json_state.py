"""JSON of the folder, which anybody may have edited."""

import importlib
import pkgutil
from datetime import datetime
from enum import Enum
from typing import Any, get_args, get_type_hints

import pytest
from msgspec import Meta, Struct

import etl
from etl.errors import StoreError
from etl.history import catalogue, history, manifest
from etl.store import Stored, Upload
from etl.store.json_state import MOST_BYTES, Malformed, decode, decoded
from etl.store.memory import MemoryStore


class Mood(Enum):
    GOOD = "good"


def structs() -> list[type[Struct]]:
    for found in pkgutil.walk_packages(etl.__path__, "etl."):
        importlib.import_module(found.name)

    def below(kind: type[Struct]) -> list[type[Struct]]:
        return [one for sub in kind.__subclasses__() for one in (sub, *below(sub))]

    return [kind for kind in below(Struct) if kind.__module__.startswith("etl.")]


def has_bare_time(hint: Any) -> bool:
    inner = get_args(hint)
    if any(isinstance(part, Meta) and part.tz for part in inner):
        return False
    return hint is datetime or any(has_bare_time(part) for part in inner)


def test_no_file_is_read_with_times_that_lack_a_zone() -> None:
    printed = {"Overview"}  # only written
    bare = [
        f"{kind.__name__}.{name}"
        for kind in structs()
        for name, hint in get_type_hints(kind, include_extras=True).items()
        if has_bare_time(hint) and kind.__name__ not in printed
    ]
    assert bare == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"[" * 100_000, "nested too deeply"),
        (b" " * (MOST_BYTES + 1), "64,000,001 bytes"),
        (b'"\xff"', "utf-8"),
        (b"", "truncated"),
    ],
)
def test_whatever_is_malformed_is_refused_in_one_short_line(body: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why) as caught:
        decode(body, object)
    assert len(str(caught.value)) <= 300
    store = MemoryStore()
    stored = Stored(body, "etag")
    with pytest.raises(StoreError, match=rf"memory/a.json can't be read .*{why}.*; go away"):
        decoded(store, "a.json", stored, object, "go away")


def test_a_message_never_quotes_a_long_value() -> None:
    with pytest.raises(Malformed, match=r"\.\.\.$") as caught:
        decode(b'"' + b"x" * 300_000 + b'"', Mood)
    assert len(str(caught.value)) == 300


@pytest.mark.parametrize("key", ["../x", "/etc/passwd", "runs/x", "a\\b/c", "x" * 300_000])
def test_a_manifest_whose_keys_lead_elsewhere_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=r"key .{1,999}"):
        manifest.PublishedFile("a", key, 1, "", 1)
    with pytest.raises(ValueError, match=r"key .{1,999}"):
        catalogue.Archived(key)


@pytest.mark.parametrize("time", ["2026-01-01T06:00:00", "0001-01-01T00:00:00Z"])
def test_a_history_with_odd_times_is_refused_with_the_next_step(time: str) -> None:
    store = MemoryStore()
    record = (
        f'{{"run_id": "a", "slot": "2026-01-01", "started_at": "{time}", "outcome": "failed", '
        '"source": "who"}'
    )
    store.write(Upload("history.json", f'{{"records": [{record}]}}'.encode()))
    with pytest.raises(StoreError, match=r"records\[0\].*restore an earlier version of it"):
        history.read(store)
