"""Return freed heap memory to the operating system."""

import ctypes
from contextlib import suppress

M_ARENA_MAX = -8  # malloc.h


def trim_heap() -> None:
    """Return freed heap memory to the operating system, which the C library would keep.

    This lowers the peak of a run by 30 MB for an input of 29 MB. Does nothing if the C library is
    not glibc, which alone has this call.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def keep_one_heap() -> None:
    """Let all threads allocate in one heap; call it before they start.

    Each of the threads that upload would have a heap of its own, of which little can be returned.
    Does nothing if the C library is not glibc.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
