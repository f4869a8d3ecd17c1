"""Where compiled kernels are kept between runs, and whether they are there.

    <root>/<machine>/<family>-<sources>/     Numba's own files for the kernels of one family
    <root>/<machine>/ready-<sources>         the modules whose kernels have been compiled, one a line
    <root>/<machine>/complete-<sources>      all kernels have been compiled
    <root>/<machine>/failed-<sources>        why they could not be
    <root>/<machine>/compiling               a lock: one process compiles at a time

A machine is Python, Numba, the processor and Numba's settings; sources are those that a family is made
of. So a new version of this package compiles only the families that changed.
"""

from __future__ import annotations

import os
import platform
import sys
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from tinygrad_cnn.errors import KernelError
from tinygrad_cnn.kernels.imports_elsewhere import wait_for_imports
from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.signal_handlers import let_through, tolerated

T = TypeVar("T")
SOURCES = Path(__file__).parent / "compiled"
#: The package of the sources, as Python knows it.
PACKAGE = f"{__package__}.compiled"
#: Seconds after which a failure is forgotten, and compiling is tried once more.
FORGOTTEN = 24 * 3600
#: Seconds for which a fork waits for a thread that compiles.
PATIENCE = 30.0
_importing = threading.RLock()


def root() -> Path:
    """The folder of all caches: TINYGRAD_CNN_CACHE, else a place under the user's cache folder.

    Raises:
        OSError: the user has no home folder.

    >>> root().name
    'tinygrad_cnn'
    """
    if named := os.environ.get("TINYGRAD_CNN_CACHE"):
        return _absolute(named) / "tinygrad_cnn"
    try:
        if sys.platform == "win32":
            home = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        elif sys.platform == "darwin":
            home = Path.home() / "Library" / "Caches"
        else:
            home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError as error:
        raise OSError("there is no home folder; TINYGRAD_CNN_CACHE names a folder for the cache") from error
    return home / "tinygrad_cnn"


@lru_cache(maxsize=8)
def _absolute(named: str) -> Path:
    """A folder of the user's, which stays where it is when the program goes to another one."""
    return Path(named).absolute()


def folder() -> Path:
    """The folder that belongs to this Python, this Numba and this processor.

    >>> folder().parent == root()
    True
    """
    settings = {
        name: os.environ.get(name) for name in ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_OPT")
    }
    return root() / _machine(str(settings))


def family_folder(module: str) -> Path:
    """Where the kernels of a module lie: all modules of one family share a folder.

    >>> family_folder(f"{PACKAGE}.norm").name.startswith("norm-")
    True
    """
    family = module.removeprefix(f"{PACKAGE}.").split(".")[0] if module.startswith(PACKAGE) else "other"
    return folder() / f"{family}-{_sources(SOURCES, family)}"


@lru_cache(maxsize=8)
def _machine(settings: str) -> str:
    """A name for all but the sources that compiled kernels depend on."""
    # Imported here: a program that never compiles would wait for them at its start.
    from hashlib import sha256
    from importlib.metadata import PackageNotFoundError, version

    digest = sha256(f"{settings}\n".encode())
    for package in ("numba", "llvmlite", "numpy"):
        try:
            digest.update(f"{package} {version(package)}\n".encode())
        except PackageNotFoundError:
            digest.update(f"no {package}\n".encode())
    digest.update(f"{sys.version} {platform.machine()} {_processor()}\n".encode())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=32)
def _sources(sources: Path, family: str) -> str:
    """A name for the sources of a family and what all families share; of everything for "all"."""
    from hashlib import sha256

    digest = sha256()
    for path in sorted(sources.rglob("*.py")):
        part = path.relative_to(sources).parts[0].removesuffix(".py")
        if family == "all" or part in (family, "base"):
            # Numba looks at the time of a file, not at its text: a new time needs a new folder as well.
            digest.update(f"{path} {path.stat().st_mtime_ns} {path.stat().st_size}\n".encode())
    return digest.hexdigest()[:12]


def prepare() -> Path:
    """Make the folder, and see that files can be written there.

    Raises:
        OSError: they cannot; the message names the folder and the variable that moves it.
    """
    import tempfile

    path = folder()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        let_through(error)
        raise OSError(
            f"the cache folder {path} cannot be written to ({error.strerror}); "
            "TINYGRAD_CNN_CACHE names another"
        ) from error
    return path


def is_complete() -> bool:
    """Whether every kernel lies compiled in `folder()`.

    >>> is_complete() in (True, False)
    True
    """
    with tolerated(OSError):
        return _marker("complete").is_file()
    return False


def size() -> int:
    """Bytes of all files in `folder()`.

    >>> size() >= 0
    True
    """
    with tolerated(OSError):
        return sum(path.stat().st_size for path in folder().rglob("*") if path.is_file())
    return 0


def failure() -> str | None:
    """Why an attempt to compile failed within the last day, or None.

    >>> failure() is None or isinstance(failure(), str)
    True
    """
    with tolerated(OSError):
        marker = _marker("failed")
        if abs(time.time() - marker.stat().st_mtime) < FORGOTTEN:
            return marker.read_text(encoding="utf-8").strip() or "no reason is known"
    return None


def ready() -> frozenset[str]:
    """The modules whose kernels lie compiled in `folder()`, while not all do.

    >>> all(module.startswith(PACKAGE) for module in ready())
    True
    """
    with tolerated(OSError):
        lines = _marker("ready").read_text(encoding="utf-8").split("\n")
        return frozenset(lines[:-1])  # the last one may be half written
    return frozenset()


