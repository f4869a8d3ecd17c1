"""Check the other operand of an operator, as functions check theirs; all operators come through here."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.functional.arguments import as_array, broadcastable
from tinygrad_cnn.graph import Traced


def is_operand(value: Any) -> bool:
    """Whether an operator takes this value; one of a foreign type is left to that type.

    >>> is_operand(2.0), is_operand("2")
    (True, False)
    """
    return isinstance(value, (Traced, int, float, np.generic, list, tuple, *devices.CLASSES))


def operand_of(operator: str, value: Any) -> Any:
    """The value as a Tensor, a plain array of real numbers or a Python number, which widens no array.

    Raises:
        DTypeError: complex numbers, masked elements, objects, text, or lists of different lengths.

    >>> operand_of("mul", np.float64(2)), operand_of("mul", [1, 2])
    (2.0, array([1., 2.], dtype=float32))
    """
    if isinstance(value, Traced) or (type(value) is np.ndarray and value.dtype.kind in "biuf"):
        return value
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        return value.item()
    return value if isinstance(value, (int, float)) else as_array(operator, value)


def is_bits(value: Any) -> bool:
    """Whether `&`, `|` and `^` take this value.

    >>> is_bits(True), is_bits(1.5)
    (True, False)
    """
    return isinstance(value, (Traced, bool, int, np.generic, list, *devices.CLASSES))


def bits_of(operator: str, tensor: Any, value: Any) -> Any:
    """The other operand of a bool or integer tensor, an array or number.

    Raises:
        DTypeError: one of the two holds floats.   ShapeError: they do not broadcast.
    """
    value = value.array if isinstance(value, Traced) else value
    if isinstance(value, list):
        value = np.asarray(value)
    types = tensor.dtype, devices.as_array(value).dtype
    if any(dtype.kind not in "biu" for dtype in types):
        raise DTypeError(
            f"{operator}: operands of dtypes {types[0]} and {types[1]}; bool tensors fit, as "
            f"comparisons give them: (a > 0) {operator} (b > 0)"
        )
    broadcastable(operator, tensor, value)
    return devices.beside(value, tensor)
