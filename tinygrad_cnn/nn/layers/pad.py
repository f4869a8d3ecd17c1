"""Borders as layers: a constant, or the image's own elements seen again; see `functional.pad`."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import Sizes, integer, number, shape_of
from tinygrad_cnn.nn.module import Module
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d",
    "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d",
    "ReplicationPad3d", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d",
]  # fmt: skip


class PadLayer(Module):
    """Shared by the layers: a border on the last `dims` axes of x (N, C, ...), in one `mode`.

    Args:
        padding: pixels on every side, or (left, right), (left, right, top, bottom) or
            (left, right, top, bottom, front, back): the last axis first, as PyTorch counts. A negative
            number cuts elements off.
    Shapes:
        x (N, C, ...) -> each of the last `dims` axes longer by both of its sides.
    Raises:
        ArgumentError: no whole number, or too many.
        ShapeError: another number of axes, or an image too small to be seen again in its border.
    Source: Gonzalez & Woods 2018, "Digital Image Processing", 3.4.
    """

    mode: ClassVar[str] = "constant"
    dims: ClassVar[int] = 2
    value: float = 0.0

    def __init__(self, padding: Sizes) -> None:
        name, count = type(self).__name__, 2 * self.dims
        sides = tuple(padding) if isinstance(padding, (tuple, list)) else (padding,) * count
        if len(sides) != count:
            raise ArgumentError(f"{name}: padding needs 1 or {count} numbers, got {padding!r}")
        self.padding = tuple(integer(name, "padding", side) for side in sides)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, C, ...) with its border.

        >>> ZeroPad2d(1).forward(np.ones((1, 1, 1, 1))).sum()
        np.float64(1.0)
        """
        name = type(self).__name__
        shape = shape_of(x, name)
        if len(shape) != self.dims + 2:
            raise ShapeError(f"{name}: x needs {self.dims + 2} axes (N, C, ...), got {shape}")
        pairs = list(zip(self.padding[::2], self.padding[1::2], strict=True))
        if self.mode != "constant":
            self._check_room(shape[2:], list(reversed(pairs)))
        return F.pad(x, [(0, 0), (0, 0), *reversed(pairs)], self.mode, self.value)

    def _check_room(self, image: tuple[int, ...], pairs: list[tuple[int, int]]) -> None:
        """A border is shown at most once, as PyTorch has it."""
        room = {"reflect": -1, "circular": 0}.get(self.mode)
        for n, sides in zip(image, pairs, strict=True):
            if room is not None and max(sides) > n + room:
                raise ShapeError(
                    f"{type(self).__name__}: a border of {sides} on an axis of {n} pixels; "
                    f"at most {max(n + room, 0)} fits"
                )

    def extra_repr(self) -> str:
        """The border.

        >>> ReflectionPad2d(1)
        ReflectionPad2d((1, 1, 1, 1))
        """
        return f"{self.padding}"


class ConstantPad(PadLayer):
    """A border of one value.

    Args:
        padding: as `PadLayer`.   value: of the border.
    """

    def __init__(self, padding: Sizes, value: float) -> None:
        super().__init__(padding)
        self.value = number(type(self).__name__, "value", value, -np.inf, np.inf)

    def extra_repr(self) -> str:
        """The border and its value.

        >>> ConstantPad1d(1, 0.5)
        ConstantPad1d(padding=(1, 1), value=0.5)
        """
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(ConstantPad):
    """Lines (N, C, L) with a constant border of `value`; see `ConstantPad`.

    >>> ConstantPad1d(1, 2.0)(np.zeros((1, 1, 3))).shape
    (1, 1, 5)
    """

    dims = 1


class ConstantPad2d(ConstantPad):
    """Images (N, C, H, W) with a constant border of `value`; see `ConstantPad`.

    >>> ConstantPad2d(1, 2.0)(np.zeros((1, 1, 3, 3))).shape
    (1, 1, 5, 5)
    """

    dims = 2


