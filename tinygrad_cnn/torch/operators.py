"""The operators of the Tensor."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import ops
from tinygrad_cnn.tensors import Tensor as NativeTensor
from tinygrad_cnn.torch import comparing, dtypes, printing, products, views
from tinygrad_cnn.torch.mixing import mixed
from tinygrad_cnn.torch.tensors import Tensor

_FLOAT32 = np.dtype(np.float32)


def _is_operand(value: Any) -> bool:
    return isinstance(value, (NativeTensor, int, float, np.ndarray, np.generic))


def _as_torchs(other: Any) -> Any:
    """An operand of NumPy's as PyTorch takes it: a number, or a tensor over the array."""
    if isinstance(other, np.generic):
        return other.item()
    return Tensor.detached(other) if isinstance(other, np.ndarray) else other


def _arithmetic(op: Any, swap: bool = False, always_float: bool = False) -> Callable[[Any, Any], Any]:
    """The method for an arithmetic operator; the usual operands, float32, pass without a look at types."""
    made = op()

    def method(self: Any, other: Any) -> Any:
        kind = type(other)
        if self._array.dtype is not _FLOAT32 or not (
            kind is float or kind is int or (kind is Tensor and other._array.dtype is _FLOAT32)
        ):
            if not _is_operand(other):
                return NotImplemented
            self, other = mixed(self, _as_torchs(other))
            if always_float and self._array.dtype.kind != "f":
                self, other = (
                    F.astype(x, dtypes.get_default_dtype().dtype) if isinstance(x, NativeTensor) else x
                    for x in (self, other)
                )
        return self.record(made, (other, self) if swap else (self, other))

    return method


def _whole(native: Any, ufunc: Any, swap: bool = False) -> Callable[[Any, Any], Any]:
    """The method for floor division and remainder, exact for integers."""

    def method(self: Any, other: Any) -> Any:
        if not _is_operand(other):
            return NotImplemented
        a, b = mixed(self, other.item() if isinstance(other, np.generic) else other)
        if swap:
            a, b = b, a
        if (a if isinstance(a, NativeTensor) else b)._array.dtype.kind != "f":
            return Tensor.detached(ufunc(comparing.value(a), comparing.value(b)))
        return native(a, b)

    return method


def _power(self: Any, exponent: Any) -> Any:
    if not _is_operand(exponent):
        return NotImplemented
    exponent = _as_torchs(exponent)
    if self._array.dtype.kind != "f" and not isinstance(exponent, float):
        if isinstance(exponent, int):
            if exponent < 0:
                raise RuntimeError("Integers to negative integer powers are not allowed.")
            return Tensor.detached(self._array**exponent)
        if exponent._array.dtype.kind != "f":
            return Tensor.detached(self._array**exponent._array)
    if isinstance(exponent, (int, float)) and exponent == 2:
        return F.square(self)
    a, b = mixed(self, exponent)
    return F.pow(a, b)


def _matmul(self: Any, other: Any) -> Any:
    return products.matmul(self, other) if isinstance(other, NativeTensor) else NotImplemented


def _by_elements(ufunc: Any) -> Callable[[Any, Any], Any]:
    """The method for what has no gradient: comparisons and bits."""

    def method(self: Any, other: Any) -> Any:
        if not _is_operand(other):
            return NotImplemented
        return Tensor.detached(ufunc(self._array, comparing.value(other)))

    return method


OPERATORS: dict[str, Any] = {
    "__add__": _arithmetic(ops.Add), "__radd__": _arithmetic(ops.Add, swap=True),
    "__sub__": _arithmetic(ops.Sub), "__rsub__": _arithmetic(ops.Sub, swap=True),
    "__mul__": _arithmetic(ops.Mul), "__rmul__": _arithmetic(ops.Mul, swap=True),
    "__truediv__": _arithmetic(ops.Div, always_float=True),
    "__rtruediv__": _arithmetic(ops.Div, swap=True, always_float=True),
    "__floordiv__": _whole(F.floor_divide, np.floor_divide),
    "__rfloordiv__": _whole(F.floor_divide, np.floor_divide, swap=True),
    "__mod__": _whole(F.remainder, np.remainder), "__rmod__": _whole(F.remainder, np.remainder, swap=True),
    "__pow__": _power, "__rpow__": lambda self, base: F.pow(base, self if self._array.dtype.kind == "f" else self.float()),
    "__matmul__": _matmul,
    "__eq__": _by_elements(np.equal), "__ne__": _by_elements(np.not_equal), "__lt__": _by_elements(np.less),
    "__le__": _by_elements(np.less_equal), "__gt__": _by_elements(np.greater), "__ge__": _by_elements(np.greater_equal),
    "__and__": _by_elements(np.bitwise_and), "__rand__": _by_elements(np.bitwise_and),
    "__or__": _by_elements(np.bitwise_or), "__ror__": _by_elements(np.bitwise_or),
    "__xor__": _by_elements(np.bitwise_xor), "__rxor__": _by_elements(np.bitwise_xor),
    "__lshift__": _by_elements(np.left_shift), "__rshift__": _by_elements(np.right_shift),
    "__getitem__": views.indexed, "__setitem__": views.setitem,
    "__repr__": printing.text_of, "__str__": printing.text_of,
}  # fmt: skip


def _assigned(function: Any) -> Callable[[Any, Any], Any]:
    return lambda self, other: views.write(self, function, other)


OPERATORS.update({
    f"__i{called}__": _assigned(getattr(operator, f"__{called}__"))
    for called in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor",
                   "lshift", "rshift")
})  # fmt: skip
