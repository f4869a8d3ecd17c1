"""Which kernels serve: the reference, or the compiled ones. It is decided here and nowhere else.

Until the first large array comes, the reference serves and nothing is decided: a small program never
loads Numba. From then on compiled kernels serve small arrays too. Where Numba is installed:

- all kernels lie compiled in the cache: they serve from then on, each loaded when it is first called;
- they do not: a process of its own compiles them while the reference goes on serving; when it is
  ready, they are loaded and take over. If it fails, one line says so, and the reference stays.

Both give the same results up to rounding. `use_kernels` (or the variable TINYGRAD_CNN_KERNELS) pins
one of them, and nothing changes any more.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from tinygrad_cnn.errors import ArgumentError, KernelError, MissingExtraError
from tinygrad_cnn.kernels import cache, memory, threads
from tinygrad_cnn.kernels import numpy as reference

CHOICES = ("auto", "fast", "reference")
#: Arrays of fewer elements do not start anything: NumPy is quick enough on them.
WORTH_IT = 20_000

_log = logging.getLogger("tinygrad_cnn")
_lock = threading.RLock()
_table: ModuleType  # the package `kernels`, whose names are bound to what serves
_names: tuple[str, ...] = ()
_serving = "reference"
_begun = False  # whether anything was decided
_pinned = False  # whether what serves may no longer change by itself
_loader: threading.Thread | None = None  # loads compiled kernels that will be wanted soon
_COMPILED = "tinygrad_cnn.kernels.compiled"


def install(table: ModuleType, names: tuple[str, ...]) -> None:
    """Bind each kernel's name in `table` to one that starts the decision when work comes."""
    global _table, _names
    _table, _names = table, names
    for name in names:
        setattr(table, name, _waiting(name, getattr(reference, name)))


def _waiting(name: str, kernel: Callable[..., Any]) -> Callable[..., Any]:
    """The reference kernel, which begins at the first large array, or at any if that was asked for."""
    least = 0 if os.environ.get("TINYGRAD_CNN_KERNELS") == "fast" else WORTH_IT

    @functools.wraps(kernel)
    def wait(*operands: Any) -> Any:
        if operands[0].size < least:
            return kernel(*operands)
        _begin()
        return getattr(_table, name)(*operands)

    return wait


def foresee(size: int) -> None:
    """Say that an array of `size` elements is there, such as a parameter: large ones will be computed with.

    If all kernels lie compiled in the cache, they are loaded in a thread meanwhile, so that the first
    training step need not wait for half a second. It changes nothing about what serves when.

    >>> foresee(10)
    """
    global _loader
    if size < WORTH_IT or _begun or _loader is not None:
        return
    with _lock:
        wish = os.environ.get("TINYGRAD_CNN_KERNELS", "auto")
        if wish == "auto" and find_spec("numba") is not None and cache.is_complete():
            _loader = threading.Thread(target=_load_ahead, name="tinygrad_cnn load")
            _loader.start()


def _load_ahead() -> None:
    """Import Numba and compiled kernels until they are wanted; who wants them will meet errors again."""
    with contextlib.suppress(Exception):
        _import_compiled()
        for module in sys.modules[_COMPILED].MODULES:
            if _begun:
                return
            cache.imported(module)


def kernels_in_use() -> str:
    """Which kernels serve large arrays now: 'reference' or 'fast'.

    >>> kernels_in_use() in ("reference", "fast")
    True
    """
    return _serving


def use_kernels(which: str = "auto", *, deterministic: bool = False) -> str:
    """Choose the kernels that serve from now on, in the whole process.

    Args:
        which: 'reference' (plain NumPy), 'fast' (compiled; waits until they are), or 'auto' (compiled
            as soon as they are ready, the reference until then and where they cannot be had).
        deterministic: with 'auto', do not change while the program runs: wait for the compiled
            kernels now, or stay with the reference for good. Results then do not depend on timing.
    Returns:
        What serves now: 'reference' or 'fast'.
    Raises:
        ArgumentError: another name.
        MissingExtraError: 'fast' without Numba.
        KernelError: 'fast' where the kernels cannot be compiled or kept.

    >>> before = kernels_in_use()
    >>> use_kernels("reference")
    'reference'
    >>> _ = use_kernels(before)
    """
    global _begun, _pinned
    if which not in CHOICES:
        raise ArgumentError(f"use_kernels: which must be one of {', '.join(CHOICES)}; got {which!r}")
    with _lock:
        memory.keep_freed_memory()
        _begun, _pinned = True, which != "auto" or deterministic
        if which == "reference":
            _bind("reference")
        elif which == "fast":
            load()
        elif deterministic:
            _try_load()
        else:
            _decide()
    return _serving


