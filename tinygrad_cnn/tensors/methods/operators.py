"""Operators: arithmetic, comparison, logic. Those that write in place are in `in_place`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_cnn import devices, functional, ops
from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.functional.arguments import broadcastable, observed
from tinygrad_cnn.graph import Op, Traced
from tinygrad_cnn.tensors.methods.base import Methods
from tinygrad_cnn.tensors.methods.operands import bits_of, is_bits, is_operand, operand_of

if TYPE_CHECKING:
    from tinygrad_cnn.tensors.tensor_class import Tensor

F: Any = functional  # whose types speak of whole Tensors; the classes here are parts of one


_NEG = ops.Neg()


def _binary(op: type[Op], name: str, swap: bool = False) -> Callable[[Any, Any], Tensor]:
    """The method for an operator with two operands; with `swap`, the other one stands first."""
    made = op()

    def method(self: Any, other: Any) -> Any:
        kind = type(other)
        if kind is not type(self) and kind is not float and kind is not int:
            if not is_operand(other):
                return NotImplemented
            other = operand_of(name, other)
        return self.record(made, (other, self) if swap else (self, other))

    return method


class OperatorMethods(Methods):
    """Python's operators. A value of a foreign type is left to that type."""

    __slots__ = ()

    # ------------------------------------------------------------------ arithmetic
    __add__ = _binary(ops.Add, "add")
    __radd__ = _binary(ops.Add, "add", swap=True)
    __sub__ = _binary(ops.Sub, "sub")
    __rsub__ = _binary(ops.Sub, "sub", swap=True)
    __mul__ = _binary(ops.Mul, "mul")
    __rmul__ = _binary(ops.Mul, "mul", swap=True)
    __truediv__ = _binary(ops.Div, "div")
    __rtruediv__ = _binary(ops.Div, "div", swap=True)
    __pow__ = _binary(ops.Pow, "pow")
    __rpow__ = _binary(ops.Pow, "pow", swap=True)

    def __matmul__(self, other: Any) -> Tensor:
        return F.matmul(self, other) if is_operand(other) else NotImplemented

    def __rmatmul__(self, other: Any) -> Tensor:
        return F.matmul(other, self) if is_operand(other) else NotImplemented

    def __neg__(self) -> Tensor:
        return self.record(_NEG, (self,))

    def __pos__(self) -> Tensor:
        return self  # type: ignore[return-value]

    def __abs__(self) -> Tensor:
        return F.abs(self)

    __mod__ = _binary(ops.Remainder, "remainder")
    __rmod__ = _binary(ops.Remainder, "remainder", swap=True)
    __floordiv__ = _binary(ops.FloorDiv, "floor_divide")
    __rfloordiv__ = _binary(ops.FloorDiv, "floor_divide", swap=True)

    def __divmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        return other // self, other % self

    # ------------------------------------------------------------------ comparisons
    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]
        return self._compare("==", np.equal, other)

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]
        return self._compare("!=", np.not_equal, other)

    def __lt__(self, other: Any) -> Tensor:
        return self._compare("<", np.less, other)

    def __le__(self, other: Any) -> Tensor:
        return self._compare("<=", np.less_equal, other)

    def __gt__(self, other: Any) -> Tensor:
        return self._compare(">", np.greater, other)

    def __ge__(self, other: Any) -> Tensor:
        return self._compare(">=", np.greater_equal, other)

    def _compare(self, operator: str, ufunc: np.ufunc, other: Any) -> Any:
        if not is_operand(other):
            return NotImplemented
        other = operand_of(operator, other)
        value = other.array if isinstance(other, Traced) else devices.beside(other, self)
        try:
            result = self.detached(ufunc(self._array, value))
        except ValueError as error:
            broadcastable(operator, self, value)
            raise devices.mixed(operator, (self._array, value)) or error from error
        return observed(ufunc.__name__, (self, other), result)

    __hash__ = object.__hash__  # by identity: == compares elements

    # ------------------------------------------------------------------ logic
    def __invert__(self) -> Tensor:
        if self.dtype.kind == "f":
            raise DTypeError(f"~: the tensor has dtype {self.dtype}, a bool tensor fits; compare it first")
        return observed("logical_not", (self,), self.detached(np.invert(self._array)))

    def __and__(self, other: Any) -> Tensor:
        return self._bits("&", np.bitwise_and, other)

    def __or__(self, other: Any) -> Tensor:
        return self._bits("|", np.bitwise_or, other)

    def __xor__(self, other: Any) -> Tensor:
        return self._bits("^", np.bitwise_xor, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__  # they are symmetric

    def __lshift__(self, other: Any) -> Tensor:
        return self._bits("<<", np.left_shift, other)

    def __rshift__(self, other: Any) -> Tensor:
        return self._bits(">>", np.right_shift, other)

    def __rlshift__(self, other: Any) -> Tensor:
        return self._shifted("<<", np.left_shift, other)

    def __rrshift__(self, other: Any) -> Tensor:
        return self._shifted(">>", np.right_shift, other)

    def _shifted(self, operator: str, ufunc: np.ufunc, other: Any) -> Any:
        """A number or an array shifted by this tensor."""
        if not is_bits(other):
            return NotImplemented
        return self.detached(ufunc(bits_of(operator, self, other), self._array))

    def _bits(self, operator: str, ufunc: np.ufunc, other: Any) -> Any:
        """Logic between bool tensors, bit by bit between integer ones; no gradient."""
        if not is_bits(other):
            return NotImplemented
        result = self.detached(ufunc(self._array, bits_of(operator, self, other)))
        return observed(ufunc.__name__.replace("bitwise", "logical"), (self, other), result)
