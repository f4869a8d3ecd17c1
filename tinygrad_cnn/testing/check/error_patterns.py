"""Patterns of wrong gradients: a sign, a factor, a transpose, a missing sum.

`explain` judges two numbers; `recognise` judges a whole gradient, given the numerical Jacobian.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations, permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: Whole numbers up to this are named as factors; larger ones would be hit by chance.
LARGEST_FACTOR = 100


def explain(analytic: float, numeric: float, tolerance: float = 1e-6) -> str:
    """Say what a wrong ratio of analytic to numerical derivative usually means, or nothing.

    Args:
        analytic, numeric: the two derivatives.   tolerance: relative, of the ratio.

    >>> explain(2.0, -2.0)
    'the sign is wrong'
    >>> explain(3.0, 0.25)
    'too large by a factor of 12: a mean without its 1/12?'
    """
    if analytic == 0:
        return "no gradient arrives: a term is missing, or the graph was cut"
    if numeric == 0:
        return "a gradient where there should be none"
    ratio = analytic / numeric
    sign = "the sign is wrong" if ratio < 0 else ""
    size = abs(ratio)
    if abs(size - 1) < tolerance:
        return sign
    factor = round(max(size, 1 / size))
    if not 2 <= factor <= LARGEST_FACTOR or abs(max(size, 1 / size) - factor) > tolerance * factor:
        return ""
    if size > 1:
        why = f"a term counted {factor} times?" if factor < 5 else f"a mean without its 1/{factor}?"
        words = f"too large by a factor of {factor}: {why}"
    else:
        why = "a term missing?" if factor < 5 else "a mean where a sum belongs?"
        words = f"too small by a factor of {factor}: {why}"
    return f"{sign}, and {words}" if sign else words


def recognise(analytic: Array, jacobian: Array, weight: Array, precision: float = 1e-6) -> str:
    """Find what is wrong with a gradient as a whole, or nothing if it is right or fits no pattern.

    Args:
        analytic: gradient of sum(weight * y) by x, shape of x.
        jacobian: numerical dy/dx, y.shape + x.shape.   weight: y.shape.
        precision: relative, of the Jacobian.

    >>> jacobian = np.eye(4).reshape(2, 2, 2, 2)                # y = x
    >>> w = np.array([[1.0, 2.0], [3.0, 5.0]])
    >>> recognise(w.T, jacobian, w)
    'a transpose: it is the numerical gradient with its axes permuted to (1, 0)'
    >>> rows = np.stack([np.eye(2), np.eye(2)])                 # y[i] = x, a row that is broadcast
    >>> recognise(w[0], rows, w)
    'a missing sum: it is the share of index 0 of axis 0 of the result, and not the sum over that axis'
    """
    count = weight.ndim
    terms = weight.reshape(weight.shape + (1,) * analytic.ndim) * jacobian
    numeric = terms.sum(axis=tuple(range(count)))
    room = precision * float(np.abs(numeric).max(initial=0.0)) + 1e-300

    def alike(candidate: Array, scale: float = 1.0) -> bool:
        return bool((np.abs(candidate - analytic) <= room * max(scale, 1.0)).all())

    if not analytic.size or not np.isfinite(terms).all() or alike(numeric):
        return ""
    if not numeric.any() or not analytic.any():
        return explain(float(analytic.any()), float(numeric.any()))
    if (np.abs(numeric - numeric.flat[0]) > room).any():  # of equal entries, no order is recognised
        for words, candidate in _rearranged(numeric):
            if alike(candidate):
                return words
    words = _missing_sum(analytic, terms, count, room)
    if words:
        return words
    ratio = float((analytic * numeric).sum() / (numeric * numeric).sum())
    if ratio and alike(ratio * numeric, abs(ratio)):
        return _factor(ratio, analytic, weight, 10 * precision)
    for axes in _subsets(range(analytic.ndim)):
        if alike(np.broadcast_to(numeric.sum(axis=axes, keepdims=True), numeric.shape)):
            return f"a sum too many: it is the numerical gradient summed over {_named(axes)}"
    silent = (analytic == 0) & (np.abs(numeric) > room)
    if silent.any() and alike(np.where(silent, 0, numeric)):
        first = tuple(int(i) for i in np.argwhere(silent)[0])
        return f"no gradient arrives at {silent.sum()} of {silent.size} entries, {first} is the first"
    return ""


def _rearranged(numeric: Array) -> Iterator[tuple[str, Array]]:
    """The numerical gradient with its entries in another order, and what that is called."""
    axes = range(numeric.ndim)
    for order in permutations(axes):
        if order != tuple(axes):
            turned = numeric.transpose(order)
            said = f"a transpose: it is the numerical gradient with its axes permuted to {order}"
            if turned.shape == numeric.shape:
                yield said, turned
            yield f"{said}, read in that order", turned.reshape(numeric.shape)
    for flipped in _subsets(axes):
        yield (
            f"reversed: it is the numerical gradient backwards along {_named(flipped)}",
            np.flip(numeric, flipped),
        )
    for axis in axes:
        for step in (1, -1):
            yield f"off by one along axis {axis}", np.roll(numeric, step, axis)
            pushed = np.roll(numeric, step, axis).swapaxes(0, axis)
            pushed[0 if step > 0 else -1] = 0
            yield f"off by one along axis {axis}", pushed.swapaxes(0, axis)


def _missing_sum(analytic: Array, terms: Array, count: int, room: float) -> str:
    """Whether the gradient is the share of one slice of the result, where their sum belongs."""
    long = [axis for axis in range(count) if terms.shape[axis] > 1]
    for axes in _subsets(long):
        rest = tuple(axis for axis in range(count) if axis not in axes)
        shares = terms.sum(axis=rest)
        inner = tuple(range(len(axes), shares.ndim))
        found = np.argwhere((np.abs(shares - analytic) <= room).all(axis=inner))
        if len(found):
            index = tuple(int(i) for i in found[0])
            at = (
                f"index {index[0]} of axis {axes[0]}" if len(axes) == 1 else f"index {index} of axes {axes}"
            )
            over = "that axis" if len(axes) == 1 else "those axes"
            return f"a missing sum: it is the share of {at} of the result, and not the sum over {over}"
    return ""


def _factor(ratio: float, analytic: Array, weight: Array, tolerance: float) -> str:
    """A constant factor in words; where it is the size of something, that is named."""
    words = explain(ratio, 1.0, tolerance)
    if analytic.size == 1 and not words:
        return ""
    words = words or f"every entry is {ratio:.6g} times what it should be"
    size = max(abs(ratio), 1 / abs(ratio))
    sizes = {f"the length of axis {k} of the result": n for k, n in enumerate(weight.shape)}
    sizes |= {f"the length of axis {k} of the input": n for k, n in enumerate(analytic.shape)}
    sizes |= {"the size of the result": weight.size, "the size of the input": analytic.size}
    named = [name for name, n in sizes.items() if n > 4 and abs(size - n) < tolerance * n]
    return f"{words} ({round(size)} is {named[0]})" if named else words


def _subsets(axes: Any) -> Iterator[tuple[int, ...]]:
    """All choices of one or more axes, small ones first."""
    axes = tuple(axes)
    return chain.from_iterable(combinations(axes, n) for n in range(1, len(axes) + 1))


def _named(axes: tuple[int, ...]) -> str:
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {axes}"
