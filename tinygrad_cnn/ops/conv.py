"""Convolution and its two adjoints: three ops whose derivatives are each other.

Conv is linear in the image and in the kernels. With y = Conv(x, w), the inner product <g, y>
equals <x, ConvImage(g, w)> and <w, ConvKernel(x, g)>; so each of the three has a derivative
among the three, and the family is closed under differentiation to any order.
"""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import kernels
from tinygrad_cnn.graph import Op
from tinygrad_cnn.ops.window import Grid, by


class ConvFamily(Op):
    """What the three share: the geometry, and the number of groups of channels."""

    keep = (0, 1)

    def __init__(self, grid: Grid, groups: int = 1) -> None:
        self.grid, self.groups = grid, groups

    def options(self) -> dict[str, Any]:
        groups = {"groups": self.groups} if self.groups > 1 else {}
        return {"kernel": by(self.grid.kernel), **self.grid.describe(), **groups}


class Conv(ConvFamily):
    """y[n,f,o] = sum over c, u of x[n, c, o*stride + u*dilation - padding] * w[f,c,u] (+ b[f]).

    x (N, C, *image), w (F, C/groups, *kernel), b (F,); y (N, F, *output).
    """

    def forward(self, x: Any, w: Any, *b: Any) -> Any:
        return kernels.conv(x, w, b[0] if b else None, self.grid, self.groups)

    def backward(self, g: Any, x: Any, w: Any) -> tuple[Any, ...]:
        dx = ConvImage(self.grid, self.groups)(g, w) if self.needs[0] else None
        dw = ConvKernel(self.grid, self.groups)(x, g) if self.needs[1] else None
        return (dx, dw, *(g.sum(axis=(0, *range(2, g.ndim))) for _ in self.needs[2:]))


class ConvImage(ConvFamily):
    """The adjoint of Conv in the image: g (N, F, *output), w -> (N, C, *image)."""

    def forward(self, g: Any, w: Any) -> Any:
        return kernels.conv_image(g, w, self.grid, self.groups)

    def backward(self, h: Any, g: Any, w: Any) -> tuple[Any, ...]:
        dg = Conv(self.grid, self.groups)(h, w) if self.needs[0] else None
        dw = ConvKernel(self.grid, self.groups)(h, g) if self.needs[1] else None
        return dg, dw


class ConvKernel(ConvFamily):
    """The adjoint of Conv in the kernels: x (N, C, *image), g (N, F, *output) -> w's shape."""

    def forward(self, x: Any, g: Any) -> Any:
        return kernels.conv_kernel(x, g, self.grid, self.groups)

    def backward(self, h: Any, x: Any, g: Any) -> tuple[Any, ...]:
        dx = ConvImage(self.grid, self.groups)(g, h) if self.needs[0] else None
        dg = Conv(self.grid, self.groups)(x, h) if self.needs[1] else None
        return dx, dg
