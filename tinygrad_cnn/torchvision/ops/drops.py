"""Dropping whole branches, or blocks of pixels."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import torch

T: Any = torch


def stochastic_depth(input: Any, p: float, mode: str, training: bool = True) -> Any:
    """All of a batch, or whole rows of it, set to 0 with probability p; the rest over 1 - p (arXiv:1603.09382).

    Raises:
        ValueError: p is not a probability, or the mode is neither 'batch' nor 'row'.

    >>> stochastic_depth(T.ones(2), 0.5, "row", training=False)
    tensor([1., 1.])
    """
    if p < 0.0 or p > 1.0:
        raise ValueError(f"drop probability has to be between 0 and 1, but got {p}")
    if mode not in ("batch", "row"):
        raise ValueError(f"mode has to be either 'batch' or 'row', but got {mode}")
    if not training or p == 0.0:
        return input
    shape = [input.shape[0] if mode == "row" else 1] + [1] * (input.ndim - 1)
    noise = T.empty(shape, dtype=input.dtype).bernoulli_(1 - p)
    if p < 1.0:
        noise.div_(1 - p)
    return input * noise


class StochasticDepth(torch.nn.Module):
    """`stochastic_depth` in training."""

    def __init__(self, p: float, mode: str) -> None:
        super().__init__()
        self.p, self.mode = p, mode

    def forward(self, input: Any) -> Any:
        """The input, or 0."""
        return stochastic_depth(input, self.p, self.mode, self.training)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p}, mode={self.mode})"


def drop_block2d(
    input: Any, p: float, block_size: int, inplace: bool = False, eps: float = 1e-6, training: bool = True
) -> Any:
    """Squares of pixels set to 0, and the rest scaled up (arXiv:1810.12890)."""
    if p < 0.0 or p > 1.0:
        raise ValueError(f"drop probability has to be between 0 and 1, but got {p}.")
    if not training or p == 0.0:
        return input
    N, C, H, W = input.size()
    size = min(block_size, W, H)
    gamma = p * H * W / (size**2 * ((H - size + 1) * (W - size + 1)))
    noise = T.empty((N, C, H - size + 1, W - size + 1), dtype=input.dtype).bernoulli_(gamma)
    noise = T.nn.functional.pad(noise, [size // 2] * 4, value=0)
    noise = 1 - T.nn.functional.max_pool2d(noise, size, stride=1, padding=size // 2)
    scale = noise.numel() / (eps + noise.sum())
    return input.mul_(noise).mul_(scale) if inplace else input * noise * scale


class DropBlock2d(torch.nn.Module):
    """`drop_block2d` in training."""

    def __init__(self, p: float, block_size: int, inplace: bool = False, eps: float = 1e-6) -> None:
        super().__init__()
        self.p, self.block_size, self.inplace, self.eps = p, block_size, inplace, eps

    def forward(self, input: Any) -> Any:
        """The input with holes."""
        return drop_block2d(input, self.p, self.block_size, self.inplace, self.eps, self.training)
