"""Records of how a graph was made and walked: values, gradients, times, bytes, places in the code.

The graph itself holds no results; a `Recorder` watches and keeps short summaries of them, by the
serial number of the node, so that it keeps neither the graph nor its arrays alive.
"""

from __future__ import annotations

import os
import sys
import weakref
from math import isinf
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

import tinygrad_cnn
from tinygrad_cnn import Tensor
from tinygrad_cnn.graph import MODE, Node, Observer, Op, observe
from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.switches import flag
from viz.recording.summary import Summary, summarise, values_of
from viz.recording.traces import Memory, Origins, Trace

#: A unit is called dead after this many zeros; fewer may be chance.
_ENOUGH = 16

#: Code in these folders is not the user's.
_OURS = tuple(
    f"{folder}{os.sep}" for folder in (Path(tinygrad_cnn.__file__).parent, Path(__file__).parents[1])
)


class Recorder(Observer):
    """An observer that keeps a `Trace` of each node; made by `viz.record()`.

    Attributes:
        traces: by serial number of the node. A leaf seen again, as a parameter in each training
            step, has the trace of the last time.
        shares: by (serial of a node, place of the operand): the gradient that flowed back along
            that edge in the last walk.
        taken: by the same, the value of a leaf when that op took it: it may be written over later.
        lent: serials of leaves that want a gradient only so that the graph is recorded.
        first_bad_value: serial of the first node whose value had a NaN, or an infinity that nobody gave
            as a bound or in a mask; None for none.
        first_bad_gradient: the same for gradients, by the node whose derivative first gave one.

    Args:
        holding: keep nodes that are detached from alive, as long as their arrays are.
    """

    def __init__(self, holding: bool = False) -> None:
        self.traces: dict[int, Trace] = {}
        self.shares: dict[tuple[int, int], Summary] = {}
        self.taken: dict[tuple[int, int], Summary] = {}
        self.lent: set[int] = set()
        self.first_bad_value: int | None = None
        self.first_bad_gradient: int | None = None
        self._meant: set[int] = set()
        self._memory = Memory()
        self._origins = Origins(flag("viz.record", "holding", holding))
        self._started = 0.0
        self._steps: list[tuple[Node, float]] = []
        self._last_step: int | None = None
        self._sums: dict[int, Any] = {}
        self._walks = 0

    def trace(self, node: Node) -> Trace:
        """The trace of a node, empty where nothing was seen.

        >>> Recorder().trace(Tensor(1.0).node).value is None
        True
        """
        return self.traces.get(node.serial) or Trace()

    def source(self, leaf: Node, array: Any = None) -> Node | None:
        """The node whose array a leaf has: one outside the graph, or one that was detached; None for none.

        Args:
            leaf: a node without an op.   array: the one that it has, where nothing took the leaf yet.

        >>> Recorder().source(Tensor(1.0).node) is None
        True
        """
        found = self.trace(leaf).source
        if found is None and array is not None:
            found = self._origins.of(array)
        node = found() if isinstance(found, weakref.ref) else found
        return None if node is leaf else node

    # ------------------------------------------------------------------ forward
    def op_starts(self, op: Op, arrays: tuple[Any, ...]) -> None:
        """Start the clock."""
        self._started = perf_counter()

    def recorded(self, node: Node, arrays: tuple[Any, ...], result: Any) -> None:
        """Note the value of a node, and of the leaves among its operands."""
        elapsed = 1e3 * (perf_counter() - self._started)
        for place, (parent, array) in enumerate(zip(node.parents, arrays, strict=True)):
            if parent.op is None:
                seen = self.traces.setdefault(parent.serial, Trace())
                seen.value = self.taken[node.serial, place] = summarise(array)
                if not self._steps:
                    self._origins.tell(parent, array, seen)
                if not seen.value.finite and not self._is_meant(seen.value, parent, array):
                    self._first_bad(parent)
        values = values_of(result)
        trace = Trace(value=summarise(values), forward_ms=elapsed, site=_site())
        trace.saved = self._memory.pieces(node)
        if self._steps:
            trace.derives, trace.walk = self._steps[-1][0].call, self._walks
        if node.op is not None and node.op.rectifies:
            trace.dead, trace.units = dead_units(values) if arrays[0].any() else (0, 0)
        assert trace.value is not None
        if not trace.value.finite and not self._is_meant(trace.value, node, result):
            self._first_bad(node)
        self.traces[node.serial] = trace
        if not any(result is array for array in arrays):
            self._origins.note_recorded(result, node)

    def _first_bad(self, node: Node) -> None:
        if self.first_bad_value is None:
            self.first_bad_value = node.serial

    def _is_meant(self, value: Summary, node: Node, array: Any) -> bool:
        """Whether infinities were given on purpose: a bound, a mask's -inf, and what comes of them."""
        if value.nans or node.role == "parameter":
            return False
        if node.op is None:
            given = not node.requires_grad or node.serial in self.lent
            meant = node.role == "constant" or (given and not np.isposinf(values_of(array)).any())
        else:
            meant = any(parent.serial in self._meant for parent in node.parents) or any(
                isinstance(one, float) and isinf(one) for one in vars(node.op).values()
            )
        if meant:
            self._meant.add(node.serial)
        return meant

    def unrecorded(self, op: Op, operands: tuple[Any, ...], arrays: tuple[Any, ...], result: Any) -> None:
        """Note an op outside the graph by a node of our own, which lives as long as its result is known."""
        if self._steps or any(result is array for array in arrays):
            return  # what a walk computes beside the graph are its constants
        parents = tuple(self._operand(x, array) for x, array in zip(operands, arrays, strict=True))
        node = Node(op, parents, (), result.shape, result.dtype, MODE.get().call)
        node.requires_grad = False
        self.traces[node.serial] = Trace(value=summarise(result), site=_site())
        self._origins.note(result, node)

    def _operand(self, operand: Any, array: Any) -> Node:
        """Note what an op outside the graph took: nothing in the graph is held, but by way of its trace."""
        known = self._origins.of(array)
        if isinstance(known, Node) and not known.requires_grad:
            return known
        own: Node | None = operand.node if isinstance(operand, Tensor) else None
        if own is not None and own.op is None:
            self.traces.setdefault(own.serial, Trace()).value = summarise(array)
            return own
        name = f"{operand:g}" if isinstance(operand, (int, float)) else None
        role = "constant" if own is None else "input"
        leaf = Node.leaf(np.shape(array), np.result_type(array), requires_grad=False, role=role, name=name)
        self.traces[leaf.serial] = Trace(value=summarise(array), source=known)
        return leaf

    # ------------------------------------------------------------------ backward
    def step_starts(self, node: Node, g: Any) -> None:
        """Note the gradient of a node, and start the clock."""
        if not self._steps:
            if self._last_step is None or node.serial >= self._last_step:  # a walk goes down only
                self._sums.clear()
                self._walks += 1
            self._last_step = node.serial
        trace = self.traces.setdefault(node.serial, Trace())
        trace.gradient = summarise(g)
        trace.walks += 1
        if not trace.gradient.finite and self.first_bad_gradient is None:
            self.first_bad_gradient = node.serial
        self._steps.append((node, perf_counter()))

    def stepped(self, node: Node, g: Any, gradients: tuple[Any, ...]) -> None:
        """Note the time of a step and the gradients that it gave."""
        _, started = self._steps.pop()
        self.traces[node.serial].backward_ms = 1e3 * (perf_counter() - started)
        for place, (parent, share) in enumerate(zip(node.parents, gradients, strict=True)):
            if share is None:
                continue
            summary = self.shares[node.serial, place] = summarise(share)
            if not summary.finite and self.first_bad_gradient is None:
                self.first_bad_gradient = node.serial
            if parent.op is None:  # the walk makes no step at a leaf: its shares are added here
                before, share = self._sums.get(parent.serial), values_of(share)
                self._sums[parent.serial] = share if before is None else before + share
                total = summary if before is None else summarise(self._sums[parent.serial])
                self.traces.setdefault(parent.serial, Trace()).gradient = total

    def finish(self) -> None:
        """Let go of the arrays that are needed only while watching.

        >>> Recorder().finish()
        """
        self._sums.clear()
        self._steps.clear()


