"""Programs with writes through aliases: each gradient is right, or the walk refuses.

The right gradient comes from copies of what each op was given when it ran, by each op's own derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import TinygradCnnError
from tinygrad_cnn.graph import Node, observe
from tinygrad_cnn.mode import no_grad
from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.testing.blaming.recorded_steps import Witness
from tinygrad_cnn.testing.blaming.single_op import shares
from tinygrad_cnn.testing.fuzz.shrinking_search import Steps

SIDE = 3

#: Results of the shape of the operands, (3, 3).
OPS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "matmul": lambda a, b: a @ b,
    "div": lambda a, b: a / (b * b + 1),
    "tanh": lambda a, b: F.tanh(a),
    "relu": lambda a, b: F.relu(a),
    "square": lambda a, b: F.square(a),
    "maximum": lambda a, b: F.maximum(a, b),
    "softmax": lambda a, b: F.softmax(a, axis=1),
    "where": lambda a, b: F.where(a > 0, a, b),
    "sort": lambda a, b: F.sort(a, axis=0),
    "concatenate": lambda a, b: F.concatenate([a, b])[1 : SIDE + 1],
    "sum": lambda a, b: a.sum(axis=0, keepdims=True) + b,
    "layer_norm": lambda a, b: F.layer_norm(a, (SIDE,)),
}
#: Views of the same shape.
VIEWS: dict[str, Callable[[Any], Any]] = {
    "T": lambda a: a.T,
    "flip": lambda a: F.flip(a, 0),
    "slice": lambda a: a[:],
    "reshape": lambda a: a.reshape(SIDE * SIDE).reshape(SIDE, SIDE),
    "detach": lambda a: a.detach(),
    "data": lambda a: a.data,
    "numpy": lambda a: Tensor(a.numpy()),
}
#: Ways to write.
WRITES: dict[str, Callable[[Any, float], Any]] = {
    "item": lambda a, v: a.__setitem__((0, 1), v),
    "row": lambda a, v: a.data.__setitem__(1, v),
    "data": lambda a, v: setattr(a, "data", np.full((SIDE, SIDE), v)),
    "iadd": lambda a, v: a.data.__iadd__(v),
    "imul": lambda a, v: a.detach().__imul__(v),
    "out": lambda a, v: np.add(a.data, v, out=a.data),
    "diagonal": lambda a, v: a.data.diagonal().__setitem__(..., v),
}


class Writes:
    """See the module."""

    name = "writes"

    def prepare(self) -> None:
        """Nothing is needed."""

    def draw(self, rng: np.random.Generator) -> Steps:
        """Three leaves, then ops, views and writes in any order."""
        steps: Steps = []
        for _ in range(int(rng.integers(4, 18))):
            kind = rng.choice(["op", "op", "view", "write"])
            table: Any = {"op": OPS, "view": VIEWS, "write": WRITES}[str(kind)]
            name = str(rng.choice(list(table)))
            steps.append([str(kind), name, int(rng.integers(99)), int(rng.integers(99))])
        return steps

    def run(self, steps: Steps) -> None:
        """Compute, walk, and compare with the gradients by copies."""
        rng = np.random.default_rng(7)
        leaves = [Tensor(rng.uniform(0.5, 2, (SIDE, SIDE)), requires_grad=k < 2) for k in range(3)]
        values: list[Any] = list(leaves)
        with observe(Witness()) as seen, np.errstate(all="ignore"):
            for kind, name, i, j in steps:
                a, b = values[-1 - i % len(values)], values[-1 - j % len(values)]
                if kind == "op":
                    values.append(OPS[name](a, b))
                elif kind == "view":
                    values.append(VIEWS[name](a))
                else:
                    self.write(a, name, j / 10)
            y = values[-1]
            if not y.requires_grad:
                return
            w = rng.uniform(-1, 1, y.shape)
            expected = self.by_copies(seen, y.node, w)
            try:
                y.backward(w)
            except TinygradCnnError:
                return  # refused with words
        for leaf in leaves[:2]:
            got = np.zeros((SIDE, SIDE)) if leaf.grad is None else leaf.grad.numpy()
            right = expected.get(leaf.node, np.zeros((SIDE, SIDE)))
            np.testing.assert_allclose(got, right, rtol=1e-9, atol=1e-9, equal_nan=True)

    @staticmethod
    def write(a: Any, name: str, value: float) -> None:
        """Write, or be refused with words and without a change."""
        before = a.numpy().copy()
        try:
            if name == "item" and a.requires_grad:
                with no_grad():
                    WRITES[name](a, value)
            else:
                WRITES[name](a, value)
        except TinygradCnnError:
            np.testing.assert_array_equal(a.numpy(), before)

    @staticmethod
    def by_copies(seen: Witness, end: Node, w: Any) -> dict[Node, Any]:
        """The gradient of each node, from copies that no write reaches."""
        gathered: dict[Node, Any] = {end: w}
        for step in reversed(seen.steps):
            if step.node not in gathered:
                continue
            found = shares(step.run(), gathered[step.node])
            for parent, share in zip(step.node.parents, found, strict=True):
                if share is not None:
                    gathered[parent] = gathered[parent] + share if parent in gathered else share
        return gathered
