"""The kernels that serve: plain NumPy, or the compiled ones. It is decided here and nowhere else.

Until the first large array comes, NumPy serves and nothing is decided: a small program never loads
Numba. From then on compiled kernels serve small arrays too. Where Numba is installed:

- all kernels lie compiled in the cache: they serve from then on, each loaded when it is first called;
- they do not: a process of its own compiles them while NumPy goes on serving; each module of kernels
  takes over when it is ready, those of ordinary networks first. If it fails, one line says so, and NumPy
  serves what is left.

Both give the same results up to rounding. `use_kernels` (or the variable TINYGRAD_CNN_KERNELS) pins
one of them, and nothing changes any more.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tinygrad_cnn import devices
from tinygrad_cnn.errors import ArgumentError, KernelError, MissingExtraError
from tinygrad_cnn.kernels import cache, compiler, memory, process_lock, threads
from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.signal_handlers import let_through, tolerated
from tinygrad_cnn.steady_threads import SteadyThread
from tinygrad_cnn.switches import flag

if TYPE_CHECKING:
    import subprocess

CHOICES = ("auto", "fast", "reference")
#: Arrays of fewer elements do not start anything: NumPy is quick enough on them.
WORTH_IT = 20_000
#: Seconds between two looks at what the process that compiles has done.
PAUSE = 1.0
#: The module of kernels for arrays of devices, imported when a device is first asked for.
ON_DEVICES = "tinygrad_cnn.kernels.device"

_log = logging.getLogger("tinygrad_cnn")


class Serving:
    """Who serves the names of a table of kernels.

    Attributes:
        which: 'reference' or 'fast': what serves now; 'reference' until all kernels are compiled.
        begun: whether anything was decided; before that, NumPy serves.
        pinned: whether what serves may no longer change by itself.
        changes: how many times what serves has changed; results of another number may round otherwise.
    """

    def __init__(self) -> None:
        self.which, self.begun, self.pinned, self.changes = "reference", False, False, 0
        self._table: ModuleType = sys.modules[__name__]
        self._names: tuple[str, ...] = ()
        self._lock = threading.RLock()
        self._ready: frozenset[str] = frozenset()  # modules that serve before all kernels are compiled
        self._on_devices: Any = None  # the kernels for arrays of devices, where there are any
        self._loader: SteadyThread | None = None  # loads compiled kernels that will be wanted soon

    # ----------------------------------------------------------------------- arrays of devices
    def serve_devices(self, serve: bool) -> None:
        """Let each name look where its operands lie, from when a device is asked for; or no longer."""
        with self._lock:
            on_host = {name: self._on_host(name) for name in self._names}
            self._on_devices = import_module(ON_DEVICES) if serve else None
            for name, kernel in on_host.items():
                self._put(name, kernel)

    def _put(self, name: str, kernel: Callable[..., Any]) -> None:
        """Bind a kernel for arrays of the host, and around it, where there are devices, the choice."""
        if self._on_devices is not None:
            kernel = _by_place(kernel, getattr(self._on_devices, name))
        setattr(self._table, name, kernel)

    def _on_host(self, name: str) -> Any:
        """The kernel that serves arrays of the host."""
        kernel = getattr(self._table, name)
        return getattr(kernel, "on_host", kernel)

    # ----------------------------------------------------------------------- before anything is decided
    def install(self, table: ModuleType, names: tuple[str, ...]) -> None:
        """Bind each kernel's name in `table` to one that starts the decision when work comes."""
        self._table, self._names = table, names
        for name in names:
            setattr(table, name, self._waiting(name, getattr(reference, name)))
        devices.when_admitted(self.serve_devices)

    def _waiting(self, name: str, kernel: Callable[..., Any]) -> Callable[..., Any]:
        """NumPy's kernel, which begins at the first large array, or at any if that was asked for."""
        least = 0 if os.environ.get("TINYGRAD_CNN_KERNELS") == "fast" else WORTH_IT

        @functools.wraps(kernel)
        def wait(*operands: Any) -> Any:
            if operands[0].size < least:
                return kernel(*operands)
            self._begin()
            return getattr(self._table, name)(*operands)

        return wait

    def foresee(self, size: int) -> None:
        """Say that an array of `size` elements is there, such as a parameter: a large one will be used.

        If all kernels lie compiled in the cache, they are loaded in a thread meanwhile, so that the first
        training step need not wait for half a second. It changes nothing about what serves when.
        """
        if size < WORTH_IT or self.begun or self._loader is not None:
            return
        with self._lock:
            if _wish() == "auto" and find_spec("numba") is not None and cache.is_complete():
                self._loader = SteadyThread(self._load_ahead, "tinygrad_cnn load", daemon=False)
                with tolerated(RuntimeError):  # without threads it is loaded when it is wanted
                    self._loader.start()

    def _load_ahead(self) -> None:
        """Import Numba and compiled kernels until they are wanted; an error comes again then."""
        with contextlib.suppress(Exception):
            _import_compiled()
            for module in sys.modules[cache.PACKAGE].MODULES:
                if self.begun:
                    return
                cache.imported(module)

    # ----------------------------------------------------------------------- the decision
    def choose(self, which: str, deterministic: bool) -> str:
        """See `use_kernels`."""
        with self._lock:
            memory.keep_freed_memory()
            self.begun, self.pinned = True, which != "auto" or deterministic
            if which == "reference":
                self._bind("reference")
            elif which == "fast":
                self.load(everything=False)
            elif deterministic:
                self._try_load()
            else:
                self._decide()
        return self.which

    def _begin(self) -> None:
        """Decide, once, what serves large arrays."""
        with self._lock:
            if not self.begun:
                self.begun = True
                memory.keep_freed_memory()
                self._decide()

    def _decide(self) -> None:
        """Decide what 'auto' means here and now."""
        wish = _wish()
        if wish not in CHOICES:
            _log.warning(
                "TINYGRAD_CNN_KERNELS is %r and not one of %s: taken as auto", wish, ", ".join(CHOICES)
            )
            wish = "auto"
        self.pinned = wish != "auto"
        self._bind("reference")
        if wish == "fast":
            self.load(everything=False)
        elif wish == "auto" and find_spec("numba") is not None:
            if cache.is_complete():
                self._try_load()
            elif (reason := cache.failure()) is not None:
                _say(f"{reason} (python -m tinygrad_cnn.warm tries again)")
            else:
                self._compile_beside()

    def _bind(self, which: str) -> None:
        """Put the kernels of `which` behind the names."""
        homes = sys.modules[cache.PACKAGE].HOME if which == "fast" else {}
        for name in self._names:
            kernel = self._loading(name, homes[name]) if name in homes else getattr(reference, name)
            self._put(name, kernel)
        self.which, self.changes, self._ready = which, self.changes + 1, frozenset()

    def compiled(self) -> set[str]:
        """Names that compiled kernels serve now, for arrays of the host.

        >>> SERVING.compiled() <= set(SERVING._names)
        True
        """
        if not self.begun:
            return set()
        return {name for name in self._names if self._on_host(name) is not getattr(reference, name)}

    # ----------------------------------------------------------------------- compiled kernels
    def load(self, everything: bool = True) -> None:
        """Let the compiled kernels serve; what the cache lacks is compiled before, or when it is called.

        Raises:
            MissingExtraError: Numba is not installed.
            KernelError: they cannot be compiled, or the cache cannot be written.
        """
        if find_spec("numba") is None:
            raise MissingExtraError(
                "the compiled kernels need Numba: pip install 'tinygrad-cnn[fast]'; "
                "use_kernels('reference') does without"
            )

        def load() -> None:
            cache.prepare()
            _import_compiled()
            if everything and not cache.is_complete():
                _compile_all()

        cache.had("kernels", load)
        self._bind("fast")

    def _try_load(self) -> None:
        """As `load`, but stay with NumPy, and say why, if it fails."""
        try:
            self.load()
        except MissingExtraError:
            self._bind("reference")  # without Numba nobody expects them
        except KernelError as error:
            self._bind("reference")
            _say(str(error))

    def _loading(self, name: str, home: str) -> Callable[..., Any]:
        """A compiled kernel that is loaded when it is first called, and serves from then on."""

        def load_first(*operands: Any) -> Any:
            try:
                kernel = _imported(home, name)
                result = cache.had(name, partial(kernel, *operands), KernelError)
            except KernelError as error:
                if self.pinned:
                    raise
                _say(str(error), name)
                kernel = getattr(reference, name)
                result = kernel(*operands)
                self.changes += 1
            if self._on_host(name) is load_first:
                self._put(name, kernel)
            return result

        return load_first

    def _compile_beside(self) -> None:
        """Start a process that fills the cache, and a thread that waits for it."""
        try:
            child = compiler.start()
            if child is not None:
                SteadyThread(partial(self._take_over, child), "tinygrad_cnn warm").start()
        except OSError as error:
            let_through(error)
            _say(cache.reason_of(error))
        except RuntimeError as error:
            let_through(error)
            return  # no thread can wait for it: the next process finds its work

    def _take_over(self, child: subprocess.Popen[bytes]) -> None:
        """Wait for the cache, then let the compiled kernels serve, unless something was pinned since."""
        try:
            while (status := self._ended(child)) == compiler.BUSY:  # a thread waits for less than a process
                self._let_another_end()
                if cache.is_complete() or cache.failure() or (again := compiler.start()) is None:
                    break
                child = again  # the other one has compiled for other sources, or was ended
        except OSError as error:
            _say(cache.reason_of(error))
            return
        if not cache.is_complete():
            _say(
                f"{cache.failure() or f'the compiler ended with status {status}'} "
                "(python -m tinygrad_cnn.warm tries again)"
            )
            return
        with self._lock:
            if self.which == "reference" and not self.pinned:
                self._try_load()

    def _ended(self, child: subprocess.Popen[bytes]) -> int:
        """Wait until the compiler ends, and let what it has compiled serve meanwhile; its exit status."""
        from subprocess import TimeoutExpired  # here: most programs start no process

        while True:
            try:
                return child.wait(PAUSE)
            except TimeoutExpired:
                self._take_ready()

    def _let_another_end(self) -> None:
        """Wait until no other process compiles, and let what it has compiled serve meanwhile."""
        while True:
            try:
                with process_lock.locked(cache.folder() / "compiling", wait=False):
                    return
            except BlockingIOError:
                time.sleep(PAUSE)
                self._take_ready()

    def _take_ready(self) -> None:
        """Let the modules serve whose kernels are compiled by now, unless something was pinned."""
        with self._lock:
            new = cache.ready() - self._ready
            if not new or self.which != "reference" or self.pinned:
                return
            self._ready |= new
            try:
                _import_compiled()
            except Exception as error:  # it comes again, and is told, when all are compiled
                let_through(error)
                return
            homes = sys.modules[cache.PACKAGE].HOME
            for name in self._names:
                if homes.get(name) in new:
                    self._put(name, self._loading(name, homes[name]))
            self.changes += 1

    # ----------------------------------------------------------------------- forks
    def after_fork(self) -> None:
        """In a forked child there is nobody else who could have the lock, or load ahead.

        Where a thread of the parent has taken the compiler's locks with it, NumPy serves: the next compiled
        kernel that is not loaded yet would be waited for without end.
        """
        self._lock = threading.RLock()
        if cache.is_cut_off():
            self.begun = self.pinned = True
            self._bind("reference")
            _say("this process was forked while another thread compiled")


