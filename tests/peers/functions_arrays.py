# ruff: noqa: E501  # a row of the tables is easier to read in one line
"""Array functions beside PyTorch's: pairs, scans, places, statistics, joining, matrices."""

import numpy as np
import torch

from tests.peers.compare import Entry, chosen, each, exactly, integers, joined, pairs, uniform
from tinygrad_cnn import functional as F

inf, nan = float("inf"), float("nan")
NUMBERS, POSITIVE = each(), each(low=0.2, high=3)
PLACES = np.array([[0, 2, 2, 1], [1, 1, 0, 0]])
MASK = np.array([[True, False, True, False], [False, False, True, True], [True, True, False, False]])
MATRIX, VECTORS = uniform((3, 4)), uniform((5,), (5,))


def square(rng):
    """A matrix whose singular values are 1, 2 and 3, and so far from singular."""
    u, v = (np.linalg.qr(rng.standard_normal((3, 3)))[0] for _ in range(2))
    return [u @ np.diag([3.0, 2.0, 1.0]) @ v]


def positive(rng):
    """A symmetric matrix whose eigenvalues are 1, 4 and 9."""
    (a,) = square(rng)
    return [a @ a.T]


def places(x):
    return torch.as_tensor(x, dtype=torch.int64)


def one(name, theirs, draws=NUMBERS, ours=None, **options):
    return Entry(name, ours or getattr(F, name), theirs, draws, **options)


def two(name, theirs, low=-3.0, high=3.0, **options):
    return Entry(name, getattr(F, name), theirs, pairs(low, high), **options)


def plain(name, theirs, *draws, ours=None):
    return Entry(name, ours or getattr(F, name), theirs, draws, gradient=False)


ELEMENTWISE = [
    one("exp2", torch.exp2),
    one("arcsinh", torch.arcsinh),
    one("arccosh", torch.arccosh, each(low=1.2, high=4)),
    one("arctanh", torch.arctanh, each(low=-0.9, high=0.9)),
    one("deg2rad", torch.deg2rad),
    one("rad2deg", torch.rad2deg),
    one("trunc", torch.trunc),
    one("sinc", torch.sinc),
    one("nan_to_num", lambda x: torch.nan_to_num(x, 1.0, 2.0, 3.0), [exactly([nan, inf, -inf, 0.5])],
        ours=lambda x: F.nan_to_num(x, 1.0, 2.0, 3.0)),
    two("logaddexp", torch.logaddexp),
    two("logaddexp2", torch.logaddexp2),
    two("hypot", torch.hypot),
    two("copysign", torch.copysign),
    two("fmod", torch.fmod, low=0.3),
    two("fmax", torch.fmax),
    two("fmin", torch.fmin),
    two("xlogy", torch.xlogy, low=0.2),
    Entry("lerp", lambda a, b: F.lerp(a, b, 0.3), lambda a, b: torch.lerp(a, b, 0.3), [uniform((3, 4), (3, 4))]),
    Entry("addcmul", lambda x, a, b: F.addcmul(x, a, b, 0.5), lambda x, a, b: torch.addcmul(x, a, b, value=0.5),
          [uniform((3, 4), (3, 4), (4,))]),
    Entry("addcdiv", lambda x, a, b: F.addcdiv(x, a, b * b + 1, 0.5),
          lambda x, a, b: torch.addcdiv(x, a, b * b + 1, value=0.5), [uniform((3, 4), (3, 4), (4,))]),
]  # fmt: skip

SCANS = [
    one("cummax", lambda x: torch.cummax(x, 1).values, [MATRIX, chosen([-1, 0, 1], (3, 4))],
        ours=lambda x: F.cummax(x, 1)),
    one("cummin", lambda x: torch.cummin(x, 0).values, [MATRIX, chosen([-1, 0, 1], (3, 4))],
        ours=lambda x: F.cummin(x, 0)),
    one("logcumsumexp", lambda x: torch.logcumsumexp(x, 1), [MATRIX], ours=lambda x: F.logcumsumexp(x, 1)),
]  # fmt: skip

