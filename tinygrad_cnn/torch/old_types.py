"""PyTorch's old names of tensor types, `torch.FloatTensor` and so on: they make tensors and test for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.torch import dtypes
from tinygrad_cnn.torch.creating import array_of
from tinygrad_cnn.torch.shapes import Size
from tinygrad_cnn.torch.tensors import Tensor, alias

KINDS = {
    "FloatTensor": dtypes.float32, "DoubleTensor": dtypes.float64, "HalfTensor": dtypes.float16,
    "LongTensor": dtypes.int64, "IntTensor": dtypes.int32, "ShortTensor": dtypes.int16, "CharTensor": dtypes.int8,
    "ByteTensor": dtypes.uint8, "BoolTensor": dtypes.bool_,
}  # fmt: skip


class OldType(type):
    """The class of such names: calling one makes a Tensor, `isinstance` looks at a Tensor's type."""

    kind_of: dtypes.dtype

    def __call__(cls, *data: Any) -> Any:
        if not data or all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in data):
            return Tensor.detached(np.zeros(data or (0,), cls.kind_of.dtype))
        if isinstance(data[0], Size):
            return Tensor.detached(np.zeros(tuple(data[0]), cls.kind_of.dtype))
        if isinstance(data[0], Tensor):
            return alias_of_type(f"torch.{cls.__name__}", data[0], cls.kind_of)
        return Tensor.detached(array_of(data[0], cls.kind_of))

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, Tensor) and value._array.dtype == cls.kind_of.dtype


def alias_of_type(function: str, x: Tensor, kind: dtypes.dtype) -> Any:
    """A view of x, through which gradients flow, as the old constructors give it.

    Raises:
        TypeError: x is of another type.

    >>> alias_of_type("torch.FloatTensor", Tensor([1.0]), dtypes.float32)
    tensor([1.])
    """
    if x.dtype != kind:
        raise TypeError(f"{function}: got a tensor of {x.dtype}, one of {kind} fits; x.to({kind}) converts")
    return alias(x)


NAMES: dict[str, Any] = {
    name: OldType(name, (), {"kind_of": kind, "__doc__": f"Tensors of {kind}."})
    for name, kind in KINDS.items()
}


class OfDevice(type):
    """The class of `torch.cuda.FloatTensor` and its kin: no tensor is one, and none can be made."""

    def __call__(cls, *_: Any, **__: Any) -> Any:
        raise TypeError(
            f"type torch.cuda.{cls.__name__} not available. Torch not compiled with CUDA enabled."
        )

    def __instancecheck__(cls, value: Any) -> bool:
        return False


#: `torch.cuda.FloatTensor` and so on, which programs name before they ask whether there is a GPU.
CUDA_NAMES: dict[str, Any] = {
    name: OfDevice(name, (), {"__doc__": f"Tensors of {kind} on a GPU: there are none."})
    for name, kind in KINDS.items()
}


def of_name(name: str) -> Any:
    """The class for a name such as 'torch.FloatTensor'.

    >>> of_name("torch.FloatTensor")([1])
    tensor([1.])
    """
    return NAMES[name.rpartition(".")[2]]
