# ruff: noqa: E501  # a row of the tables is easier to read in one line
"""Every public function: made of ops that have cases, or with values and both orders checked of its own.

What the page of operations says of each, and PyTorch's results beside ours, are tests of their own:
tests/test_docs.py and tests/peers/test_functions.py go through all functions, too.
"""

import inspect
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

import numpy as np
import pytest

from tests.functional.test_array_functions import DIFFERENTIATED, PLAIN
from tinygrad_cnn import Tensor
from tinygrad_cnn import functional as F
from tinygrad_cnn.testing import CASES, gradcheck

RNG = np.random.default_rng(3)


def far(*shape: int) -> Any:
    """Numbers of which no two are close."""
    count = int(np.prod(shape))
    return ((RNG.permutation(count) - count / 2) * 0.13 + 0.05).reshape(shape)


X, Y, V = far(3, 4), far(3, 4) + 0.02, far(5)
LINES, IMAGES, VOLUMES = far(2, 4, 6), far(1, 4, 4, 5), far(1, 2, 3, 4, 4)
Q, K, W = far(2, 3, 4), far(2, 5, 4), far(2, 5, 2)
TAKEN, HOT = np.array([[0, 2], [1, 1]]), np.eye(4)[[1, 0, 3]]
BILINEAR = far(2, 4, 4)
GRID = np.stack(np.meshgrid([-0.5, 0.5], [-0.5, 0.5]), -1)[None]


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def far_apart(a: Any, b: Any) -> Any:
    return np.sqrt(((a - b + 1e-6) ** 2).sum(-1))


def places(pool: Callable[..., Any], x: Any, size: int) -> Any:
    return pool(x, size, return_indices=True)[1]


def far_windows(x: Any, rows: Any, columns: Any) -> Any:
    """The maxima of 2 × 2 windows that start at some rows and columns."""
    return np.stack(
        [np.stack([x[..., i : i + 2, j : j + 2].max((-1, -2)) for j in columns], -1) for i in rows], -2
    )


def spread_out(x: Any) -> Any:
    """The maxima of pairs of a line, each at its place."""
    out = np.zeros_like(x)
    pairs = x.reshape(*x.shape[:-1], -1, 2)
    np.put_along_axis(out.reshape(pairs.shape), pairs.argmax(-1)[..., None], pairs.max(-1)[..., None], -1)
    return out


Row = tuple[Callable[..., Any], Callable[..., Any], list[Any]]
#: Made of public functions: ours, a reference in plain NumPy, and float operands that are differentiated.
COMPOSED: dict[str, Row] = {
    "bilinear": (lambda a, b, w: F.bilinear(a, b, w), lambda a, b, w: np.einsum("ni,kij,nj->nk", a, w, b), [X, Y, BILINEAR]),
    "channel_shuffle": (
        lambda x: F.channel_shuffle(x, 2), lambda x: x.reshape(1, 2, 2, 4, 5).swapaxes(1, 2).reshape(x.shape), [IMAGES],
    ),
    "embedding_bag": (lambda w: F.embedding_bag(TAKEN, w), lambda w: w[TAKEN].mean(1), [X]),
    "grid_sample": (
        lambda x: F.grid_sample(x, GRID.astype(x.dtype), align_corners=False),
        lambda x: x.reshape(1, 4, 2, 2, 2, 2).mean((3, 5)), [far(1, 4, 4, 4)],
    ),
    "multilabel_soft_margin_loss": (
        lambda x: F.multilabel_soft_margin_loss(x, HOT.astype(x.dtype)),
        lambda x: (HOT * np.log1p(np.exp(-x)) + (1 - HOT) * np.log1p(np.exp(x))).mean(), [X],
    ),
    "permute": (lambda x: F.permute(x, (2, 0, 1)), lambda x: x.transpose(2, 0, 1), [LINES]),
    "rnn_cell": (
        lambda x, h, w, u: F.rnn_cell(x, h, w, u), lambda x, h, w, u: np.tanh(x @ w.T + h @ u.T), [X, far(3, 2), far(2, 4) / 4, far(2, 2) / 4],
    ),
    "rrelu": (lambda x: F.rrelu(x, 0.2, 0.4, False), lambda x: np.where(x > 0, x, 0.3 * x), [X]),
    "scaled_dot_product_attention": (
        F.scaled_dot_product_attention, lambda q, k, v: softmax(q @ k.swapaxes(1, 2) / 2) @ v, [Q, K, W],
    ),
    "trace": (F.trace, np.trace, [X]),
    "triplet_margin_loss": (
        lambda a, p, n: F.triplet_margin_loss(a, p, n, margin=2.0),
        lambda a, p, n: np.maximum(far_apart(a, p) - far_apart(a, n) + 2, 0).mean(), [X, Y, X[::-1] * 0.3],
    ),
    "lp_pool1d": (lambda x: F.lp_pool1d(x, 3, 2), lambda x: (x.reshape(2, 4, 3, 2) ** 3).sum(-1) ** (1 / 3), [abs(LINES) + 1]),
    "lp_pool3d": (
        lambda x: F.lp_pool3d(x, 2, (1, 2, 2)), lambda x: np.sqrt((x.reshape(1, 2, 3, 2, 2, 2, 2) ** 2).sum((4, 6))), [VOLUMES],
    ),
    "fractional_max_pool2d": (
        lambda x: F.fractional_max_pool2d(x, 2, (2, 3), random_samples=np.full((1, 4, 2), 0.5)),
        lambda x: far_windows(x, (0, 2), (0, 2, 3)), [IMAGES],
    ),
    "fractional_max_pool3d": (
        lambda x: F.fractional_max_pool3d(x, (1, 2, 2), (3, 1, 1), rng=0), lambda x: x[..., 2:, 2:].max((-1, -2), keepdims=True), [VOLUMES],
    ),
    "linear_cross_entropy": (
        lambda x, w: F.linear_cross_entropy(x, w, [1, 0, 1]),
        lambda x, w: -np.log(softmax(x @ w.T))[[0, 1, 2], [1, 0, 1]].mean(), [X, far(2, 4) / 4],
    ),
    "max_unpool1d": (
        lambda x: F.max_unpool1d(F.max_pool1d(x, 2), places(F.max_pool1d, x, 2), 2), spread_out, [LINES],
    ),
    "max_unpool2d": (
        lambda x: F.max_unpool2d(F.max_pool2d(x, (1, 2)), places(F.max_pool2d, x, (1, 2)), (1, 2)), spread_out, [far(1, 2, 3, 4)],
    ),
    "max_unpool3d": (
        lambda x: F.max_unpool3d(F.max_pool3d(x, (1, 1, 2)), places(F.max_pool3d, x, (1, 1, 2)), (1, 1, 2)), spread_out, [VOLUMES],
    ),
    "adaptive_avg_pool1d": (lambda x: F.adaptive_avg_pool1d(x, 3), lambda x: x.reshape(2, 4, 3, 2).mean(-1), [LINES]),
    "adaptive_max_pool1d": (lambda x: F.adaptive_max_pool1d(x, 3), lambda x: x.reshape(2, 4, 3, 2).max(-1), [LINES]),
    "adaptive_avg_pool3d": (
        lambda x: F.adaptive_avg_pool3d(x, (3, 2, 2)), lambda x: x.reshape(1, 2, 3, 2, 2, 2, 2).mean((4, 6)), [VOLUMES],
    ),
    "adaptive_max_pool3d": (
        lambda x: F.adaptive_max_pool3d(x, (3, 2, 2)), lambda x: x.reshape(1, 2, 3, 2, 2, 2, 2).max((4, 6)), [VOLUMES],
    ),
}  # fmt: skip

