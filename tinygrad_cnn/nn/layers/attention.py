"""Attention with several heads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.functional.arguments import flag, flags, floating, integer, number, values
from tinygrad_cnn.functional.attention import attention
from tinygrad_cnn.functional.storage import filled
from tinygrad_cnn.nn import init
from tinygrad_cnn.nn.layers.linear import Linear
from tinygrad_cnn.nn.module import Module, Parameter
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = ["MultiheadAttention"]


class MultiheadAttention(Module):
    """Attention by several heads side by side, each on its own projections of query, key and value.

        y = concat(head_1, ..., head_h) @ W_out.T + b_out,
        head_i = softmax(q_i @ k_i.T / sqrt(E/h) + mask) @ v_i,   q_i, k_i, v_i parts of the projections

    Args:
        embed_dim: E, features of the query and of the result.   num_heads: h, which divides E.
        dropout: probability of dropping a weight, in training.   bias: whether the projections add one.
        add_bias_kv: a learnt key and value more.   add_zero_attn: a key and value of zeros more.
        kdim, vdim: features of key and value; those of the query if None.
        batch_first: operands are (N, L, E), not (L, N, E).
        rng: seed or generator of weights and dropout.   dtype: a float type.
    Shapes:
        query (L, N, E), key (S, N, kdim), value (S, N, vdim) -> (L, N, E) and weights (N, L, S);
        without the axis N too.
    Raises:
        ArgumentError: a size below 1, dropout outside [0, 1], or num_heads does not divide embed_dim.
    Source: Vaswani et al. 2017, arXiv:1706.03762; names and keys as in PyTorch.

    >>> x = np.zeros((5, 1, 4), "float32")
    >>> y, weights = MultiheadAttention(4, 2, rng=0)(x, x, x)
    >>> y.shape, weights.shape
    ((5, 1, 4), (1, 5, 5))
    """

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True,
        add_bias_kv: bool = False, add_zero_attn: bool = False, kdim: int | None = None,
        vdim: int | None = None, batch_first: bool = False, *, rng: Seed = None,
        dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        name = "MultiheadAttention"
        size = self.embed_dim = integer(name, "embed_dim", embed_dim, 1)
        self.num_heads = integer(name, "num_heads", num_heads, 1)
        if size % self.num_heads:
            raise ArgumentError(f"{name}: num_heads {num_heads} does not divide embed_dim {embed_dim}")
        self.dropout = number(name, "dropout", dropout, 0, 1)
        self.bias = flag(name, "bias", bias)
        self.add_bias_kv = flag(name, "add_bias_kv", add_bias_kv)
        self.add_zero_attn = flag(name, "add_zero_attn", add_zero_attn)
        self.kdim = size if kdim is None else integer(name, "kdim", kdim, 1)
        self.vdim = size if vdim is None else integer(name, "vdim", vdim, 1)
        self.batch_first = flag(name, "batch_first", batch_first)
        self.rng = None if rng is None else generator(rng)
        shapes = {
            "q_proj_weight": (size, size),
            "k_proj_weight": (size, self.kdim),
            "v_proj_weight": (size, self.vdim),
        }
        if self.kdim == self.vdim == size:
            shapes = {"in_proj_weight": (3 * size, size)}
        for key, shape in shapes.items():
            setattr(self, key, Parameter(filled(name, shape, dtype)))
            init.xavier_uniform_(getattr(self, key), rng=self.rng)
        self.in_proj_bias = Parameter(filled(name, 3 * size, dtype)) if bias else None
        self.out_proj = Linear(size, size, bias, rng=self.rng, dtype=dtype)
        if self.out_proj.bias is not None:
            init.zeros_(self.out_proj.bias)
        self.bias_k = self.bias_v = None
        if add_bias_kv:
            self.bias_k, self.bias_v = (Parameter(filled(name, (1, 1, size), dtype)) for _ in range(2))
            for parameter in (self.bias_k, self.bias_v):
                init.xavier_normal_(parameter, rng=self.rng)

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None, average_attn_weights: bool = True, is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:  # fmt: skip
        """The attended values, and the weights.

        Args:
            query, key, value: as above.
            key_padding_mask: (N, S) bool, True at keys that are padding; or float, added.
            need_weights: False gives None in place of the weights.
            attn_mask: (L, S) or (N·h, L, S) bool, True where a query may NOT look; or float, added.
            average_attn_weights: weights (N, L, S), the mean over the heads, instead of (N, h, L, S).
            is_causal: a hint, as in PyTorch, that attn_mask is causal; attn_mask must be given with it.
        Raises:
            ShapeError: sizes that do not fit.   ArgumentError: is_causal without attn_mask.

        >>> x = np.ones((1, 3, 2), "float32")
        >>> MultiheadAttention(2, 1, batch_first=True, rng=0).forward(x, x, x)[1].round(2).tolist()[0][0]
        [0.33000001311302185, 0.33000001311302185, 0.33000001311302185]
        """
        name = "MultiheadAttention"
        flags(
            name, need_weights=need_weights, average_attn_weights=average_attn_weights, is_causal=is_causal
        )
        if is_causal and attn_mask is None:
            raise ArgumentError(f"{name}: is_causal says what attn_mask is; give it too")
        given = [floating(name, x, n) for x, n in ((query, "query"), (key, "key"), (value, "value"))]
        flat = given[0].ndim == 2
        if any(x.ndim != (2 if flat else 3) for x in given):
            raise ShapeError(
                f"{name}: got {[x.shape for x in given]}, 3 axes each fit, or 2 without a batch"
            )
        if flat:
            moved = {id(x): x[None] for x in given}
        else:
            moved = {id(x): x if self.batch_first else F.swapaxes(x, 0, 1) for x in given}
        q, k, v = self._projected(*(moved[id(x)] for x in given))  # one object stays one
        mask = self._mask(attn_mask, key_padding_mask, q.shape, k.shape[1])
        k, v, mask = self._extended(k, v, mask)
        q_heads, k_heads, v_heads = (self._heads(x) for x in (q, k, v))
        p = self.dropout if self.training else 0.0
        y, weights = attention(name, q_heads, k_heads, v_heads, mask, p, False, None, self.rng)
        y = F.reshape(F.swapaxes(y, 1, 2), (*q.shape[:2], self.embed_dim))
        y = self.out_proj(y if self.batch_first or flat else F.swapaxes(y, 0, 1))
        y = y[0] if flat else y
        if not need_weights:
            return y, None
        if average_attn_weights:
            weights = F.mean(weights, 1)
        return y, weights[0] if flat else weights

    def _projected(self, q: Any, k: Any, v: Any) -> list[Any]:
        """Query, key and value, each (N, length, E)."""
        size = self.embed_dim
        parts = [slice(i * size, (i + 1) * size) for i in range(3)]
        joint = getattr(self, "in_proj_weight", None)
        if joint is not None and q is k is v:  # one product instead of three
            y = F.linear(q, joint, self.in_proj_bias)
            return [y[..., part] for part in parts]
        if joint is not None:
            weights = [joint[part] for part in parts]
        else:
            weights = [getattr(self, f"{letter}_proj_weight") for letter in "qkv"]
        biases = [None if self.in_proj_bias is None else self.in_proj_bias[part] for part in parts]
        return [F.linear(x, w, b) for x, w, b in zip((q, k, v), weights, biases, strict=True)]

    def _heads(self, x: Any) -> Any:
        """(N, length, E) -> (N, h, length, E/h)."""
        width = self.embed_dim // self.num_heads
        return F.swapaxes(F.reshape(x, (*x.shape[:2], self.num_heads, width)), 1, 2)

    def _mask(self, attn_mask: Any, padding: Any, query: tuple[int, ...], keys: int) -> Any:
        """Both masks as one that is added to (N, h, L, S), or None."""
        batch, length = query[0], query[1]
        parts = []
        if attn_mask is not None:
            mask = added(attn_mask)
            if mask.shape == (batch * self.num_heads, length, keys):
                mask = F.reshape(mask, (batch, self.num_heads, length, keys))
            elif mask.shape != (length, keys):
                raise ShapeError(
                    f"MultiheadAttention: attn_mask has shape {mask.shape}, {(length, keys)} or "
                    f"{(batch * self.num_heads, length, keys)} fits"
                )
            parts.append(mask)
        if padding is not None:
            mask = added(padding)
            fits = {(batch, keys)} | ({(keys,)} if batch == 1 else set())
            if mask.shape not in fits:
                raise ShapeError(
                    f"MultiheadAttention: key_padding_mask has shape {mask.shape}, {(batch, keys)} fits"
                )
            parts.append(F.reshape(mask, (batch, 1, 1, keys)))
        return parts[0] + parts[1] if len(parts) == 2 else (parts[0] if parts else None)

    def _extended(self, k: Any, v: Any, mask: Any) -> tuple[Any, Any, Any]:
        """Keys and values with the learnt pair and the pair of zeros behind them."""
        size, more = (k.shape[0], 1, self.embed_dim), 0
        if self.bias_k is not None and self.bias_v is not None:
            k = F.concatenate([k, F.broadcast_to(self.bias_k, size)], 1)
            v = F.concatenate([v, F.broadcast_to(self.bias_v, size)], 1)
            more += 1
        if self.add_zero_attn:
            k, v = (F.concatenate([x, np.zeros(size, x.dtype)], 1) for x in (k, v))
            more += 1
        if mask is not None and more:
            mask = F.pad(mask, [*[(0, 0)] * (mask.ndim - 1), (0, more)])
        return k, v, mask

    def extra_repr(self) -> str:
        """The sizes.

        >>> str(MultiheadAttention(4, 2)).splitlines()[1]
        '  4, 2'
        """
        return f"{self.embed_dim}, {self.num_heads}"


def added(mask: Any) -> Any:
    """A mask in PyTorch's form as numbers to add: -inf where a bool one says True.

    >>> added(np.array([True, False])).tolist()
    [-inf, 0.0]
    """
    plain = values(mask)
    if plain.dtype.kind == "b":
        return np.where(plain, np.float32(-np.inf), np.float32(0))
    if plain.dtype.kind != "f":
        raise DTypeError(f"MultiheadAttention: a mask has dtype {plain.dtype}, bool or a float dtype fits")
    return mask
