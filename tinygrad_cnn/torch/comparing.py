"""Comparisons, logic and bits: results carry no gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.tensors import Tensor as NativeTensor
from tinygrad_cnn.torch.mixing import mixed, tensor_of
from tinygrad_cnn.torch.registry import name
from tinygrad_cnn.torch.tensors import Tensor

_COMPARISONS: dict[str, Any] = {
    "eq": np.equal, "ne": np.not_equal, "not_equal": np.not_equal, "lt": np.less, "less": np.less,
    "le": np.less_equal, "less_equal": np.less_equal, "gt": np.greater, "greater": np.greater,
    "ge": np.greater_equal, "greater_equal": np.greater_equal, "logical_and": np.logical_and,
    "logical_or": np.logical_or, "logical_xor": np.logical_xor,
}  # fmt: skip
_BITS: dict[str, Any] = {
    "bitwise_and": np.bitwise_and, "bitwise_or": np.bitwise_or, "bitwise_xor": np.bitwise_xor,
    "bitwise_left_shift": np.left_shift, "bitwise_right_shift": np.right_shift, "gcd": np.gcd, "lcm": np.lcm,
}  # fmt: skip
_TESTS: dict[str, Any] = {
    "isnan": np.isnan, "isinf": np.isinf, "isfinite": np.isfinite, "logical_not": np.logical_not,
    "bitwise_not": np.invert, "isposinf": np.isposinf, "isneginf": np.isneginf, "signbit": np.signbit,
}  # fmt: skip


def value(x: Any) -> Any:
    """The array of a Tensor, anything else as it is."""
    return x._array if isinstance(x, NativeTensor) else x


def _two(ufunc: Any) -> Any:
    bits = ufunc in _BITS.values()

    def function(input: Any, other: Any) -> Any:
        a, b = mixed(input, other)
        if bits and "f" in (np.asarray(value(a)).dtype.kind, np.asarray(value(b)).dtype.kind):
            raise NotImplementedError(f"{ufunc.__name__}: whole numbers and bools fit, got floats")
        return Tensor.detached(ufunc(value(a), value(b)))

    return function


def _one(ufunc: Any) -> Any:
    def function(input: Any) -> Any:
        return Tensor.detached(ufunc(value(tensor_of(input))))

    return function


for _called, _ufunc in {**_COMPARISONS, **_BITS}.items():
    _made = _two(_ufunc)
    _made.__name__, _made.__doc__ = _called, f"NumPy's `{_ufunc.__name__}` of two tensors."
    name(_called, in_place=True)(_made)
for _called, _ufunc in _TESTS.items():
    _made = _one(_ufunc)
    _made.__name__, _made.__doc__ = _called, f"NumPy's `{_ufunc.__name__}` of each element."
    name(_called)(_made)


@name()
def equal(input: Any, other: Any) -> bool:
    """Whether two tensors have the same size and elements."""
    return bool(input._array.shape == other._array.shape and (input._array == other._array).all())


@name()
def isclose(input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Where |input - other| <= atol + rtol·|other|."""
    return Tensor.detached(np.isclose(value(input), value(other), rtol, atol, equal_nan))


@name()
def allclose(
    input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> bool:
    """Whether `isclose` holds everywhere."""
    return bool(np.allclose(value(input), value(other), rtol, atol, equal_nan))


@name()
def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Any:
    """Find the elements that are among the test elements."""
    return Tensor.detached(np.isin(value(elements), value(test_elements), invert=invert))


@name(method=False)
def is_tensor(obj: Any) -> bool:
    """Whether an object is a Tensor."""
    return isinstance(obj, Tensor)


@name()
def is_floating_point(input: Any) -> bool:
    """Whether the elements are floats."""
    return input._array.dtype.kind == "f"


@name()
def is_complex(input: Any) -> bool:
    """Whether the elements are complex: never."""
    return False


@name()
def is_nonzero(input: Any) -> bool:
    """Whether the one element is not 0."""
    return bool(input)


@name("is_same_size")
def is_same_size(input: Any, other: Any) -> bool:
    """Whether two tensors have the same shape."""
    return bool(input._array.shape == other._array.shape)
