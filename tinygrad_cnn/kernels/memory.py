"""Freed memory stays with the process, so that the next training step need not ask for it again.

The C library returns large freed blocks to the operating system, and fetches fresh pages, filled
with zeros one page fault at a time, for the next array of the same size: that costs as much as a
large elementwise operation itself. Training frees and allocates the same sizes in every step, so
here glibc is told to keep them. Nothing is done on other platforms, nor where the user has set one
of glibc's own variables (`MALLOC_...`, `GLIBC_TUNABLES`).
"""

from __future__ import annotations

import ctypes
import os
import platform
from functools import cache

from tinygrad_cnn.signal_handlers import let_through

#: Names from glibc's malloc.h, and what they are set to.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
#: Blocks below this many bytes come from the heap, whose freed blocks are used again.
_FROM_HEAP = 1 << 30
#: So many free bytes may lie at the end of the heap before they are returned. An int in C.
_KEPT_FREE = (1 << 31) - 1


@cache  # once is enough
def keep_freed_memory() -> bool:
    """Have the C library keep freed memory for later arrays; whether it was told to.

    >>> keep_freed_memory() in (True, False)
    True
    """
    set_by_user = any(name == "GLIBC_TUNABLES" or name.startswith("MALLOC_") for name in os.environ)
    try:
        if set_by_user or platform.libc_ver()[0] != "glibc":
            return False
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError, ValueError) as error:  # whatever a strange system lacks
        let_through(error)
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _FROM_HEAP)) and bool(mallopt(_TRIM_THRESHOLD, _KEPT_FREE))
