"""A Tensor as a Python number and as a sequence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tinygrad_cnn import functional
from tinygrad_cnn.errors import DTypeError, ShapeError
from tinygrad_cnn.tensors.methods.base import Methods

if TYPE_CHECKING:
    from tinygrad_cnn.tensors.tensor_class import Tensor

F: Any = functional  # whose types speak of whole Tensors; the classes here are parts of one


class ScalarMethods(Methods):
    """`float(x)`, `len(x)`, `for row in x`, `x[key]`."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Tensor:
        return F.index(self, key)

    def item(self, *place: int) -> Any:
        """The one element as a Python number; or the one at a place, of all in a row or by axes.

        Raises:
            ShapeError: no place, and not exactly one element.   IndexError: no such place.

        >>> Tensor([[2.5]]).item(), Tensor([[1.0, 2.0]]).item(0, 1)
        (2.5, 2.0)
        """
        if place:
            return self._array.item(*place)
        if self.size != 1:
            raise ShapeError(f"item: the tensor has {self.size} elements (shape {self.shape}), 1 fits")
        return self._array.item()

    def tolist(self) -> Any:
        """The values as nested lists of Python numbers.

        >>> Tensor([[1.0, 2.0]]).tolist()
        [[1.0, 2.0]]
        """
        return self._array.tolist()

    def tobytes(self) -> bytes:
        """The values' bytes in row-major order.

        >>> Tensor(np.array([1, 2], np.uint8)).tobytes()
        b'\\x01\\x02'
        """
        return self._array.tobytes()

    def __round__(self, ndigits: int | None = None) -> Tensor:
        return F.round(self, ndigits or 0)

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.dtype.kind not in "iu" or self.ndim:
            raise DTypeError(f"only a 0-d integer tensor is an index, this is {self.shape} {self.dtype}")
        return int(self.item())

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ShapeError(
                f"the truth value of a tensor with {self.size} elements is ambiguous; use .any() or .all()"
            )
        return bool(self.item())

    def __len__(self) -> int:
        if not self.ndim:
            raise DTypeError("a 0-d tensor has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        found: Any = self == value
        return found if isinstance(found, bool) else bool(found.any())  # False where nothing is compared
