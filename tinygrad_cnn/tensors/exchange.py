"""Arrays of other libraries as Tensors, over the same memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.devices import naming
from tinygrad_cnn.errors import DeviceError, DTypeError
from tinygrad_cnn.functional.arguments import flag
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = ["from_dlpack"]

#: What DLPack calls memory that the processor reads: the host's own, and what is pinned for CUDA.
_ON_HOST = (1, 3)


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A Tensor over the memory of another library's array: nothing is copied, on a GPU neither.

    Whoever writes there changes the Tensor too, and no graph is told.

    Args:
        x: what has `__dlpack__` and `__dlpack_device__`: an array of NumPy, CuPy or PyTorch, a Tensor ...
        device: where the Tensor is to lie; where x lies if None. From one to another values are copied.
        copy: True copies in any case; False raises where only a copy would do.
    Raises:
        DTypeError: x does not speak DLPack, or holds no real numbers.
        DeviceError: it lies on a device of another kind.
        BufferError: `copy=False`, and it must be copied.
        MissingExtraError: it lies on a GPU, and CuPy is not installed.
    Source: the array API standard, `from_dlpack`.

    >>> x = np.zeros(2, np.float32)
    >>> t = from_dlpack(x)
    >>> x += 1; t
    Tensor([1., 1.])
    """
    if copy is not None:
        flag("from_dlpack", "copy", copy)
    if not hasattr(x, "__dlpack__") or not hasattr(x, "__dlpack_device__"):
        raise DTypeError(
            f"from_dlpack: {type(x).__name__} has no __dlpack__; tensor({type(x).__name__}) copies"
        )
    array = x._array if isinstance(x, Tensor) else _taken_over(x)
    if array.dtype.kind not in "biuf":
        raise DTypeError(f"from_dlpack: dtype {array.dtype} does not hold real numbers")
    place = devices.device_of(array) if device is None else naming.device(device)
    if place != devices.device_of(array):
        if copy is False:
            raise BufferError(
                f"from_dlpack: from {devices.device_of(array)} to {place!s} values are copied"
            )
        return Tensor.at(devices.moved(array, place), None)
    return Tensor.at(array.copy() if copy else array, None)


def _taken_over(x: Any) -> Any:
    """The array over the memory of x, NumPy's or a device's."""
    kind, index = (int(part) for part in x.__dlpack_device__())
    if kind in _ON_HOST:
        return np.from_dlpack(x)
    backend = devices.backend_of(x) or devices.backend_speaking(kind)
    if backend is None and kind == devices.CUDA_MEMORY:
        naming.device(f"cuda:{index}")  # loads CuPy, or says why not
        backend = devices.backend_speaking(kind)
    if backend is None:
        raise DeviceError(
            f"from_dlpack: the array lies on a device of DLPack's kind {kind}; the CPU's memory (1) and "
            "CUDA's (2) fit"
        )
    return backend.from_dlpack(x)