INTO = uniform((3, 4), (2, 4))
SCATTER = [
    one("take", lambda x: torch.index_select(x, 1, places([0, 2, 2])), [MATRIX],
        ours=lambda x: F.take(x, [0, 2, 2], 1)),
    one("put_along_axis", lambda x, v: x.scatter(0, places(PLACES[:1]), v[:1]), [INTO],
        ours=lambda x, v: F.put_along_axis(x, PLACES[:1], v[:1], 0)),
    one("scatter_add", lambda x, v: x.scatter_add(0, places(PLACES), v), [INTO],
        ours=lambda x, v: F.scatter_add(x, PLACES, v, 0)),
    *[
        one("scatter_reduce", lambda x, v, r=r, s=s: x.scatter_reduce(0, places(PLACES), v, r, include_self=s), [INTO],
            ours=lambda x, v, r=r, s=s: F.scatter_reduce(x, PLACES, v, 0, r, s))
        for r in ("sum", "prod", "mean", "amax", "amin") for s in (True, False)
    ],
    one("index_add", lambda x, v: x.index_add(0, places([0, 0]), v), [INTO],
        ours=lambda x, v: F.index_add(x, 0, [0, 0], v)),
    one("index_copy", lambda x, v: x.index_copy(0, places([2, 0]), v), [INTO],
        ours=lambda x, v: F.index_copy(x, 0, [2, 0], v)),
    one("index_fill", lambda x: x.index_fill(1, places([1, 3]), 7.0), [MATRIX],
        ours=lambda x: F.index_fill(x, 1, [1, 3], 7.0)),
    one("masked_fill", lambda x: x.masked_fill(torch.as_tensor(MASK), 7.0), [MATRIX],
        ours=lambda x: F.masked_fill(x, MASK, 7.0)),
    one("masked_select", lambda x: x.masked_select(torch.as_tensor(MASK)), [MATRIX],
        ours=lambda x: F.masked_select(x, MASK)),
]  # fmt: skip

STATISTICS = [
    one("diff", lambda x: torch.diff(x, 2, 1), [MATRIX], ours=lambda x: F.diff(x, 2, 1)),
    one("ptp", lambda x: x.amax(0) - x.amin(0), [MATRIX], ours=lambda x: F.ptp(x, 0)),
    one("average", lambda x, w: (x * w).sum(1) / w.sum(1), [uniform((3, 4), (3, 4), low=0.5, high=2)],
        ours=lambda x, w: F.average(x, 1, w)),
    one("quantile", lambda x: torch.quantile(x, torch.tensor([0.1, 0.5], dtype=x.dtype), 1), [MATRIX],
        ours=lambda x: F.quantile(x, [0.1, 0.5], 1)),
    one("percentile", lambda x: torch.quantile(x, 0.3), [MATRIX], ours=lambda x: F.percentile(x, 30)),
    one("median", lambda x: torch.quantile(x, 0.5, 0), [MATRIX], ours=lambda x: F.median(x, 0)),
    one("cov", torch.cov, [MATRIX]),
    one("corrcoef", torch.corrcoef, [MATRIX]),
    one("nansum", torch.nansum, [MATRIX]),
    one("nanmean", lambda x: torch.nanmean(x, 1), [MATRIX], ours=lambda x: F.nanmean(x, 1)),
    one("nanmax", torch.max, [MATRIX]),
    one("nanmin", torch.min, [MATRIX]),
    one("bincount", lambda w: torch.zeros(3, dtype=w.dtype).index_add(0, places([0, 2, 2, 1, 0]), w), [uniform((5,))],
        ours=lambda w: F.bincount(np.array([0, 2, 2, 1, 0]), w)),
    plain("count_nonzero", lambda x: torch.count_nonzero(x, 1), chosen([0, 1], (3, 4)),
          ours=lambda x: F.count_nonzero(x, 1)),
    plain("histogram", lambda x: torch.histc(x, 4, 0, 4).to(torch.int64), chosen([0.5, 1.5, 3.5], (7,)),
          ours=lambda x: F.histogram(x, 4, (0, 4))[0]),
]  # fmt: skip

INTEGERS = integers(0, 9, (3, 4))
QUESTIONS = [
    plain("isclose", torch.isclose, chosen([1, 1 + 1e-7, 2], (3, 4), (3, 4))),
    plain("allclose", lambda a, b: torch.tensor(torch.allclose(a, b)), chosen([1, 2], (1,), (1,))),
    plain("array_equal", lambda a, b: torch.tensor(torch.equal(a, b)), chosen([1, 2], (1,), (1,))),
    plain("signbit", torch.signbit, exactly([-0.0, 0.0, -1.0, inf])),
    plain("isin", lambda a, b: torch.isin(a, b), chosen([1, 2, 3], (3, 4), (2,))),
    plain("nonzero", lambda x: torch.nonzero(x, as_tuple=True), chosen([0, 1], (3, 4))),
    plain("argwhere", torch.argwhere, chosen([0, 1], (3, 4))),
    plain("searchsorted", lambda v: torch.searchsorted(torch.tensor([1.0, 2.0, 3.0], dtype=v.dtype), v), uniform((5,)),
          ours=lambda v: F.searchsorted(np.array([1.0, 2.0, 3.0]), v)),
    plain("unique", torch.unique, chosen([1, 2, 3], (3, 4))),
    plain("one_hot", lambda x: torch.nn.functional.one_hot(x, 9), INTEGERS, ours=lambda x: F.one_hot(x, 9)),
    *[
        plain(f"bitwise_{n}", getattr(torch, f"bitwise_{n}"), integers(0, 9, (3, 4), (3, 4)))
        for n in ("and", "or", "xor", "left_shift", "right_shift")
    ],
    plain("bitwise_invert", torch.bitwise_not, INTEGERS),
]  # fmt: skip

