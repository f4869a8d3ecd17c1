"""float16 is for keeping numbers: what adds many of them up computes in float32.

A sum of float16 stops growing at 2048 ones, the square of 300 is infinite, and e^-12 is rounded to a few
bits. So an op with `wide` gets its float16 operands as float32, in its `forward` and in its `backward`,
and its result is rounded once. Whoever calls ops sees to it: `Op.__call__`, `Tensor.record` and the walk.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

HALF = np.dtype(np.float16)
_FLOAT32 = np.dtype(np.float32)


def has_half(first: Any, others: Sequence[Any]) -> bool:
    """Whether a float16 is among arrays, Tensors, numbers, or what else an op keeps.

    Beside a float32 that comes first it does not count: NumPy then computes in float32 by itself, and
    most calls are quickly done with.

    >>> has_half(np.ones(2), [np.ones(2, np.float16), 1.0]), has_half(np.ones(2), [])
    (True, False)
    """
    dtype = getattr(first, "dtype", None)
    if dtype is _FLOAT32:
        return False
    return dtype == HALF or HALF in [getattr(array, "dtype", None) for array in others]


def widened(arrays: Sequence[Any]) -> tuple[Any, ...]:
    """Each float16 as a float32, the others as they are.

    >>> [x.dtype.name for x in widened([np.ones(2, np.float16), np.ones(2)])]
    ['float32', 'float64']
    """
    return tuple(
        array.astype(np.float32) if getattr(array, "dtype", None) == HALF else array for array in arrays
    )


def narrows(arrays: Sequence[Any]) -> bool:
    """Whether NumPy would compute these operands in float16: no wider float is among them.

    >>> narrows([np.ones(2, np.float16), np.arange(2)]), narrows([np.ones(2, np.float16), np.ones(2)])
    (True, False)
    """
    return all(dtype == HALF or dtype.kind != "f" for dtype in (getattr(a, "dtype", HALF) for a in arrays))


def rounded(value: Any) -> Any:
    """A float32 as float16; anything else, such as places or truth values, as it is.

    >>> rounded(np.float32([1e6])).tolist(), rounded(np.arange(2)).dtype.kind
    ([inf], 'i')
    """
    if getattr(value, "dtype", None) != _FLOAT32:
        return value
    with np.errstate(over="ignore"):  # what does not fit is infinite
        return value.astype(HALF)
