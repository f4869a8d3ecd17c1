"""Convolution and its two adjoints: three ops whose derivatives are each other. Unfold and Fold.

Conv is linear in the image and in the kernels. With y = Conv(x, w), the inner product <g, y>
equals <x, ConvImage(g, w)> and <w, ConvKernel(x, g)>; so each of the three has a derivative
among the three, and the family is closed under differentiation to any order. `Unfold` and `Fold`
(im2col and col2im) are adjoint to each other in the same way.
"""

from __future__ import annotations

from math import prod
from typing import Any

from tinygrad_cnn import kernels
from tinygrad_cnn.graph import Needs, Op, Shape
from tinygrad_cnn.grid import Grid, by
from tinygrad_cnn.ops.fused import fused

__all__ = ["Conv", "ConvImage", "ConvKernel", "ConvTranspose", "Fold", "Unfold"]


class ConvFamily(Op):
    """Shared by the three: the geometry, and the number of groups of channels."""

    wide = True
    family = "conv"
    keep: tuple[int, ...] = (0, 1)

    def __init__(self, grid: Grid, groups: int = 1) -> None:
        self.grid, self.groups = grid, groups

    def options(self) -> dict[str, Any]:
        groups = {"groups": self.groups} if self.groups > 1 else {}
        return {"kernel": by(self.grid.kernel), **self.grid.describe(), **groups}


class Conv(ConvFamily):
    """y[n,f,o] = sum over c, u of x[n, c, o*stride + u*dilation - padding] * w[f,c,u] (+ b[f]).

    x (N, C, *image), w (F, C/groups, *kernel), b (F,); y (N, F, *output).
    """

    def multiply_adds(self, result: Shape, operands: tuple[Shape, ...]) -> int:
        return prod(result) * prod(operands[1][1:])  # each element is a sum over the taps of a kernel

    def forward(self, x: Any, w: Any, *b: Any) -> Any:
        return kernels.conv(x, w, b[0] if b else None, self.grid, self.groups)

    def backward(self, g: Any, x: Any, w: Any, *, needs: Needs) -> tuple[Any, ...]:
        dx = ConvImage(self.grid, self.groups)(g, w) if needs[0] else None
        dw = ConvKernel(self.grid, self.groups)(x, g) if needs[1] else None
        return (dx, dw, *(channel_sum(g) for _ in needs[2:]))


@fused
def channel_sum(g: Any) -> Any:
    """The sum over all axes but the channels', the gradient of a bias: g (N, C, ...) -> (C,)."""
    return g.sum(axis=(0, *range(2, g.ndim)))


class ConvImage(ConvFamily):
    """The adjoint of Conv in the image: g (N, F, *output), w -> (N, C, *image).

    x[n, c, o*stride + u*dilation - padding] += g[n, f, o] * w[f, c, u]
    """

    word = "Conv, gradient in x"

    def multiply_adds(self, result: Shape, operands: tuple[Shape, ...]) -> int:
        return prod(operands[0]) * prod(operands[1][1:])  # each g is spread over the taps of a kernel

    def forward(self, g: Any, w: Any) -> Any:
        return kernels.conv_image(g, w, self.grid, self.groups)

    def backward(self, h: Any, g: Any, w: Any, *, needs: Needs) -> tuple[Any, ...]:
        dg = Conv(self.grid, self.groups)(h, w) if needs[0] else None
        dw = ConvKernel(self.grid, self.groups)(h, g) if needs[1] else None
        return dg, dw


class ConvTranspose(ConvImage):
    """ConvImage as a layer, under its usual name: x (N, F, *output), w, b (C,) -> (N, C, *image).

    y[n, c, o*stride + u*dilation - padding] += x[n, f, o] * w[f, c, u]
    """

    def forward(self, x: Any, w: Any, *b: Any) -> Any:
        y = super().forward(x, w)
        for bias in b:
            y += bias.reshape(-1, *(1 for _ in y.shape[2:]))
        return y

    def backward(self, h: Any, x: Any, w: Any, *, needs: Needs) -> tuple[Any, ...]:
        return (*super().backward(h, x, w, needs=needs), *(channel_sum(h) for _ in needs[2:]))


class ConvKernel(ConvFamily):
    """The adjoint of Conv in the kernels: x (N, C, *image), g (N, F, *output) -> w's shape.

    w[f, c, u] = sum_{n,o} x[n, c, o*stride + u*dilation - padding] * g[n, f, o]
    """

    word = "Conv, gradient in weight"

    def multiply_adds(self, result: Shape, operands: tuple[Shape, ...]) -> int:
        return prod(operands[1]) * prod(result[1:])  # each g meets each tap of its kernel once

    def forward(self, x: Any, g: Any) -> Any:
        return kernels.conv_kernel(x, g, self.grid, self.groups)

    def backward(self, h: Any, x: Any, g: Any, *, needs: Needs) -> tuple[Any, ...]:
        dx = ConvImage(self.grid, self.groups)(g, h) if needs[0] else None
        dg = Conv(self.grid, self.groups)(x, h) if needs[1] else None
        return dx, dg


class Unfold(ConvFamily):
    """Each window as a column: x (N, C, *image) -> (N, C * taps, positions).

    y[n, c, u, o] = x[n, c, o*stride + u*dilation - padding]
    """

    wide = False
    keep = ()

    def forward(self, x: Any) -> Any:
        return kernels.unfold(x, self.grid)

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (Fold(self.grid)(g),)


class Fold(ConvFamily):
    """Columns added where `Unfold` reads them: (N, C * taps, positions) -> (N, C, *image).

    y[n, c, o*stride + u*dilation - padding] += x[n, c, u, o]
    """

    keep = ()

    def forward(self, columns: Any) -> Any:
        return kernels.fold(columns, self.grid)

    def backward(self, h: Any) -> tuple[Any, ...]:
        return (Unfold(self.grid)(h),)
