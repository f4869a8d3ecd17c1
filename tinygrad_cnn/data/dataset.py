"""Datasets: what has a length and gives a sample for each index."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import DTypeError, ShapeError

Array = NDArray[Any]


@runtime_checkable
class Dataset(Protocol):
    """Anything with a length that gives the sample of an index: an array, a number, or a tuple of them.

    >>> isinstance(ArrayDataset(np.zeros(3)), Dataset), isinstance(3, Dataset)
    (True, False)
    """

    def __len__(self) -> int:
        """Number of samples."""

    def __getitem__(self, index: Any, /) -> Any:
        """The sample at `index`, an int from 0 to the length less 1."""


class ArrayDataset:
    """Arrays side by side: sample i is row i of each.

    Args:
        arrays: one or more, each (N, ...), with the same N; kept, not copied.
    Raises:
        ShapeError: no array, one without axes, or different N.   DTypeError: not numbers.

    >>> data = ArrayDataset(np.zeros((4, 2)), np.arange(4))
    >>> len(data), data[1], data[2:][1]
    (4, (array([0., 0.]), np.int64(1)), array([2, 3]))
    """

    arrays: tuple[Array, ...]

    def __init__(self, *arrays: Any) -> None:
        if any(np.ma.is_masked(array) for array in arrays):
            raise DTypeError("ArrayDataset: got an array with masked elements; fill them: x.filled(0)")
        self.arrays = tuple(np.asarray(array) for array in arrays)
        for array in self.arrays:
            if array.dtype.kind not in "biuf":
                raise DTypeError(f"ArrayDataset: numbers fit, got elements of type {array.dtype}")
        if len({array.shape[:1] for array in self.arrays}) != 1 or self.arrays[0].ndim == 0:
            shapes = ", ".join(str(array.shape) for array in self.arrays) or "none"
            raise ShapeError(f"ArrayDataset: arrays with the same first size fit, got shapes {shapes}")

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, index: Any, /) -> tuple[Any, ...]:
        """One row of each array, or several: rows of an int, a slice, or an array of ints or bools.

        Raises:
            IndexError: out of range.   DTypeError: another kind of index.

        >>> ArrayDataset(np.arange(5) * 10)[[0, -1]]
        (array([ 0, 40]),)
        """
        if not isinstance(index, (int, np.integer, slice, list, np.ndarray)) or isinstance(index, bool):
            raise DTypeError(f"ArrayDataset: an int, a slice or an array of ints fits, got {index!r}")
        if isinstance(index, list) and not index:
            index = slice(0)
        try:
            return tuple(array[index] for array in self.arrays)
        except IndexError as error:
            raise IndexError(f"ArrayDataset: {error}") from error

    def __repr__(self) -> str:
        rows = ", ".join(f"{array.shape} {array.dtype}" for array in self.arrays)
        return f"ArrayDataset({rows})"
