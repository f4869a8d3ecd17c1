"""Products with weights, and attention."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import functional as F
from tinygrad_cnn.nn import MultiheadAttention
from tinygrad_cnn.torch.generators import DRAWS


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """x @ weight.T + bias."""
    return F.linear(input, weight, bias)


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """x1ᵀ·W·x2 + b for each of W's matrices."""
    return F.bilinear(input1, input2, weight, bias)


def scaled_dot_product_attention(
    query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False,
    scale: float | None = None, enable_gqa: bool = False,
) -> Any:  # fmt: skip
    """softmax(q·k / sqrt(d))·v."""
    return F.scaled_dot_product_attention(
        query, key, value, attn_mask, dropout_p, is_causal, scale=scale, rng=DRAWS
    )


pdist = F.pdist


def multi_head_attention_forward(
    query: Any, key: Any, value: Any, embed_dim_to_check: int, num_heads: int, in_proj_weight: Any,
    in_proj_bias: Any, bias_k: Any, bias_v: Any, add_zero_attn: bool, dropout_p: float, out_proj_weight: Any,
    out_proj_bias: Any, training: bool = True, key_padding_mask: Any = None, need_weights: bool = True,
    attn_mask: Any = None, use_separate_proj_weight: bool = False, q_proj_weight: Any = None,
    k_proj_weight: Any = None, v_proj_weight: Any = None, static_k: Any = None, static_v: Any = None,
    average_attn_weights: bool = True, is_causal: bool = False,
) -> Any:  # fmt: skip
    """What `nn.MultiheadAttention` computes, of parameters that are given."""
    if static_k is not None or static_v is not None:
        raise NotImplementedError("multi_head_attention_forward: static_k and static_v are left out")
    if query._array.shape[-1] != embed_dim_to_check:
        raise AssertionError(
            f"was expecting embedding dimension of {embed_dim_to_check}, but got {query._array.shape[-1]}"
        )
    layer = object.__new__(MultiheadAttention)
    separate = {
        "q_proj_weight": q_proj_weight,
        "k_proj_weight": k_proj_weight,
        "v_proj_weight": v_proj_weight,
    }
    weights = separate if use_separate_proj_weight else {"in_proj_weight": in_proj_weight}
    vars(layer).update(
        weights, embed_dim=embed_dim_to_check, num_heads=num_heads, dropout=dropout_p, training=training,
        in_proj_bias=in_proj_bias, bias_k=bias_k, bias_v=bias_v, add_zero_attn=add_zero_attn,
        batch_first=False, rng=DRAWS, out_proj=lambda y: F.linear(y, out_proj_weight, out_proj_bias),
    )  # fmt: skip
    return layer.forward(
        query, key, value, key_padding_mask, need_weights, attn_mask, average_attn_weights, is_causal
    )
