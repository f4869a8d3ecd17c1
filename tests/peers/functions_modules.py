"""What PyTorch's `nn.functional` has beside images' functions: shrinkage, gates, distances, bags, noise."""

import numpy as np
import torch
import torch.nn.functional as T

from tests.peers.compare import Entry, chosen, each, exactly, uniform
from tinygrad_cnn import functional as F

inf, nan = float("inf"), float("nan")
EDGES = [*each(), chosen([-2, -0.5, 0, 0.5, 1, 2], (4, 5)), exactly([inf, -inf, nan, 0.0])]
ROWS = [uniform((3, 4)), uniform((2, 3, 4)), exactly([[0.0, 0.0], [3.0, 4.0]])]


def both(name, draws, *arguments, **options):
    """An entry of a function with the same options on both sides."""

    def call(side):
        return lambda *x: getattr(side, name)(*x, *arguments, **options)

    return Entry(name, call(F), call(T), draws)


def turned(name, draws, ours, theirs):
    """An entry whose options go by other names here."""
    return Entry(
        name, lambda *x: getattr(F, name)(*x, **ours), lambda *x: getattr(T, name)(*x, **theirs), draws
    )


ELEMENTS = [
    both("hardshrink", EDGES),
    both("hardshrink", EDGES, 1.0),
    both("softshrink", EDGES),
    both("softshrink", EDGES, 1.0),
    both("tanhshrink", each()),
    both("threshold", EDGES, 0.5, -2.0),
    both("logsigmoid", [*each(), exactly([-1e3, 1e3, 0.0])]),
    both("glu", [uniform((3, 4)), uniform((2, 3, 6))]),
    both("glu", [uniform((2, 6, 3))], 1),
    both("softmin", [uniform((3, 4)), uniform((2, 3, 2))], -1),
    both("rrelu", EDGES),
    both("rrelu", EDGES, 0.2, 0.2, True),
]

DISTANCES = [
    turned("normalize", ROWS, {}, {}),
    turned("normalize", ROWS, {"p": 1.0, "axis": -1, "eps": 0.5}, {"p": 1.0, "dim": -1, "eps": 0.5}),
    turned("normalize", ROWS[:2], {"p": inf, "axis": 0}, {"p": inf, "dim": 0}),
    turned("cosine_similarity", [uniform((3, 4), (3, 4)), uniform((2, 1, 4), (3, 4))], {}, {}),
    turned(
        "cosine_similarity", [uniform((3, 4), (3, 4))], {"axis": 0, "eps": 1e-3}, {"dim": 0, "eps": 1e-3}
    ),
    *[
        both(
            "pairwise_distance", [uniform((3, 4), (3, 4)), uniform((4,), (4,)), uniform((3, 4), (1, 4))], p
        )
        for p in (1.0, 2.0, 3.0, inf)
    ],
    turned("pairwise_distance", [uniform((3, 4), (3, 4))], {"keepdims": True}, {"keepdim": True}),
    *[
        Entry(
            "cdist",
            lambda a, b, p=p: F.cdist(a, b, p),
            lambda a, b, p=p: torch.cdist(a, b, p),
            [uniform((3, 4), (2, 4)), uniform((2, 3, 4), (2, 5, 4))],
        )
        for p in (1.0, 2.0, 3.0)
    ],
    Entry("pdist", F.pdist, T.pdist, [uniform((4, 3)), uniform((1, 3))]),
    Entry("pdist", lambda x: F.pdist(x, 1.0), lambda x: T.pdist(x, 1.0), [uniform((4, 3))]),
]

INDICES = np.array([0, 2, 2, 1, 3, 0])
STARTS = np.array([0, 2, 2, 5])


def bag(mode, *indices, weights=False, **options):
    """An entry of bags: the indices are fixed, the table, and perhaps weights, are drawn."""
    index, *offsets = indices
    there = [torch.from_numpy(i) for i in indices]

    def ours(w, *more):
        given = {"per_sample_weights": more[0]} if more else {}
        return F.embedding_bag(index, w, *offsets, mode=mode, **given, **options)

    def theirs(w, *more):
        given = {"per_sample_weights": more[0]} if more else {}
        return T.embedding_bag(there[0], w, *there[1:], mode=mode, **given, **options)

    shapes = [(4, 3)] + [index.shape] * weights
    return Entry("embedding_bag", ours, theirs, [uniform(*shapes)])


BAGS = [
    *[bag(mode, INDICES, STARTS) for mode in ("sum", "mean", "max")],
    *[bag(mode, INDICES.reshape(2, 3)) for mode in ("sum", "mean", "max")],
    *[bag(mode, INDICES, STARTS, padding_idx=2) for mode in ("sum", "mean", "max")],
    bag("sum", INDICES, STARTS, weights=True),
    bag("sum", INDICES.reshape(3, 2), weights=True),
    bag("mean", INDICES, np.array([0, 3, 6]), include_last_offset=True),
    both("bilinear", [uniform((3, 4), (3, 2), (5, 4, 2), (5,)), uniform((4,), (2,), (5, 4, 2))]),
]


#: The draws of both sides differ, so that only probabilities of 0 and 1 and evaluation are comparable.
NOISE = [
    *[
        both(name, [uniform(shape)], p, training)
        for name, shape in (
            ("dropout1d", (2, 3, 4)),
            ("dropout3d", (2, 3, 2, 2, 4)),
            ("alpha_dropout", (3, 4)),
            ("feature_alpha_dropout", (2, 3, 4)),
        )
        for p, training in ((0.0, True), (0.3, False))
    ],
    *[both(name, [uniform((2, 3, 4))], 1.0, True) for name in ("dropout1d",)],
]


def its_alpha(x):
    """What PyTorch's formula gives for the elements that our draw keeps."""
    alpha = -1.7580993408473766
    a = ((1 - 0.4) * (1 + 0.4 * alpha**2)) ** -0.5
    kept = torch.from_numpy(np.random.default_rng(3).random(tuple(x.shape), dtype=np.float32) >= 0.4)
    return torch.where(kept, x, alpha) * a - a * alpha * 0.4


def gumbel(side):
    """A draw that decides nothing, since one class is far above the others: soft and hard."""
    if side is F:
        return lambda x: (F.gumbel_softmax(x * 1e-3 + FAR.astype(x.dtype), 1.0, True, rng=1),)
    return lambda x: (T.gumbel_softmax(x * 1e-3 + torch.from_numpy(FAR).to(x.dtype), 1.0, True),)


FAR = np.array([[1e3, 0.0, 0.0], [0.0, 0.0, 1e3]])
DRAWN = [
    Entry("alpha_dropout", lambda x: F.alpha_dropout(x, 0.4, rng=3), its_alpha, [uniform((3, 4))]),
    Entry("gumbel_softmax", gumbel(F), gumbel(T), [uniform((2, 3))], gradient=False),
]

TABLE = [*ELEMENTS, *DISTANCES, *BAGS, *NOISE, *DRAWN]
