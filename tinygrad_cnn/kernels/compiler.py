"""The process that compiles kernels while this one goes on.

It imports what this one would, from the same places, and nothing of the folder that it is started in.
It carries a mark, so that it never starts another; and a program that is not a plain Python, such as a
frozen application, is not started again at all.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tinygrad_cnn.kernels import cache

if TYPE_CHECKING:
    import subprocess

#: The variable that marks the process that compiles.
MARK = "TINYGRAD_CNN_COMPILER"
#: Its exit status where another process is compiling: it does not wait, since who started it can.
BUSY = 75


def refusal() -> str | None:
    """Why no process can be started here, or None.

    >>> refusal() is None
    True
    """
    if getattr(sys, "frozen", False):
        return "this program is frozen, and no Python that could compile them"
    name = Path(sys.executable or "").name
    if not re.match(r"(python|pypy)", name, re.IGNORECASE):
        return f"{name or 'this program'} is not a Python interpreter that could compile them"
    return None


def command() -> list[str]:
    """Make the command to start: this Python, with this process's path and without the current folder.

    >>> command()[1:3]
    ['-P', '-c']
    """
    home = Path(__file__).parents[2]
    path = [os.path.abspath(place) for place in sys.path if place]
    if str(home) not in path:
        path.append(str(home))
    program = f"import sys; sys.path[:] = {path!r}; from tinygrad_cnn.warm import main; "
    return [sys.executable, "-P", "-c", program + "raise SystemExit(main(['--quiet', '--unless-busy']))"]


def start() -> subprocess.Popen[bytes] | None:
    """Start it; None inside one.

    Raises:
        OSError: the cache cannot be written, or the process cannot be started.
    """
    if os.environ.get(MARK):
        return None
    if (reason := refusal()) is not None:
        raise OSError(reason)
    import subprocess  # here: most programs start none

    place = cache.prepare()
    return subprocess.Popen(
        command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C here is not meant for it; it ends by itself
        cwd=place, env={**os.environ, MARK: "1", "TINYGRAD_CNN_CACHE": str(cache.root().parent)},
    )  # fmt: skip
