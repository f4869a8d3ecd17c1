"""Operators: arithmetic, comparison, logic, and writing in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import ops
from tinygrad_cnn.errors import DTypeError, GraphError
from tinygrad_cnn.functional.arguments import as_array, broadcastable
from tinygrad_cnn.graph import MODE, Op, Traced
from tinygrad_cnn.tensors.methods.base import Methods

if TYPE_CHECKING:
    from tinygrad_cnn.tensors.tensor_class import Tensor


_NEG = ops.Neg()


def _binary(op: type[Op], swap: bool = False) -> Callable[[Any, Any], Any]:
    """The method for an operator with two operands; with `swap`, the other one stands first."""
    made = op()

    def method(self: Any, other: Any) -> Any:
        kind = type(other)
        if kind is not type(self) and kind is not float and kind is not int:
            if not _is_operand(other):
                return NotImplemented
            if isinstance(other, np.generic):
                other = other.item()  # a scalar never widens an array
            elif isinstance(other, (list, tuple)):
                other = as_array(op.__name__, other)
        return self.record(made, (other, self) if swap else (self, other))

    return method


class OperatorMethods(Methods):
    """Python's operators. A value of a foreign type is left to that type."""

    __slots__ = ()

    # ------------------------------------------------------------------ arithmetic
    __add__ = _binary(ops.Add)
    __radd__ = _binary(ops.Add, swap=True)
    __sub__ = _binary(ops.Sub)
    __rsub__ = _binary(ops.Sub, swap=True)
    __mul__ = _binary(ops.Mul)
    __rmul__ = _binary(ops.Mul, swap=True)
    __truediv__ = _binary(ops.Div)
    __rtruediv__ = _binary(ops.Div, swap=True)
    __pow__ = _binary(ops.Pow)
    __rpow__ = _binary(ops.Pow, swap=True)

    def __matmul__(self, other: Any) -> Any:
        return F.matmul(self, other) if _is_operand(other) else NotImplemented

    def __rmatmul__(self, other: Any) -> Any:
        return F.matmul(other, self) if _is_operand(other) else NotImplemented

    def __neg__(self) -> Tensor:
        return self.record(_NEG, (self,))

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Tensor:
        return F.abs(self)

    __mod__ = _binary(ops.Remainder)
    __rmod__ = _binary(ops.Remainder, swap=True)
    __floordiv__ = _binary(ops.FloorDiv)
    __rfloordiv__ = _binary(ops.FloorDiv, swap=True)

    # ------------------------------------------------------------------ comparisons
    def __eq__(self, other: object) -> Any:
        return self._compare(np.equal, other)

    def __ne__(self, other: object) -> Any:
        return self._compare(np.not_equal, other)

    def __lt__(self, other: Any) -> Any:
        return self._compare(np.less, other)

    def __le__(self, other: Any) -> Any:
        return self._compare(np.less_equal, other)

    def __gt__(self, other: Any) -> Any:
        return self._compare(np.greater, other)

    def __ge__(self, other: Any) -> Any:
        return self._compare(np.greater_equal, other)

    def _compare(self, ufunc: np.ufunc, other: Any) -> Any:
        if not _is_operand(other):
            return NotImplemented
        value = other.array if isinstance(other, Traced) else other
        return self.detached(ufunc(self._array, value))

    __hash__ = object.__hash__  # by identity: == compares elements

    # ------------------------------------------------------------------ logic
    def __invert__(self) -> Tensor:
        if self.dtype.kind == "f":
            raise DTypeError(f"~: the tensor has dtype {self.dtype}, a bool tensor fits; compare it first")
        return self.detached(np.invert(self._array))

    def __and__(self, other: Any) -> Any:
        return self._bits("&", np.bitwise_and, other)

    def __or__(self, other: Any) -> Any:
        return self._bits("|", np.bitwise_or, other)

    def __xor__(self, other: Any) -> Any:
        return self._bits("^", np.bitwise_xor, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__  # they are symmetric

    def _bits(self, operator: str, ufunc: np.ufunc, other: Any) -> Any:
        """Logic between bool tensors, bit by bit between integer ones; no gradient."""
        value = other.array if isinstance(other, Traced) else other
        if not isinstance(value, (bool, int, np.ndarray, np.generic, list)):
            return NotImplemented
        types = self.dtype, np.asarray(value).dtype
        if any(dtype.kind not in "biu" for dtype in types):
            raise DTypeError(
                f"{operator}: operands of dtypes {types[0]} and {types[1]}; bool tensors fit, as "
                f"comparisons give them: (a > 0) {operator} (b > 0)"
            )
        broadcastable(operator, self, value)
        return self.detached(ufunc(self._array, value))

    # ------------------------------------------------------------------ in place
    def __iadd__(self, other: Any) -> Tensor:
        return self._in_place(np.add, other)

    def __isub__(self, other: Any) -> Tensor:
        return self._in_place(np.subtract, other)

    def __imul__(self, other: Any) -> Tensor:
        return self._in_place(np.multiply, other)

    def __itruediv__(self, other: Any) -> Tensor:
        return self._in_place(np.true_divide, other)

    def _in_place(self, ufunc: np.ufunc, other: Any) -> Any:
        if not _is_operand(other):
            return NotImplemented
        if MODE.get().recording and (self.requires_grad or getattr(other, "requires_grad", False)):
            if self.requires_grad and self.is_leaf:
                raise GraphError(
                    f"{ufunc.__name__} in place: a leaf that requires grad cannot be written while "
                    "ops are recorded; do it inside no_grad(), or on .data"
                )
            return NotImplemented  # Python then evaluates the operator and binds the name anew
        value = other.array if isinstance(other, Traced) else other
        target = self._writable()
        ufunc(target, value, out=target)
        return self

    def __setitem__(self, key: Any, value: Any) -> None:
        """Write values in place, outside the graph; a graph that needs the old ones will say so."""
        if MODE.get().recording and (self.requires_grad or getattr(value, "requires_grad", False)):
            raise GraphError(
                "tensor[...] = value cannot be recorded; build the result with concatenate, pad or a "
                "product with a mask, or write inside no_grad() or on .data"
            )
        key = _plain(key)
        self._writable()[key] = value.array if isinstance(value, Traced) else value


def _is_operand(value: Any) -> bool:
    """Whether an operator takes this value."""
    return isinstance(value, (Traced, int, float, np.ndarray, np.generic, list, tuple))


def _plain(key: Any) -> Any:
    """A key with arrays in the place of Tensors."""
    if isinstance(key, tuple):
        return tuple(map(_plain, key))
    return key.array if isinstance(key, Traced) else key
