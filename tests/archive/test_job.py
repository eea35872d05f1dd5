"""What travels to the workers, and who may work on it."""

import pickle
from pathlib import Path

import pytest

from etl.archive.job import Job, WrongWorker, job
from etl.store.directory import DirectoryStore
from tests.support.archives import live, restating
from tests.support.runs import settings


def test_what_travels_to_the_workers_holds_no_secret(tmp_path: Path) -> None:
    secret = "CANARY"  # noqa: S105  made up
    url = f"https://me:{secret}@example.org/x?token={secret}"
    shared = job(
        settings(
            url,
            COUNTRIES_URL=url,
            PING_URL=url,
            OUTPUT_DIR=str(tmp_path),
            ALERT_TOPIC="news",
            TRANSLATE_TO="es",
        ),
        DirectoryStore(tmp_path),
    )
    assert secret.encode() not in pickle.dumps(shared)
    assert secret not in repr(shared)


def test_a_worker_with_other_code_does_nothing(store: DirectoryStore, source: Path) -> None:
    live(store, source, restating(1))
    shared = job(settings(source, OUTPUT_DIR=str(store.root)), store)
    code, *packages = shared.tools.split()
    for others, named in (
        (["0" * len(code), *packages], "it runs another version of this project; install"),
        ([code, "numpy=1.0", *packages[1:]], "it runs numpy [0-9.]+ where 1.0 is wanted;"),
    ):
        elsewhere = Job(shared.settings, shared.fingerprint, " ".join(others))
        with pytest.raises(WrongWorker, match=named):
            elsewhere.verify()
