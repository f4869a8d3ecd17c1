"""Reductions over axes; `axis` is a tuple of non-negative axes, normalised at the door."""

from __future__ import annotations

from math import inf, prod
from typing import Any

import numpy as np

from tinygrad_cnn import devices, kernels
from tinygrad_cnn.graph import OUT, Op, Result
from tinygrad_cnn.ops.elementwise import Exp
from tinygrad_cnn.ops.scan import CumProd, shifted
from tinygrad_cnn.ops.shape import BroadcastTo
from tinygrad_cnn.ops.totals import is_large, mean, total

__all__ = ["LogSumExp", "Max", "Mean", "Min", "Norm", "Prod", "Std", "Sum", "Var"]


class Reduction(Op):
    """Base of reductions: the axes, and the shape in which a reduced array broadcasts with the full one."""

    wide = True
    family = "arithmetic"

    def __init__(self, axis: tuple[int, ...], keepdims: bool = False) -> None:
        self.axis, self.keepdims = axis, keepdims

    def aligned(self, y: Any, shape: tuple[int, ...]) -> Any:
        """`y` with length 1 on each reduced axis of `shape`, so that the two broadcast."""
        return y.reshape(tuple(1 if i in self.axis else n for i, n in enumerate(shape)))

    def options(self) -> dict[str, Any]:
        return {"axis": self.axis}


#: Rows so long are NumPy's own work, where the largest is wanted.
LONG = 64


