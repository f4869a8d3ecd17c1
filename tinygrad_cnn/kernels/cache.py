"""Where compiled kernels are kept between runs, and whether they are there.

One folder per version of everything that they depend on: the sources of the kernels, Python, Numba
and the processor. It holds Numba's own files; a file `complete` in it says that all kernels have been
compiled, a file `failed` says why they could not be.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any

SOURCES = Path(__file__).parent / "compiled"
_importing = threading.RLock()


def root() -> Path:
    """The folder of all caches: TINYGRAD_CNN_CACHE, else a place under the user's cache folder.

    >>> root().name
    'tinygrad_cnn'
    """
    if named := os.environ.get("TINYGRAD_CNN_CACHE"):
        return Path(named) / "tinygrad_cnn"
    if sys.platform == "win32":
        home = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        home = Path.home() / "Library" / "Caches"
    else:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "tinygrad_cnn"


def folder() -> Path:
    """The folder that belongs to these sources, this Python, this Numba and this processor.

    >>> folder().parent == root()
    True
    """
    settings = {
        name: os.environ.get(name) for name in ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_OPT")
    }
    return root() / _fingerprint(SOURCES, str(settings))


@lru_cache(maxsize=8)
def _fingerprint(sources: Path, settings: str) -> str:
    """A name for all that compiled kernels depend on; what a process runs does not change under it."""
    digest = hashlib.sha256(f"{settings}\n".encode())
    for path in sorted(sources.rglob("*.py")):
        # Numba looks at the time of a file, not at its text: a new time needs a new folder as well.
        digest.update(f"{path} {path.stat().st_mtime_ns} {path.stat().st_size}\n".encode())
    for package in ("numba", "llvmlite", "numpy"):
        try:
            digest.update(f"{package} {version(package)}\n".encode())
        except PackageNotFoundError:
            digest.update(f"no {package}\n".encode())
    digest.update(f"{sys.version} {platform.machine()} {_processor()}\n".encode())
    return digest.hexdigest()[:16]


def prepare() -> Path:
    """Make the folder, and see that files can be written there.

    Raises:
        OSError: they cannot; the message names the folder and the variable that moves it.
    """
    path = folder()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
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
    return (folder() / "complete").is_file()


def failure() -> str | None:
    """Why an earlier attempt to compile failed, or None.

    >>> failure() is None or isinstance(failure(), str)
    True
    """
    try:
        return (folder() / "failed").read_text(encoding="utf-8").strip() or "no reason is known"
    except OSError:
        return None


def imported(name: str) -> ModuleType:
    """A module of compiled kernels, loaded from `folder()`; what is not there is compiled into it.

    >>> imported("tinygrad_cnn.kernels.cache").root().name        # what is there already, as it is
    'tinygrad_cnn'
    """
    if name in sys.modules:
        return import_module(name)  # which waits if another thread is about it
    with placed():
        return import_module(name)


@contextmanager
def placed() -> Iterator[None]:
    """Have Numba keep what is compiled inside in `folder()`; one thread at a time."""
    config: Any = import_module("numba.core.config")
    with _importing:
        before, config.CACHE_DIR = config.CACHE_DIR, str(folder())
        try:
            yield
        finally:
            config.CACHE_DIR = before


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
    except OSError:
        return platform.processor()
    lines = text.splitlines()
    return "".join(next((s for s in lines if s.startswith(key)), "") for key in ("model name", "flags"))
