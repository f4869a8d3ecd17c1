"""Methods that say where the elements of a Tensor lie, and move them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from tinygrad_cnn import devices
from tinygrad_cnn.devices import naming
from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.functional.arguments import integer
from tinygrad_cnn.ops.elementwise import Move
from tinygrad_cnn.tensors.methods.base import Methods

if TYPE_CHECKING:
    from tinygrad_cnn.tensors.tensor_class import Tensor


class PlacementMethods(Methods):
    """The device of a Tensor."""

    __slots__ = ()

    @property
    def device(self) -> Any:
        """Where the elements lie: 'cpu', or a device such as 'cuda:0'."""
        return devices.device_of(self._array)

    def to(self, device: Any) -> Tensor:
        """The same values on a device: itself where it lies there, else a copy. It is recorded.

        Args:
            device: 'cpu', 'cuda', 'cuda:1', 'auto', or what `device` gave.
        Raises:
            ArgumentError, DeviceError, MissingExtraError: as for `device`.
        Source: PyTorch's `Tensor.to`.

        >>> x = Tensor([1.0])
        >>> x.to("cpu") is x
        True
        """
        place = naming.device(device)
        if place == self.device:
            return cast("Tensor", self)
        return type(self).record(Move(place), (self,))

    def cpu(self) -> Tensor:
        """As `to('cpu')`.

        >>> Tensor([1.0]).cpu().device
        'cpu'
        """
        return self.to(devices.HOST)

    def cuda(self, index: int = 0) -> Tensor:
        """As `to('cuda:<index>')`."""
        return self.to(f"cuda:{integer('cuda', 'index', index, 0)}")

    def to_device(self, device: Any, /, *, stream: Any = None) -> Tensor:
        """As `to`, by the array API standard's name; `stream` is None.

        Raises:
            DTypeError: a stream.   ArgumentError, DeviceError: as for `device`.

        >>> Tensor([1.0]).to_device("cpu")
        Tensor([1.])
        """
        if stream is not None:
            raise DTypeError(f"to_device: stream {stream!r}; None fits")
        return self.to(device)