def record(*, holding: bool = False) -> Restoring[Recorder]:
    """Watch what is computed inside the `with` block, for drawings with values, gradients and times.

    Watching costs a look at every element, so that the times of ops are measured without it but the
    block as a whole runs slower. What runs under `no_grad()`, or before a `detach()`, is drawn too, if
    it is still there: the recorder keeps no graph and no array alive.

    Args:
        holding: keep the graph before each `detach()` alive, so that it is drawn in any case.
    Returns:
        A context manager that gives the `Recorder`; drawing functions take it as `recorder=`.

    >>> x = Tensor([1.0, -2.0], requires_grad=True)
    >>> with record() as recorder:
    ...     y = (x * x).sum()
    ...     y.backward()
    >>> recorder.trace(y.node).value.values, recorder.trace(x.node).gradient.values
    ((5.0,), (2.0, -4.0))
    """
    recorder = Recorder(holding)
    block = observe(recorder)

    def begin() -> Recorder:
        block.enter()
        return recorder

    def end() -> None:
        block.leave()
        recorder.finish()

    return Restoring(begin, end)


def dead_units(result: Any) -> tuple[int, int]:
    """Units (channels, or features) that are 0 for the whole batch, and how many units there are.

    >>> dead_units(np.array([[0.0, 1.0]] * 16))
    (1, 2)
    """
    units = result.shape[1] if result.ndim > 1 else result.size
    if result.size >= _ENOUGH and not result.any():
        return units, units
    if result.ndim < 2 or len(result) < 2 or result.size < _ENOUGH * units or not result.size:
        return 0, 0
    alive = result.any(axis=tuple(axis for axis in range(result.ndim) if axis != 1))
    return int(units - np.count_nonzero(alive)), units


def _site() -> tuple[str, int] | None:
    """File and line of the innermost call that is neither the engine's nor ours."""
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_OURS):
            return file, frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]
    return None
