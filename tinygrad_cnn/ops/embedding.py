"""Rows of a table, looked up by number."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import devices
from tinygrad_cnn.graph import Result
from tinygrad_cnn.ops.families import MatrixProduct
from tinygrad_cnn.ops.index import IndexAdd

__all__ = ["Embedding"]


class Embedding(MatrixProduct):
    """y[...] = w[indices[...]]: w (V, D) -> (*indices.shape, D); the padding row gets no gradient."""

    wide = False

    def __init__(self, indices: Any, padding_idx: int | None = None) -> None:
        self._indices, self.padding_idx = indices, padding_idx

    def forward(self, w: Any) -> Any:
        return Result(w.take(devices.beside(self._indices, w), 0), w.shape)

    def backward(self, g: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
        if self.padding_idx is not None:
            g = g * (devices.beside(self._indices, g) != self.padding_idx)[..., None]
        return (IndexAdd(self._indices, shape)(g),)
