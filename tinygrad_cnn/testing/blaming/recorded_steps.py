"""Watching a function run: which ops it called, where in the user's code, and on which arrays."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import tinygrad_cnn
from tinygrad_cnn import devices
from tinygrad_cnn.graph import OUT, Node, Observer, Op, run_backward, run_forward

Array = NDArray[Any]
Site = tuple[str, int]

#: Code in this folder is not the user's.
_OURS = f"{Path(tinygrad_cnn.__file__).parent}{os.sep}"


@dataclass(frozen=True)
class Step:
    """One recorded op, with copies of everything that it was given.

    Attributes:
        node, op: as recorded.   needs: which operands want a gradient.
        operands: copies of the operands, made before the op ran.   result: a copy of its result.
        written: operands that the op wrote to while it ran.
        stale: operands whose memory was written over between the op that made them and this one.
        site: (file, line) of the user's code that called it.
        derives: the node whose derivative called it; None in the function itself.
    """

    node: Node
    op: Op
    needs: tuple[bool, ...]
    operands: tuple[Any, ...]
    result: Array
    written: tuple[int, ...]
    stale: tuple[int, ...]
    site: Site | None
    derives: Node | None

    def run(self, operands: tuple[Any, ...] | list[Any] | None = None, as_they_lie: bool = False) -> Run:
        """The op once more, on copies of some operands (its own if None), or on them as they lie."""
        given = list(self.operands if operands is None else operands)
        arrays = given if as_they_lie else [copied(x) for x in given]
        y, residual = run_forward(self.op, arrays, self.needs)
        return Run(self, y, [y if place == OUT else arrays[place] for place in self.op.keep], residual)


class Run(NamedTuple):
    """The results of an op that ran once more: its result, what it would keep, its residual."""

    step: Step
    y: Array
    kept: list[Any]
    residual: Any

    def backward(self, g: Any) -> Any:
        """Run its derivative for the gradient g of the result."""
        return run_backward(self.step.op, g, self.kept, self.residual, self.step.needs)


class Witness(Observer):
    """Keeps a `Step` for each op recorded, and the gradient that each node got in a walk.

    Attributes:
        steps: in order of creation.
        gradients: by node, copies of what a walk had gathered when it came to the node.

    >>> from tinygrad_cnn import observe
    >>> with observe(Witness()) as seen:
    ...     y = Tensor([3.0], requires_grad=True) * 2
    >>> seen.steps[0].op.name, seen.steps[0].operands
    ('Mul', (array([3.], dtype=float32), 2))
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.gradients: dict[Node, Array] = {}
        self._made: dict[Node, Array] = {}
        self._before: list[tuple[Any, ...]] = []
        self._deriving: list[Node] = []

    def op_starts(self, op: Op, arrays: tuple[Any, ...]) -> None:
        """Copy the operands, before the op can write to them."""
        self._before.append(tuple(copied(x) for x in arrays))

    def recorded(self, node: Node, arrays: tuple[Any, ...], result: Any) -> None:
        """Note the op with its operands, its result and its place."""
        assert node.op is not None
        before = self._before.pop()
        changed = [k for k, (x, y) in enumerate(zip(before, arrays, strict=True)) if not same(x, y)]
        stale = [
            k
            for k, (parent, x) in enumerate(zip(node.parents, before, strict=True))
            if parent in self._made and not same(self._made[parent], x)
        ]
        self._made[node] = value = copied(result)
        deriving = self._deriving[-1] if self._deriving else None
        self.steps.append(
            Step(node, node.op, node.needs, before, value, tuple(changed), tuple(stale), site(), deriving)
        )

    def step_starts(self, node: Node, g: Any) -> None:
        """Note the gradient that arrived."""
        self._deriving.append(node)
        self.gradients[node] = copied(getattr(g, "array", g))

    def stepped(self, node: Node, g: Any, gradients: tuple[Any, ...]) -> None:
        """The derivative is done."""
        self._deriving.pop()


def copied(x: Any) -> Any:
    """A copy of an array, in the host's memory; anything else as it is.

    >>> copied(2.0), copied(np.ones(1))
    (2.0, array([1.]))
    """
    return np.array(devices.to_host(x)) if isinstance(x, devices.CLASSES) else x


def fetched(residual: Any) -> Any:
    """A residual with its arrays in the host's memory.

    >>> fetched((2, np.ones(1)))
    (2, array([1.]))
    """
    if isinstance(residual, tuple):
        return tuple(map(fetched, residual))
    return devices.to_host(residual)


def same(a: Any, b: Any) -> bool:
    """Whether two arrays hold the same values, NaN included.

    >>> same(np.array([np.nan]), np.array([np.nan])), same(1.0, 2.0)
    (True, False)
    """
    a, b = np.asarray(devices.to_host(a)), np.asarray(devices.to_host(b))
    if np.array_equal(a, b):  # as most are; to look for NaN takes longer
        return True
    return a.dtype.kind == b.dtype.kind == "f" and bool(np.array_equal(a, b, equal_nan=True))


def site() -> Site | None:
    """File and line of the innermost call that is not in this package; None if there is none.

    >>> site() is None
    False
    """
    frame: Any = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_OURS):
            return file, frame.f_lineno
        frame = frame.f_back
    return None
