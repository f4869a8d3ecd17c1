"""Sizes of tensors: `torch.Size`, and a count that is also PyTorch's `size()`."""

from __future__ import annotations

from math import prod
from typing import Any


class Size(tuple[int, ...]):
    """A shape.

    >>> Size((2, 3)), Size((2, 3)).numel(), Size((2, 3))[:1]
    (torch.Size([2, 3]), 6, torch.Size([2]))
    """

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements.

        >>> Size((2, 3)).numel()
        6
        """
        return prod(self)

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    def __getitem__(self, key: Any) -> Any:
        found = tuple.__getitem__(self, key)
        return Size(found) if isinstance(key, slice) else found

    def __add__(self, other: Any) -> Any:
        return Size(tuple.__add__(self, tuple(other)))


class Count(int):
    """A tensor's number of elements, as the native library reads it, that gives the shape when called.

    `x.size` is NumPy's number and PyTorch's function; the native library computes with the one, programs
    call the other.

    >>> count = Count.of((2, 3)); count, count(), count(-1)
    (6, torch.Size([2, 3]), 3)
    """

    shape: tuple[int, ...]

    @classmethod
    def of(cls, shape: tuple[int, ...]) -> Count:
        """The count of a shape."""
        made = int.__new__(cls, prod(shape))
        made.shape = shape
        return made

    def __call__(self, dim: int | None = None, *, axis: int | None = None) -> Any:
        dim = axis if dim is None else dim
        if dim is None:
            return Size(self.shape)
        try:
            return self.shape[dim]
        except IndexError:
            n = len(self.shape)
            raise IndexError(f"size: dim {dim} is out of range for a tensor of {n} dimensions") from None


def sizes(given: tuple[Any, ...]) -> tuple[int, ...]:
    """A shape that was given as numbers, or as one sequence.

    >>> sizes((2, 3)), sizes(([2, 3],)), sizes(())
    ((2, 3), (2, 3), ())
    """
    if len(given) == 1 and isinstance(given[0], (tuple, list)):
        given = tuple(given[0])
    return tuple(int(n) for n in given)


def new_sizes(given: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape of a new tensor.

    Raises:
        RuntimeError: a size is negative.

    >>> new_sizes((2, 3))
    (2, 3)
    """
    found = sizes(given)
    if found and min(found) < 0:
        raise RuntimeError(f"a new tensor: sizes from 0 on fit, got {list(found)}")
    return found
