"""Rearranging, joining, indexing and products beside PyTorch's."""

import numpy as np
import torch
import torch.nn.functional as T

from tests.peers.compare import Entry, chosen, each, exactly, integers, joined, uniform
from tinygrad_cnn import functional as F

CUBE = [uniform((2, 3, 4)), uniform((2, 0, 4)), chosen([0, 1], (2, 3, 4))]
SQUARES = [uniform((3, 3)), uniform((3, 5)), uniform((5, 3)), uniform((2, 4, 3))]


def both(name, ours, theirs, draws, **more):
    """An entry of the public function `name`, each side a lambda."""
    return Entry(name, ours, theirs, draws, **more)


REARRANGED = [
    *[
        both("reshape", lambda x, s=s: F.reshape(x, s), lambda x, s=s: torch.reshape(x, s), CUBE[::2])
        for s in ((4, 6), (-1,), (2, -1, 2), (1, 24, 1))
    ],
    both(
        "reshape", lambda x: F.reshape(x, (4, 0)), lambda x: torch.reshape(x, (4, 0)), [uniform((2, 0, 4))]
    ),
    *[
        both(
            "flatten",
            lambda x, a=a: F.flatten(x, *a),
            lambda x, a=a: torch.flatten(x, *a),
            [*CUBE, uniform(())],
        )
        for a in ((), (0,), (-1,))
    ],
    both("flatten", lambda x: F.flatten(x, 1), lambda x: torch.flatten(x, 1), CUBE),
    both("transpose", F.transpose, lambda x: x.permute(tuple(reversed(range(x.ndim)))), each()),
    *[
        both(name, lambda x, f=ours: f(x, (2, 0, 1)), lambda x: torch.permute(x, (2, 0, 1)), CUBE)
        for name, ours in (("transpose", F.transpose), ("permute", F.permute))
    ],
    both("swapaxes", lambda x: F.swapaxes(x, 0, -1), lambda x: torch.swapaxes(x, 0, -1), CUBE),
    both("moveaxis", lambda x: F.moveaxis(x, 0, -1), lambda x: torch.moveaxis(x, 0, -1), CUBE),
    both(
        "moveaxis",
        lambda x: F.moveaxis(x, (0, 1), (2, 0)),
        lambda x: torch.moveaxis(x, (0, 1), (2, 0)),
        CUBE,
    ),
    *[
        both("expand_dims", lambda x, a=a: F.expand_dims(x, a), lambda x, a=a: torch.unsqueeze(x, a), CUBE)
        for a in (0, 1, -1)
    ],
    both("squeeze", F.squeeze, torch.squeeze, each([(1, 3, 1), (1, 1), (2, 3), (1, 0)])),
    both("squeeze", lambda x: F.squeeze(x, 0), lambda x: torch.squeeze(x, 0), each([(1, 3, 1), (1, 0)])),
    both("squeeze", lambda x: F.squeeze(x, (0, 2)), lambda x: torch.squeeze(x, (0, 2)), each([(1, 3, 1)])),
    both(
        "broadcast_to",
        lambda x: F.broadcast_to(x, (2, 3, 4)),
        lambda x: torch.broadcast_to(x, (2, 3, 4)),
        each([(), (4,), (3, 1), (2, 1, 4), (2, 3, 4)]),
    ),
    both(
        "broadcast_to",
        lambda x: F.broadcast_to(x, (0, 4)),
        lambda x: torch.broadcast_to(x, (0, 4)),
        each([(4,), (1, 1)]),
    ),
    both("flip", lambda x: F.flip(x), lambda x: torch.flip(x, tuple(range(x.ndim))), each()),
    *[
        both("flip", lambda x, a=a: F.flip(x, a), lambda x, a=a: torch.flip(x, a), CUBE)
        for a in ((0,), (1, -1))
    ],
    *[
        both("roll", lambda x, a=a: F.roll(x, *a), lambda x, a=a: torch.roll(x, *a), CUBE)
        for a in ((1,), (-5,), (2, 1), ((1, -1), (0, 2)))
    ],
    *[
        both(
            name,
            lambda x, f=ours, k=k: f(x, k),
            lambda x, f=theirs, k=k: f(x, k),
            [*SQUARES, uniform((0, 3))],
        )
        for name, ours, theirs in (("tril", F.tril, torch.tril), ("triu", F.triu, torch.triu))
        for k in (-1, 0, 2)
    ],
    *[
        both("diagonal", lambda x, k=k: F.diagonal(x, k), lambda x, k=k: torch.diagonal(x, k), SQUARES)
        for k in (-1, 0, 1)
    ],
    both("diagonal", lambda x: F.diagonal(x, 1, -2, -1), lambda x: torch.diagonal(x, 1, -2, -1), SQUARES),
    both("trace", F.trace, torch.trace, SQUARES[:3]),
]

