"""Arrays that are written over: which nodes can no longer give their derivative.

Serial numbers order everything that happens. A write in place stamps the array's owner with the next
serial; a node older than the stamp that still keeps that memory would compute its gradient from values
it never saw. A stale entry (its id reused by a newer array) is older than any node that can keep the
newer array, so it never raises a false alarm.
"""

from __future__ import annotations

import os
import threading

from tinygrad_cnn import devices
from tinygrad_cnn.graph.nodes import Node, next_serial
from tinygrad_cnn.graph.operations import Array

__all__ = ["LOCK", "is_stale", "last_stamp", "owner", "stamp", "written_after"]

_written: dict[int, int] = {}

_latest = -1

#: Held while something is read, changed and put back that threads share; for moments only.
LOCK = threading.RLock()


def _new_lock() -> None:
    """In a forked child: another thread may have held the lock, and is not there to release it."""
    global LOCK
    LOCK = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_lock)


def owner(array: Array) -> Array:
    """The array that owns the memory that `array` shows."""
    while isinstance(array.base, devices.CLASSES):
        array = array.base
    return array


def stamp(array: Array) -> None:
    """Note that the memory of `array` is being written over now."""
    global _latest
    with LOCK:  # else a smaller number could stay as the latest
        _latest = _written[id(owner(array))] = next_serial()


def last_stamp() -> int:
    """The serial number of the latest write: nodes with a larger one cannot be stale."""
    return _latest


def is_stale(node: Node) -> bool:
    """Whether an array that `node` keeps for its derivative was written over since."""
    for array in node.kept or ():
        if isinstance(array, devices.CLASSES) and written_after(array, node.serial):
            return True
    return False


def written_after(array: Array, serial: int) -> bool:
    """Whether the memory of `array` was written over, as `stamp` was told, after a serial number."""
    return _written.get(id(owner(array)), -1) > serial
