"""Let every worker of a cluster prove, before work starts, that it can do the work."""

import secrets
from contextlib import suppress
from functools import partial
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from etl.archive.job import Job, differing, tools
from etl.errors import EtlError, StoreError, listed
from etl.store import Upload
from etl.store.layout import TRIAL

if TYPE_CHECKING:
    from distributed import Client

NAMED = 5  # workers that a message names
TRIED_BYTES = 1 << 20  # on a worker's own disk


def require_some(client: "Client", address: str, timeout_s: float) -> None:
    """Raise EtlError unless the scheduler and its workers, at least one, can import this project.

    A worker that is sent a task from a module that it lacks dies without a message.
    """
    try:
        client.wait_for_workers(1, timeout=timeout_s)
    except TimeoutError as exc:
        raise EtlError(
            f"the scheduler {address} has no workers; start some: dask worker {address}"
        ) from exc
    try:
        there = {f"the scheduler {address}": client.run_on_scheduler(tools)}
        there |= {f"worker {one}": found for one, found in client.run(tools).items()}
    except Exception as exc:  # Dask may send any error as a plain Exception
        raise EtlError(
            f"the scheduler {address}, or a worker of it, can't import this project ({exc}); start "
            "each where the project is: PYTHONPATH=. dask worker ..."
        ) from exc
    _raise_any(
        [f"{one} runs {other}" for one, found in there.items() if (other := differing(found))],
        "install and start the same there",
    )


def prove(client: "Client", job: Job) -> None:
    """Let every worker read what this process writes into the store, and the other way round.

    Raises EtlError, which names the workers that can't, and StoreError.
    """
    store, key = job.store, f"{TRIAL}{secrets.token_hex(8)}"
    written = [key]
    try:
        store.write(Upload(key, key.encode()))
        found = client.run(partial(examine, job, key), on_error="return")
        faults = {worker: said for worker, said in found.items() if not _is_key(said)}
        for worker, said in found.items():
            if _is_key(said):
                written.append(said)
                stored = store.read(said)
                if stored is None or stored.body != said.encode():
                    faults[worker] = (
                        "its test file is not in this folder; does it use the same folder?"
                    )
    finally:
        with suppress(StoreError):
            store.delete_all(written)
    _raise_any(
        [f"worker {worker}: {fault}" for worker, fault in sorted(faults.items())],
        "fix that, or stop those workers",
    )


def examine(job: Job, key: str) -> str:
    """Read `key` from the store, and write another one. Return the key that was written, or what
    is wrong. This is run on every worker."""
    try:
        job.verify()
        with TemporaryFile() as file:  # where the tasks unpack their snapshots
            file.write(bytes(TRIED_BYTES))
            file.flush()
        stored = job.store.read(key)
        if stored is None or stored.body != key.encode():
            where = job.store.address
            return f"it does not see what was just written to {where}; all must share that folder"
        own = f"{key}-{secrets.token_hex(4)}"
        job.store.write(Upload(own, own.encode()))
    except Exception as exc:
        return f"{type(exc).__name__}: {exc}"
    return own


def _is_key(said: object) -> bool:
    return isinstance(said, str) and said.startswith(TRIAL)


def _raise_any(faults: list[str], advice: str) -> None:
    if faults:
        raise EtlError(f"{listed(faults, NAMED)}; {advice}")
