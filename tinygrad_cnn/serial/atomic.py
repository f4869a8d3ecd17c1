"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary path to write to; it becomes `path` when the block ends well.

    Whoever reads `path` sees the old file or the complete new one, never a part. When the block
    raises, the temporary file is removed and `path` stays as it was. The temporary file lies in the
    same folder, is there (empty) when the block starts, and has the same suffix, for libraries that
    choose a format by it. A library that wants an open file gets one by

        with writing(path) as temporary, temporary.open("wb") as file: ...

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
    target, mode = _check(path)
    temporary = target.with_name(f".{secrets.token_hex(8)}{target.suffix}")
    _create(temporary, target)
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


def _check(path: str | os.PathLike[str]) -> tuple[Path, int | None]:
    """The path behind symbolic links, and the permissions of the file that is there, if one is."""
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(
            errno.ENOENT, f"cannot write, there is no folder '{target.parent}'; make it first", str(path)
        )
    if not target.exists():
        return target, None
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "cannot write a file, this is a folder", str(path))
    if not target.is_file():  # replacing /dev/null with a file would be a surprise
        raise OSError(errno.EINVAL, "cannot replace, this is not a regular file", str(path))
    if not os.access(target, os.W_OK):  # os.replace asks the folder only
        raise PermissionError(errno.EACCES, "cannot write, the file is read-only", str(path))
    return target, stat.S_IMODE(target.stat().st_mode)


def _create(temporary: Path, target: Path) -> None:
    """Make the temporary file with the permissions of a new file (the system applies the umask)."""
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        reason = f"cannot write in folder '{target.parent}' ({error.strerror})"
        raise type(error)(error.errno, reason, str(target)) from None
