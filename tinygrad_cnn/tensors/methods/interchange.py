"""What other libraries ask of a Tensor: NumPy's protocols, DLPack, the array API's namespace."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.errors import DeviceError, GraphError
from tinygrad_cnn.tensors import numpy_protocol
from tinygrad_cnn.tensors.methods.base import Methods

Array = NDArray[Any]


class InterchangeMethods(Methods):
    """The protocols by which libraries hand arrays to each other."""

    __slots__ = ()

    def __array_namespace__(self, /, *, api_version: str | None = None) -> ModuleType:
        """The functions of the array API standard, `tinygrad_cnn.array_api`; the first call loads it.

        >>> Tensor([1.0]).__array_namespace__().__name__
        'tinygrad_cnn.array_api'
        """
        if api_version not in (None, "2021.12", "2022.12", "2023.12", "2024.12", "2025.12"):
            raise ValueError(f"__array_namespace__: version {api_version!r}; 2021.12 to 2025.12 fit")
        return import_module("tinygrad_cnn.array_api")

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        if self.requires_grad:
            raise GraphError(
                "a tensor that requires grad is not turned into an array by itself, because the "
                "graph would be lost; say so with .detach() or .numpy()"
            )
        if type(self._array) is not np.ndarray:
            self._refuse_device("np.asarray")
        return np.array(self.array, dtype=dtype, copy=copy)

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """NumPy's description of the memory, for reading only: what is written there no graph is told."""
        if self.requires_grad:
            raise AttributeError("a tensor that requires grad is not read by itself: .detach() or .numpy()")
        return self.array.__array_interface__

    def _refuse_device(self, function: str) -> None:
        """An error if the values lie on a device, from which they are fetched only where somebody asks."""
        if type(self._array) in devices.ON_DEVICES:
            raise DeviceError(
                f"{function}: the tensor lies on {devices.device_of(self._array)!s}; "
                ".cpu() fetches it: x.cpu().numpy()"
            )

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._array.__dlpack_device__()

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: Any = None,
        dl_device: Any = None,
        copy: bool | None = None,
    ) -> Any:
        """The values for another library: a copy, which it may write to, unless `copy=False`.

        Args:
            copy: False gives the memory itself, for reading only.
            stream: of the one who takes it, where the values lie on a GPU; CuPy waits for it.
            max_version, dl_device: as in NumPy's `__dlpack__`.
        Raises:
            GraphError: it requires grad.
            BufferError: `copy=False` for one who cannot read only, or the values lie on a device and the
                CPU asks for them: `.cpu()` fetches them.
        Source: the array API standard, `__dlpack__`.

        >>> np.from_dlpack(Tensor([1.0, 2.0]))
        array([1., 2.], dtype=float32)
        """
        if self.requires_grad:
            raise GraphError(
                "a tensor that requires grad is not handed out: its graph would be lost; .detach() it"
            )
        if dl_device is not None and tuple(dl_device) != tuple(self.__dlpack_device__()):
            raise BufferError(
                f"__dlpack__: the tensor lies on {devices.device_of(self._array)!s}, and was asked for "
                f"on DLPack's device {tuple(dl_device)}; move it before, as in x.cpu()"
            )
        given = {"stream": stream, "max_version": max_version, "dl_device": dl_device}
        options = {key: value for key, value in given.items() if value is not None}
        return (self.array if copy is False else self._array.copy()).__dlpack__(**options)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return numpy_protocol.apply_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return numpy_protocol.apply_function(func, args, kwargs)
