"""Matrix products."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import kernels
from tinygrad_cnn.graph import Needs, Result, Shape
from tinygrad_cnn.ops.families import MatrixProduct
from tinygrad_cnn.ops.shape import BroadcastTo

__all__ = ["Einsum", "Linear", "MatMul"]


class MatMul(MatrixProduct):
    """a @ b over the last two axes; the axes before them broadcast. Both have at least two."""

    symbol = "@"
    keep = (0, 1)

    def multiply_adds(self, result: Shape, operands: tuple[Shape, ...]) -> int:
        return prod(result) * prod(operands[0][-1:])

    def forward(self, a: Any, b: Any) -> Any:
        return kernels.matmul(a, b)

    def backward(self, g: Any, a: Any, b: Any, *, needs: Needs) -> tuple[Any, ...]:
        da = MatMul()(g, b.swapaxes(-1, -2)) if needs[0] else None
        db = MatMul()(a.swapaxes(-1, -2), g) if needs[1] else None
        return da, db


class Linear(MatrixProduct):
    """x @ w.T (+ b) over the last axis of x: x (..., I), w (O, I), b (O,)."""

    keep = (0, 1)

    def multiply_adds(self, result: Shape, operands: tuple[Shape, ...]) -> int:
        return prod(result) * prod(operands[0][-1:])

    def forward(self, x: Any, w: Any, *b: Any) -> Any:
        bias = b[0] if b else None
        if x.ndim == 2:
            return kernels.linear(x, w, bias)
        y = kernels.linear(x.reshape((prod(x.shape[:-1]), w.shape[1])), w, bias)
        return y.reshape((*x.shape[:-1], w.shape[0]))

    def backward(self, g: Any, x: Any, w: Any, *, needs: Needs) -> tuple[Any, ...]:
        shape = x.shape
        if len(shape) != 2:
            g, x = g.reshape((prod(shape[:-1]), w.shape[0])), x.reshape((prod(shape[:-1]), w.shape[1]))
        dx = MatMul()(g, w) if needs[0] else None  # (M, I)
        dw = MatMul()(g.T, x) if needs[1] else None
        if dx is not None and len(shape) != 2:
            dx = dx.reshape(shape)
        return (dx, dw) if len(needs) == 2 else (dx, dw, g.sum(axis=0) if needs[2] else None)


class Einsum(MatrixProduct):
    """Einstein's sum: products of the operands, summed over the labels that the result lacks.

        y[i, k] = sum_j a[i, j] · b[j, k], for 'ij,jk->ik'

    `subscripts` is explicit and plain, as 'ij,jk->ik': no ellipsis, no label twice in one operand
    or in the result, and one size per label. Its derivative in an operand is such a sum again.
    """

    def __init__(self, subscripts: str) -> None:
        self.subscripts = subscripts
        inputs, self._result = subscripts.split("->")
        self._inputs = inputs.split(",")
        self.keep = tuple(range(len(self._inputs))) if len(self._inputs) > 1 else ()

    def forward(self, *arrays: Any) -> Any:
        y = np.einsum(self.subscripts, *arrays, optimize=True)
        return Result(y, tuple(array.shape for array in arrays))

    def backward(self, g: Any, *kept: Any, needs: Needs) -> tuple[Any, ...]:
        *operands, shapes = kept
        return tuple(
            self._share(k, g, operands, shapes[k]) if need else None for k, need in enumerate(needs)
        )

    def _share(self, k: int, g: Any, operands: list[Any], shape: tuple[int, ...]) -> Any:
        """The gradient of operand k: the sum over the others, spread over what it alone summed."""
        wanted = self._inputs[k]
        others = [self._result, *self._inputs[:k], *self._inputs[k + 1 :]]
        found = "".join(label for label in wanted if any(label in other for other in others))
        share = Einsum(f"{','.join(others)}->{found}")(g, *operands[:k], *operands[k + 1 :])
        if found == wanted:
            return share
        sizes = zip(wanted, shape, strict=True)
        return BroadcastTo(shape)(share.reshape(tuple(n if i in found else 1 for i, n in sizes)))

    def multiply_adds(self, result: Shape, operands: tuple[Shape, ...]) -> int:
        """One per combination of all labels and further operand, as the plain sum does it."""
        pairs = zip("".join(self._inputs), (n for shape in operands for n in shape), strict=True)
        return prod(dict(pairs).values()) * (len(operands) - 1)

    def options(self) -> dict[str, Any]:
        return {"subscripts": self.subscripts}
