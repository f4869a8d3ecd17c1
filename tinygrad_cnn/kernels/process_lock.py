"""A lock between processes that the system lets go of when its owner dies, however it dies."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt

    def _try(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def locked(path: Path, wait: bool = True) -> Iterator[bool]:
    """Wait until no other process has the lock on a file, and have it; whether there is one to have.

    Where the file cannot be made, or the file system knows no locks, nothing is waited for.

    Raises:
        BlockingIOError: another process has it, and `wait` is False.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, locked(Path(folder) / "lock") as had:
    ...     had
    True
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError:
        yield False
        return
    with file:
        yield _take(file, wait)


def _take(file: IO[bytes], wait: bool) -> bool:
    while True:
        try:
            _try(file)
        except (BlockingIOError, PermissionError) as error:  # somebody has it: POSIX's word, Windows's
            if not wait:
                raise BlockingIOError(f"another process has {file.name}") from error
            time.sleep(0.1)
        except OSError:
            return False
        else:
            return True
