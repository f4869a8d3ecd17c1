"""Programs with attention, up to a small language model."""

from __future__ import annotations

from typing import Any

import numpy as np

from drawn_programs.collection import Drawn, array, program
from tinygrad_cnn import Tensor, nn
from tinygrad_cnn import functional as F


class Head(nn.Module):
    def __init__(self, size: int) -> None:
        self.query, self.key = nn.Linear(size, size, rng=0), nn.Linear(size, size, rng=1)
        self.value = nn.Linear(size, size, rng=2)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.query(x), self.key(x), self.value(x)
        weights = F.softmax(q @ F.transpose(k, (0, 2, 1)) / q.shape[-1] ** 0.5, axis=-1)
        return weights @ v


class Block(nn.Module):
    def __init__(self, size: int) -> None:
        self.attention, self.norm1, self.norm2 = Head(size), nn.LayerNorm(size), nn.LayerNorm(size)
        self.mlp = nn.Sequential(
            nn.Linear(size, 2 * size, rng=3), nn.GELU(), nn.Linear(2 * size, size, rng=4)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


@program
def attention_head() -> Drawn:
    """One head of attention."""
    return Head(8), {"inputs": array(2, 5, 8)}


@program
def transformer_block() -> Drawn:
    """A block of a transformer."""
    return Block(8), {"inputs": array(2, 5, 8)}


@program
def transformer_stack() -> Drawn:
    """Six blocks of a transformer."""
    return nn.Sequential(*(Block(8) for _ in range(6))), {"inputs": array(2, 5, 8)}


@program
def transformer_encoder() -> Drawn:
    """TransformerEncoder of three layers."""
    layer = nn.TransformerEncoderLayer(8, 2, 16, 0.0, rng=0)
    return nn.TransformerEncoder(layer, 3), {"inputs": array(5, 2, 8)}


class Gpt(nn.Module):
    def __init__(self) -> None:
        self.tokens, self.places = nn.Embedding(30, 8, rng=0), nn.Parameter(array(6, 8), name="places")
        self.blocks = nn.ModuleList(Block(8) for _ in range(4))
        self.norm = nn.LayerNorm(8)

    def forward(self, tokens: Any) -> Tensor:
        x = self.tokens(tokens) + self.places
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.tokens.weight.T


@program
def small_gpt() -> Drawn:
    """A language model with tied embeddings, from its tokens to its loss."""
    model, tokens = Gpt(), np.arange(12).reshape(2, 6)
    loss = F.cross_entropy(model(tokens).reshape(12, 30), (tokens.reshape(12) + 1) % 30)
    return loss, {}
