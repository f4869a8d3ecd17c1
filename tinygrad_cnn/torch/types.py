"""`torch.types`: names for annotations."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn.torch.devices import device
from tinygrad_cnn.torch.dtypes import dtype
from tinygrad_cnn.torch.shapes import Size

__all__ = ["Device", "Number", "device", "dtype"]

Number = int | float | bool
Device = device | str | int | None
_dtype, _device, _size, _int, _float, _bool = (
    dtype,
    device,
    Size | list[int] | tuple[int, ...],
    int,
    float,
    bool,
)
_TensorOrTensors = Any
