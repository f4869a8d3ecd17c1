"""What an array is made of, checked at the door: its elements' type, and a shape that memory can hold."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tinygrad_cnn.errors import DTypeError, ShapeError, shown
from tinygrad_cnn.functional.arguments import MOST

_WIDEST = 8  # bytes of an element


def real_type(function: str, dtype: Any) -> np.dtype[Any]:
    """A dtype of real numbers, from anything that NumPy takes for one.

    Raises:
        DTypeError: no dtype, or one of other elements.

    >>> real_type("astype", "int8")
    dtype('int8')
    """
    try:
        found = np.dtype(dtype)
    except (TypeError, ValueError):
        tuples = "; several sizes are one tuple, such as (2, 3)" if isinstance(dtype, int) else ""
        raise DTypeError(f"{function}: {shown(dtype)} is not a dtype{tuples}") from None
    if found.kind not in "biuf":
        raise DTypeError(f"{function}: dtype {found} does not hold real numbers")
    return found


def float_type(function: str, dtype: Any) -> np.dtype[Any]:
    """A float dtype; None is none, where NumPy would take float64.

    Raises:
        DTypeError: anything else.

    >>> float_type("Linear", "float16")
    dtype('float16')
    """
    try:
        found = None if dtype is None else np.dtype(dtype)
    except (TypeError, ValueError):
        found = None
    if found is None or found.kind != "f":
        raise DTypeError(f"{function}: a float dtype fits, got {shown(dtype)}")
    return found


def within_memory(function: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that an array can have at all; whether there is so much memory the system says.

    Raises:
        ShapeError: it has more bytes than NumPy can count.

    >>> within_memory("tile", (2, 3))
    (2, 3)
    """
    if prod(size or 1 for size in shape) > MOST // _WIDEST:
        raise ShapeError(f"{function}: no array can have the shape {shape}")
    return shape


def filled(
    layer: str, shape: int | tuple[int, ...], dtype: DTypeLike | None, value: float = 0.0
) -> NDArray[Any]:
    """One value in the shape of a layer's parameter, and in its float type; None is float32.

    Raises:
        DTypeError: no float dtype.   ShapeError: a shape that no array can have.

    >>> filled("BatchNorm2d", 3, "float32", 1.0)
    array([1., 1., 1.], dtype=float32)
    """
    kind = float_type(layer, np.float32 if dtype is None else dtype)
    sizes = within_memory(layer, (shape,) if isinstance(shape, int) else tuple(shape))
    return np.zeros(sizes, kind) if value == 0 else np.full(sizes, value, kind)
