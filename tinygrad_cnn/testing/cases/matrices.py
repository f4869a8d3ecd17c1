"""Cases: inverses, systems of equations, determinants, factorizations."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import SEEDS, Array, Case, Draw, Problem, Reference, uniform

STACKS = hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=2)


def spread(draw: Draw, stack: tuple[int, ...], m: int, n: int) -> Array:
    """Matrices with random singular vectors, whose singular values are 1, 2, 3, and a little more."""
    rng = np.random.default_rng(draw(SEEDS))
    left = np.linalg.qr(rng.standard_normal((*stack, m, m)))[0]
    right = np.linalg.qr(rng.standard_normal((*stack, n, n)))[0]
    k = min(m, n)
    values = np.arange(1, k + 1) + rng.uniform(0, 0.4, (*stack, k))
    return (left[..., :k] * values[..., None, :]) @ right[..., :k, :]


@st.composite
def square(draw: Draw, op: Callable[[], Op]) -> Problem:
    """Stacks of square matrices that are far from singular."""
    n = draw(st.integers(0, 3))
    return Problem(op, [spread(draw, draw(STACKS), n, n)])


@st.composite
def symmetric(draw: Draw, op: Callable[[], Op]) -> Problem:
    """Stacks of symmetric, positive definite matrices, whose eigenvalues are apart."""
    n = draw(st.integers(0, 3))
    a = spread(draw, draw(STACKS), n, n)
    return Problem(op, [a @ np.swapaxes(a, -2, -1)])


@st.composite
def systems(draw: Draw) -> Problem:
    """Square matrices and right-hand sides."""
    n, k, stack = draw(st.integers(0, 3)), draw(st.integers(0, 2)), draw(STACKS)
    return Problem(ops.Solve, [spread(draw, stack, n, n), uniform(draw, (*stack, n, k))])


@st.composite
def oblong(draw: Draw, op: Callable[[int], Op], tall: bool = False) -> Problem:
    """Stacks of matrices of full rank, of any shape or with at least as many rows as columns."""
    m, n = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    m = max(m, n) if tall else m
    return Problem(lambda: op(m), [spread(draw, draw(STACKS), m, n)])


# --------------------------------------------------------------------------- references
def per_matrix(function: Callable[..., Any], *shape: str) -> Reference:
    """A function of single matrices, for each of the stack."""

    def reference(op: Any, *stacks: Array) -> Array:
        lead = stacks[0].shape[:-2]
        example = function(op, *(_example(x) for x in stacks))
        out = np.zeros((*lead, *np.shape(example)))
        for i in np.ndindex(lead):
            out[i] = function(op, *(x[i] for x in stacks))
        return out

    return reference


def _example(x: Array) -> Array:
    """A matrix of the stack's shape, for which the function is defined."""
    return np.eye(*x.shape[-2:]) * np.arange(1, x.shape[-1] + 1)


def gauss(a: Array, b: Array) -> Array:
    """X of A X = B by elimination with pivots, a row at a time."""
    a, b, n = np.array(a), np.array(b), len(a)
    for k in range(n):
        pivot = k + int(np.argmax(np.abs(a[k:, k])))
        a[[k, pivot]], b[[k, pivot]] = a[[pivot, k]], b[[pivot, k]]
        b[k], a[k] = b[k] / a[k, k], a[k] / a[k, k]
        for i in range(n):
            if i != k:
                b[i], a[i] = b[i] - a[i, k] * b[k], a[i] - a[i, k] * a[k]
    return b


def leibniz(a: Array) -> float:
    """The determinant as the sum over all permutations."""
    total = []
    for order in permutations(range(len(a))):
        inversions = sum(order[i] > order[j] for j in range(len(a)) for i in range(j))
        total.append((-1) ** inversions * math.prod(float(a[i, k]) for i, k in enumerate(order)))
    return math.fsum(total)


