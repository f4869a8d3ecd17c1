"""Reductions, running sums, sorting and searching beside PyTorch's."""

import torch

from tests.peers.compare import AXES, TOLERANCE, Entry, chosen, each, exactly, uniform
from tinygrad_cnn import functional as F

inf = float("inf")

TIES = chosen([-1, 0, 1], (3, 4, 2))
CUBE = [uniform((3, 4, 2)), uniform((1, 1, 1)), TIES]
EMPTY = [uniform((0, 3, 2))]
CHOICES = ((None, False), (1, False), (-1, True), ((0, 2), False), ((0, 1, 2), True))


def over_axes(name, theirs, draws, choices=CHOICES, tolerance=TOLERANCE["float32"], **options):
    """An entry for each choice of axes; PyTorch wants the axes one by one where it takes no None."""
    ours = getattr(F, name)
    return [
        Entry(
            name,
            lambda x, axis=axis, keep=keep: ours(x, axis=axis, keepdims=keep, **options),
            lambda x, axis=axis, keep=keep: theirs(x, all_of(x, axis), keep),
            draws,
            gradient=name not in ("any", "all"),
            tolerance=tolerance,
        )
        for axis, keep in choices
    ]


def all_of(x, axis):
    """The axes as a tuple."""
    return tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else axis


def one_by_one(function):
    """PyTorch's function over several axes, from one that takes a single axis."""

    def over(x, axes, keep):
        for axis in sorted((axis % x.ndim for axis in axes), reverse=True):
            x = function(x, axis, keep)
        return x

    return over


REDUCTIONS = [
    *over_axes("sum", torch.sum, [*CUBE, *EMPTY]),
    *over_axes("mean", torch.mean, [*CUBE, *EMPTY]),
    *over_axes("max", torch.amax, CUBE),
    *over_axes("min", torch.amin, CUBE),
    *over_axes("prod", one_by_one(torch.prod), [*CUBE, *EMPTY]),
    *over_axes("var", lambda x, a, k: torch.var(x, a, correction=0, keepdim=k), CUBE),
    *over_axes("std", lambda x, a, k: torch.std(x, a, correction=0, keepdim=k), CUBE[:1]),
    *over_axes("var", lambda x, a, k: torch.var(x, a, correction=1, keepdim=k), CUBE[::2], ddof=1),
    *over_axes("std", lambda x, a, k: torch.std(x, a, correction=1, keepdim=k), CUBE[:1], ddof=1),
    *over_axes(
        "logsumexp",
        torch.logsumexp,
        [*CUBE, chosen([-1e4, 0, 1e4], (3, 4, 2)), chosen([-inf, 0], (3, 4, 2))],
        tolerance=1e-3,  # theirs is e^(x - y) with y rounded: at 10,000 by up to 5e-4; ours does not need y
    ),
    *[
        entry
        for order in (1, 2, 3, 0.5, inf, -inf)
        for entry in over_axes(
            "norm",
            lambda x, a, k, order=order: torch.linalg.vector_norm(x, order, a, k),
            CUBE[:1] if order in (0.5, -inf) else CUBE,
            ord=order,
        )
    ],
    *over_axes("any", torch.any, [*CUBE, *EMPTY]),
    *over_axes("all", torch.all, [*CUBE, *EMPTY]),
    *[
        Entry(name, getattr(F, name), theirs, [*each(), TIES])
        for name, theirs in (("sum", torch.sum), ("mean", torch.mean))
    ],
    *[
        Entry(name, getattr(F, name), theirs, each([(), (5,), (2, 3)]))
        for name, theirs in (("max", torch.amax), ("min", torch.amin), ("prod", torch.prod))
    ],
    Entry("prod", F.prod, torch.prod, [exactly([2.0, 0.0, 3.0]), exactly([0.0, 0.0, 3.0]), exactly([0.0])]),
]

SCANS = [
    *[
        Entry(name, lambda x, f=ours, a=axis: f(x, a), lambda x, f=theirs, a=axis: f(x, a), [*CUBE, *EMPTY])
        for name, ours, theirs in (
            ("cumsum", F.cumsum, torch.cumsum),
            ("cumprod", F.cumprod, torch.cumprod),
        )
        for axis in (0, 1, -1)
    ],
    Entry("cumsum", F.cumsum, lambda x: x.ravel().cumsum(0), each()),
    Entry("cumprod", F.cumprod, lambda x: x.ravel().cumprod(0), [*each(), TIES]),
]


def distinct(*shape):
    """Numbers of which no two are equal: PyTorch promises an order of equal ones only where stable."""
    return lambda rng: [rng.permutation(24).reshape(shape).astype(float)]


UNTIED = [distinct(3, 4, 2)]
SORTS = [
    *[
        Entry(
            "sort",
            lambda x, a=axis, d=down: F.sort(x, a, descending=d),
            lambda x, a=axis, d=down: torch.sort(x, stable=True, dim=a, descending=d)[0],
            [*UNTIED, TIES, *EMPTY],
        )
        for axis in (0, 1, -1)
        for down in (False, True)
    ],
    *[
        Entry(
            "argsort",
            lambda x, a=axis, d=down: F.argsort(x, a, descending=d),
            lambda x, a=axis, d=down: torch.sort(x, stable=True, dim=a, descending=d)[1],
            [*UNTIED, TIES, *EMPTY],
            gradient=False,
        )
        for axis in (0, 1, -1)
        for down in (False, True)
    ],
    *[
        Entry(
            "topk",
            lambda x, k=k, a=axis, b=big: F.topk(x, k, a, largest=b),
            lambda x, k=k, a=axis, b=big: torch.topk(x, k, a, largest=b),
            UNTIED,
        )
        for k, axis in ((1, 0), (2, 1), (2, -1), (0, 1))
        for big in (True, False)
    ],
    *[
        Entry(
            name,
            lambda x, f=ours, a=axis: f(x, a),
            lambda x, f=theirs, a=axis: f(x, a),
            [*UNTIED, TIES],
            gradient=False,
        )
        for name, ours, theirs in (("argmax", F.argmax, torch.argmax), ("argmin", F.argmin, torch.argmin))
        for axis in (None, 0, 1, -1)
    ],
    *[
        Entry(
            name,
            lambda x, f=ours: f(x, axis=1, keepdims=True),
            lambda x, f=theirs: f(x, 1, True),
            [TIES],
            gradient=False,
        )
        for name, ours, theirs in (("argmax", F.argmax, torch.argmax), ("argmin", F.argmin, torch.argmin))
    ],
    Entry("argmax", F.argmax, torch.argmax, each([(), *AXES]), gradient=False),
]

TABLE = [*REDUCTIONS, *SCANS, *SORTS]
