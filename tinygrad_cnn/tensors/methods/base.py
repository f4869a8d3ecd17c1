"""The base of the families of methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.graph import Traced

if TYPE_CHECKING:
    from tinygrad_cnn.tensors.tensor_class import Tensor

Array = NDArray[Any]


class Methods(Traced):
    """The values behind a Tensor, and what Tensor itself provides."""

    __slots__ = ()

    if TYPE_CHECKING:
        _array: Array

        @property
        def requires_grad(self) -> bool: ...

        @property
        def is_leaf(self) -> bool: ...

        @classmethod
        def detached(cls, array: Any) -> Tensor: ...

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
