"""Connectionist temporal classification: labels in their order, each at any of many steps.

A path is in one state a step: before the first label, at it, between it and the second, and so on.
It stays, goes on to the next state, or goes two on where that leaves out the gap between two different
labels. All sums are of logarithms, in float64: probabilities of long paths are too small for anything else.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import devices, kernels
from tinygrad_cnn.kernels.numpy.alignments import NEVER
from tinygrad_cnn.ops.arithmetic import Maximum
from tinygrad_cnn.ops.elementwise import Cast, Clip, Exp
from tinygrad_cnn.ops.families import Loss
from tinygrad_cnn.ops.index import AddAlongAxis, TakeAlongAxis
from tinygrad_cnn.ops.pairs import LogAddExp
from tinygrad_cnn.ops.reduce import LogSumExp
from tinygrad_cnn.ops.select import Gate, Where
from tinygrad_cnn.ops.shape import Concatenate

__all__ = ["CTC"]


class CTC(Loss):
    """Minus the logarithm of the summed probability of all paths, of each sequence: (N,).

        loss[n] = -ln(sum over π of e^(sum_t x[t, n, π_t])), over the paths π that spell the labels

    x (T, N, C) logarithms of probabilities; labels int (N, S), filled up with the blank; steps and counts
    int (N,), of each sequence. Where no path fits, the loss is infinite and its derivative 0.
    """

    keep = (0,)

    def __init__(self, labels: Any, steps: Any, counts: Any, blank: int) -> None:
        count, most = labels.shape
        states = np.arange(2 * most + 1)
        self.blank, self._steps = blank, steps
        self._path = np.full((count, states.size), blank)  # the class of each state
        self._path[:, 1::2] = labels
        self._leaps = np.zeros(self._path.shape, bool)  # whether it may be reached from two before
        self._leaps[:, 2:] = (self._path[:, 2:] != blank) & (self._path[:, 2:] != self._path[:, :-2])
        ends = 2 * counts[:, None]
        self._first = np.broadcast_to(states == 0, self._path.shape)
        self._last = (states == ends) | (states == ends - 1)

    def forward(self, x: Any) -> Any:
        total = self._sums(self._emitted(x))[1]
        return np.where(total < NEVER / 2, np.inf, -total).astype(x.dtype)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        """The slope in x[t, n, k] is minus the share of the paths that are at class k in step t."""
        emitted = self._emitted(x)
        if not x.shape[0]:
            return (x * 0,)
        both, total = self._sums(emitted, both=True)
        total = Maximum()(total, NEVER / 2)  # where no path fits, each share is 0
        shares = Exp()(both - total.reshape((1, -1, 1)))
        shares = Gate(np.arange(x.shape[0])[:, None, None] < self._steps[:, None])(shares)
        path = np.broadcast_to(self._path, shares.shape)
        slope = AddAlongAxis(path, 2, x.shape[2])(shares) * -g.reshape((1, -1, 1))
        return (Cast(x.dtype)(slope),)

    def _emitted(self, x: Any) -> Any:
        """Take what each state says at each step, (T, N, states)."""
        path = np.broadcast_to(self._path, (x.shape[0], *self._path.shape))
        return Clip(NEVER, None)(Cast(np.float64)(TakeAlongAxis(path, 2)(x)))

    def _sums(self, emitted: Any, both: bool = False) -> tuple[Any, Any]:
        """The sums over all paths through each state at each step if `both`, and over all paths."""
        if type(emitted) is np.ndarray and len(emitted):  # a kernel knows no graph
            first, last = (np.where(states, 0.0, NEVER) for states in (self._first, self._last))
            lefts = kernels.path_sums(emitted, self._leaps, first, self._steps, False)
            total = LogSumExp((1,))(lefts[-1] + last)
            if not both:
                return None, total
            return lefts + kernels.path_sums(emitted, self._leaps, last, self._steps, True), total
        states, total = self._from_the_left(emitted)
        if not both:
            return None, total
        shape = (1, *self._path.shape)
        pairs = zip(states, self._from_the_right(emitted), strict=True)
        return Concatenate(0)(*[(left + right).reshape(shape) for left, right in pairs]), total

    def _from_the_left(self, emitted: Any) -> tuple[list[Any], Any]:
        """For each step and state, the sum over all paths up to it and with it; and over whole paths."""
        logs = certain(self._first, emitted)
        found: list[Any] = []
        for t in range(emitted.shape[0]):
            logs = self._under_way(t, self._summed(logs, 1, self._leaps) + emitted[t], logs)
            found.append(logs)
        return found, LogSumExp((1,))(logs + certain(self._last, emitted))

    def _from_the_right(self, emitted: Any) -> list[Any]:
        """For each step and state, the sum over all paths from it on, the step without it."""
        logs = certain(self._last, emitted)
        found: list[Any] = []
        leaps = np.zeros_like(self._leaps)
        leaps[:, :-2] = self._leaps[:, 2:]
        for t in reversed(range(emitted.shape[0])):
            found.append(logs)
            logs = self._under_way(t, self._summed(logs + emitted[t], -1, leaps), logs)
        return found[::-1]

    def _summed(self, logs: Any, by: int, leaps: Any) -> Any:
        """Add up what a state gets from itself, from the one beside it, and from the next where it may."""
        two = Where(leaps)(shifted(logs, 2 * by), NEVER)
        return LogAddExp()(LogAddExp()(logs, shifted(logs, by)), two)

    def _under_way(self, t: int, new: Any, old: Any) -> Any:
        """The new sums of sequences that have a step t, the old ones of those that ended before."""
        has_step = t < self._steps[:, None]
        return new if has_step.all() else Where(has_step)(new, old)


def certain(states: Any, like: Any) -> Any:
    """The logarithm of probability 1 where a path is sure to be, that of 0 elsewhere.

    >>> certain(np.array([[True, False]]), None).tolist()
    [[0.0, -1e+100]]
    """
    return devices.beside(np.where(states, 0.0, NEVER), like)


def shifted(logs: Any, by: int) -> Any:
    """State s gets what state s - by has, or `NEVER` where there is none.

    >>> shifted(np.array([[-1.0, -2.0]]), 1).tolist()
    [[-1e+100, -1.0]]
    """
    edge = devices.full((logs.shape[0], abs(by)), NEVER, np.float64, like=logs)
    width = logs.shape[1]
    return Concatenate(1)(edge, logs)[:, :width] if by > 0 else Concatenate(1)(logs, edge)[:, -by:]
