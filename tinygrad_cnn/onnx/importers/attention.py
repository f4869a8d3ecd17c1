"""Attention and rotary positions."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.onnx.importers.call import Call, array, is_float
from tinygrad_cnn.onnx.importers.registry import importer


def _heads(x: Any, count: int) -> Any:
    """(N, L, heads * D) -> (N, heads, L, D); four axes as they are."""
    if x.ndim == 4:
        return x
    if count < 1 or x.shape[2] % count:
        raise FormatError(f"{x.shape[2]} features do not split into {count} heads")
    return F.swapaxes(F.reshape(x, (*x.shape[:2], count, x.shape[2] // count)), 1, 2)


@importer("Attention")
def _attention(
    call: Call, q: Any, k: Any, v: Any, mask: Any = None, past_k: Any = None, past_v: Any = None,
    lengths: Any = None,
) -> Any:  # fmt: skip
    """softmax(q kᵀ · scale + mask) v, with fewer heads of keys than of queries if need be."""
    flat, dtype = q.ndim == 3, q.dtype
    q = _heads(q, call.get("q_num_heads", 1))
    k, v = (_heads(t, call.get("kv_num_heads", 1)) for t in (k, v))
    if past_k is not None:
        k, v = F.concatenate([past_k, k], 2), F.concatenate([past_v, v], 2)
    present = k, v
    shared = q.shape[1] // max(k.shape[1], 1)
    if shared > 1:
        k, v = F.repeat(k, shared, 1), F.repeat(v, shared, 1)
    scale = sqrt(call.get("scale") or 1 / sqrt(q.shape[-1]))
    call.room((*q.shape[:3], k.shape[2]))
    scores = F.matmul(q * scale, F.swapaxes(k * scale, 2, 3))
    bias = _bias(call, scores, mask, 0 if past_k is None else past_k.shape[2], lengths)
    mode = call.get("qk_matmul_output_mode", 0)
    seen = [scores]
    cap = call.get("softcap", 0.0)
    if call.version >= 24 or call.version == 23:
        capped = F.tanh(scores / cap) * cap if cap else scores
        masked = capped if bias is None else capped + bias
        seen += [masked, capped] if call.version == 23 else [capped, masked]
    shares = F.softmax(masked, -1)
    blocked = np.isneginf(array(masked)).all(-1, keepdims=True)
    if blocked.any():  # a query that may see nothing
        shares = F.where(np.broadcast_to(blocked, shares.shape), np.zeros((), dtype), shares)
    seen.append(shares)
    y = F.matmul(shares, v)
    if flat:
        y = F.swapaxes(y, 1, 2)
        y = F.reshape(y, (*y.shape[:2], y.shape[2] * y.shape[3]))
    return y, *present, seen[mode]


def _bias(call: Call, scores: Any, mask: Any, past: int, lengths: Any) -> Any:
    """What is added to the scores: the mask, -inf for what lies ahead or beyond a length."""
    rows, columns = scores.shape[-2:]
    total: Any = None
    if mask is not None:
        if not is_float(mask):
            mask = np.where(array(mask), 0, -np.inf).astype(scores.dtype)
        short = columns - mask.shape[-1]
        if short > 0:
            mask = F.pad(mask, [(0, 0)] * (mask.ndim - 1) + [(0, short)], "constant", -np.inf)
        total = mask
    hidden = np.zeros((1, 1, rows, columns), bool)
    if call.get("is_causal"):
        start = past if lengths is None else (array(lengths).reshape(-1, 1, 1, 1) - rows)
        hidden = hidden | (np.arange(columns) > np.arange(rows)[:, None] + start)
    if lengths is not None:
        hidden = hidden | (np.arange(columns) >= array(lengths).reshape(-1, 1, 1, 1))
    if hidden.any():
        ahead = np.where(hidden, -np.inf, 0).astype(scores.dtype)
        total = ahead if total is None else total + ahead
    return total


@importer("RotaryEmbedding")
def _rotary_embedding(call: Call, x: Any, cosines: Any, sines: Any, positions: Any = None) -> Any:
    """Pairs of features turned by an angle that grows with the position."""
    flat = x.ndim == 3
    heads = call.get("num_heads", 0)
    x = x if not flat else _heads(x, heads)  # (N, heads, L, D)
    size = call.get("rotary_embedding_dim", 0) or x.shape[-1]
    turned, rest = x[..., :size], x[..., size:]
    if positions is not None:
        cosines, sines = (F.index(table, array(positions)) for table in (cosines, sines))
    cos, sin = (F.expand_dims(table[..., : size // 2], 1) for table in (cosines, sines))
    if call.get("interleaved"):
        a, b = turned[..., 0::2], turned[..., 1::2]
        pairs = F.stack([a * cos - b * sin, a * sin + b * cos], -1)
        y = F.reshape(pairs, turned.shape)
    else:
        a, b = turned[..., : size // 2], turned[..., size // 2 :]
        y = F.concatenate([a * cos - b * sin, a * sin + b * cos], -1)
    y = F.concatenate([y, rest], -1) if rest.shape[-1] else y
    if not flat:
        return y
    y = F.swapaxes(y, 1, 2)
    return F.reshape(y, (*y.shape[:2], y.shape[2] * y.shape[3]))
