"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tinygrad_cnn.serial.paths import path_of
from tinygrad_cnn.signal_handlers import let_through, tolerated

try:
    import fcntl
except ImportError:  # pragma: no cover: Windows has no such locks
    fcntl = None  # type: ignore[assignment]

_A_DAY = 24 * 60 * 60


@contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path to write to; it becomes `path` when the block ends well.

    Whoever reads `path` sees the old file or the complete new one, never a part. When the block
    raises, the temporary file is removed and `path` stays as it was. The temporary file lies in the
    same folder, is there (empty) when the block starts, and has the same suffix, for libraries that
    choose a format by it. A library that wants an open file gets one by

        with writing(path) as temporary, temporary.open("wb") as file: ...

    What a process that was killed left behind is removed when the same file is next written.

    A new file has the permissions that any new file would have, an existing one keeps its own. A
    symbolic link stays, and the file that it points to is written.

    Args:
        path: where the file shall be; its folder must exist.
    Returns:
        A context manager that gives the temporary `Path`.
    Raises:
        FileNotFoundError: the folder does not exist.
        PermissionError: the folder or the file may not be written to.
        IsADirectoryError: `path` is a folder.
        OSError: `path` is there and is not a regular file.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "note.txt")
    ...     with writing(path) as temporary:
    ...         _ = temporary.write_text("whole")
    ...     path.read_text()
    'whole'
    """
    path = path_of("writing", path)
    target, mode = _check(path)
    _remove_leftovers(target)
    temporary, lock = _create(target)
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        if mode is not None:
            temporary.chmod(mode)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        if lock is not None:
            os.close(lock)


def check_writable(path: str | os.PathLike[str]) -> None:
    """See that a file could be written; nothing is left there.

    Raises:
        As `writing`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     check_writable(f"{folder}/file"); os.listdir(folder)
    []
    """
    temporary, lock = _create(_check(path)[0])
    temporary.unlink()
    if lock is not None:
        os.close(lock)


def _check(path: str | os.PathLike[str]) -> tuple[Path, int | None]:
    """The path behind symbolic links, and the permissions of the file that is there, if one is."""
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(
            errno.ENOENT, f"cannot write, there is no folder '{target.parent}'; make it first", str(path)
        )
    if target.is_symlink():  # what is no link any more was followed
        raise OSError(errno.ELOOP, "cannot write, the symbolic links lead in a circle", str(path))
    if not target.exists():
        return target, None
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "cannot write a file, this is a folder", str(path))
    if not target.is_file():  # replacing /dev/null with a file would be a surprise
        raise OSError(errno.EINVAL, "cannot replace, this is not a regular file", str(path))
    if not os.access(target, os.W_OK):  # os.replace asks the folder only
        raise PermissionError(errno.EACCES, "cannot write, the file is read-only", str(path))
    return target, stat.S_IMODE(target.stat().st_mode)


def _create(target: Path) -> tuple[Path, int | None]:
    """Make the temporary file with the permissions of a new file (the system applies the umask).

    Returns:
        Its path, and a descriptor that holds a lock on it, which the system takes away with the
        process; None where there are no such locks.
    """
    while True:
        temporary = target.with_name(f"{_start(target)}{secrets.token_hex(8)}{target.suffix}")
        try:
            made = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except OSError as error:
            let_through(error)
            reason = f"cannot write in folder '{target.parent}' ({error.strerror})"
            raise type(error)(error.errno, reason, str(target)) from None
        locked = _lock(made)
        if locked and temporary.exists():
            return temporary, made
        os.close(made)
        if locked is None:
            return temporary, None
        # Another writer took it for a leftover before it was locked, and removes it: once more.


def _lock(descriptor: int) -> bool | None:
    """Whether a file could be locked: False where another has it, None where there are no such locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        let_through(error)
        return False if isinstance(error, BlockingIOError) else None
    return True


def _start(target: Path) -> str:
    """The start of the names of a file's temporary files."""
    short = target.name.encode("utf-8", "surrogateescape")[:150].decode("utf-8", "ignore")
    return f".{short}.writing-"


def _remove_leftovers(target: Path) -> None:
    """Remove temporary files of this target whose writer is gone; nothing that fails matters."""
    start = _start(target)
    try:
        names = [name for name in os.listdir(target.parent) if name.startswith(start)]
    except OSError as error:
        let_through(error)
        return
    for name in names:
        path = target.with_name(name)
        with tolerated(OSError):
            if fcntl is None:  # Windows: a file that is open cannot be removed
                if time.time() - path.stat().st_mtime > _A_DAY:
                    path.unlink()
                continue
            left = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                if _lock(left):
                    path.unlink()
            finally:
                os.close(left)
