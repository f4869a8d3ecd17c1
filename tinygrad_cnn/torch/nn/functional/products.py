"""Products with weights, and attention."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch.generators import DRAWS


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """x @ weight.T + bias."""
    return F.linear(input, weight, bias)


bilinear = F.bilinear


def scaled_dot_product_attention(
    query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False,
    scale: float | None = None, enable_gqa: bool = False,
) -> Any:  # fmt: skip
    """softmax(q·k / sqrt(d))·v."""
    return F.scaled_dot_product_attention(
        query, key, value, attn_mask, dropout_p, is_causal, scale=scale, rng=DRAWS
    )


pdist = F.pdist