PARTS = [uniform((2, 3), (2, 3)), uniform((2, 0), (2, 3))]
JOINED = [
    both(
        "concatenate",
        lambda *x: F.concatenate(x, 1),
        lambda *x: torch.cat(x, 1),
        [*PARTS, uniform((2, 1), (2, 2), (2, 4))],
    ),
    both("concatenate", lambda x: F.concatenate([x, x]), lambda x: torch.cat([x, x]), each([(2, 3), (5,)])),
    *[
        both(
            "stack",
            lambda *x, a=a: F.stack(x, a),
            lambda *x, a=a: torch.stack(x, a),
            [PARTS[0], uniform((2, 0), (2, 0))],
        )
        for a in (0, 1, -1)
    ],
    both("stack", lambda *x: F.stack(x), lambda *x: torch.stack(x), [uniform((), (), ())]),
    both("split", lambda x: F.split(x, 3, 1), lambda x: torch.tensor_split(x, 3, 1), [uniform((2, 6))]),
    both(
        "split",
        lambda x: F.split(x, [1, 4], 1),
        lambda x: torch.tensor_split(x, [1, 4], 1),
        [uniform((2, 6))],
    ),
    *[
        both(
            "tile",
            lambda x, r=r: F.tile(x, r),
            lambda x, r=r: torch.tile(x, r),
            each([(), (3,), (2, 3), (0, 2)]),
        )
        for r in ((2,), (2, 1, 3), (1, 0))
    ],
    both(
        "repeat",
        lambda x: F.repeat(x, 3),
        lambda x: torch.repeat_interleave(x, 3),
        each([(3,), (2, 3), (0,)]),
    ),
    both("repeat", lambda x: F.repeat(x, 2, 1), lambda x: torch.repeat_interleave(x, 2, 1), CUBE),
    both(
        "repeat",
        lambda x: F.repeat(x, [2, 0, 3], 1),
        lambda x: torch.repeat_interleave(x, torch.tensor([2, 0, 3]), 1),
        CUBE[::2],
    ),
    *[
        both(
            "pad",
            lambda x, p=p: F.pad(x, p, constant_values=1.5),
            lambda x, p=p: T.pad(x, flat(p), value=1.5),
            [uniform((2, 3)), uniform((0, 3))],
        )
        for p in (((0, 0), (1, 2)), ((2, 0), (0, 3)))
    ],
    *[
        both(
            "pad",
            lambda x, m=m: F.pad(x, ((0, 0), (0, 0), (2, 1), (1, 3)), m),
            lambda x, m=m: T.pad(x, (1, 3, 2, 1), m),
            [uniform((2, 3, 4, 5)), chosen([0, 1], (1, 1, 3, 4))],
        )
        for m in ("reflect", "replicate", "circular")
    ],
    *[
        both(
            "pad",
            lambda x, m=m: F.pad(x, ((0, 0), (0, 0), (2, 1)), m),
            lambda x, m=m: T.pad(x, (2, 1), m),
            [uniform((2, 3, 5)), uniform((0, 3, 5))],
        )
        for m in ("constant", "reflect", "replicate", "circular")
    ],
]


def flat(pairs):
    """Widths as PyTorch wants them: the last axis first."""
    return tuple(n for pair in reversed(pairs) for n in pair)


def indexed(*key, draws=CUBE[::2]):
    """An entry for x[key], in which arrays become PyTorch's."""
    theirs = tuple(torch.from_numpy(k) if isinstance(k, np.ndarray) else k for k in key)
    return both("index", lambda x: F.index(x, key), lambda x: x[theirs], draws)


