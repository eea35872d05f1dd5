"""Make many calls at the same time, in threads."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from etl.store import Store, Upload

AT_A_TIME = 16
Item = TypeVar("Item")


def upload_all(
    store: Store,
    uploads: Sequence[Upload],
    *,
    at_a_time: int = AT_A_TIME,
    progress: Callable[[Upload], None] | None = None,
) -> None:
    """Write all uploads, `at_a_time` at once; call `progress` after each. Raises StoreError."""
    in_parallel(store.write, uploads, at_a_time=at_a_time, progress=progress)


def in_parallel(
    function: Callable[[Item], object],
    items: Iterable[Item],
    *,
    at_a_time: int = AT_A_TIME,
    progress: Callable[[Item], None] | None = None,
) -> None:
    """Call the function for every item, in threads; call `progress` in the caller's thread.

    After the first error no further call is made. The error is raised when the running calls have
    ended.
    """
    errors: list[BaseException] = []

    def call(item: Item) -> None:
        try:
            if not errors:
                function(item)
        except BaseException as exc:
            errors.append(exc)

    with ThreadPoolExecutor(at_a_time) as pool:
        calls = {pool.submit(call, item): item for item in items}
        try:
            for done in as_completed(calls):
                if errors:
                    raise errors[0]
                if progress:
                    progress(calls[done])
        except BaseException:  # a stop signal too
            pool.shutdown(wait=False, cancel_futures=True)
            raise
