"""What a Tensor can do that follows from its values and its functions: the methods without a state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import DTypeError, ShapeError
from tinygrad_cnn.functional.arguments import Axis, torch_names
from tinygrad_cnn.graph import Traced

if TYPE_CHECKING:
    from tinygrad_cnn.tensor import Tensor

Array = NDArray[Any]


class TensorMethods(Traced):
    """Functions as methods, and the behaviour of a Python sequence and number."""

    __slots__ = ()

    if TYPE_CHECKING:  # what Tensor provides
        _array: Array

        @classmethod
        def detached(cls, array: Any) -> Tensor: ...

    # ------------------------------------------------------------------ what it is
    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of its axes."""
        return self._array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of its elements."""
        return self._array.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self._array.ndim

    @property
    def size(self) -> int:
        """Number of elements."""
        return self._array.size

    # ------------------------------------------------------------------ functions as methods
    @torch_names
    def sum(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Sum along axes; see `functional.sum`.

        >>> Tensor([[1.0, 2.0]]).sum(axis=1)
        Tensor([3.])
        """
        return F.sum(self, axis, keepdims)

    @torch_names
    def mean(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Mean along axes; see `functional.mean`.

        >>> Tensor([[1.0, 2.0]]).mean()
        Tensor(1.5)
        """
        return F.mean(self, axis, keepdims)

    @torch_names
    def max(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Largest element along axes; see `functional.max`.

        >>> Tensor([[1.0, 2.0]]).max()
        Tensor(2.)
        """
        return F.max(self, axis, keepdims)

    def argmax(self, axis: int | None = None) -> Tensor:
        """Index of the first largest element, of all (flattened) or along an axis; no gradient.

        >>> Tensor([[1.0, 2.0]]).argmax(axis=1)
        Tensor([1])
        """
        return self.detached(self._array.argmax(axis))

    def all(self, axis: Axis = None) -> Tensor:
        """Whether all elements are true; no gradient.

        >>> bool((Tensor([1.0, 2.0]) > 0).all())
        True
        """
        return self.detached(self._array.all(axis))

    def any(self, axis: Axis = None) -> Tensor:
        """Whether an element is true; no gradient.

        >>> bool((Tensor([1.0, 2.0]) > 2).any())
        False
        """
        return self.detached(self._array.any(axis))

    def reshape(self, *shape: Any) -> Tensor:
        """Another shape, given as numbers or as one tuple; see `functional.reshape`.

        >>> Tensor([1.0, 2.0]).reshape(2, -1).shape
        (2, 1)
        """
        return F.reshape(self, _unpacked(shape))

    def flatten(self, start_axis: int = 0, end_axis: int = -1) -> Tensor:
        """Axes merged; see `functional.flatten`.

        >>> Tensor([[1.0, 2.0]]).flatten()
        Tensor([1., 2.])
        """
        return F.flatten(self, start_axis, end_axis)

    def transpose(self, *axes: Any) -> Tensor:
        """Axes in another order, reversed without arguments; see `functional.transpose`.

        >>> Tensor([[1.0, 2.0]]).transpose(1, 0).shape
        (2, 1)
        """
        return F.transpose(self, _unpacked(axes) if axes and axes != (None,) else None)

    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        """Two axes exchanged; see `functional.swapaxes`.

        >>> Tensor([[1.0, 2.0]]).swapaxes(0, 1).shape
        (2, 1)
        """
        return F.swapaxes(self, axis1, axis2)

    def astype(self, dtype: Any) -> Tensor:
        """Another element type; see `functional.astype`.

        >>> Tensor([1.5]).astype("float64").dtype
        dtype('float64')
        """
        return F.astype(self, dtype)

    def exp(self) -> Tensor:
        """e^x; see `functional.exp`.

        >>> Tensor([0.0]).exp()
        Tensor([1.])
        """
        return F.exp(self)

    def log(self) -> Tensor:
        """ln x; see `functional.log`.

        >>> Tensor([1.0]).log()
        Tensor([0.])
        """
        return F.log(self)

    def __getitem__(self, key: Any) -> Tensor:
        return F.index(self, key)

    # ------------------------------------------------------------------ as a Python object
    def item(self) -> Any:
        """The one element as a Python number.

        Raises:
            ShapeError: it has not exactly one element.

        >>> Tensor([[2.5]]).item()
        2.5
        """
        if self.size != 1:
            raise ShapeError(f"item: the tensor has {self.size} elements (shape {self.shape}), 1 fits")
        return self._array.item()

    def tolist(self) -> Any:
        """The values as nested lists of Python numbers.

        >>> Tensor([[1.0, 2.0]]).tolist()
        [[1.0, 2.0]]
        """
        return self._array.tolist()

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
        return bool((self == value).any())


def _unpacked(values: tuple[Any, ...]) -> Any:
    """(a, b) from `f(a, b)` as from `f((a, b))`."""
    return values[0] if len(values) == 1 and not isinstance(values[0], SupportsIndex) else values
