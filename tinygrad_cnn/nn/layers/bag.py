"""Layers of several operands: bags of learnt rows, and bilinear forms."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.arguments import TensorLike, choice, flag, integer
from tinygrad_cnn.functional.embeddings import padding_row
from tinygrad_cnn.functional.storage import filled
from tinygrad_cnn.nn import init
from tinygrad_cnn.nn.module import Module, Parameter
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = ["Bilinear", "EmbeddingBag"]


class EmbeddingBag(Module):
    """The rows of a learnt table that each bag of indices names, as one; see `functional.embedding_bag`.

    The rows start normal with mean 0 and deviation 1, the padding row at 0.

    Args:
        num_embeddings, embedding_dim: number of rows, and their length.
        mode: 'sum', 'mean' or 'max'.   include_last_offset: whether the last offset is the last bag's end.
        padding_idx: a row that counts in no bag and gets no gradient; or None.
        rng: seed or generator of the rows.   dtype: a float type.
    Shapes:
        x (B, L) integers, or (N,) with offsets (B,) -> (B, embedding_dim).
    Raises:
        ArgumentError: a size below 1, another mode, or padding_idx outside the table.
    Source: Joulin, Grave, Bojanowski & Mikolov 2016, arXiv:1607.01759.

    >>> EmbeddingBag(10, 3, rng=0)(np.array([1, 2, 4]), np.array([0, 2])).shape
    (2, 3)
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, mode: str = "mean",
        include_last_offset: bool = False, padding_idx: int | None = None, *,
        rng: Seed = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        name = "EmbeddingBag"
        self.num_embeddings = integer(name, "num_embeddings", num_embeddings, 1)
        self.embedding_dim = integer(name, "embedding_dim", embedding_dim, 1)
        self.mode = choice(name, "mode", mode, ("sum", "mean", "max"))
        self.include_last_offset = flag(name, "include_last_offset", include_last_offset)
        self.padding_idx = None
        if padding_idx is not None:
            self.padding_idx = padding_row(name, padding_idx, self.num_embeddings)
        self.weight = Parameter(filled(name, (self.num_embeddings, self.embedding_dim), dtype))
        init.normal_(self.weight, rng=rng)
        if self.padding_idx is not None:
            self.weight._writable()[self.padding_idx] = 0

    def forward(
        self, x: TensorLike, offsets: TensorLike | None = None, per_sample_weights: TensorLike | None = None
    ) -> Tensor:
        """One row for each bag.

        >>> EmbeddingBag(4, 2, "sum", padding_idx=0).forward(np.array([[0, 0]])).tolist()
        [[0.0, 0.0]]
        """
        return F.embedding_bag(
            x, self.weight, offsets, self.mode, per_sample_weights=per_sample_weights,
            include_last_offset=self.include_last_offset, padding_idx=self.padding_idx,
        )  # fmt: skip

    def extra_repr(self) -> str:
        """The options, in PyTorch's order.

        >>> EmbeddingBag(10, 3, "sum")
        EmbeddingBag(10, 3, mode='sum')
        """
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}, mode={self.mode!r}"


class Bilinear(Module):
    """A learnt form that is linear in each of two operands; see `functional.bilinear`.

    Weights and bias start uniform in ±1/sqrt(in1_features).

    Args:
        in1_features, in2_features, out_features: sizes of the last axes of x1, x2 and y.
        bias: whether to add one.   rng: seed or generator of the weights.   dtype: a float type.
    Shapes:
        x1 (..., in1_features), x2 (..., in2_features) -> (..., out_features);
        weight (out_features, in1_features, in2_features).
    Raises:
        DTypeError, ArgumentError: a size is not an integer of at least 1.
    Source: Tenenbaum & Freeman 2000, "Separating style and content with bilinear models".

    >>> Bilinear(3, 4, 2, rng=0)(np.ones((5, 3), "float32"), np.ones((5, 4), "float32")).shape
    (5, 2)
    """

    def __init__(
        self, in1_features: int, in2_features: int, out_features: int, bias: bool = True, *,
        rng: Seed = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        name = "Bilinear"
        self.in1_features = integer(name, "in1_features", in1_features, 1)
        self.in2_features = integer(name, "in2_features", in2_features, 1)
        self.out_features = integer(name, "out_features", out_features, 1)
        draws, bound = generator(rng), 1 / sqrt(self.in1_features)
        shape = (self.out_features, self.in1_features, self.in2_features)
        self.weight = Parameter(filled(name, shape, dtype))
        init.uniform_(self.weight, -bound, bound, rng=draws)
        self.bias = Parameter(filled(name, self.out_features, dtype)) if flag(name, "bias", bias) else None
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound, rng=draws)

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """The form of x1 and x2, plus `bias`.

        >>> Bilinear(3, 4, 2).forward(np.ones(3, "float32"), np.ones(4, "float32")).shape
        (2,)
        """
        return F.bilinear(x1, x2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The options, in PyTorch's order.

        >>> Bilinear(3, 4, 2)
        Bilinear(in1_features=3, in2_features=4, out_features=2, bias=True)
        """
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )
