"""How every compiled kernel is compiled: once, for the types named, kept in Numba's cache.

Kernels are serial and release Python's lock; a driver in Python splits the work over the one pool
of threads (`kernels.threads`). So they need no parallel runtime, and compile several times sooner
than parallel ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def kernel(signature: Any) -> Callable[[Any], Any]:
    """Compile a function on import, or load it from the cache.

    Args:
        signature: types of result and arguments, such as `"void(float32[::1], int64)"`, or Numba's own.

    Sums may be reordered and products fused with sums (`reassoc`, `contract`, `nsz`, `arcp`), which
    changes the last bits; NaN and infinity keep their meaning.
    """
    return numba.njit(
        signature, nogil=True, cache=True, error_model="numpy",
        fastmath={"reassoc", "contract", "nsz", "arcp"},
    )  # fmt: skip


def inlined(function: Any) -> Any:
    """A part of kernels: compiled into each of them, not by itself."""
    return numba.njit(function, inline="always", error_model="numpy")
