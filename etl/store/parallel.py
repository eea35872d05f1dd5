"""Make many calls at the same time, in threads."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from itertools import islice
from typing import TypeVar

from etl.store import Store, Upload

AT_A_TIME, MANY = 16, 4
Item = TypeVar("Item")
Result = TypeVar("Result")


def upload_all(
    store: Store,
    uploads: Sequence[Upload],
    *,
    progress: Callable[[Upload], None] | None = None,
) -> None:
    """Write all uploads, up to AT_A_TIME at once; call `progress` after each. Raises StoreError.

    Of more than MANY, the first two are written one after the other, to see how long the store
    takes to answer: more threads than keep this process busy would get in each other's way.
    """
    tried = uploads[:2] if len(uploads) > MANY else []
    at_a_time = 1 if tried else AT_A_TIME
    for upload in tried:
        began, worked = time.perf_counter(), time.thread_time()
        store.write(upload)
        took, worked = time.perf_counter() - began, time.thread_time() - worked
        busy = math.ceil(took / worked) if worked else AT_A_TIME
        at_a_time = min(AT_A_TIME, max(at_a_time, busy))
        if progress:
            progress(upload)
    in_parallel(store.write, uploads[len(tried) :], at_a_time=at_a_time, progress=progress)


def mapped(
    function: Callable[[Item], Result], items: Iterable[Item], *, at_a_time: int = AT_A_TIME
) -> Iterator[Result]:
    """Yield the function's result for each item, in their order, `at_a_time` calls ahead.

    The first error is raised in its place; no further call is made then.
    """
    with ThreadPoolExecutor(at_a_time) as pool:
        left, ahead = iter(items), deque[Future[Result]]()
        try:
            ahead.extend(pool.submit(function, item) for item in islice(left, at_a_time))
            while ahead:
                yield ahead.popleft().result()
                ahead.extend(pool.submit(function, item) for item in islice(left, 1))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


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
