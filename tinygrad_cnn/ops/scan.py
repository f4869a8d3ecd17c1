"""Running sums and products along an axis, and the recurrence that their derivatives are made of."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import kernels
from tinygrad_cnn.graph import OUT, Needs, Op, Result
from tinygrad_cnn.kernels.numpy.scans import accumulated
from tinygrad_cnn.ops.elementwise import Exp
from tinygrad_cnn.ops.index import AddAlongAxis
from tinygrad_cnn.ops.pad import Pad
from tinygrad_cnn.ops.pairs import difference

__all__ = ["CumExtreme", "CumProd", "CumSum", "LogCumSumExp", "Recurrence"]


class Scan(Op):
    """Shared by scans: the axis, and whether they run from its end."""

    wide = True
    family = "arithmetic"

    def __init__(self, axis: int, reverse: bool = False) -> None:
        self.axis, self.reverse = axis, reverse

    def options(self) -> dict[str, Any]:
        return {"axis": self.axis, **({"reverse": True} if self.reverse else {})}


def running(x: Any, axis: int, product: bool, reverse: bool) -> Any:
    """A running sum or product along an axis.

    >>> float(running(np.full(1_000_000, 0.1, np.float32), 0, False, False)[-1]).__round__()
    100000
    """
    middle = prod(x.shape[:axis]), x.shape[axis], prod(x.shape[axis + 1 :])
    return kernels.running(x.reshape(middle), product, reverse).reshape(x.shape)


class CumSum(Scan):
    """Sum of the elements up to each place along an axis; from the end when `reverse`.

    y[i] = sum_{j <= i} x[j]
    """

    def forward(self, x: Any) -> Any:
        return running(x, self.axis, False, self.reverse)

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (CumSum(self.axis, not self.reverse)(g),)


class CumProd(Scan):
    """Product of the elements up to each place along an axis; from the end when `reverse`.

        y[i] = prod_{j <= i} x[j]

    With x after i standing in a recurrence instead of y / x, nothing is divided by, and zeros are
    no special case: dx_i = (prod_{j<i} x_j) · r_i, r_i = g_i + x_{i+1}·r_{i+1}.
    """

    keep = (0, OUT)

    def forward(self, x: Any) -> Any:
        return running(x, self.axis, True, self.reverse)

    def backward(self, g: Any, x: Any, y: Any) -> tuple[Any, ...]:
        before = shifted(y, self.axis, self.reverse, 1.0)
        factor = shifted(x, self.axis, not self.reverse, 0.0)
        return (before * Recurrence(self.axis, not self.reverse)(factor, g),)


class Recurrence(Scan):
    """y_i = a_i·y_{i-1} + b_i along an axis, with y before the first 0; backwards when `reverse`.

    Its derivative in b is the same recurrence in the other direction.
    """

    keep = (0, OUT)

    def forward(self, a: Any, b: Any) -> Any:
        middle = prod(b.shape[: self.axis]), b.shape[self.axis], prod(b.shape[self.axis + 1 :])
        return kernels.recurrence(a.reshape(middle), b.reshape(middle), self.reverse).reshape(b.shape)

    def backward(self, g: Any, a: Any, y: Any, *, needs: Needs) -> tuple[Any, ...]:
        db = Recurrence(self.axis, not self.reverse)(shifted(a, self.axis, not self.reverse, 0.0), g)
        da = db * shifted(y, self.axis, self.reverse, 0.0) if needs[0] else None
        return da, db


class CumExtreme(Scan):
    """The largest (or smallest) element up to each place along an axis; of equal ones, the last counts.

    y[i] = max_{j <= i} x[j]
    """

    def __init__(self, axis: int, largest: bool = True) -> None:
        super().__init__(axis)
        self.largest = largest

    def forward(self, x: Any) -> Any:
        middle = prod(x.shape[: self.axis]), x.shape[self.axis], prod(x.shape[self.axis + 1 :])
        run, places = kernels.running_extremes(x.reshape(middle), self.largest)
        return Result(run.reshape(x.shape), places.reshape(x.shape))

    def backward(self, g: Any, places: Any) -> tuple[Any, ...]:
        return (AddAlongAxis(places, self.axis, places.shape[self.axis])(g),)

    def options(self) -> dict[str, Any]:
        return {"axis": self.axis, "largest": self.largest}

    @property
    def drawn_name(self) -> str:
        """By what it looks for."""
        return "CumMax" if self.largest else "CumMin"


class LogCumSumExp(Scan):
    """ln of the sum of e^x up to each place along an axis, without overflow.

    dx_j = e^(x_j - y_j)·r_j, with r_j = g_j + e^(y_j - y_{j+1})·r_{j+1}: no exponent is above 0.
    """

    keep = (0, OUT)

    def forward(self, x: Any) -> Any:
        return accumulated(np.logaddexp, x, self.axis)

    def backward(self, g: Any, x: Any, y: Any) -> tuple[Any, ...]:
        if not x.shape[self.axis]:
            return (g,)
        before = (*(slice(None),) * self.axis, slice(0, -1))
        after = (*(slice(None),) * self.axis, slice(1, None))
        steps = Exp()(difference(y[before], y[after]))
        factors = Pad(tuple((0, int(k == self.axis)) for k in range(x.ndim)), 0.0)(steps)
        return (Exp()(difference(x, y)) * Recurrence(self.axis, True)(factors, g),)


def shifted(x: Any, axis: int, reverse: bool, value: float) -> Any:
    """x moved one place on along an axis (back when `reverse`), with `value` in the place left free.

    >>> shifted(np.array([2.0, 3.0, 4.0]), 0, False, 1.0)
    array([1., 2., 3.])
    """
    widths = tuple(((0, 1) if reverse else (1, 0)) if i == axis else (0, 0) for i in range(x.ndim))
    stay = slice(1, None) if reverse else slice(0, -1)
    return Pad(widths, value)(x)[(*(slice(None),) * axis, stay)]
