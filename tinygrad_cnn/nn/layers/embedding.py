"""A table of learnt rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.arguments import integer
from tinygrad_cnn.functional.embeddings import padding_row
from tinygrad_cnn.functional.storage import filled
from tinygrad_cnn.nn import init
from tinygrad_cnn.nn.module import Module, Parameter
from tinygrad_cnn.rng import Seed
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = ["Embedding"]


class Embedding(Module):
    """The rows of a learnt table that indices name; see `functional.embedding`.

    The rows start normal with mean 0 and deviation 1, the padding row at 0.

    Args:
        num_embeddings, embedding_dim: number of rows, and their length.
        padding_idx: a row that gets no gradient, counted from the end if negative; or None.
        rng: seed or generator of the rows.   dtype: a float type.
    Shapes:
        x (any shape, integers) -> (*x.shape, embedding_dim); weight (num_embeddings, embedding_dim).
    Raises:
        ArgumentError: a size below 1, or padding_idx outside the table.
    Source: Bengio et al. 2003, "A neural probabilistic language model".

    >>> Embedding(10, 3, rng=0)(np.array([[1, 2], [4, 1]])).shape
    (2, 2, 3)
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, *,
        rng: Seed = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        name = "Embedding"
        self.num_embeddings = integer(name, "num_embeddings", num_embeddings, 1)
        self.embedding_dim = integer(name, "embedding_dim", embedding_dim, 1)
        self.padding_idx = None
        if padding_idx is not None:
            self.padding_idx = padding_row(name, padding_idx, self.num_embeddings)
        self.weight = Parameter(filled("Embedding", (self.num_embeddings, self.embedding_dim), dtype))
        init.normal_(self.weight, rng=rng)
        if self.padding_idx is not None:
            self.weight._writable()[self.padding_idx] = 0

    def forward(self, x: Tensor) -> Tensor:
        """The rows that x names.

        >>> Embedding(4, 2, padding_idx=0).forward(np.array([0])).tolist()
        [[0.0, 0.0]]
        """
        return F.embedding(x, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        """The options, in PyTorch's order.

        >>> Embedding(10, 3, padding_idx=0)
        Embedding(10, 3, padding_idx=0)
        """
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
