"""Properties that hold of every op, as named checks that a problem passes or fails by assertion.

All comparisons with differences run in float64, where a central difference is good to about ten
digits; float32 is compared with float64, layout with layout.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.graph import Op
from tinygrad_cnn.tensors.gradient import grad
from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.testing.cases import Case, Problem
from tinygrad_cnn.testing.check.slopes import central_difference, weights

Array = NDArray[Any]
Check = Callable[[Case, Problem], None]


def leaves(problem: Problem) -> list[Tensor]:
    """The operands as Tensors that require grad."""
    return [Tensor(x, requires_grad=True) for x in problem.operands]


def first_order(
    problem: Problem, create_graph: bool = False
) -> tuple[list[Tensor], Tensor, list[Tensor | None]]:
    """Leaves, result and gradients of sum(weights * result)."""
    xs = leaves(problem)
    y = problem.make()(*xs)
    g = weights(y.shape, 1).astype(y.dtype)
    return xs, y, list(grad(y, xs, g, create_graph=create_graph, allow_unused=True))


def directions(problem: Problem, seed: int) -> list[Array]:
    """A fixed direction for each operand."""
    return [weights(x.shape, seed + k) for k, x in enumerate(problem.operands)]


def total(gradients: list[Any], vectors: list[Array]) -> Any:
    """sum_k <gradient_k, v_k>, over the gradients that are there; 0.0 if none is."""
    terms = [(g * v).sum() for g, v in zip(gradients, vectors, strict=True) if g is not None]
    return sum(terms[1:], terms[0]) if terms else 0.0


def second_order(problem: Problem, vectors: list[Array]) -> list[Tensor | None]:
    """Gradients of sum_k <gradient_k, v_k>, where there are any."""
    xs, _, gs = first_order(problem, create_graph=True)
    slope = total(list(gs), vectors)
    if not isinstance(slope, Tensor) or not slope.requires_grad:
        return [None for _ in xs]
    return list(grad(slope, xs, allow_unused=True))


def _slope(fn: Callable[..., float], arrays: Sequence[Array], directions: Sequence[Array]) -> float:
    """A central difference, extrapolated: a norm of values that are close bends within a step."""
    far, near = (central_difference(fn, arrays, directions, step) for step in (1e-5, 5e-6))
    return near + (near - far) / 3


def forward_is_right(case: Case, problem: Problem) -> None:
    """The result equals the slow reference, and the operands are unchanged."""
    before = [x.copy() for x in problem.operands]
    op = problem.make()
    y = op(*problem.operands)
    expected = case.reference(op, *problem.operands)
    assert type(y) is np.ndarray
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12, strict=True)
    assert all(map(np.array_equal, problem.operands, before))


def gradient_is_right(case: Case, problem: Problem) -> None:
    """The gradient along a random direction equals a central difference; shapes and dtypes fit."""
    xs, y, gs = first_order(problem)
    for x, g in zip(xs, gs, strict=True):
        assert g is not None and g.shape == x.shape and g.dtype == x.dtype
    assert all(np.array_equal(x.numpy(), kept) for x, kept in zip(xs, problem.operands, strict=True))
    w, vs = weights(y.shape, 1), directions(problem, 2)

    def value(*arrays: Array) -> float:
        return float((problem.make()(*arrays) * w).sum())

    numeric = _slope(value, problem.operands, vs)
    np.testing.assert_allclose(float(total(gs, vs)), numeric, rtol=1e-6, atol=1e-7)


def second_order_is_right(case: Case, problem: Problem) -> None:
    """The derivative of the gradient equals a central difference of the gradient."""
    vs, us = directions(problem, 2), directions(problem, 7)
    analytic = float(total(second_order(problem, vs), us))

    def slope_at(*arrays: Array) -> float:
        return float(total(first_order(Problem(problem.make, list(arrays)))[2], vs))

    numeric = _slope(slope_at, problem.operands, us)
    np.testing.assert_allclose(analytic, numeric, rtol=1e-5, atol=1e-6)


def walks_agree(case: Case, problem: Problem) -> None:
    """create_graph=True gives the same first-order gradients, bit by bit."""
    plain, recorded = first_order(problem)[2], first_order(problem, create_graph=True)[2]
    for g, h in zip(plain, recorded, strict=True):
        assert g is not None and h is not None
        np.testing.assert_array_equal(g.numpy(), h.numpy(), strict=True)


def one_operand_at_a_time(case: Case, problem: Problem) -> None:
    """With one operand a constant, the others' gradients are the same as with all."""
    _, y, together = first_order(problem)
    for alone in range(len(problem.operands)):
        xs = [Tensor(x, requires_grad=k == alone) for k, x in enumerate(problem.operands)]
        z = problem.make()(*xs)
        g = grad(z, xs[alone], weights(y.shape, 1))
        expected = together[alone]
        assert expected is not None
        np.testing.assert_array_equal(g.numpy(), expected.numpy())


