"""Compiling a kernel: once, for the types named, kept in Numba's cache.

Kernels are serial and release Python's lock; a driver in Python splits the work over the one pool
of threads (`kernels.threads`). So they need no parallel runtime, and compile several times sooner
than parallel ones.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

from tinygrad_cnn.errors import KernelError
from tinygrad_cnn.kernels import cache
from tinygrad_cnn.kernels.compiled.base.lost_errors import lost_errors


class Kernel:
    """A function that is compiled, or loaded from the cache, when it is first called.

    To load one takes 2 to 5 ms, and the networks of the benchmarks need 11 to 32 of 54. What is compiled
    then takes this object's place in its module, so that a call does not go through Python any more.
    """

    def __init__(self, function: Callable[..., Any], signature: Any) -> None:
        functools.update_wrapper(self, function)
        self._function, self._signature = function, signature
        self._compiled: Callable[..., Any] | None = None

    def __call__(self, *operands: Any) -> Any:
        """The compiled function's result."""
        return (self._compiled or self.load())(*operands)

    def load(self) -> Callable[..., Any]:
        """The compiled function.

        Raises:
            KernelError: it cannot be compiled, or the cache cannot be written.
        """
        # Sums may be reordered and products fused with sums (`reassoc`, `contract`, `nsz`, `arcp`), which
        # changes the last bits; NaN and infinity keep their meaning.
        compiler = numba.njit(
            self._signature, nogil=True, cache=True, error_model="numpy",
            fastmath={"reassoc", "contract", "nsz", "arcp"},
        )  # fmt: skip
        with cache.placed(self._function.__module__) as place, lost_errors() as lost:
            if self._compiled is None:
                try:
                    self._compiled, passed = self._had(compiler, place)
                except Exception as error:  # whatever a compiler may raise
                    if lost:
                        raise lost[0] from None
                    name, reason = self._function.__name__, cache.reason_of(error)
                    raise KernelError(f"the compiled kernel {name} cannot be had: {reason}") from error
                home = self._function.__globals__
                if home.get(self._function.__name__) is self:
                    home[self._function.__name__] = self._compiled
                if lost:  # and what came of it, of the compiler's own, says nothing
                    raise lost[0]
                if passed is not None and cache.may_be_a_handlers(passed):
                    raise passed
            return self._compiled

    def _had(self, compiler: Any, place: Path) -> tuple[Any, Exception | None]:
        """The function from the cache, or compiled; a damaged file of the cache is made anew.

        What does not come again when it is tried once more was not the cache's, and is given with the
        function: a signal's handler may have raised it, and it is the caller's as it is.
        """
        try:
            return compiler(self._function), None
        except Exception as error:
            first = error
        try:
            return compiler(self._function), first
        except Exception:  # Numba may also stumble once over what an interrupted attempt has left
            damaged = cache.remove(place, self._function.__module__, self._function.__name__)
            return compiler(self._function), None if damaged else first

    @property
    def _numba_type_(self) -> Any:
        """The type of a global name, for Numba: kernels may call kernels, which are loaded for that."""
        return self.load()._numba_type_  # type: ignore[attr-defined]


#: All kernels of the modules that are imported.
KERNELS: list[Kernel] = []


def kernel(signature: Any) -> Callable[[Callable[..., Any]], Kernel]:
    """Make a function a compiled kernel.

    Args:
        signature: types of result and arguments, such as `"void(float32[::1], int64)"`, or Numba's own.
    """

    def made(function: Callable[..., Any]) -> Kernel:
        KERNELS.append(Kernel(function, signature))
        return KERNELS[-1]

    return made


def inlined(function: Any) -> Any:
    """A part of kernels: compiled into each of them, not by itself."""
    return numba.njit(function, inline="always", error_model="numpy")
