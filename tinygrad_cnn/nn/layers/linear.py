"""Affine layers, and the change of shape before them."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ShapeError
from tinygrad_cnn.functional.arguments import integer, one_axis
from tinygrad_cnn.nn import init
from tinygrad_cnn.nn.module import Module, Parameter
from tinygrad_cnn.rng import Seed, generator


class Linear(Module):
    """y = x @ weight.T + bias, over the last axis.

    Weights and bias start uniform in ±1/sqrt(in_features).

    Args:
        in_features, out_features: sizes of the last axis of x and of y.
        bias: whether to add one.   rng: seed or generator of the weights.   dtype: a float type.
    Shapes:
        x (..., in_features) -> (..., out_features); weight (out_features, in_features).
    Raises:
        DTypeError, ArgumentError: a size is no integer of at least 1.
    Source: LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp" (initialisation as in PyTorch).

    >>> Linear(3, 2, rng=0)(np.ones((4, 3), "float32")).shape
    (4, 2)
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, *,
        rng: Seed = None, dtype: Any = np.float32,
    ) -> None:  # fmt: skip
        self.in_features = integer("Linear", "in_features", in_features, 1)
        self.out_features = integer("Linear", "out_features", out_features, 1)
        draws = generator(rng)
        self.weight = Parameter(np.empty((self.out_features, self.in_features), dtype))
        self.bias = Parameter(np.empty(self.out_features, dtype)) if bias else None
        init.default_(self.weight, self.bias, rng=draws)

    def forward(self, x: Any) -> Any:
        """x @ weight.T + bias.

        >>> Linear(3, 2).forward(np.zeros((1, 3), "float32")).shape
        (1, 2)
        """
        return F.linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The options, as in `Linear(in_features=3, out_features=2, bias=True)`.

        >>> Linear(3, 2)
        Linear(in_features=3, out_features=2, bias=True)
        """
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class Flatten(Module):
    """Axes merged into one, by default all but the first: (N, C, H, W) -> (N, C·H·W).

    Args:
        start_dim, end_dim: first and last of the axes to merge.

    >>> Flatten()(np.zeros((2, 3, 4, 4))).shape
    (2, 48)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: Any) -> Any:
        """x with the axes merged.

        >>> Flatten(0).forward(np.zeros((2, 3))).shape
        (6,)
        """
        return F.flatten(x, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """The options.

        >>> Flatten()
        Flatten(start_dim=1, end_dim=-1)
        """
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One axis split into several: the inverse of `Flatten` over those axes.

    Args:
        dim: which axis.   unflattened_size: the sizes it is split into; one may be -1.
    Raises:
        ShapeError: no such axis, or sizes that do not multiply to its size.

    >>> Unflatten(1, (3, 4, 4))(np.zeros((2, 48))).shape
    (2, 3, 4, 4)
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        self.dim = integer("Unflatten", "dim", dim)
        self.unflattened_size = tuple(integer("Unflatten", "size", n, -1) for n in unflattened_size)

    def forward(self, x: Any) -> Any:
        """x with the axis split.

        >>> Unflatten(-1, (2, -1)).forward(np.zeros((1, 6))).shape
        (1, 2, 3)
        """
        axis, shape = one_axis("Unflatten", self.dim, np.ndim(x)), np.shape(x)
        known = prod(n for n in self.unflattened_size if n != -1)
        free = self.unflattened_size.count(-1)
        fits = known > 0 and shape[axis] % known == 0 if free else shape[axis] == known
        if free > 1 or not fits:
            raise ShapeError(
                f"Unflatten: axis {self.dim} of x {shape} does not split into {self.unflattened_size}"
            )
        rest = tuple(shape[axis] // known if n == -1 else n for n in self.unflattened_size)
        return F.reshape(x, (*shape[:axis], *rest, *shape[axis + 1 :]))

    def extra_repr(self) -> str:
        """The options.

        >>> Unflatten(1, (2, 3))
        Unflatten(dim=1, unflattened_size=(2, 3))
        """
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