class Sum(Reduction):
    """Sum of the elements along axes.

    y = sum_i x[i]
    """

    symbol = "Σ"

    def forward(self, x: Any) -> Any:
        return Result(total(x, self.axis, self.keepdims), x.shape)

    def backward(self, g: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
        return (BroadcastTo(shape)(self.aligned(g, shape)),)


class Mean(Reduction):
    """Mean of the elements along axes.

    y = sum_i x[i] / n
    """

    def forward(self, x: Any) -> Any:
        return Result(mean(x, self.axis, self.keepdims), x.shape)

    def backward(self, g: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
        count = prod(shape[i] for i in self.axis)
        return (BroadcastTo(shape)(self.aligned(g, shape) / count),)


class Extreme(Reduction):
    """Shared by the largest and the smallest: short rows, and the derivative."""

    keep = (0, OUT)

    def extreme(self, x: Any, largest: bool) -> Any:
        """The largest or the smallest along the axes."""
        lead = x.ndim - len(self.axis)
        size = prod(x.shape[lead:])
        if self.axis == tuple(range(lead, x.ndim)) and 1 < size < LONG and is_large(x, self.axis):
            found = kernels.row_extremes(x.reshape(-1, size), largest)
            return found.reshape((*x.shape[:lead], *((1,) * len(self.axis) if self.keepdims else ())))
        return (x.max if largest else x.min)(axis=self.axis, keepdims=self.keepdims)

    def backward(self, g: Any, x: Any, y: Any) -> tuple[Any, ...]:
        return (self.aligned(g, x.shape) * even_share(x, self.aligned(y, x.shape), self.axis, g.dtype),)


class Max(Extreme):
    """Largest element along axes; elements that tie for it share the gradient evenly.

    y = max_i x[i]
    """

    def forward(self, x: Any) -> Any:
        return self.extreme(x, True)


class Min(Extreme):
    """Smallest element along axes; elements that tie for it share the gradient evenly.

    y = min_i x[i]
    """

    def forward(self, x: Any) -> Any:
        return self.extreme(x, False)


def even_share(x: Any, y: Any, axis: tuple[int, ...], dtype: Any) -> Any:
    """1 / count where x equals y, 0 elsewhere; where y is NaN, the NaNs among x share."""
    tied = ((x == y) + (x != x)).astype(dtype)
    return tied / tied.sum(axis=axis, keepdims=True)


class Prod(Reduction):
    """Product of the elements along axes.

        y = prod_i x[i]

    The derivative multiplies the products before and after each element, so zeros are no special
    case, to any order.
    """

    symbol = "Π"
    keep = (0,)

    def forward(self, x: Any) -> Any:
        return x.prod(axis=self.axis, keepdims=self.keepdims)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        rest = tuple(i for i in range(x.ndim) if i not in self.axis)
        order = rest + self.axis
        last, moved = len(rest), tuple(x.shape[i] for i in order)
        rows = x.transpose(order).reshape((*moved[:last], prod(moved[last:])))
        before = shifted(CumProd(last)(rows), last, False, 1.0)
        after = shifted(CumProd(last, reverse=True)(rows), last, True, 1.0)
        back = tuple(sorted(range(x.ndim), key=order.__getitem__))
        return (self.aligned(g, x.shape) * (before * after).reshape(moved).transpose(back),)


def middle(x: Any, axis: tuple[int, ...]) -> Any:
    """The mean along axes, which stay as axes of length 1; finite also where the sum is not.

    >>> middle(np.full(2, 1e308), (0,))
    array([1.e+308])
    """
    with np.errstate(over="ignore"):
        found = Mean(axis, True)(x)
        plain = getattr(found, "array", found)
        if type(plain) in devices.ON_DEVICES or np.isfinite(plain).all() or not x.size:
            return found  # asking a device is waiting for it
        return Sum(axis, True)(x * (1 / prod(x.shape[i] for i in axis)))


class Deviation(Reduction):
    """Shared by variance and its root: divisor and distances from the mean.

    A mean is rounded; what it is wrong by is the mean of what it leaves, and taken off as well.
    """

    keep: tuple[int, ...] = (0,)

    def __init__(self, axis: tuple[int, ...], keepdims: bool = False, ddof: float = 0) -> None:
        super().__init__(axis, keepdims)
        self.ddof = ddof

    def centred(self, x: Any) -> Any:
        """(x - mean) / (N - ddof); the divisor is never below 0."""
        count = max(prod(x.shape[i] for i in self.axis) - self.ddof, 0)
        d = x - middle(x, self.axis)
        return (d - Mean(self.axis, True)(d)) / count

    def distances(self, x: Any) -> Any:
        """Each element less the mean, and the divisor; of no element NaN, with NumPy's warning."""
        count = prod(x.shape[i] for i in self.axis) - self.ddof
        if count <= 0:
            x.var(axis=self.axis, ddof=self.ddof)  # which says so
        x = x if x.dtype.kind == "f" else x.astype(np.float64)
        d = x - middle(x, self.axis)
        rest = mean(d, self.axis, keepdims=True)
        if type(rest) in devices.ON_DEVICES or rest.any():  # asking a device is waiting for it
            d -= rest
        return d, max(count, 0)

    def options(self) -> dict[str, Any]:
        return {"axis": self.axis, "ddof": self.ddof}


class Var(Deviation):
    """Sum of the squared distances from the mean along axes, over N - ddof."""

    def forward(self, x: Any) -> Any:
        d, count = self.distances(x)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.divide(total(d * d, self.axis, self.keepdims), count, dtype=d.dtype)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (self.aligned(g, x.shape) * self.centred(x) * 2,)


class Std(Deviation):
    """Root of the variance along axes; gradient 0 where it is 0.

    y = √(sum_i (x[i] - mean)² / (n - ddof))
    """

    keep = (0, OUT)

    def forward(self, x: Any) -> Any:
        d, count = self.distances(x)
        return root_of_squares(d, self.axis, self.keepdims, count)

    def backward(self, g: Any, x: Any, y: Any) -> tuple[Any, ...]:
        return (self.aligned(over_unless_zero(g, y), x.shape) * self.centred(x),)


def root_of_squares(x: Any, axis: tuple[int, ...], keepdims: bool, count: float = 1) -> Any:
    """sqrt(sum(x²) / count) over axes, also where a square overflows or vanishes.

    >>> root_of_squares(np.array([3e200, 4e200]), (0,), False)
    array(5.e+200)
    """
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        if type(x) not in devices.ON_DEVICES:  # asking a device is waiting for it
            y = np.sqrt(np.divide(total(x * x, axis, keepdims), count, dtype=x.dtype))
            least = np.sqrt(np.finfo(x.dtype).tiny) / np.finfo(x.dtype).eps
            if ((y > least) & (y < inf)).all():
                return y
        size = largest(abs(x), axis, 0)
        size = np.where(np.isfinite(size) & (size > 0), size, 1).astype(x.dtype)
        part = x / size
        y = np.sqrt(np.divide(total(part * part, axis, True), count, dtype=x.dtype)) * size
    return y if keepdims else y.squeeze(axis)


def root_of_powers(size: Any, order: float, axis: tuple[int, ...], keepdims: bool) -> Any:
    """sum(size^order)^(1/order) over axes, also where a power overflows or vanishes.

    >>> root_of_powers(np.array([3e200, 4e200, 5e200]), 3, (0,), False)
    array(6.e+200)
    """
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        # An order below 0 makes a 0 infinite, and the norm 0.
        if type(size) not in devices.ON_DEVICES:  # asking a device is waiting for it
            y = total(size**order, axis, keepdims) ** (1 / order)
            least = (np.finfo(size.dtype).tiny / np.finfo(size.dtype).eps) ** (1 / abs(order))
            if ((y > least) & (y < 1 / least)).all():
                return y
        one = largest(size, axis, 0) if order > 0 else -largest(-size, axis, -inf)
        one = np.where(np.isfinite(one) & (one > 0), one, 1).astype(size.dtype)
        y = total((size / one) ** order, axis, True) ** (1 / order) * one
    return y if keepdims else y.squeeze(axis)


def largest(x: Any, axis: tuple[int, ...], least: float) -> Any:
    """The largest elements over axes, which stay as axes of length 1; `least` of no element.

    >>> largest(np.zeros((2, 0)), (1,), -1.0)
    array([[-1.],
           [-1.]])
    """
    if type(x) not in devices.ON_DEVICES:
        return x.max(axis=axis, keepdims=True, initial=least)
    if x.size:
        return x.max(axis=axis, keepdims=True)
    shape = tuple(1 if i in axis else n for i, n in enumerate(x.shape))
    return devices.full(shape, least, x.dtype, like=x)


def over_unless_zero(g: Any, y: Any) -> Any:
    """g / y, and 0 where y is 0."""
    return g / (y + (y == 0)) * (y != 0)


class LogSumExp(Reduction):
    """ln(sum(e^x)) along axes, shifted by the maximum so that nothing overflows.

    The residual is the shift. The derivative is made of it and not of the result, whose rounding is no
    small matter where it is large: e^(x - y) of two equal numbers would be 1 and not ½.
    """

    keep = (0,)

    def forward(self, x: Any) -> Any:
        top = largest(x, self.axis, -np.inf)
        top = np.where(np.isfinite(top), top, 0).astype(x.dtype)  # inf - inf is NaN
        with np.errstate(divide="ignore", over="ignore"):  # -inf of nothing, inf beside inf: both right
            y = np.log(total(kernels.exp(x - top), self.axis, keepdims=True)) + top
        return Result(y if self.keepdims else y.squeeze(self.axis), top)

    def backward(self, g: Any, x: Any, top: Any) -> tuple[Any, ...]:
        e = Exp()(x - top)
        return (self.aligned(g, x.shape) * (e / e.sum(axis=self.axis, keepdims=True)),)


class Norm(Reduction):
    """Vector norm of order p along axes: (sum |x|^p)^(1/p), and its limits at 0 and ±inf."""

    keep = (0, OUT)

    def __init__(self, axis: tuple[int, ...], keepdims: bool = False, ord: float = 2) -> None:
        super().__init__(axis, keepdims)
        self.ord = ord

    def forward(self, x: Any) -> Any:
        across: dict[str, Any] = {"axis": self.axis, "keepdims": self.keepdims}
        if self.ord == 2:
            return root_of_squares(x, self.axis, self.keepdims)
        if self.ord == 0:
            return (x != 0).sum(**across).astype(x.dtype)
        if self.ord == 1:
            return total(abs(x), **across)
        if abs(self.ord) == inf:
            return abs(x).max(**across) if self.ord > 0 else abs(x).min(**across)
        return root_of_powers(abs(x), self.ord, **across)

    def backward(self, g: Any, x: Any, y: Any) -> tuple[Any, ...]:
        if self.ord == 2:
            return (self.aligned(over_unless_zero(g, y), x.shape) * x,)
        g, y = self.aligned(g, x.shape), self.aligned(y, x.shape)
        sign = (x > 0).astype(g.dtype) - (x < 0).astype(g.dtype)
        if self.ord == 0:
            return (g * (sign * 0),)
        if self.ord == 1:
            return (g * sign,)
        size = x * sign
        if abs(self.ord) == inf:
            return (g * (sign * even_share(size, y, self.axis, g.dtype)),)
        # Beside the masks, 1 stands in for the zeros that a power below 0 would make infinite.
        size = size * (y != 0)
        share = size / (y + (y == 0)) + (size == 0)
        return (g * (share ** (self.ord - 1) * sign * (y != 0)),)

    def options(self) -> dict[str, Any]:
        return {"ord": self.ord, "axis": self.axis}