JOINING = [
    one("hstack", lambda a, b: torch.hstack([a, b]), [VECTORS], ours=lambda a, b: F.hstack([a, b])),
    one("vstack", lambda a, b: torch.vstack([a, b]), [VECTORS], ours=lambda a, b: F.vstack([a, b])),
    one("dstack", lambda a, b: torch.dstack([a, b]), [VECTORS], ours=lambda a, b: F.dstack([a, b])),
    one("column_stack", lambda a, b: torch.column_stack([a, b]), [VECTORS], ours=lambda a, b: F.column_stack([a, b])),
    one("atleast_1d", torch.atleast_1d, [uniform(())]),
    one("atleast_2d", torch.atleast_2d, [uniform((3,))]),
    one("atleast_3d", torch.atleast_3d, [MATRIX]),
    one("unstack", lambda x: torch.unbind(x, 1), [MATRIX], ours=lambda x: F.unstack(x, 1)),
    one("broadcast_arrays", lambda a, b: torch.broadcast_tensors(a, b), [uniform((3, 4), (4,))]),
    one("meshgrid", lambda a, b: torch.meshgrid(a, b, indexing="xy"), [uniform((3,), (4,))]),
    one("fliplr", torch.fliplr, [MATRIX]),
    one("flipud", torch.flipud, [MATRIX]),
    one("rot90", lambda x: torch.rot90(x, 3), [MATRIX], ours=lambda x: F.rot90(x, 3)),
    one("diag", lambda x: torch.diag(x, -1), [uniform((4,)), MATRIX], ours=lambda x: F.diag(x, -1)),
    one("kron", torch.kron, [uniform((2, 3), (4,))]),
    one("cross", lambda a, b: torch.linalg.cross(a, b), [uniform((2, 3), (2, 3))]),
    one("inner", torch.inner, [uniform((2, 3), (4, 3))]),
    one("vecdot", torch.linalg.vecdot, [uniform((2, 3), (2, 3))]),
    one("matrix_transpose", lambda x: x.mT, [uniform((2, 3, 4))]),
    one("addmm", lambda x, a, b: torch.addmm(x, a, b, beta=2, alpha=0.5), [uniform((3,), (2, 4), (4, 3))],
        ours=lambda x, a, b: F.addmm(x, a, b, 2, 0.5)),
    one("sliding_window_view", lambda x: x.unfold(0, 2, 1).unfold(1, 3, 1), [MATRIX],
        ours=lambda x: F.sliding_window_view(x, (2, 3))),
]  # fmt: skip

#: Factors and solutions lose as many digits as the matrix's condition, 3 to 9, takes from them.
LOOSE = {"tolerance": 2e-4, "tolerance64": 1e-8}
MATRICES = [
    one("inv", torch.linalg.inv, [square], **LOOSE),
    one("solve", torch.linalg.solve, [joined(square, uniform((3, 2))), joined(square, uniform((3,)))], **LOOSE),
    one("det", torch.linalg.det, [square], **LOOSE),
    one("slogdet", lambda a: torch.linalg.slogdet(a).logabsdet, [square], ours=lambda a: F.slogdet(a)[1], **LOOSE),
    one("cholesky", torch.linalg.cholesky, [positive], **LOOSE),
    one("eigh", lambda a: torch.linalg.eigh((a + a.mT) / 2)[1] ** 2, [positive],
        ours=lambda a: F.eigh(a)[1] ** 2, **LOOSE),
    one("eigvalsh", lambda a: torch.linalg.eigvalsh((a + a.mT) / 2), [positive], **LOOSE),
    one("svd", lambda a: torch.linalg.svd(a, full_matrices=False)[2] ** 2, [square, MATRIX],
        ours=lambda a: F.svd(a)[2] ** 2, **LOOSE),
    one("svdvals", torch.linalg.svdvals, [square, MATRIX], **LOOSE),
    one("qr", lambda a: torch.linalg.qr(a), [square, uniform((4, 3))], **LOOSE),
    one("pinv", torch.linalg.pinv, [square], **LOOSE),
    one("lstsq", lambda a, b: torch.linalg.pinv(a) @ b, [joined(square, uniform((3, 2)))], **LOOSE),
    one("matrix_power", lambda a: torch.linalg.matrix_power(a, -2), [square],
        ours=lambda a: F.matrix_power(a, -2), **LOOSE),
    *[
        one("matrix_norm", lambda a, o=o: torch.linalg.matrix_norm(a, o), [square],
            ours=lambda a, o=o: F.matrix_norm(a, o), **LOOSE)
        for o in ("fro", "nuc", 2, -2, 1, -1, inf, -inf)
    ],
    one("multi_dot", lambda a, b, c: torch.linalg.multi_dot([a, b, c]), [uniform((2, 3), (3, 4), (4, 2))],
        ours=lambda a, b, c: F.multi_dot([a, b, c])),
    plain("matrix_rank", torch.linalg.matrix_rank, square),
]  # fmt: skip

TABLE = [*ELEMENTWISE, *SCANS, *SCATTER, *STATISTICS, *QUESTIONS, *JOINING, *MATRICES]
