"""The snapshots in raw/ that can be rebuilt."""

import gzip
from datetime import timedelta
from pathlib import Path

from etl.store import Upload
from etl.store.directory import DirectoryStore
from tests.support.archives import (
    DAY,
    fill,
    live,
    outcomes,
    raw_alone,
    restating,
)
from tests.support.runs import NOW, growing


def test_a_folder_that_lacks_a_document_is_told_and_one_of_a_run_that_may_go_on_is_left_alone(
    store: DirectoryStore, source: Path, tmp_path: Path
) -> None:
    live(store, source, restating(1))
    other = raw_alone(store, tmp_path / "other")
    other.write(Upload("raw/2021-01-26T070000Z-abcd/InfoPaisosExtra.xlsx", b"alone"))
    other.write(Upload("raw/2021-01-27T070000Z-abcd/stats.json.gz", gzip.compress(growing(22))))
    other.write(Upload("raw/notes/stats.json.gz", b"not ours"))
    done = fill(other, source, now=NOW + 2 * DAY + timedelta(hours=1))
    assert (outcomes(done), done.unfinished) == (["made"], ["2021-01-26T070000Z-abcd"])
    assert len(fill(other, source, now=NOW + 4 * DAY).days) == 2
