"""Last words of a rank, and its way to end all ranks before there is a world."""

from __future__ import annotations

import os
import signal
import stat
import sys
import time
import traceback
from types import TracebackType

from tinygrad_cnn.signal_handlers import tolerated

if sys.platform != "win32" and sys.platform != "wasi":  # nor in a browser
    from fcntl import ioctl
    from termios import FIONREAD

#: How long a rank waits at its end for the launcher to read its words, in seconds.
PATIENCE = 10.0


def traceback_of(
    rank: int, size: int, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> str:
    """A traceback with the rank before each line, and what it means for the others.

    >>> print(traceback_of(1, 4, ValueError, ValueError("no"), None), end="")
    [rank 1] ValueError: no
    [rank 1] this error ends all 4 ranks
    """
    lines = "".join(traceback.format_exception(kind, error, trace)).splitlines()
    return "".join(f"[rank {rank}] {line}\n" for line in [*lines, f"this error ends all {size} ranks"])


def last_words(text: str, patience: float = PATIENCE) -> None:
    """Write to standard error, and wait until the launcher has read what this process wrote.

    `Abort` lets the launcher end everything at once: it may do so with our words unread in a pipe.
    """
    sys.stderr.write(text)
    for stream in (sys.stdout, sys.stderr):
        with tolerated(OSError, ValueError):  # nobody reads it, or it is closed
            stream.flush()
    end = time.monotonic() + patience
    while any(map(_unread, (1, 2))) and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(0.1)  # for launchers whose pipes do not tell


def _unread(descriptor: int) -> int:
    """Count the bytes of a pipe that have not been read; 0 where that cannot be known."""
    if sys.platform == "win32" or sys.platform == "wasi":  # pragma: no cover: other systems
        return 0
    try:
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            return int.from_bytes(ioctl(descriptor, FIONREAD, bytes(4)), sys.byteorder)
    except OSError:  # closed
        pass
    return 0


def end_all_before_world() -> None:
    """Let an exception before `world()` end all ranks, where a launcher like MPICH's started several.

    The others wait in their call of `world()` for this one. The launcher notices a process that a signal
    has ended, and none that has ended by itself; so the process sends itself one.
    """
    rank, size = (os.environ.get(f"PMI_{name}", "") for name in ("RANK", "SIZE"))
    if (
        not (rank.isdecimal() and size.isdecimal() and int(size) > 1)
        or sys.excepthook is not sys.__excepthook__
    ):
        return

    def failed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        last_words(traceback_of(int(rank), int(size), kind, error, trace))
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)

    sys.excepthook = failed
