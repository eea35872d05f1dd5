"""changes.json: how a version differs from the one before it."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from etl.load.publish import File
from etl.load.values import Header, write_json
from etl.store.json_state import decode
from etl.store.layout import CHANGES
from etl.transform.difference import Difference

# a constant digest, so that changes.json alone never makes a version count as new
NO_CONTENT = hashlib.sha256(b"").hexdigest()


def to_json(found: Difference) -> dict[str, Any]:
    """Return a difference as plain values, for changes.json and `diff --json`."""
    values: dict[str, Any] = msgspec.to_builtins(found)
    del values["restated_by_series"], values["cells_lost"]
    if found.restated_share.is_integer():
        values["restated_share"] = int(found.restated_share)  # 0, as in all files, and not 0.0
    return values


def write_changes(folder: Path, header: Header, found: Difference) -> File:
    """Write changes.json. The row count of the file is the number of restated cells listed."""
    write_json(folder / CHANGES, {**header.fields(), **to_json(found)})
    return File(CHANGES, folder / CHANGES, len(found.biggest), content_sha256=NO_CONTENT)


def read_changes(content: bytes) -> Difference:
    """Decode changes.json. Raises Malformed."""
    return decode(content, Difference)
