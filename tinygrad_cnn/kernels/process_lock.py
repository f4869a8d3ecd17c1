"""A lock between processes that the system lets go of when its owner dies, however it dies."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import IO, Any

from tinygrad_cnn.restoring import Ended
from tinygrad_cnn.signal_handlers import let_through

if sys.platform == "win32":  # pragma: no cover: Windows alone
    import msvcrt

    def _try(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
elif sys.platform == "wasi":  # pragma: no cover: WebAssembly alone

    def _try(file: IO[bytes]) -> None:
        """There are no other processes in WebAssembly."""
else:
    import fcntl

    def _try(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class locked(Ended):
    """Wait until no other process has the lock on a file, and have it; whether there is one to have.

    Where the file cannot be made, or the file system knows no locks, nothing is waited for.

    Args:
        path: of the file, which is made.   wait: for another process that has it.
    Raises:
        BlockingIOError: another process has it, and `wait` is False.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, locked(Path(folder) / "lock") as had:
    ...     had
    True
    """

    def __init__(self, path: Path, wait: bool = True) -> None:
        self._path, self._wait = path, wait
        self._file: IO[bytes] | None = None

    def __enter__(self) -> bool:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab")
        except OSError as error:
            let_through(error)
            return False
        return _take(self._file, self._wait)

    def leave(self, mark: Any = None) -> None:
        """Let go of it."""
        if self._file is not None:
            self._file.close()


def _take(file: IO[bytes], wait: bool) -> bool:
    while True:
        try:
            _try(file)
        except (BlockingIOError, PermissionError) as error:  # somebody has it: POSIX's word, Windows's
            let_through(error)
            if not wait:
                raise BlockingIOError(f"another process has {file.name}") from error
            time.sleep(0.1)
        except OSError as error:
            let_through(error)
            return False
        else:
            return True
