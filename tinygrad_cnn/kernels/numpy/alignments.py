"""Sums over the paths of labels through the steps of a sequence, in plain NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: The logarithm of 0: finite, so that no difference is NaN, and so low that adding it adds nothing.
NEVER = -1e100


def path_sums(emitted: Array, leaps: Array, first: Array, steps: Array, right: bool) -> Array:
    """The logarithm of the sum over all paths up to each step and state, with it; emitted (T, N, S).

    From the right: over all paths from it on, without it. A state is reached from itself, from the one
    before, and where `leaps` (N, S) says so from the one before that; `first` (N, S) is where paths begin
    (from the right: end). A sequence keeps its sums after its `steps` (N,).

    >>> ones, first = np.zeros((2, 1, 2)), np.array([[0.0, NEVER]])
    >>> path_sums(ones, np.zeros((1, 2), bool), first, np.array([2]), False)[-1].round(4)
    array([[0.    , 0.6931]])
    """
    found, logs = np.empty(emitted.shape), first
    if right:
        leaps = np.concatenate([leaps[:, 2:], np.zeros_like(leaps[:, :2])], 1)[:, : leaps.shape[1]]
    for t in reversed(range(len(emitted))) if right else range(len(emitted)):
        under_way = t < steps[:, None]
        if right:
            found[t] = logs
            logs = np.where(under_way, _summed(logs + emitted[t], -1, leaps), logs)
        else:
            logs = np.where(under_way, _summed(logs, 1, leaps) + emitted[t], logs)
            found[t] = logs
    return found


def _summed(logs: Array, by: int, leaps: Array) -> Any:
    """What each state gets from itself, from the one beside it, and from the next where it may."""
    beside, two = _shifted(logs, by), np.where(leaps, _shifted(logs, 2 * by), NEVER)
    return np.logaddexp(np.logaddexp(logs, beside), two)


def _shifted(logs: Array, by: int) -> Array:
    found = np.full_like(logs, NEVER)
    if by > 0:
        found[:, by:] = logs[:, :-by]
    else:
        found[:, :by] = logs[:, -by:]
    return found
