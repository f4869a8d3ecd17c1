"""The meanings of names in a file: makers of tensors and plain containers, which check what they get."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.torch import devices
from tinygrad_cnn.torch.shapes import Size
from tinygrad_cnn.torch.tensors import Parameter, Tensor

#: A view that repeats its storage may not have more elements than this.
_MOST_REPEATED = 2**40
#: Key of a dict: no longer number, no longer tuple. Their hashes could be made to collide, or take for ever.
_LARGEST_KEY, _LONGEST_KEY = 2**60, 100
_PLAIN_KEYS = (str, bytes, int, float, bool, type(None), np.generic, np.dtype)


def told(value: Any) -> str:
    """A value of a file in an error: numbers and short texts as they are, else only the type.

    A tuple can hold itself many times over, and its text would fill the memory.

    >>> told("a" * 100), told(((1,),))
    ("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...", 'a tuple')
    """
    if isinstance(value, (str, bytes)):
        text = repr(value[:40])
        return text if len(value) <= 40 else text[:40] + "..."
    if value is None or isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) < 2**64):
        return repr(value)
    return f"a {type(value).__name__}"


def check_key(value: Any) -> None:
    """Check that something is fit for a key: a plain value, or a small tuple of them.

    Raises:
        FormatError: it is not.
    """
    if type(value) is str:
        return
    todo, count = [value], 0
    while todo:
        item = todo.pop()
        if isinstance(item, tuple):
            count += len(item)
            if count > _LONGEST_KEY:
                raise FormatError("load: a tuple of more than 100 parts is a key")
            todo.extend(item)
        elif isinstance(item, int) and abs(item) > _LARGEST_KEY:
            raise FormatError("load: a number of more than 60 bits is a key")
        elif not isinstance(item, _PLAIN_KEYS):
            raise FormatError(f"load: {told(item)} is a key")


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


def _ordered(*given: Any) -> Any:
    if given:
        raise FormatError("load: an OrderedDict with arguments")
    return OrderedDict()


def _set(values: Any = ()) -> Any:
    if not isinstance(values, (list, tuple)):
        raise FormatError("load: a set of something else than a list")
    for value in values:
        check_key(value)
    return set(values)


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


_MULTIARRAY = ("numpy.core.multiarray", "numpy._core.multiarray")
MAKERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("torch._utils", "_rebuild_tensor_v2"): rebuilt,
    ("torch._utils", "_rebuild_tensor"): rebuilt,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch", "Size"): _size,
    ("torch", "device"): _device,
    ("collections", "OrderedDict"): _ordered,
    ("builtins", "set"): _set,
    ("__builtin__", "set"): _set,
    ("_codecs", "encode"): _encoded,
    ("numpy", "dtype"): _numpy_dtype,
    **{(m, "_reconstruct"): lambda *_: UnfinishedArray() for m in _MULTIARRAY},
    **{(m, "scalar"): _numpy_scalar for m in _MULTIARRAY},
}