def mark_ready(module: str) -> None:
    """Say that the kernels of a module, and those that they call, lie compiled in `folder()`."""
    with tolerated(OSError), _marker("ready").open("a", encoding="utf-8") as file:
        file.write(f"{module}\n")


def mark_complete() -> None:
    """Say that every kernel lies compiled in `folder()`."""
    _marker("failed").unlink(missing_ok=True)
    _marker("complete").touch()


def mark_failed(error: BaseException) -> None:
    """Say why compiling failed, unless it may succeed as it is: a full disk, or no right to write."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (OSError, MemoryError)):
            return
        cause = cause.__cause__
    with tolerated(OSError):
        _marker("failed").write_text(f"{error}\n", encoding="utf-8")


def _marker(kind: str) -> Path:
    return folder() / f"{kind}-{_sources(SOURCES, 'all')}"


def imported(name: str) -> ModuleType:
    """A module of compiled kernels, loaded from `folder()`; what is not there is compiled into it.

    >>> imported("tinygrad_cnn.kernels.cache").root().name        # what is there already, as it is
    'tinygrad_cnn'
    """
    _need_compiler()
    if name in sys.modules:
        return import_module(name)  # which waits if another thread is about it
    with placed(name):
        return import_module(name)


def had(what: str, load: Callable[[], T], errors: type[Exception] = Exception) -> T:
    """Call `load()`, twice if need be: an error that does not come again was not the compiler's.

    A signal's handler may have raised it, which may raise anything anywhere in the main thread: that is the
    caller's, and is raised as it is. What the system refused once (it numbers its errors) is forgotten.

    Args:
        what: is loaded, for the message.   errors: those that may be the compiler's.
    Raises:
        KernelError: it failed twice.

    >>> had("sum", lambda: 3)
    3
    """
    try:
        return load()
    except errors as error:
        first: Exception = error
    try:
        found = load()
    except errors as error:
        raise KernelError(f"the compiled {what} cannot be had: {reason_of(error)}") from error
    while isinstance(first, KernelError) and isinstance(first.__cause__, Exception):
        first = first.__cause__
    if not may_be_a_handlers(first):
        return found
    raise first


def may_be_a_handlers(error: Exception) -> bool:
    """Whether a signal's handler may have raised an error that does not come again.

    >>> may_be_a_handlers(TimeoutError("too late")), may_be_a_handlers(OSError(28, "no space left"))
    (True, False)
    """
    of_the_system = getattr(error, "errno", None) is not None
    return not of_the_system and threading.current_thread() is threading.main_thread()


def placed(module: str) -> Restoring[Path]:
    """Have Numba keep what a module compiles inside in its family's folder; one thread at a time."""
    _need_compiler()
    lock, held, before = _importing, [], []  # type: ignore[var-annotated]
    config: Any = import_module("numba.core.config")

    def begin() -> Path:
        held.extend(map(lock.acquire, [True]))  # taken and noted in one step, which nothing interrupts
        path = family_folder(module)
        before.append(config.CACHE_DIR)
        config.CACHE_DIR = str(path)
        return path

    def end() -> None:
        if held:
            config.CACHE_DIR = before[0] if before else config.CACHE_DIR
            lock.release()
            held.clear()

    return Restoring(begin, end)


def remove(path: Path, module: str, name: str) -> int:
    """Remove what a family's folder keeps of one kernel, as it may be damaged; how many files."""
    found = [file for file in path.rglob(f"*.{name}-*.nb?") if module.split(".")[-1] in file.name]
    for file in found:
        with tolerated(OSError):
            file.unlink()
    return len(found)


def before_fork() -> None:
    """Let no other thread be importing Numba, a kernel or another of our modules while this one forks.

    The child would wait for it for ever. After `PATIENCE` it is forked all the same, and compiles nothing.
    """
    wait_for_imports(PATIENCE)
    _waits.append(_importing.acquire(timeout=PATIENCE))


def after_fork() -> None:
    """In the parent: let others import again."""
    if _waits and _waits.pop():
        _importing.release()


def after_fork_in_child() -> None:
    """In the child nobody else has the lock; nor does it, if that was not waited for to the end."""
    global _importing, _cut_off
    _cut_off = _cut_off or _waits[-1:] != [True]
    _waits.clear()
    _importing = threading.RLock()


def _need_compiler() -> None:
    if _cut_off:
        raise KernelError(
            "this process was forked while another thread compiled, and has no compiler; "
            "compile before forking (python -m tinygrad_cnn.warm), or start processes by 'spawn'"
        )


def is_cut_off() -> bool:
    """Whether a thread of the parent compiled when this process was forked, and kept the compiler's locks.

    >>> is_cut_off()
    False
    """
    return _cut_off


_waits: list[bool] = []
_cut_off = False


def reason_of(error: BaseException) -> str:
    """The kind of an error and the first line of it that says something.

    >>> reason_of(ValueError("\\n no such target\\n details"))
    'ValueError: no such target'
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _processor() -> str:
    """The processor's model, as far as the system tells it: a home folder may be shared by machines."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        let_through(error)
        return platform.processor()
    lines = text.splitlines()
    return "".join(next((s for s in lines if s.startswith(key)), "") for key in ("model name", "flags"))
