"""The number of threads that NumPy's own matrix products use: one, while our threads multiply parts."""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_cnn.signal_handlers import let_through


class Blas:
    """The number of threads of NumPy's own matrix products, where its OpenBLAS lets itself be asked."""

    def __init__(self) -> None:
        self._set, self._get = _openblas()
        self._lock, self._before = threading.RLock(), 1
        self._ours = False  # whether the number is one that was set here
        self._holds: weakref.WeakSet[OneThread] = weakref.WeakSet()  # one that got lost is not in it

    def one_thread(self) -> OneThread:
        """A stretch in which NumPy's matrix products use the calling thread only.

        Begin it inside the `try` whose `finally` ends it: a `with` could be interrupted in between.

        >>> stretch = BLAS.one_thread()
        >>> try:
        ...     stretch.begin()
        ...     np.eye(2) @ np.eye(2)
        ... finally:
        ...     stretch.end()
        array([[1., 0.],
               [0., 1.]])
        """
        return OneThread(self)

    def forget(self) -> None:
        """In a forked child: the threads that held it are not there."""
        self._lock = threading.RLock()
        if self._ours:
            self._set(self._before)
            self._ours = False
            self._holds.clear()


class OneThread:
    """One use of `Blas.one_thread`."""

    def __init__(self, blas: Blas) -> None:
        self._blas = blas

    def begin(self) -> None:
        """Use one thread until this ends, and all others that began meanwhile."""
        blas = self._blas
        if blas._get is not None:
            with blas._lock:
                if not blas._ours:
                    blas._before = blas._get()
                blas._holds.add(self)
                blas._ours = True
                blas._set(1)

    def end(self) -> None:
        """Give NumPy its threads back; nothing happens if this has ended, or never begun."""
        blas = self._blas
        if blas._get is not None:
            with blas._lock:
                holds = blas._holds
                if blas._ours and len(holds) == (self in holds):  # nobody else's
                    blas._set(blas._before)
                    blas._ours = False
                holds.discard(self)


def _openblas() -> tuple[Any, Any]:
    """The functions of NumPy's OpenBLAS that set and get its number of threads, or (None, None)."""
    home = Path(np.__file__).parent
    for library in sorted([*home.parent.glob("numpy.libs/*openblas*"), *home.glob(".dylibs/*openblas*")]):
        try:
            loaded = ctypes.PyDLL(str(library))  # loaded already: this is a handle, not a second copy
        except OSError as error:
            let_through(error)
            continue
        for before, after in (("scipy_openblas", "64_"), ("openblas", "64_"), ("openblas", "")):
            names = [f"{before}_{verb}_num_threads{after}" for verb in ("set", "get")]
            if all(hasattr(loaded, name) for name in names):
                return getattr(loaded, names[0]), getattr(loaded, names[1])
    return None, None


BLAS = Blas()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=BLAS.forget)
