"""The affine layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.arguments import flag, integer
from tinygrad_cnn.functional.storage import filled
from tinygrad_cnn.nn import init
from tinygrad_cnn.nn.module import Module, Parameter
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = ["Linear"]


class Linear(Module):
    """y = x @ weight.T + bias, over the last axis.

    Weights and bias start uniform in ±1/sqrt(in_features).

    Args:
        in_features, out_features: sizes of the last axis of x and of y.
        bias: whether to add one.   rng: seed or generator of the weights.   dtype: a float type.
    Shapes:
        x (..., in_features) -> (..., out_features); weight (out_features, in_features).
    Raises:
        DTypeError, ArgumentError: a size is not an integer of at least 1.
    Source: LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp" (initialisation as in PyTorch).

    >>> Linear(3, 2, rng=0)(np.ones((4, 3), "float32")).shape
    (4, 2)
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, *,
        rng: Seed = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        name = "Linear"
        self.in_features = integer(name, "in_features", in_features, 1)
        self.out_features = integer(name, "out_features", out_features, 1)
        draws = generator(rng)
        self.weight = Parameter(filled(name, (self.out_features, self.in_features), dtype))
        self.bias = Parameter(filled(name, self.out_features, dtype)) if flag(name, "bias", bias) else None
        init.default_(self.weight, self.bias, rng=draws)

    def forward(self, x: Tensor) -> Tensor:
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
