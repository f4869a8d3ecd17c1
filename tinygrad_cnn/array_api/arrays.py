"""Shared by all functions of the namespace: what is recorded, and what is only computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.tensors import Tensor

#: The types of elements, by the standard's names; no complex ones.
DTYPES: dict[str, np.dtype[Any]] = {
    name: np.dtype(name)
    for name in (
        "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32",
        "float64",
    )
}  # fmt: skip


def data(x: Any) -> Any:
    """The array of a Tensor; Python numbers stay what they are.

    Raises:
        DTypeError: it is neither.

    >>> data(2), data(Tensor([1.0]))
    (2, array([1.], dtype=float32))
    """
    if isinstance(x, Tensor):
        return x.array
    if isinstance(x, (bool, int, float)):
        return x
    raise DTypeError(f"array_api: a Tensor fits, got {type(x).__name__}; asarray makes one")


def wrapped(value: Any) -> Tensor:
    """An array or a NumPy number as a Tensor without a graph, which can be written to.

    >>> wrapped(np.float32(2.0))
    Tensor(2.)
    """
    array = np.asarray(value)
    return Tensor.detached(array if array.flags.writeable else array.copy())


def is_float(x: Any) -> bool:
    """Whether derivatives go through an operand.

    >>> is_float(Tensor([1.0])), is_float(1.0)
    (True, False)
    """
    return isinstance(x, Tensor) and x.dtype.kind == "f"


def as_type(dtype: Any) -> Any:
    """A type of the namespace as NumPy's; None stays None.

    Raises:
        DTypeError: a complex type, or none at all.

    >>> as_type(None), as_type("float32")
    (None, dtype('float32'))
    """
    if dtype is None:
        return None
    kind = np.dtype(dtype)
    if kind.kind not in "biuf":
        raise DTypeError(f"array_api: dtype {kind} is not supported; {', '.join(DTYPES)} fit")
    return kind


def on_cpu(device: Any) -> None:
    """Refuse a device that is not the CPU.

    >>> on_cpu("cpu")
    """
    if device not in (None, "cpu"):
        raise DTypeError(f"array_api: device {device!r}; arrays lie on 'cpu'")


def computed(name: str, plain: Callable[..., Any]) -> Callable[..., Tensor]:
    """A function of the namespace that carries no gradient: NumPy's, on the arrays of Tensors.

    >>> computed("isnan", np.isnan)(Tensor([1.0]))
    Tensor([False])
    """

    def function(*operands: Any, **options: Any) -> Tensor:
        return wrapped(plain(*map(data, operands), **options))

    return named(function, name, f"`{name}` of the array API standard; no gradient.")


def recorded(name: str, native: Callable[..., Any], plain: Callable[..., Any]) -> Callable[..., Tensor]:
    """A function that is recorded where an operand is float, and only computed of integers and bools.

    >>> from tinygrad_cnn import functional as F
    >>> absolute = recorded("abs", F.abs, np.abs)
    >>> absolute(Tensor([-1.0], requires_grad=True)), absolute(Tensor.detached(np.array([-1])))
    (Tensor([1.], op=Abs), Tensor([1]))
    """

    def function(*operands: Any, **options: Any) -> Tensor:
        if all(map(is_float, operands)) or (any(map(is_float, operands)) and _alike(operands)):
            result: Tensor = native(*operands, **options)
            return result
        return wrapped(plain(*map(data, operands), **options))

    return named(function, name, f"`{name}` of the array API standard; recorded where operands are float.")


def named(function: Callable[..., Any], name: str, doc: str) -> Callable[..., Any]:
    """A function under its public name, with its words.

    >>> named(lambda x: x, "same", "The same.").__name__
    'same'
    """
    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


def _alike(operands: Any) -> bool:
    """Whether all are Tensors or Python numbers."""
    return all(isinstance(x, (Tensor, int, float)) for x in operands)