ROWS, COLUMNS = np.array([1, 0, 1, -1, 1]), np.array([2, 2, 2, 0, -3])
MASK = np.array([[True, False, True], [False, False, True]])
INDEXED = [
    indexed(0),
    indexed(-1),
    indexed(1, 2, 3),
    indexed(slice(None), 1),
    indexed(..., 0),
    indexed(None, 0),
    indexed(slice(0, 2), slice(None, None, 2), slice(1, None)),
    indexed(slice(1, 1)),
    indexed(ROWS),
    indexed(ROWS, COLUMNS),
    indexed(slice(None), COLUMNS),
    indexed(ROWS, slice(None), np.array([0, 3, 1, 1, -1])),
    indexed(ROWS[:, None], np.array([[0, 1]])),
    indexed(MASK),
    indexed(MASK, 1),
    indexed(np.array([], int)),
    both(
        "index",
        lambda x: F.index(x, (slice(None), slice(None, None, -1), slice(None, None, -2))),
        lambda x: torch.flip(torch.flip(x, (1,)), (2,))[..., ::2],
        CUBE,
    ),
    both("index", lambda x: F.index(x, ()), lambda x: x[()], each([(), (3,)])),
    *[
        both(
            "take_along_axis",
            lambda x, i, a=a: F.take_along_axis(x, i, a),
            lambda x, i, a=a: torch.take_along_dim(x, i, a),
            [
                joined(uniform((2, 3, 4)), integers(0, 2, (2, 3, 4))),
                joined(uniform((2, 3, 4)), integers(0, 2, (1, 3, 1))),
            ],
        )
        for a in (0, 1, -1)
    ],
    both(
        "take_along_axis",
        lambda x, i: F.take_along_axis(x, i, None),
        torch.take_along_dim,
        [joined(uniform((2, 3)), integers(0, 6, (8,)))],
    ),
]

PRODUCTS = [
    both(
        "matmul",
        F.matmul,
        torch.matmul,
        [
            uniform(a, b)
            for a, b in (
                ((3, 4), (4, 2)),
                ((4,), (4,)),
                ((3, 4), (4,)),
                ((4,), (4, 2)),
                ((2, 3, 4), (4, 2)),
                ((4,), (2, 4, 3)),
                ((2, 1, 3, 4), (5, 4, 2)),
                ((3, 0), (0, 2)),
                ((0, 3), (3, 2)),
                ((0, 3, 4), (4, 2)),
            )
        ],
    ),
    both(
        "linear",
        F.linear,
        T.linear,
        [
            uniform((5, 3), (4, 3), (4,)),
            uniform((3,), (4, 3), (4,)),
            uniform((2, 5, 3), (4, 3), (4,)),
            uniform((0, 3), (4, 3), (4,)),
            uniform((2, 0), (4, 0), (4,)),
        ],
    ),
    both("linear", F.linear, T.linear, [uniform((5, 3), (4, 3)), uniform((2, 3), (1, 3))]),
    both("dot", F.dot, torch.dot, [uniform((4,), (4,)), uniform((0,), (0,))]),
    both("dot", F.dot, torch.matmul, [uniform((3, 4), (4, 2)), uniform((3, 4), (4,))]),
    both("dot", F.dot, lambda a, b: torch.tensordot(a, b, ([-1], [-2])), [uniform((2, 3, 4), (5, 4, 2))]),
    both("outer", F.outer, torch.outer, [uniform((4,), (3,)), uniform((0,), (3,))]),
    *[
        both(
            "tensordot",
            lambda a, b, n=n: F.tensordot(a, b, n),
            lambda a, b, n=n: torch.tensordot(a, b, n),
            [uniform(*s)],
        )
        for n, s in (
            (2, ((2, 3, 4), (3, 4, 5))),
            (1, ((2, 3), (3, 4))),
            (0, ((2, 3), (4,))),
            (([0, 2], [1, 0]), ((2, 3, 4), (4, 2, 5))),
            (([-1], [0]), ((2, 3), (3,))),
            (1, ((2, 0), (0, 4))),
        )
    ],
    *[
        both(
            "einsum",
            lambda *x, s=s: F.einsum(s, *x),
            lambda *x, s=s: torch.einsum(s, *x),
            [uniform(*shapes)],
        )
        for s, shapes in (
            ("ij,jk->ik", ((2, 3), (3, 4))),
            ("ij,jk", ((2, 3), (3, 4))),
            ("ij->ji", ((2, 3),)),
            ("ii->i", ((3, 3),)),
            ("ii", ((3, 3),)),
            ("ij->", ((2, 3),)),
            ("i,j->ij", ((2,), (3,))),
            ("bij,bjk->bik", ((2, 3, 4), (2, 4, 5))),
            ("...ij,...jk->...ik", ((2, 1, 3, 4), (5, 4, 2))),
            ("i,i->", ((3,), (3,))),
            ("ij,jk,kl->il", ((2, 3), (3, 4), (4, 2))),
            ("i...->...", ((3, 2),)),
            ("iij->ij", ((3, 3, 2),)),
            ("i,i,i->i", ((3,), (3,), (3,))),
            ("ij,jk->ik", ((2, 0), (0, 4))),
        )
    ],
    both("dot", F.dot, torch.dot, [exactly([0.0, 1.0], [1.0, 0.0])]),
]

TABLE = [*REARRANGED, *JOINED, *INDEXED, *PRODUCTS]
