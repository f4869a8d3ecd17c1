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
    cap = call.get("softcap", 0.0)
    capped = F.tanh(scores / cap) * cap if cap else scores
    masked = capped if bias is None else capped + bias
    shares = F.softmax(masked, -1)
    blocked = np.isneginf(array(masked)).all(-1, keepdims=True)
    if blocked.any():  # a query that may see nothing
        shares = F.where(np.broadcast_to(blocked, shares.shape), np.zeros((), dtype), shares)
    seen = scores, capped, masked, shares
    y = F.matmul(shares, v)
    if flat:
        y = F.swapaxes(y, 1, 2)
        y = F.reshape(y, (*y.shape[:2], y.shape[2] * y.shape[3]))
    return y, *present, seen[mode]


def _bias(call: Call, scores: Any, mask: Any, past: int, lengths: Any) -> Any:
    """Make what is added to the scores: the mask, -inf for what lies ahead or beyond a length."""
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
    start = past if lengths is None else array(lengths).reshape(-1, 1, 1, 1) - rows
    ahead_of = np.arange(columns) - (np.arange(rows)[:, None] + start)  # 0 for the query's own place
    if call.get("is_causal"):
        hidden = hidden | (ahead_of > 0)
    left, right = call.get("left_window_size", -1), call.get("right_window_size", -1)
    if left >= 0:
        hidden = hidden | (ahead_of < -left)
    if right >= 0:
        hidden = hidden | (ahead_of > right)
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


@importer("LinearAttention")
def _linear_attention(
    call: Call, q: Any, k: Any, v: Any, state: Any = None, decay: Any = None, beta: Any = None
) -> Any:
    """A state per head (keys, values) that each step decays and adds to; queries read it."""
    rule, groups = call.get("update_rule", "gated_delta"), call.get("kv_num_heads", 1)
    time, dtype = q.shape[1], q.dtype
    if dtype == np.float16:  # sums of many steps
        q, k, v, state, decay, beta = (
            t if t is None else F.astype(t, np.float32) for t in (q, k, v, state, decay, beta)
        )
    q = _heads(q, call.get("q_num_heads", 1))
    k, v = _heads(k, groups), _heads(v, groups)
    scale = call.get("scale") or 1 / sqrt(q.shape[-1])
    shared = q.shape[1] // groups
    shape = (k.shape[0], groups, k.shape[3], v.shape[3])
    state = np.zeros(call.room(shape), q.dtype) if state is None else state
    found = []
    for t in range(time):
        key, value = F.expand_dims(k[:, :, t], -1), F.expand_dims(v[:, :, t], -2)
        if "gated" in rule:
            g = F.reshape(decay[:, t], (decay.shape[0], groups, -1, 1))
            state = F.exp(g) * state
        if "delta" in rule:
            b = F.reshape(beta[:, t], (beta.shape[0], -1, 1, 1))
            value = (value - F.sum(state * key, -2, True)) * b
        state = state + key * value
        asked = F.reshape(q[:, :, t], (q.shape[0], groups, shared, q.shape[3]))
        found.append(F.matmul(asked, state) * scale)  # (N, groups, shared, values)
    y = F.stack(found, 1)
    y = F.reshape(y, (*y.shape[:2], y.shape[2] * y.shape[3] * y.shape[4]))
    return (y, state) if y.dtype == dtype else (F.astype(y, dtype), F.astype(state, dtype))


@importer("CausalConvWithState", weights=(1, 2))
def _causal_conv_with_state(call: Call, x: Any, w: Any, b: Any = None, past: Any = None) -> Any:
    """Each channel slid over with a kernel of its own that sees no later step."""
    reach = w.shape[2] - 1
    before = np.zeros((*x.shape[:2], reach), x.dtype) if past is None else past
    longer = F.concatenate([before, x], 2)
    y = F.conv1d(longer, w, b, groups=x.shape[1])
    if call.get("activation", "none") in ("silu", "swish"):
        y = F.silu(y)
    return y, longer[:, :, longer.shape[2] - reach :]
