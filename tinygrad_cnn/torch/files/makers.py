"""The meanings of names in a file: makers of tensors and plain containers, which check what they get."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.torch import devices
from tinygrad_cnn.torch.files.containers import CONTAINERS, FACTORIES, told
from tinygrad_cnn.torch.refusals import reason
from tinygrad_cnn.torch.shapes import Size
from tinygrad_cnn.torch.tensors import Buffer, Parameter, Tensor

#: A view that repeats its storage may not have more elements than this.
_MOST_REPEATED = 2**40


class Name:
    """A name that the file uses, and what stands for it here."""

    def __init__(
        self, module: str, name: str, make: Callable[..., Any] | None = None, cls: Any = None
    ) -> None:
        self.module, self.name, self.make, self.cls = module, name, make, cls

    def __repr__(self) -> str:
        return f"{self.module}.{self.name}"


def rebuilt(storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any = False, *_: Any) -> Any:
    """The tensor that shows a part of a storage.

    >>> rebuilt(np.arange(4.0, dtype="f4"), 1, (2,), (2,))
    tensor([1., 3.])
    """
    if not isinstance(storage, np.ndarray) or not isinstance(size, tuple) or not isinstance(stride, tuple):
        raise FormatError("load: a tensor without a storage, sizes and strides")
    if len(size) != len(stride) or len(size) > 64:
        raise FormatError(f"load: a tensor of {len(size)} sizes and {len(stride)} strides")
    if not all(type(n) is int and 0 <= n < 2**62 for n in (offset, *size, *stride)):
        raise FormatError(
            f"load: a tensor of sizes ({', '.join(map(told, size))}), strides ({', '.join(map(told, stride))}), "
            f"offset {told(offset)}"
        )
    if all(size):
        last = offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
        if last >= storage.size:
            raise FormatError(
                f"load: a tensor of sizes {size} reaches beyond its storage of {storage.size} elements"
            )
        if prod(size) > max(storage.size, _MOST_REPEATED):
            raise FormatError(f"load: a tensor of sizes {size} repeats elements more often than fits")
        item = storage.itemsize
        array = np.lib.stride_tricks.as_strided(storage[offset:], size, tuple(s * item for s in stride))
    else:
        array = np.zeros(size, storage.dtype)
    made = Tensor.detached(array)
    return made.requires_grad_() if requires_grad is True and array.dtype.kind == "f" else made


def _parameter(data: Any, requires_grad: Any = True, *_: Any) -> Any:
    if not isinstance(data, Tensor) or (requires_grad and data._array.dtype.kind != "f"):
        raise FormatError("load: a parameter without a tensor of floats")
    return Parameter(data, bool(requires_grad))


def _size(values: Any = ()) -> Any:
    if not isinstance(values, (tuple, list)) or not all(type(n) is int for n in values):
        raise FormatError("load: a torch.Size of something else than numbers")
    return Size(values)


def _device(kind: Any, index: Any = None) -> Any:
    if not isinstance(kind, str):
        raise FormatError("load: a device without a name")
    return devices.CPU


#: The classes that a tensor may be of.
_TENSORS = (
    "torch.Tensor",
    "torch._tensor.Tensor",
    "torch.nn.parameter.Parameter",
    "torch.nn.parameter.Buffer",
)


def _of_type(function: Any, kind: Any, arguments: Any, state: Any = None, *_: Any) -> Any:
    """A tensor with attributes, as buffers are."""
    known = isinstance(function, Name) and function.make in (rebuilt, _parameter)
    if not known or repr(kind) not in _TENSORS or not isinstance(arguments, tuple):
        raise FormatError(f"load: a tensor of the class {told(kind)}; Tensor, Parameter and Buffer fit")
    made = function.make(*arguments)
    attributes = state if isinstance(state, dict) else {}
    if repr(kind).endswith("Buffer") or attributes.get("_is_buffer") is True:
        return Buffer(made, persistent=attributes.get("persistent") is not False)
    return made


class UnfinishedArray:
    """An array of NumPy's between its making and the opcode that gives it type and bytes."""

    array: Any = None

    def fill(self, state: Any) -> None:
        """Give it what `numpy.ndarray.__setstate__` gets."""
        if not isinstance(state, tuple) or len(state) != 5:
            raise FormatError("load: an array without shape, type and bytes")
        _, shape, kind, fortran, data = state
        if isinstance(data, str):  # written by Python 2, as the published files of CIFAR are
            data = data.encode("latin1")
        if not isinstance(kind, np.dtype) or not isinstance(data, bytes):
            raise FormatError("load: an array without type and bytes")
        if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
            raise FormatError("load: an array whose sizes are not numbers from 0 on")
        self.array = elements(data, kind).reshape(shape, order="F" if fortran else "C")


