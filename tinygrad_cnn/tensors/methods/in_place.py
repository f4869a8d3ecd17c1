"""Operators that write in place, and `tensor[key] = value`.

While ops are recorded, a tensor in a graph is not written: `x += y` then binds the name to a new,
recorded result, as `x = x + y` does, and a leaf that requires grad is refused. Elsewhere all of them
write into the memory of the tensor, or raise before they change anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.errors import ArgumentError, DTypeError, GraphError, ShapeError
from tinygrad_cnn.functional.arguments import as_array, broadcastable
from tinygrad_cnn.graph import MODE, Traced
from tinygrad_cnn.ops.index import beside
from tinygrad_cnn.tensors.methods.base import Methods
from tinygrad_cnn.tensors.methods.operands import bits_of, is_bits, is_operand, operand_of

if TYPE_CHECKING:
    from tinygrad_cnn.tensors.tensor_class import Tensor


def _arithmetic(operator: str, ufunc: np.ufunc) -> Callable[[Any, Any], Tensor]:
    """The method for an operator such as `+=`."""

    def method(self: Any, other: Any) -> Any:
        if not is_operand(other) or self._rebinds(operator, other):
            return NotImplemented  # Python then evaluates the operator and binds the name anew
        other = operand_of(operator, other)
        value = other.array if isinstance(other, Traced) else devices.beside(other, self)
        self._check_room(operator, ufunc, value)
        target = self._writable()
        with np.errstate(under="ignore"):
            ufunc(target, value, out=target, casting="same_kind")
        return self

    return method


def _logic(operator: str, ufunc: np.ufunc) -> Callable[[Any, Any], Tensor]:
    """The method for an operator such as `&=`."""

    def method(self: Any, other: Any) -> Any:
        if not is_bits(other):
            return NotImplemented
        value = bits_of(operator, self, other)
        self._check_room(operator, ufunc, value)
        target = self._writable()
        ufunc(target, value, out=target, casting="same_kind")
        return self

    return method


class InPlaceMethods(Methods):
    """`x += y` and its relatives, `x[key] = value`."""

    __slots__ = ()

    __iadd__ = _arithmetic("+=", np.add)
    __isub__ = _arithmetic("-=", np.subtract)
    __imul__ = _arithmetic("*=", np.multiply)
    __itruediv__ = _arithmetic("/=", np.true_divide)
    __ifloordiv__ = _arithmetic("//=", np.floor_divide)
    __imod__ = _arithmetic("%=", np.remainder)
    __ipow__ = _arithmetic("**=", np.power)
    __iand__ = _logic("&=", np.bitwise_and)
    __ior__ = _logic("|=", np.bitwise_or)
    __ixor__ = _logic("^=", np.bitwise_xor)
    __ilshift__ = _logic("<<=", np.left_shift)
    __irshift__ = _logic(">>=", np.right_shift)

    def __imatmul__(self, other: Any) -> Tensor:
        if not is_operand(other) or self._rebinds("@=", other):
            return NotImplemented
        product: Any = self.detached(self._array) @ (other.array if isinstance(other, Traced) else other)
        if product.shape != self.shape:
            raise ShapeError(f"@=: the product has shape {product.shape}, the tensor {self.shape}")
        self._check_room("@=", np.add, product._array)
        self._writable()[...] = product._array
        return self  # type: ignore[return-value]

    def _rebinds(self, operator: str, other: Any) -> bool:
        """Whether the result is recorded, so that nothing is written.

        Raises:
            GraphError: the tensor is a leaf that requires grad.
        """
        if not MODE.get().recording or not (self.requires_grad or getattr(other, "requires_grad", False)):
            return False
        if self.requires_grad and self.is_leaf:
            raise GraphError(
                f"{operator}: a leaf that requires grad cannot be written in place while ops are "
                "recorded; do it inside no_grad(), or on .data"
            )
        return True

    def _check_room(self, operator: str, ufunc: np.ufunc, value: Any) -> None:
        """Raise unless the result fits where the tensor is."""
        shape = np.shape(value)
        if shape and broadcastable(operator, self, value) != self.shape:
            raise ShapeError(f"{operator}: a value of shape {shape} does not fit into {self.shape}")
        other = value.dtype if isinstance(value, devices.CLASSES) else type(value)
        other = np.dtype(bool) if other is bool else other
        result = ufunc.resolve_dtypes((self.dtype, other, None))[-1]
        if not np.can_cast(result, self.dtype, "same_kind"):
            raise DTypeError(
                f"{operator}: the result has dtype {result}, the tensor holds {self.dtype}; "
                "convert it first with .astype"
            )

    def __setitem__(self, key: Any, value: Any) -> None:
        """Write values in place, outside the graph; a graph that needs the old ones will say so."""
        if MODE.get().recording and (self.requires_grad or getattr(value, "requires_grad", False)):
            raise GraphError(
                "tensor[...] = value cannot be recorded; build the result with concatenate, pad or a "
                "product with a mask, or write inside no_grad() or on .data"
            )
        key = _plain(key)
        given = value.array if isinstance(value, Traced) else value
        value = as_array("tensor[...] = value", given)
        if not isinstance(given, (np.generic, *devices.CLASSES)):
            value = np.asarray(given)  # Python's numbers go into this tensor's type, not by way of float32
        if devices.ON_DEVICES:
            key, value = beside(key, self), devices.beside(value, self)
        part: Any = self._array[key]  # raises for a key that does not fit, before anything is changed
        lead = max(value.ndim - part.ndim, 0)  # axes of length 1 in front are passed over, as in NumPy
        fits = value.shape[:lead] == (1,) * lead
        pairs = zip(reversed(value.shape[lead:]), reversed(part.shape), strict=False)
        if not fits or any(n not in (1, m) for n, m in pairs):
            raise ShapeError(
                f"tensor[...] = value: a value of shape {value.shape} does not fit into {part.shape}"
            )
        self._check_range(value)
        self._writable()[key] = value

    def _check_range(self, value: Any) -> None:
        """Raise if a tensor of integers cannot hold a value; fractions are cut off, as by NumPy."""
        if self.dtype.kind not in "iu" or np.can_cast(value.dtype, self.dtype):
            return
        given = devices.to_host(value)
        with np.errstate(invalid="ignore"):
            whole = np.trunc(given) if given.dtype.kind == "f" else given
            wrong = given[whole != whole.astype(self.dtype)]
        if wrong.size:
            info = np.iinfo(self.dtype)
            raise ArgumentError(
                f"tensor[...] = value: {wrong[0]} does not fit into {self.dtype}; "
                f"{info.min} to {info.max} fit"
            )


def _plain(key: Any) -> Any:
    """A key with arrays in the place of Tensors."""
    if isinstance(key, tuple):
        return tuple(map(_plain, key))
    return key.array if isinstance(key, Traced) else key