#: Functions whose answers have no gradient, and so neither an op nor a row; the place of their tests.
EXEMPT = dict.fromkeys(
    (
        "all", "any", "argmax", "argmin", "equal", "greater", "greater_equal", "isfinite", "isinf", "isnan",
        "less", "less_equal", "logical_and", "logical_not", "logical_or", "logical_xor", "not_equal",
    ),
    "tests/functional/test_reduce.py, tests/functional/test_elementwise.py and tests/peers",
)  # fmt: skip


def names_in(code: CodeType) -> Iterator[str]:
    """All names that a function asks for, in functions inside it, too."""
    yield from code.co_names
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from names_in(part)


def ops_of(function: Any, seen: set[str]) -> set[str]:
    """The ops that a function calls, itself or through functions that are not public."""
    function = inspect.unwrap(function)
    found: set[str] = set()
    for name in names_in(function.__code__):
        found.add(name)
        inner = function.__globals__.get(name)
        inside = isinstance(inner, FunctionType) and inner.__module__.startswith("tinygrad_cnn.functional")
        if inside and name not in F.__all__ and name not in seen:
            seen.add(name)
            found |= ops_of(inner, seen)
    return found & {op.__name__ for op in CASES}


def test_every_function_is_made_of_ops_with_cases_or_has_a_row() -> None:
    rows = {key.split()[0].strip(",") for key in (*DIFFERENTIATED, *PLAIN)} | COMPOSED.keys()
    left = {name for name in F.__all__ if name not in rows and not ops_of(getattr(F, name), set())}
    assert left - EXEMPT.keys() == set(), "functions whose derivative no test would see"
    assert EXEMPT.keys() - left == set(), "needless exemptions"


@pytest.mark.parametrize("name", COMPOSED)
def test_values_and_both_orders(name: str) -> None:
    ours, theirs, operands = COMPOSED[name]
    expected = np.asarray(theirs(*operands))
    strided = [np.asfortranarray(x)[::-1][::-1] for x in operands]
    for given in (operands, strided, [Tensor(x) for x in operands]):
        found = ours(*given)
        np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-9, atol=1e-12, strict=True)
    assert gradcheck(ours, *operands, order=2, directions=1)
    single = [Tensor(x.astype("float32"), requires_grad=True) for x in operands]
    y = ours(*single)
    assert y.dtype == np.float32 and y.requires_grad
    y.sum().backward()
    assert all(x.grad is not None and x.grad.dtype == np.float32 for x in single)
