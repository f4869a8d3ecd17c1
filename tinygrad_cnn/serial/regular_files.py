"""Files opened for reading: regular ones only, so that nothing waits for a pipe or reads a device."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.serial.paths import path_of

_KINDS = {
    stat.S_IFIFO: "a pipe (FIFO)",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def opened(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file, or a link to one, for reading.

    Args:
        path: the file.
    Returns:
        The open file; use it in a `with` block.
    Raises:
        FormatError: a pipe, a device or a socket, which could wait for ever.
        FileNotFoundError, IsADirectoryError, PermissionError: it cannot be opened.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "a").write_bytes(b"abc")
    ...     with opened(f"{folder}/a") as file: file.read()
    b'abc'
    """
    path = path_of("opened", path)
    _check(os.stat(path).st_mode, path)
    # Not blocking: in the meantime the path may have become a pipe, and opening one waits for a writer.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    file = os.fdopen(os.open(path, flags), "rb")  # fdopen refuses a folder
    try:
        _check(os.fstat(file.fileno()).st_mode, path)
    except BaseException:
        file.close()
        raise
    return file


def read_file(path: str | os.PathLike[str]) -> bytes:
    """Read a regular file as a whole.

    Args:
        path: the file.
    Returns:
        Its bytes.
    Raises:
        As `opened`.

    >>> read_file("nowhere")
    Traceback (most recent call last):
    FileNotFoundError: [Errno 2] No such file or directory: 'nowhere'
    """
    with opened(path) as file:
        return file.read()


def _check(mode: int, path: str | os.PathLike[str]) -> None:
    kind = stat.S_IFMT(mode)
    if kind not in (stat.S_IFREG, stat.S_IFDIR):
        raise FormatError(f"{Path(path)}: expected a file, found {_KINDS.get(kind, 'something else')}")
