"""DLPack of the stand-in: capsules that say CUDA, though their memory is the host's.

So whoever takes one reads it as a GPU's, or refuses it as such; only the stand-in itself knows better.

Sources: CuPy's `ndarray.__dlpack__` and `from_dlpack` (cupy/_core/core.pyx, dlpack.pyx): which streams,
devices and copies they take. DLPack's dlpack.h: where a tensor's device stands.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_cnn.devices import CUDA_MEMORY

if TYPE_CHECKING:
    from tinygrad_cnn.testing.stand_in.array import StandInArray

#: The stream that CuPy uses unless told otherwise.
DEFAULT_STREAM = 1

_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
_is_valid = ctypes.pythonapi.PyCapsule_IsValid
_is_valid.restype, _is_valid.argtypes = ctypes.c_int, [ctypes.py_object, ctypes.c_char_p]


class _Device(ctypes.Structure):
    """DLDevice."""

    _fields_ = [("kind", ctypes.c_int32), ("index", ctypes.c_int32)]


def exported(array: StandInArray, stream: Any, max_version: Any, dl_device: Any, copy: Any) -> Any:
    """A capsule of an array.

    Raises:
        ValueError: a stream that CUDA has not, or `copy=False` for the processor.
        BufferError: another device than the array's or the processor's, or a copy on the device itself.
    """
    options = {} if max_version is None else {"max_version": max_version}
    if dl_device is not None and tuple(dl_device) == (1, 0):
        if copy is False:
            raise ValueError("GPU memory cannot be exported to CPU without copy.")
        return array.get().__dlpack__(**options)
    if dl_device is not None and tuple(dl_device) != array.__dlpack_device__():
        raise BufferError("unsupported device requested.")
    if copy is True:
        raise BufferError("copy=True only supported for copy to CPU.")
    if stream is not None and (not isinstance(stream, int) or stream < -1):
        raise ValueError(f"On CUDA, the valid stream for the DLPack protocol is -1, 1, 2, or any larger "
                         f"value, but {stream} was provided")  # fmt: skip
    capsule = array._held.__dlpack__(**options)
    device = _device_in(capsule)
    device.kind, device.index = CUDA_MEMORY, array.index
    return capsule


def taken_over(x: Any) -> tuple[Any, int]:
    """A NumPy array over the memory that x, which says that it lies on CUDA, has; and the device's number.

    Raises:
        TypeError: it lies in the processor's memory.
    """
    kind, index = x.__dlpack_device__()
    if kind != CUDA_MEMORY:
        raise TypeError("CPU arrays cannot be directly imported to CuPy.")
    capsule = x.__dlpack__(stream=DEFAULT_STREAM, max_version=(1, 0))
    device = _device_in(capsule)
    device.kind, device.index = 1, 0
    return np.from_dlpack(_Given(capsule)), int(index)


def _device_in(capsule: Any) -> _Device:
    """Where a capsule says that its tensor lies, to be read and written."""
    versioned = bool(_is_valid(capsule, b"dltensor_versioned"))
    start = _pointer(capsule, b"dltensor_versioned" if versioned else b"dltensor")
    assert start is not None
    # Before it: version, manager_ctx, deleter, flags (versioned alone) and data, of 8 bytes each.
    return _Device.from_address(start + (40 if versioned else 8))


class _Given:
    """An object whose `__dlpack__` gives a capsule that is there already."""

    def __init__(self, capsule: Any) -> None:
        self._capsule = capsule

    def __dlpack__(self, **_: Any) -> Any:
        return self._capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0