class ConstantPad3d(ConstantPad):
    """Volumes (N, C, D, H, W) with a constant border of `value`; see `ConstantPad`.

    >>> ConstantPad3d(1, 2.0)(np.zeros((1, 1, 3, 3, 3))).shape
    (1, 1, 5, 5, 5)
    """

    dims = 3


class ZeroPad1d(PadLayer):
    """Lines (N, C, L) with a border of zeros; see `PadLayer`.

    >>> ZeroPad1d(1)(np.zeros((1, 1, 3))).shape
    (1, 1, 5)
    """

    mode, dims = "constant", 1


class ZeroPad2d(PadLayer):
    """Images (N, C, H, W) with a border of zeros; see `PadLayer`.

    >>> ZeroPad2d(1)(np.zeros((1, 1, 3, 3))).shape
    (1, 1, 5, 5)
    """

    mode, dims = "constant", 2


class ZeroPad3d(PadLayer):
    """Volumes (N, C, D, H, W) with a border of zeros; see `PadLayer`.

    >>> ZeroPad3d(1)(np.zeros((1, 1, 3, 3, 3))).shape
    (1, 1, 5, 5, 5)
    """

    mode, dims = "constant", 3


class ReflectionPad1d(PadLayer):
    """Lines (N, C, L) and a border that mirrors them, without the edge itself; see `PadLayer`.

    >>> ReflectionPad1d(1)(np.zeros((1, 1, 3))).shape
    (1, 1, 5)
    """

    mode, dims = "reflect", 1


class ReflectionPad2d(PadLayer):
    """Images (N, C, H, W) and a border that mirrors them, without the edge itself; see `PadLayer`.

    >>> ReflectionPad2d(1)(np.zeros((1, 1, 3, 3))).shape
    (1, 1, 5, 5)
    """

    mode, dims = "reflect", 2


class ReflectionPad3d(PadLayer):
    """Volumes (N, C, D, H, W) and a border that mirrors them, without the edge itself; see `PadLayer`.

    >>> ReflectionPad3d(1)(np.zeros((1, 1, 3, 3, 3))).shape
    (1, 1, 5, 5, 5)
    """

    mode, dims = "reflect", 3


class ReplicationPad1d(PadLayer):
    """Lines (N, C, L) and a border that repeats their edge; see `PadLayer`.

    >>> ReplicationPad1d(1)(np.zeros((1, 1, 3))).shape
    (1, 1, 5)
    """

    mode, dims = "replicate", 1


class ReplicationPad2d(PadLayer):
    """Images (N, C, H, W) and a border that repeats their edge; see `PadLayer`.

    >>> ReplicationPad2d(1)(np.zeros((1, 1, 3, 3))).shape
    (1, 1, 5, 5)
    """

    mode, dims = "replicate", 2


class ReplicationPad3d(PadLayer):
    """Volumes (N, C, D, H, W) and a border that repeats their edge; see `PadLayer`.

    >>> ReplicationPad3d(1)(np.zeros((1, 1, 3, 3, 3))).shape
    (1, 1, 5, 5, 5)
    """

    mode, dims = "replicate", 3


class CircularPad1d(PadLayer):
    """Lines (N, C, L) and a border that shows their other side; see `PadLayer`.

    >>> CircularPad1d(1)(np.zeros((1, 1, 3))).shape
    (1, 1, 5)
    """

    mode, dims = "circular", 1


class CircularPad2d(PadLayer):
    """Images (N, C, H, W) and a border that shows their other side; see `PadLayer`.

    >>> CircularPad2d(1)(np.zeros((1, 1, 3, 3))).shape
    (1, 1, 5, 5)
    """

    mode, dims = "circular", 2


class CircularPad3d(PadLayer):
    """Volumes (N, C, D, H, W) and a border that shows their other side; see `PadLayer`.

    >>> CircularPad3d(1)(np.zeros((1, 1, 3, 3, 3))).shape
    (1, 1, 5, 5, 5)
    """

    mode, dims = "circular", 3