def float32_is_kept(case: Case, problem: Problem) -> None:
    """float32 operands give float32 results and gradients, close to the float64 ones."""
    narrow = Problem(lambda: narrowed(problem.make()), [x.astype(np.float32) for x in problem.operands])
    wide = Problem(problem.make, [x.astype(np.float64) for x in narrow.operands])
    _, y, gs = first_order(narrow)
    _, z, hs = first_order(wide)
    if type(problem.make()).__name__ != "Cast":  # whose very purpose is another type
        assert y.dtype == np.float32
    np.testing.assert_allclose(y.numpy(), z.numpy(), rtol=1e-4, atol=1e-5)
    for g, h in zip(gs, hs, strict=True):
        assert g is not None and h is not None and g.dtype == np.float32
        np.testing.assert_allclose(g.numpy(), h.numpy(), rtol=1e-3, atol=1e-4)


def narrowed(op: Op) -> Op:
    """The op with its float attributes in float32, as functions hand them over for float32 data."""
    for key, value in vars(op).items():
        if isinstance(value, np.ndarray) and value.dtype == np.float64:
            setattr(op, key, value.astype(np.float32))
    return op


def layout_does_not_matter(case: Case, problem: Problem) -> None:
    """Reversed, strided and transposed memory gives what contiguous memory gives."""
    odd = Problem(problem.make, [strided(x) for x in problem.operands])
    _, y, gs = first_order(problem)
    z = odd.make()(*odd.operands)
    np.testing.assert_allclose(z, y.numpy(), rtol=1e-12, atol=1e-12)
    xs = [Tensor.at(x, None).requires_grad_() for x in odd.operands]  # as they lie, not copied
    out = odd.make()(*xs)
    hs = grad(out, xs, Tensor.at(strided(weights(y.shape, 1)), None))
    for g, h in zip(gs, hs, strict=True):
        assert g is not None
        np.testing.assert_allclose(h.numpy(), g.numpy(), rtol=1e-12, atol=1e-12)


def strided(x: Array) -> Array:
    """The same values in memory that is transposed, spread out and backwards."""
    wide = np.full([2 * n + 1 for n in reversed(x.shape)], np.nan)
    spread = (slice(2 * n - 1, None, -2) if n else slice(0, 0) for n in reversed(x.shape))
    view = wide[(*spread, ...)]
    view.T[...] = x
    return view.T


def attributes_stay(case: Case, problem: Problem) -> None:
    """No call and no derivative sets an attribute, or writes to an array among them: an op is a value."""
    op = problem.make()
    before = {key: (value, content_of(value)) for key, value in vars(op).items()}
    xs = leaves(problem)
    y = op(*xs)
    grad(y, xs, weights(y.shape, 1), create_graph=True, allow_unused=True)
    after = vars(op)
    new = [key for key in after if key not in before or after[key] is not before[key][0]]
    assert not new, (
        f"{op.name} set its attribute {new[0]!r} when it ran; what varies with the call is the residual: "
        "return Result(array, residual) from forward"
    )
    for key, (value, content) in before.items():
        assert content_of(value) == content, f"{op.name} wrote to its attribute {key!r} when it ran"


def content_of(value: Any) -> Any:
    """Note an attribute, to see later whether it was written to: bytes of arrays, text of the rest.

    >>> content_of((np.zeros(1, np.int8), 2))
    "(b'\\\\x00', 2)"
    """
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, (tuple, list)):
        return f"({', '.join(str(content_of(inner)) for inner in value)})"
    return repr(value)


def adjoint_identity(case: Case, problem: Problem) -> None:
    """<A x, g> = <x, A' g> in each operand in which the op is linear."""
    _, y, gs = first_order(problem)
    inner = float((y.numpy() * weights(y.shape, 1)).sum())
    for k in case.linear_in:
        g = gs[k]
        assert g is not None
        np.testing.assert_allclose(
            float((g.numpy() * problem.operands[k]).sum()), inner, rtol=1e-9, atol=1e-9
        )


#: All properties by name; those of ops that are not linear in any operand skip the last.
PROPERTIES: dict[str, Check] = {
    check.__name__: check
    for check in (
        forward_is_right,
        gradient_is_right,
        second_order_is_right,
        walks_agree,
        one_operand_at_a_time,
        float32_is_kept,
        layout_does_not_matter,
        attributes_stay,
        adjoint_identity,
    )
}