def cofactors(a: Array) -> Array:
    """Signed minors."""
    out = np.empty(a.shape)
    for i, j in np.ndindex(a.shape):
        out[i, j] = (-1) ** (i + j) * leibniz(np.delete(np.delete(a, i, 0), j, 1))
    return out


def cholesky(a: Array) -> Array:
    """Banachiewicz's rows, of the symmetric part."""
    out, a = np.zeros(a.shape), (a + a.T) / 2
    for i in range(len(a)):
        for j in range(i + 1):
            rest = a[i, j] - math.fsum(out[i, k] * out[j, k] for k in range(j))
            out[i, j] = math.sqrt(rest) if i == j else rest / out[j, j]
    return out


def pseudo_inverse(a: Array) -> Array:
    """By the normal equations, for full rank."""
    if a.shape[0] >= a.shape[1]:
        return gauss(a.T @ a, a.T)
    return a.T @ gauss(a @ a.T, np.eye(len(a)))


def eigen(a: Array) -> Array:
    """By the solver for matrices that are not symmetric; the signs are LAPACK's choice."""
    full = (a + a.T) / 2
    w, v = np.linalg.eig(full)
    order = np.argsort(w)
    w, v = w[order].real, v[:, order].real
    v = v * np.sign((v * np.linalg.eigh(full)[1]).sum(axis=0))
    return np.vstack([w[None], v])


def singular(a: Array) -> Array:
    """From the eigenvectors of A'A or A A'; the signs are LAPACK's choice."""
    tall = a.shape[0] >= a.shape[1]
    w, v = np.linalg.eigh(a.T @ a if tall else a @ a.T)
    s, v = np.sqrt(w[::-1]), v[:, ::-1]
    other = (a @ v if tall else a.T @ v) / s
    u, v = (other, v) if tall else (v, other)
    signs = np.sign((u * np.linalg.svd(a, full_matrices=False)[0]).sum(axis=0))
    return np.vstack([u * signs, s[None], v * signs])


def gram_schmidt(a: Array) -> Array:
    """Columns made orthogonal one after the other; the signs are LAPACK's choice."""
    m, n = a.shape
    q, r = np.zeros((m, n)), np.zeros((n, n))
    for j in range(n):
        rest = a[:, j] - q @ (q.T @ a[:, j])
        rest = rest - q @ (q.T @ rest)
        q[:, j] = rest / np.sqrt(rest @ rest) * np.sign(np.linalg.qr(a)[1][j, j])
        r[: j + 1, j] = q[:, : j + 1].T @ a[:, j]
    return np.vstack([q, r])


CASES: dict[type[Op], Case] = {
    ops.Inverse: Case(square(ops.Inverse), per_matrix(lambda op, a: gauss(a, np.eye(len(a))))),
    ops.Solve: Case(systems(), per_matrix(lambda op, a, b: gauss(a, b)), (1,)),
    ops.Determinant: Case(square(ops.Determinant), per_matrix(lambda op, a: leibniz(a))),
    ops.Cofactors: Case(square(ops.Cofactors), per_matrix(lambda op, a: cofactors(a))),
    ops.LogAbsDet: Case(square(ops.LogAbsDet), per_matrix(lambda op, a: math.log(abs(leibniz(a))))),
    ops.PseudoInverse: Case(
        oblong(lambda m: ops.PseudoInverse(1e-15)), per_matrix(lambda op, a: pseudo_inverse(a))
    ),
    ops.Cholesky: Case(symmetric(ops.Cholesky), per_matrix(lambda op, a: cholesky(a))),
    ops.SymmetricEigen: Case(symmetric(ops.SymmetricEigen), per_matrix(lambda op, a: eigen(a))),
    ops.SingularValues: Case(oblong(ops.SingularValues), per_matrix(lambda op, a: singular(a))),
    ops.OrthogonalTriangular: Case(
        oblong(ops.OrthogonalTriangular, tall=True), per_matrix(lambda op, a: gram_schmidt(a))
    ),
}
