"""Attention: averages of values, weighted by how well a query fits each key."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.functional.activation import softmax
from tinygrad_cnn.functional.arguments import Operand, T, TensorLike, flag, floating, number, values, wide
from tinygrad_cnn.functional.elementwise import where
from tinygrad_cnn.functional.linalg import matmul
from tinygrad_cnn.functional.random import dropout
from tinygrad_cnn.functional.shape import swapaxes
from tinygrad_cnn.rng import Seed

__all__ = ["scaled_dot_product_attention"]


@wide
def scaled_dot_product_attention(
    query: Operand[T], key: Operand[T], value: Operand[T], attn_mask: TensorLike | None = None,
    dropout_p: float = 0.0, is_causal: bool = False, *, scale: float | None = None, rng: Seed = None,
) -> T:  # fmt: skip
    """Average the values with weights that say how well each query fits each key.

        y = softmax(query @ key.T * scale + mask) @ value,   scale = 1 / sqrt(E) unless it is given

    A query that may look at no key at all gets zeros.

    Args:
        query: (..., L, E) float.   key: (..., S, E) float.   value: (..., S, V) float.
        attn_mask: broadcasts to (..., L, S): bool, True where a query may look; or float, added; or None.
        dropout_p: probability of dropping a weight.   is_causal: query i looks at keys 0 to i only.
        scale: what the products are multiplied by.   rng: seed or generator of the dropout.
    Returns:
        (..., L, V).
    Raises:
        ShapeError: sizes that do not fit.   DTypeError: an operand is not float, or a mask of integers.
        ArgumentError: a mask is given and is_causal too, or dropout_p is out of [0, 1].
    Source: Vaswani et al. 2017, arXiv:1706.03762.
    >>> q = np.zeros((1, 2, 4), "float32"); v = np.array([[[1.0], [3.0]]], "float32")
    >>> scaled_dot_product_attention(q, q, v, is_causal=True).tolist()
    [[[1.0], [2.0]]]
    """
    y, _ = attention(
        "scaled_dot_product_attention", query, key, value, attn_mask, dropout_p, is_causal, scale, rng
    )
    return y


@wide
def attention(
    name: str, query: Any, key: Any, value: Any, mask: Any, dropout_p: float, is_causal: bool,
    scale: float | None, rng: Seed,
) -> tuple[Any, Any]:  # fmt: skip
    """The averages and the weights, after dropout."""
    query, key = floating(name, query, "query"), floating(name, key, "key")
    value = floating(name, value, "value")
    q, k, v = query.shape, key.shape, value.shape
    if min(len(q), len(k), len(v)) < 2 or q[-1] != k[-1] or k[-2] != v[-2]:
        raise ShapeError(
            f"{name}: query {q}, key {k} and value {v} do not fit; (..., L, E), (..., S, E), (..., S, V) do"
        )
    scores = matmul(query * (1 / sqrt(q[-1]) if scale is None else scale), swapaxes(key, -1, -2))
    if flag(name, "is_causal", is_causal):
        if mask is not None:
            raise ArgumentError(f"{name}: is_causal=True makes the mask; give no other")
        mask = np.tri(q[-2], k[-2], dtype=bool)
    if mask is None:
        weights = softmax(scores, -1)
    else:
        scores, open_rows = _masked(name, scores, mask)
        weights = softmax(scores, -1)
        if not open_rows.all():
            weights = weights * open_rows
    if number(name, "dropout_p", dropout_p, 0, 1):
        weights = dropout(weights, dropout_p, rng=rng)
    return matmul(weights, value), weights


def _masked(name: str, scores: Any, mask: Any) -> tuple[Any, Any]:
    """The scores with -inf where nothing may be seen, and which rows see something (..., L, 1).

    A row that sees nothing keeps its scores, so that neither softmax nor its derivative is NaN.
    """
    plain = values(mask, name)
    try:
        np.broadcast_to(plain, scores.shape)
    except ValueError:
        raise ShapeError(f"{name}: the mask {plain.shape} does not broadcast to {scores.shape}") from None
    if plain.dtype.kind not in "bf":
        raise DTypeError(f"{name}: the mask has dtype {plain.dtype}, bool or a float dtype fits")
    seen = plain if plain.dtype.kind == "b" else ~np.isneginf(plain)
    open_rows = np.broadcast_to(seen, scores.shape).any(axis=-1, keepdims=True)
    if plain.dtype.kind == "b":
        return where(seen | ~open_rows, scores, -np.inf), open_rows
    if open_rows.all():
        return scores + mask, open_rows
    return scores + where(open_rows, mask, 0.0), open_rows
