"""Imports by other threads, which a fork waits for.

A child has the locks of modules that another thread was importing when its parent forked, and nobody who
opens them: to import such a module again would never end.
"""

from __future__ import annotations

import importlib
import threading
import time
from typing import Any

#: The packages whose modules are meant.
PACKAGES = ("tinygrad_cnn", "viz")
#: Seconds between two looks.
PAUSE = 0.001


def wait_for_imports(seconds: float) -> bool:
    """Wait until no other thread is importing a module of these packages, or for so long; whether none is.

    A thread that is importing something itself does not wait: the others may wait for it.

    >>> wait_for_imports(1.0)
    True
    """
    end = time.monotonic() + seconds
    while is_importing_elsewhere():
        if time.monotonic() > end:
            return False
        time.sleep(PAUSE)
    return True


def is_importing_elsewhere() -> bool:
    """Whether another thread is importing a module of these packages, and this one imports nothing.

    CPython keeps a lock for each module while it is imported, with its owner. Where these locks are not
    found, nothing is waited for.

    >>> is_importing_elsewhere()
    False
    """
    inside: Any = getattr(importlib, "_bootstrap", None)
    locks = getattr(inside, "_module_locks", {})
    owners: list[tuple[str, Any]] = []
    for name, seen in list(locks.items()):
        owner = getattr(seen(), "owner", None)
        if owner is not None:
            owners.append((name, owner))
    me = threading.get_ident()
    return all(owner != me for _, owner in owners) and any(
        name.partition(".")[0] in PACKAGES for name, _ in owners
    )
