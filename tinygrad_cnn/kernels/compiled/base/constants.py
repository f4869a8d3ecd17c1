"""Constants that suit one processor better than another: where a user's own values come from.

They decide how work is cut and from which size on it is shared, in Python; compiled code holds none of
them. `python -m tinygrad_cnn.tune` measures them and keeps what it finds beside the cache.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

from tinygrad_cnn.kernels import cache
from tinygrad_cnn.signal_handlers import let_through, tolerated

#: Beside the compiled kernels of this machine.
NAME = "tuned.json"
#: How far a constant may be from the one that is built in, as a factor.
FARTHEST = 64

_log = logging.getLogger("tinygrad_cnn")


def path() -> Path:
    """The file of this machine.

    >>> path().name
    'tuned.json'
    """
    return cache.folder() / NAME


def read() -> dict[str, int]:
    """Read what was tuned, by name; {} where nothing was, or where the file cannot be read."""
    with tolerated(OSError):
        text = path().read_text(encoding="utf-8") if path().is_file() else "{}"
        try:
            found = json.loads(text)
            return {name: value for name, value in found.items() if type(value) is int and value > 0}
        except (ValueError, AttributeError) as error:
            let_through(error)
            _log.warning("tinygrad-cnn: %s is not what tune wrote; the built-in constants serve", path())
    return {}


_found = read()


def tuned(name: str, default: int) -> int:
    """The value of a constant: what was tuned for this processor, else the one that is built in.

    >>> tuned("no.such.CONSTANT", 7)
    7
    """
    value = _found.get(name, default)
    return value if default / FARTHEST <= value <= default * FARTHEST else default
