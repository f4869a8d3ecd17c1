"""Convolution in which each map sees only some of the maps before it, by a table."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tinygrad_cnn import functional as F
from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import Pads, Sizes, flag, sizes
from tinygrad_cnn.functional.conv import paddings
from tinygrad_cnn.functional.storage import filled
from tinygrad_cnn.nn import init
from tinygrad_cnn.nn.module import Module, Parameter
from tinygrad_cnn.nn.window import Window, window_of
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = ["ConnectionConv2d"]


class ConnectionConv2d(Module):
    """`Conv2d` with a kernel only where a table has a one: map p sees map k if table[p, k].

        y[n,p] = bias[p] + sum_{k with table[p,k]} x[n,k] ⋆ kernel[p,k]

    Only these kernels exist: K·KH·KW weights and P biases, K the ones of the table. Weights and bias
    of a map start uniform in ±1/sqrt(n), n the products in its sum.

    Args:
        table: (P, C) of zeros and ones, outputs by inputs; at least a one in each row.
        kernel_size: int or (KH, KW).   stride, padding, dilation: as `functional.conv2d`.
        bias: whether to add one per map.   rng: seed or generator of the weights.
        dtype: a float type.
    Shapes:
        x (N, C, H, W) -> (N, P, OH, OW); weight (K, KH, KW), in the table's row-major order.
    Raises:
        ShapeError: the table has not two axes.
        ArgumentError: other numbers than 0 and 1, a row without a one, an option out of its range.
    Source: LeCun, Bottou, Bengio & Haffner 1998, "Gradient-based learning applied to document
        recognition", section II B, table I.

    >>> layer = ConnectionConv2d([[1, 0], [1, 1]], 3, rng=0)
    >>> layer.weight.shape, layer(np.zeros((1, 2, 5, 5), "float32")).shape
    ((3, 3, 3), (1, 2, 3, 3))
    """

    def __init__(
        self, table: Any, kernel_size: Sizes, stride: Sizes = 1, padding: Pads | str = 0,
        dilation: Sizes = 1, bias: bool = True, *, rng: Seed = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        name = type(self).__name__
        self.table = connections(name, table)
        self.out_channels, self.in_channels = self.table.shape
        self.kernel_size = sizes(name, "kernel_size", kernel_size, 2, at_least=1)
        self.stride = sizes(name, "stride", stride, 2, at_least=1)
        self.dilation = sizes(name, "dilation", dilation, 2, at_least=1)
        paddings(name, padding, self.kernel_size, self.stride, self.dilation)  # checks it
        self.padding = padding if isinstance(padding, str) else sizes(name, "padding", padding, 2, 0)
        self._places = np.nonzero(self.table)
        self.weight = Parameter(filled(name, (len(self._places[0]), *self.kernel_size), dtype))
        self.bias = Parameter(filled(name, self.out_channels, dtype)) if flag(name, "bias", bias) else None
        self.spread(1 / np.sqrt(self.fan_in()), rng=rng)

    def fan_in(self) -> NDArray[Any]:
        """Count the products that each map adds up: KH·KW for each map that it sees.

        >>> ConnectionConv2d([[1, 0], [1, 1]], 3).fan_in()
        array([ 9, 18])
        """
        return self.table.sum(axis=1) * prod(self.kernel_size)

    def spread(self, bounds: NDArray[Any], *, rng: Seed = None) -> None:
        """Draw weights and bias anew, uniform in ± a bound of their map's own.

        Args:
            bounds: (P,).   rng: seed or generator; None draws from the default generator.

        >>> layer = ConnectionConv2d([[1, 0], [1, 1]], 3); layer.spread(np.array([0.0, 1.0]))
        >>> layer.weight.numpy().any(axis=(1, 2))
        array([False,  True,  True])
        """
        draws = generator(rng)
        init.uniform_(self.weight, -1.0, 1.0, rng=draws)
        self.weight.data *= bounds[self._places[0], None, None]
        if self.bias is not None:
            init.uniform_(self.bias, -1.0, 1.0, rng=draws)
            self.bias.data *= bounds

    def kernels(self) -> Tensor:
        """The weight as `Conv2d` has it, (P, C, KH, KW): exact zeros where the table has them.

        >>> ConnectionConv2d([[1, 0], [1, 1]], 3).kernels().numpy()[0, 1].any()
        np.False_
        """
        shape = (self.out_channels, self.in_channels, *self.kernel_size)
        return ops.IndexAdd(self._places, shape)(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        """The convolution of x with the kernels, plus `bias`.

        >>> ConnectionConv2d([[1]], 3).forward(np.zeros((1, 1, 5, 5), "float32")).shape
        (1, 1, 3, 3)
        """
        options: dict[str, Any] = {name: getattr(self, name) for name in ("stride", "padding", "dilation")}
        return F.conv2d(x, self.kernels(), self.bias, **options)

    def window(self) -> Window:
        """The window that it slides over each map.

        >>> ConnectionConv2d([[1]], 3).window().kernel
        (3, 3)
        """
        return window_of(self)

    def extra_repr(self) -> str:
        """Sizes, and how many of the connections there are.

        >>> ConnectionConv2d([[1, 0], [1, 1]], 3)
        ConnectionConv2d(2, 2, kernel_size=(3, 3), stride=(1, 1), connections=3 of 4)
        """
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"]
        parts.append(f"stride={self.stride}")
        if self.padding != (0, 0):
            parts.append(f"padding={self.padding}")
        if self.dilation != (1, 1):
            parts.append(f"dilation={self.dilation}")
        parts.append(f"connections={len(self._places[0])} of {self.table.size}")
        return ", ".join(parts) + ("" if self.bias is not None else ", bias=False")


def connections(name: str, table: Any) -> Any:
    """A connection table, checked, as a copy of bools that cannot be written.

    Raises:
        ShapeError: not two axes.   ArgumentError: other numbers than 0 and 1, or a row of zeros.

    >>> connections("ConnectionConv2d", [[1, 0]])
    array([[ True, False]])
    """
    found = np.array(table)
    if found.ndim != 2 or not found.size:
        raise ShapeError(f"{name}: the table needs two axes (outputs, inputs), got {found.shape}")
    if not np.isin(found, (0, 1)).all():
        raise ArgumentError(f"{name}: the table holds zeros and ones, got {np.unique(found).tolist()[:9]}")
    empty = np.flatnonzero(~found.any(axis=1)).tolist()
    if empty:
        raise ArgumentError(f"{name}: each output needs an input, the table's rows {empty} have none")
    found = found.astype(bool)
    found.flags.writeable = False
    return found
