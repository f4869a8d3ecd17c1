"""Strategies of whole calls of layers: normalization, attention, recurrent cells, losses.

Each draws what a function takes: operands that fit together, and options as keyword arguments.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from tinygrad_cnn.testing.strategies.tensors_and_arrays import SEEDS, arrays, away_from

Array = NDArray[Any]
Draw = Any

#: The functions that `norm_problems` draws calls of.
NORMS = ("layer_norm", "batch_norm", "group_norm", "instance_norm")

#: The losses that `loss_problems` draws calls of, each with the kind of its target.
LOSSES = {
    "mse_loss": "values",
    "l1_loss": "apart",
    "smooth_l1_loss": "apart",
    "huber_loss": "apart",
    "binary_cross_entropy": "shares",
    "binary_cross_entropy_with_logits": "shares",
    "cross_entropy": "labels",
    "nll_loss": "labels",
}

#: The cells that `recurrent_problems` draws calls of, and how many gates each has.
CELLS = {"rnn_cell": 1, "gru_cell": 3, "lstm_cell": 4}


def uniform(draw: Draw, *shape: int) -> Array:
    """Numbers in [-1, 1] of a drawn seed, none exactly alike; 0 for every element is no such input."""
    rng = np.random.default_rng(draw(SEEDS))
    return rng.uniform(-1, 1, shape)


@st.composite
def norm_problems(draw: Draw, function: str | None = None) -> tuple[str, tuple[Array, ...], dict[str, Any]]:
    """The name of a normalization, (x,) or (x, w, b), and its options.

    The elements that are normalized together differ, so that their variance is not 0.

    Args:
        function: one of `NORMS`; any of them if None.

    >>> from hypothesis import find
    >>> from tinygrad_cnn import functional as F
    >>> name, (x, *_), options = find(norm_problems("group_norm"), lambda p: p[2]["num_groups"] == 2)
    >>> name, x.shape, getattr(F, name)(x, **options).shape
    ('group_norm', (1, 2, 2), (1, 2, 2))
    """
    name = draw(st.sampled_from(NORMS)) if function is None else function
    options: dict[str, Any] = {"eps": draw(st.sampled_from([1e-5, 1e-3]))}
    sides = list(draw(hnp.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=3)))
    sides[-1] += 1  # at least two elements are normalized together
    n, groups = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    channels = groups * draw(st.integers(1, 2))
    shape, wide = (n, channels, *sides), (channels,)
    if name == "layer_norm":
        shape, wide = (n, *sides), tuple(sides)
        options["normalized_shape"] = wide
    elif name == "group_norm":
        options["num_groups"] = groups
    elif name == "batch_norm":
        options["training"] = True
    x = uniform(draw, *shape)
    if draw(st.booleans()):
        weights = 1.5 + uniform(draw, *wide) / 2, uniform(draw, *wide)
        options |= {"w": weights[0], "b": weights[1]}
    return name, (x,), options


@st.composite
def attention_problems(draw: Draw) -> tuple[tuple[Array, Array, Array], dict[str, Any]]:
    """(query, key, value) and options that `scaled_dot_product_attention` takes: masks, causal, a scale.

    No row of a mask is empty.

    >>> from hypothesis import find
    >>> from tinygrad_cnn import functional as F
    >>> qkv, options = find(attention_problems(), lambda p: p[1].get("is_causal", False))
    >>> F.scaled_dot_product_attention(*qkv, **options).shape
    (1, 1)
    """
    stack = draw(hnp.array_shapes(min_dims=0, max_dims=2, max_side=2))
    queries, keys, width, out = (draw(st.integers(1, 4)) for _ in range(4))
    q, k, v = (uniform(draw, *stack, *s) for s in ((queries, width), (keys, width), (keys, out)))
    options: dict[str, Any] = {}
    mask = draw(st.sampled_from(["none", "causal", "bool", "float"]))
    if mask == "causal":
        options["is_causal"] = True
    elif mask == "bool":
        kept = np.random.default_rng(draw(SEEDS)).random((queries, keys)) < 0.6
        kept[:, 0] = True
        options["attn_mask"] = kept
    elif mask == "float":
        options["attn_mask"] = uniform(draw, queries, keys)
    if draw(st.booleans()):
        options["scale"] = draw(st.sampled_from([0.5, 2.0]))
    return (q, k, v), options


@st.composite
def recurrent_problems(draw: Draw, cell: str | None = None) -> tuple[str, tuple[Array, ...]]:
    """The name of a recurrent cell, and what it takes: input, state, weights, and perhaps biases.

    Args:
        cell: one of `CELLS`; any of them if None.

    >>> from hypothesis import find
    >>> from tinygrad_cnn import functional as F
    >>> name, operands = find(recurrent_problems("gru_cell"), lambda p: len(p[1]) == 6)
    >>> [x.shape for x in operands], F.gru_cell(*operands).shape
    ([(1, 1), (1, 1), (3, 1), (3, 1), (3,), (3,)], (1, 1))
    """
    name = draw(st.sampled_from(list(CELLS))) if cell is None else cell
    n, wide, hidden = (draw(st.integers(1, 3)) for _ in range(3))
    gates = CELLS[name] * hidden
    states = [uniform(draw, n, hidden) for _ in range(2 if name == "lstm_cell" else 1)]
    weights = [uniform(draw, gates, wide), uniform(draw, gates, hidden)]
    biases = [uniform(draw, gates), uniform(draw, gates)] if draw(st.booleans()) else []
    return name, (uniform(draw, n, wide), *states, *weights, *biases)


@st.composite
def loss_problems(draw: Draw, loss: str | None = None) -> tuple[str, Array, Array, dict[str, Any]]:
    """The name of a loss, scores, a target, and options: every reduction, away from kinks.

    Args:
        loss: one of `LOSSES`; any of them if None.

    >>> from hypothesis import find
    >>> from tinygrad_cnn import functional as F
    >>> name, x, target, options = find(loss_problems("cross_entropy"), lambda p: p[1].shape == (2, 3))
    >>> target.tolist(), F.cross_entropy(x, target, **options).shape
    ([0, 0], ())
    """
    name = draw(st.sampled_from(list(LOSSES))) if loss is None else loss
    kind = LOSSES[name]
    options: dict[str, Any] = {"reduction": draw(st.sampled_from(["mean", "sum", "none"]))}
    if kind == "labels":
        n, classes = draw(st.integers(1, 3)), draw(st.integers(1, 4))
        space = draw(hnp.array_shapes(min_dims=0, max_dims=2, max_side=2))
        labels = draw(hnp.arrays(np.int64, (n, *space), elements=st.integers(0, classes - 1)))
        if draw(st.booleans()):
            options["weight"] = 1.5 + uniform(draw, classes) / 2
        return name, draw(arrays((n, classes, *space), low=-3, high=3)), labels, options
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=3))
    if kind == "apart":  # the differences keep away from 0 and from 1
        apart = draw(away_from([-1.0, 0.0, 1.0], shape, ties=True, low=-3, high=3))
        target = uniform(draw, *shape)
        return name, target + apart, target, options
    target = (uniform(draw, *shape) + 1) / 2
    if kind == "values":
        return name, draw(arrays(shape, low=-3, high=3)), target, options
    x = uniform(draw, *shape)
    return name, 0.5 + 0.4 * x if name == "binary_cross_entropy" else 3 * x, target, options
