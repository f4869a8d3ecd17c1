"""Tensors as others: of another type, as arrays and numbers, copied, of another size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import ops
from tinygrad_cnn.graph import MODE
from tinygrad_cnn.tensors import Tensor as NativeTensor
from tinygrad_cnn.torch import devices, dtypes, views
from tinygrad_cnn.torch.shapes import sizes
from tinygrad_cnn.torch.tensors import Tensor


def type_asked(args: Any, dtype: Any, device: Any) -> Any:
    """The type that the arguments of `to` ask for, or None; a device among them must be the CPU."""
    for given in args:
        if isinstance(given, dtypes.dtype) or (isinstance(given, type) and given in (float, int, bool)):
            dtype = given
        elif isinstance(given, NativeTensor):
            dtype = given.dtype
        elif not isinstance(given, bool):
            device = given
    devices.check(device)
    return dtype


def to(
    self: Any,
    *args: Any,
    dtype: Any = None,
    device: Any = None,
    copy: bool = False,
    non_blocking: bool = False,
    memory_format: Any = None,
) -> Any:
    """Another type; the device must be the CPU."""
    dtype = type_asked(args, dtype, device)
    if dtype is None or dtypes.to_numpy(dtype) == self._array.dtype:
        return self.clone() if copy else self
    return F.astype(self, dtypes.to_numpy(dtype))


def type_(self: Any, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of the type, or the tensor in another one."""
    if dtype is None:
        kinds = {"float32": "Float", "float64": "Double", "float16": "Half", "int64": "Long", "int32": "Int",
                 "int16": "Short", "int8": "Char", "uint8": "Byte", "bool": "Bool"}  # fmt: skip
        return f"torch.{kinds[self._array.dtype.name]}Tensor"
    if isinstance(dtype, str):
        dtype = dtypes.named(
            dtype.removeprefix("torch.")
            .removesuffix("Tensor")
            .lower()
            .replace("char", "int8")
            .replace("byte", "uint8")
        )
    elif isinstance(dtype, type) and hasattr(dtype, "kind_of"):
        dtype = dtype.kind_of
    return to(self, dtype)


def as_kind(kind: dtypes.dtype) -> Callable[..., Any]:
    def method(self: Any, memory_format: Any = None) -> Any:
        return self if self._array.dtype == kind.dtype else F.astype(self, kind.dtype)

    method.__doc__ = f"The tensor as {kind}."
    return method


def itself(self: Any, *_: Any, **__: Any) -> Any:
    return self


def cuda(self: Any, device: Any = None, non_blocking: bool = False) -> Any:
    """Refused: there is no other device.

    Raises:
        RuntimeError: always.
    """
    devices.check("cuda")


def numpy(self: Any, *, force: bool = False) -> Any:
    """The values as an array over the same memory.

    Raises:
        RuntimeError: it requires grad; detach it first.
    """
    if self.requires_grad and not force:
        raise RuntimeError(
            "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
        )
    return self._array


def clone(self: Any, *, memory_format: Any = None) -> Any:
    """A copy that gradients flow through."""
    if self.requires_grad and MODE.get().recording:
        return F.identity(self) if not np.shares_memory(F.identity(self)._array, self._array) else self * 1
    return Tensor.detached(self._array.copy())


def contiguous(self: Any, memory_format: Any = None) -> Any:
    """Itself, or a copy whose elements lie row by row."""
    if views.is_contiguous(self):
        return self
    if self.requires_grad and MODE.get().recording:
        copied = clone(self) if 0 in self._array.strides else self  # what `expand` repeats, once each
        return ops.Reshape(self._array.shape)(copied)
    return Tensor.detached(np.ascontiguousarray(self._array))


def strides(x: Any) -> tuple[int, ...]:
    """Steps in memory, as PyTorch would have them."""
    shape, order = x._array.shape, views.memory_order(x) or range(x._array.ndim)
    if x._node is None or x._node.op is None or 0 in x._array.strides:
        return tuple(s // x._array.itemsize for s in x._array.strides)
    found, step = [0] * len(shape), 1
    for axis in reversed(list(order)):
        found[axis], step = step, step * shape[axis]
    return tuple(found)


def item(self: Any) -> Any:
    """The one element as a Python number."""
    if self._array.size != 1:
        raise RuntimeError(f"a Tensor with {self._array.size} elements cannot be converted to Scalar")
    return self._array.item()


def number(kind: type) -> Any:
    """What `float` and `int` call."""

    def method(self: Any) -> Any:
        if self._array.size != 1:
            raise ValueError(
                f"{kind.__name__}: only one element tensors can be converted to Python scalars, got shape {list(self.shape)}"
            )
        return kind(self._array.item())

    return method


def copy_(self: Any, other: Any, non_blocking: bool = False) -> Any:
    """Take over the values of another tensor."""

    def copied(x: Any, new: Any) -> Any:
        new = new if isinstance(new, NativeTensor) else Tensor.detached(np.asarray(new))
        new = new if new._array.dtype == x._array.dtype else F.astype(new, x._array.dtype)
        new = F.broadcast_to(new, x._array.shape)
        return F.where(np.zeros((), bool), x, new) if x.requires_grad else new

    return views.write(self, copied, other)


def set_(self: Any, source: Any) -> Any:
    """Stand for another tensor's memory."""
    self._array = source._array
    return self


def resize_(self: Any, *shape: Any, memory_format: Any = None) -> Any:
    """Another shape; new elements are 0."""
    wanted = sizes(shape)
    new = np.zeros(int(np.prod(wanted)), self._array.dtype)
    n = min(new.size, self._array.size)
    new[:n] = self._array.ravel()[:n]
    self._array = new.reshape(wanted)
    return self
