"""Storages, for both directions: PyTorch's names of them, and the types of their elements."""

from __future__ import annotations

from typing import Any

import numpy as np

#: Types of elements by the name of the storage's class.
TYPES: dict[str, Any] = {
    "FloatStorage": np.dtype("<f4"), "DoubleStorage": np.dtype("<f8"), "HalfStorage": np.dtype("<f2"),
    "LongStorage": np.dtype("<i8"), "IntStorage": np.dtype("<i4"), "ShortStorage": np.dtype("<i2"),
    "CharStorage": np.dtype("<i1"), "ByteStorage": np.dtype("<u1"), "BoolStorage": np.dtype("?"),
    "BFloat16Storage": np.dtype("<u2"),
}  # fmt: skip
#: The class's name by the type.
NAMES: dict[Any, str] = {kind: name for name, kind in TYPES.items() if name != "BFloat16Storage"}


class Memory:
    """The answer of `storage()` about a tensor's memory.

    >>> from tinygrad_cnn import torch
    >>> len(Memory(torch.zeros(3))), Memory(torch.zeros(3)).nbytes()
    (3, 12)
    """

    def __init__(self, tensor: Any) -> None:
        base = tensor._array
        while isinstance(base.base, np.ndarray):
            base = base.base
        self._base = base

    def data_ptr(self) -> int:
        """The address."""
        return int(self._base.ctypes.data)

    def nbytes(self) -> int:
        """The size in bytes."""
        return int(self._base.nbytes)

    def element_size(self) -> int:
        """The size of an element in bytes."""
        return int(self._base.itemsize)

    def size(self) -> int:
        """The number of elements."""
        return int(self._base.size)

    __len__ = size

    def tolist(self) -> list[Any]:
        """The elements."""
        found: list[Any] = self._base.ravel(order="K").tolist()
        return found

    def __getitem__(self, place: int) -> Any:
        return self.tolist()[place]

    def __setitem__(self, place: int, value: float) -> None:
        flat = self._base.ravel(order="K")  # the memory itself: it lies in one piece
        flat[place] = value


def offset(tensor: Any) -> int:
    """Where a tensor begins in its memory, in elements.

    >>> from tinygrad_cnn import torch
    >>> offset(torch.zeros(2, 3)[1])
    3
    """
    start = int(tensor._array.ctypes.data) - Memory(tensor).data_ptr()
    return start // int(tensor._array.itemsize)
