"""Borders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, ShapeError, shown
from tinygrad_cnn.functional.arguments import Operand, T, choice, integer, number, operand
from tinygrad_cnn.functional.storage import within_memory
from tinygrad_cnn.graph import Traced

__all__ = ["pad"]

#: Names of the modes, PyTorch's and NumPy's, and what they are called here.
MODES = {
    "constant": "constant",
    "reflect": "reflect",
    "replicate": "replicate",
    "edge": "replicate",
    "circular": "circular",
    "wrap": "circular",
    "symmetric": "symmetric",
}


def pad(
    x: Operand[T], pad_width: int | Sequence[Any], mode: str = "constant", constant_values: float = 0.0
) -> T:
    """A border around x: a constant, or x's own elements seen again.

        constant    v v | a b c d | v v        reflect     c b | a b c d | c b
        replicate   a a | a b c d | d d        circular    c d | a b c d | a b
        symmetric   b a | a b c d | d c

    An element that the border shows gets the gradients of all the places where it stands. A border
    wider than x goes on in the same pattern.

    Args:
        x: array or Tensor.
        pad_width: n for every side, (before, after) for every axis, or one such pair per axis. A
            negative number cuts elements off.
        mode: 'constant', 'reflect', 'replicate' (NumPy's 'edge'), 'circular' (NumPy's 'wrap')
            or 'symmetric'.
        constant_values: the value of a constant border.
    Returns:
        Each axis longer by before + after, x's dtype.
    Raises:
        ArgumentError: another mode, or pairs that do not fit the axes.   DTypeError: not integers.
        ShapeError: an axis without elements, which has none to show, or with fewer than are cut off.
    Source: NumPy's `pad`.
    >>> pad([1.0, 2.0], (1, 2))
    array([0., 1., 2., 0., 0.], dtype=float32)
    >>> pad(np.arange(4.0), 2, "reflect")
    array([2., 1., 0., 1., 2., 3., 2., 1.])
    """
    y: Any = operand("pad", x)
    kind = MODES[choice("pad", "mode", mode, tuple(MODES))]
    widths = _widths(pad_width, y.ndim)
    kept = tuple(n + sum(side) for n, side in zip(y.shape, widths.tolist(), strict=True))
    within_memory("pad", tuple(max(n, 0) for n in kept))
    if (widths < 0).any():
        y, widths = _cut(y, np.maximum(-widths, 0)), np.maximum(widths, 0)
    sides = tuple((int(before), int(after)) for before, after in widths)
    if kind != "constant" and any(n == 0 and any(w) for n, w in zip(y.shape, sides, strict=True)):
        raise ShapeError(
            f"pad: x has shape {y.shape}; mode {mode!r} needs an element along each padded axis"
        )
    if kind != "symmetric":
        return ops.Pad(sides, _filling(constant_values), kind)(y)
    for axis, (n, side) in enumerate(zip(y.shape, sides, strict=True)):
        if any(side):
            y = ops.Index((*(slice(None),) * axis, np.pad(np.arange(n), side, "symmetric")))(y)
    return y


def _widths(pad_width: Any, ndim: int) -> Any:
    """The widths as (before, after) for each axis."""
    given = pad_width.array if isinstance(pad_width, Traced) else pad_width
    try:
        found = np.broadcast_to(np.asarray(given, object), (ndim, 2))
    except ValueError:
        raise ArgumentError(
            f"pad: pad_width {shown(pad_width)} does not fit {ndim} axes; "
            "a number, one (before, after), or one such pair per axis fits"
        ) from None
    return np.array([integer("pad", "pad_width", n) for n in found.ravel()], np.int64).reshape(ndim, 2)


def _filling(value: Any) -> float:
    """The value of a constant border, which may be NaN."""
    return float(value) if value != value else number("pad", "constant_values", value)


def _cut(x: Any, cuts: Any) -> Any:
    """x without so many elements at either side of each axis."""
    if any(a + b > n for (a, b), n in zip(cuts.tolist(), x.shape, strict=True)):
        raise ShapeError(
            f"pad: x has shape {x.shape}, from which {cuts.tolist()} elements cannot be cut off"
        )
    return x[tuple(slice(a, n - b) for (a, b), n in zip(cuts.tolist(), x.shape, strict=True))]