def elements(data: Any, kind: Any) -> Any:
    """A new array of the bytes; bools are 0 or 1, texts have code points that exist.

    >>> elements(bytes([0, 2]), np.dtype("?"))
    array([False,  True])
    """
    if kind.kind == "b":
        found: Any = np.frombuffer(data, np.uint8) != 0
        return found
    made = np.frombuffer(bytearray(data), kind)
    if kind.kind == "U" and made.size and made.view(np.uint32).max() > 0x10FFFF:
        raise FormatError("load: an array of text that is not Unicode")
    return made


def _numpy_dtype(code: Any = None, *_: Any) -> Any:
    if not isinstance(code, str) or not re.fullmatch("[biuf][1-9][0-9]?|[US][1-9][0-9]{0,5}", code):
        raise FormatError(f"load: an array of type {told(code)}")
    return np.dtype(code)


def _numpy_scalar(kind: Any, data: Any) -> Any:
    if not isinstance(kind, np.dtype) or not isinstance(data, bytes) or len(data) != kind.itemsize:
        raise FormatError("load: a number of NumPy's without type and bytes")
    return elements(data, kind)[0]


def _encoded(text: Any, coding: Any = "latin1") -> Any:
    if not isinstance(text, str) or coding != "latin1":
        raise FormatError("load: bytes in another coding than latin1")
    return text.encode("latin1")


#: Names that mean a tensor or a class of tensors, and make nothing.
CLASSES = {("torch", "Tensor"), ("torch._tensor", "Tensor"), ("numpy", "ndarray"),
           ("torch.nn.parameter", "Parameter"), ("torch.nn.parameter", "Buffer"), *FACTORIES}  # fmt: skip
#: Why tensors of some kinds are not read, by what their names have in them.
_NOT_READ = {
    "sparse": reason("sparse"), "Complex": reason("complex"), "qtensor": reason("quantize"), "Q": reason("quantize"),
    "_rebuild_tensor_v3": "their elements have a type that no tensor has here, such as uint16 or float8",
    "meta_tensor": "a tensor of the device meta has no elements", "nested": reason("nested"),
}  # fmt: skip


def unread(module: str, name: str) -> str | None:
    """Why PyTorch's tensors of a kind are not read, or None.

    >>> unread("torch._utils", "_rebuild_sparse_tensor")
    'tensors are dense; sparse ones are left out'
    """
    if module not in ("torch", "torch._utils"):
        return None
    return next((why for part, why in _NOT_READ.items() if part in name), None)


_MULTIARRAY = ("numpy.core.multiarray", "numpy._core.multiarray")
MAKERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("torch._utils", "_rebuild_tensor_v2"): rebuilt,
    ("torch._utils", "_rebuild_tensor"): rebuilt,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch", "Size"): _size,
    ("torch", "device"): _device,
    ("torch._tensor", "_rebuild_from_type_v2"): _of_type,
    **CONTAINERS,
    ("_codecs", "encode"): _encoded,
    ("numpy", "dtype"): _numpy_dtype,
    **{(m, "_reconstruct"): lambda *_: UnfinishedArray() for m in _MULTIARRAY},
    **{(m, "scalar"): _numpy_scalar for m in _MULTIARRAY},
}