def _by_place(on_host: Callable[..., Any], on_device: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel that serves arrays of the host by one function, and those of a device by another."""

    @functools.wraps(on_host)
    def kernel(*operands: Any) -> Any:
        for operand in operands:
            if type(operand) in devices.ON_DEVICES:
                return on_device(*operands)
        return on_host(*operands)

    kernel.on_host = on_host  # type: ignore[attr-defined]
    return kernel


SERVING = Serving()
install, foresee = SERVING.install, SERVING.foresee
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=cache.before_fork, after_in_parent=cache.after_fork, after_in_child=cache.after_fork_in_child
    )
    os.register_at_fork(after_in_child=SERVING.after_fork)


def kernels_in_use() -> str:
    """Name the kernels that serve large arrays now: 'reference' or 'fast'.

    While a process beside compiles them it is 'reference', though some may be ready and serve already.

    >>> kernels_in_use() in ("reference", "fast")
    True
    """
    return SERVING.which


def wants_reference() -> bool:
    """Whether somebody asked for the reference: then a device's own kernels do not serve either."""
    if SERVING.begun:
        return SERVING.pinned and SERVING.which == "reference"
    return _wish() == "reference"


def use_kernels(which: str = "auto", *, deterministic: bool = False) -> str:
    """Choose the kernels that serve from now on, in the whole process.

    Args:
        which: 'reference' (plain NumPy), 'fast' (compiled, each when it is first called), or 'auto'
            (compiled as soon as they are ready, NumPy until then and where they cannot be had).
        deterministic: with 'auto', do not change while the program runs: wait for the compiled
            kernels now, or stay with NumPy for good. Results then do not depend on timing.
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
    if which not in CHOICES:
        raise ArgumentError(f"use_kernels: which must be one of {', '.join(CHOICES)}; got {which!r}")
    return SERVING.choose(which, flag("use_kernels", "deterministic", deterministic))


def _wish() -> str:
    """Read what the environment asks for."""
    return os.environ.get("TINYGRAD_CNN_KERNELS", "auto")


def _imported(home: str, name: str) -> Callable[..., Any]:
    """A function of a module of compiled kernels."""
    found: Callable[..., Any] = cache.had(name, lambda: getattr(cache.imported(home), name))
    return found


def _compile_all() -> None:
    """Compile all kernels, module by module, and note in the cache which are ready."""
    kernels, done = sys.modules[f"{cache.PACKAGE}.base.compiling"].KERNELS, 0
    for module in sys.modules[cache.PACKAGE].MODULES:
        cache.imported(module)
        for kernel in kernels[done:]:
            kernel.load()
        done = len(kernels)
        cache.mark_ready(module)


def _import_compiled() -> None:
    """Import Numba and what every compiled kernel needs.

    Raises:
        KernelError: Numba is told not to compile.
    """
    with _uncollected():
        cache.imported(cache.PACKAGE)
        watching = cache.imported(f"{cache.PACKAGE}.base.watching")
        if sys.modules["numba"].config.DISABLE_JIT:
            raise KernelError("NUMBA_DISABLE_JIT is set")
        threads.watch_with(watching.watch)


#: Objects that are frozen when Python starts, at most: 3.12 begins with some 400, other versions with none.
_FROZEN_BY_PYTHON = 1000 if sys.version_info[:2] == (3, 12) else 0


def _uncollected() -> Restoring[None]:
    """No garbage collection inside, nor of what is young after: Numba makes many objects, which stay."""
    if not gc.isenabled():
        return Restoring(lambda: None, lambda: None)
    frozen = gc.get_freeze_count() > _FROZEN_BY_PYTHON  # somebody froze objects, which must stay so

    def end() -> None:
        if not frozen:
            gc.freeze()  # all objects leave the young generations, unseen
            gc.unfreeze()  # and are among the oldest now
        gc.enable()

    return Restoring(gc.disable, end)


def _say(reason: str, what: str = "kernels") -> None:
    """The one line that tells the user why NumPy serves."""
    _log.warning("tinygrad-cnn: NumPy serves in place of the compiled %s: %s", what, reason)