def _begin() -> None:
    """Decide, once, what serves large arrays."""
    global _begun
    with _lock:
        if not _begun:
            _begun = True
            memory.keep_freed_memory()
            _decide()


def _decide() -> None:
    """What 'auto' means here and now."""
    global _pinned
    wish = os.environ.get("TINYGRAD_CNN_KERNELS", "auto")
    if wish not in CHOICES:
        _log.warning(
            "TINYGRAD_CNN_KERNELS is %r and not one of %s: taken as auto", wish, ", ".join(CHOICES)
        )
        wish = "auto"
    _pinned = wish != "auto"
    _bind("reference")
    if wish == "fast":
        load()
    elif wish == "auto" and find_spec("numba") is not None:
        if _COMPILED in sys.modules or cache.is_complete():
            _try_load()
        elif (reason := cache.failure()) is not None:
            _say(reason)
        else:
            _compile_beside()


def _bind(which: str) -> None:
    """Put the kernels of `which` behind the names."""
    global _serving
    homes = sys.modules[_COMPILED].HOME if which == "fast" else {}
    for name in _names:
        setattr(_table, name, _loading(name, homes[name]) if name in homes else getattr(reference, name))
    _serving = which


def _loading(name: str, home: str) -> Callable[..., Any]:
    """A compiled kernel that is loaded when it is first called, and serves under its name from then on."""

    def load_first(*operands: Any) -> Any:
        try:
            kernel = _imported(home, name)
            result = kernel(*operands)
        except KernelError as error:
            if _pinned:
                raise
            _say(str(error), name)
            kernel = getattr(reference, name)
            result = kernel(*operands)
        if getattr(_table, name) is load_first:
            setattr(_table, name, kernel)
        return result

    return load_first


def _imported(home: str, name: str) -> Callable[..., Any]:
    """A function of a module of compiled kernels."""
    try:
        found: Callable[..., Any] = getattr(cache.imported(home), name)
        return found
    except Exception as error:  # whatever a compiler may raise
        raise KernelError(f"the compiled {name} cannot be had: {cache.reason_of(error)}") from error


def load() -> None:
    """Let the compiled kernels serve; what the cache lacks is compiled before.

    Raises:
        MissingExtraError: Numba is not installed.
        KernelError: they cannot be compiled, or the cache cannot be written.
    """
    if find_spec("numba") is None:
        raise MissingExtraError(
            "the compiled kernels need Numba: pip install 'tinygrad-cnn[fast]'; "
            "use_kernels('reference') does without"
        )
    try:
        cache.prepare()
        _import_compiled()
        if not cache.is_complete():
            for module in sys.modules[_COMPILED].MODULES:
                cache.imported(module)
            for kernel in sys.modules[f"{_COMPILED}.base.compiling"].KERNELS:
                kernel.load()
    except Exception as error:  # whatever a compiler may raise: the reference is there
        raise KernelError(f"the compiled kernels cannot be had: {cache.reason_of(error)}") from error
    _bind("fast")


def _try_load() -> None:
    """As `load`, but stay with the reference, and say why, if it fails."""
    try:
        load()
    except MissingExtraError:
        _bind("reference")  # without Numba nobody expects them
    except KernelError as error:
        _bind("reference")
        _say(str(error))


def _import_compiled() -> None:
    """Import Numba and what every compiled kernel needs."""
    with _uncollected():
        cache.imported(_COMPILED)
        threads.watch_with(cache.imported(f"{_COMPILED}.base.watching").watch)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection inside, nor of what is young after: Numba makes many objects, which stay."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():  # else somebody has frozen objects, which must stay so
            gc.freeze()  # all objects leave the young generations, unseen
            gc.unfreeze()  # and are among the oldest now
        gc.enable()


def _compile_beside() -> None:
    """Start a process that fills the cache, and a thread that waits for it."""
    command = [sys.executable, "-m", "tinygrad_cnn.warm", "--quiet"]
    try:
        cache.prepare()
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C here is not meant for it; it ends by itself
        )  # fmt: skip
    except OSError as error:
        _say(cache.reason_of(error))
        return
    threading.Thread(target=_take_over, args=(child,), name="tinygrad_cnn warm", daemon=True).start()


def _take_over(child: subprocess.Popen[bytes]) -> None:
    """Wait for the cache, then let the compiled kernels serve, unless something was pinned since."""
    child.wait()
    if not cache.is_complete():
        _say(cache.failure() or f"the compiler ended with status {child.returncode}")
        return
    with _lock:
        if _serving == "reference" and not _pinned:
            _try_load()


def _say(reason: str, what: str = "kernels") -> None:
    """The one line that tells the user why the reference serves."""
    _log.warning("tinygrad-cnn: NumPy serves in place of the compiled %s: %s", what, reason)
