"""Sums of products: einsum against NumPy to second order, tensordot, dot, outer, messages."""

from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import Tensor, grad
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.testing.check.slopes import central_difference, weights


def numbers(*shapes: tuple[int, ...]) -> list[Any]:
    rng = np.random.default_rng(0)
    return [rng.uniform(-1, 1, shape) for shape in shapes]


SUMS = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk", (2, 3), (3, 4)),
    ("ba", (2, 3)),
    ("ii", (3, 3)),
    ("ii->i", (3, 3)),
    ("iij->j", (3, 3, 2)),
    ("ijij->ji", (2, 3, 2, 3)),
    ("iii->i", (3, 3, 3)),
    ("ijij->", (2, 3, 2, 3)),
    ("ij->", (2, 3)),
    ("ij->j", (2, 3)),
    ("->", ()),
    (",i->i", (), (3,)),
    ("i,i->", (3,), (3,)),
    ("i,j->ji", (3,), (2,)),
    ("ii,ij->j", (2, 2), (2, 3)),
    ("i,ij,j->", (2,), (2, 3), (3,)),
    ("ab,bc,cd,de->ae", (2, 3), (3, 2), (2, 4), (4, 2)),
    ("...ij,...jk->...ik", (5, 2, 3), (3, 4)),
    ("...ij,...jk", (2, 1, 2, 3), (4, 3, 2)),
    ("...->...", (2, 3)),
    ("i...->...", (2, 3, 4)),
    ("i...->...i", (2, 3, 4)),
    ("...ii->...i", (2, 3, 3)),
    ("...ii", (2, 3, 3)),
    ("... , ...", (2, 3), (3,)),
    ("ij,ij->ij", (2, 1), (2, 3)),
    ("ij,ij->i", (1, 3), (2, 1)),
    ("bij , bjk -> bik", (1, 2, 3), (4, 3, 2)),
    ("Ab,bC", (2, 3), (3, 4)),
    ("ij,jk->ik", (2, 0), (0, 4)),
    ("ij,jk->ik", (0, 3), (3, 4)),
    ("ij,i->j", (0, 3), (1,)),
]


@pytest.mark.parametrize(("subscripts", "shapes"), [(s, shapes) for s, *shapes in SUMS])
def test_einsum_is_numpys_to_second_order(subscripts: str, shapes: Any) -> None:
    arrays = numbers(*shapes)
    expected = np.einsum(subscripts, *arrays)
    np.testing.assert_allclose(F.einsum(subscripts, *arrays), expected, rtol=1e-12, atol=1e-15)
    xs = [Tensor(x, requires_grad=True) for x in arrays]
    y = np.einsum(subscripts, *xs, optimize=True)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-12, atol=1e-15)
    w = weights(expected.shape, 1)
    vs, us = ([weights(x.shape, seed + k) for k, x in enumerate(arrays)] for seed in (2, 7))

    def value(*parts: Any) -> float:
        return float((np.einsum(subscripts, *parts) ** 2 * w).sum())

    def slope(*parts: Any) -> Any:
        leaves = [Tensor(x, requires_grad=True) for x in parts]
        gs = grad((F.einsum(subscripts, *leaves) ** 2 * w).sum(), leaves, create_graph=True)
        assert [g.shape for g in gs] == [x.shape for x in leaves]
        return leaves, sum(((g * v).sum() for g, v in zip(gs, vs, strict=True)), start=Tensor(0.0))

    leaves, first = slope(*arrays)
    np.testing.assert_allclose(first.item(), central_difference(value, arrays, vs), rtol=1e-7, atol=1e-8)
    hs = grad(first, leaves)
    second = sum(float((h * u).sum()) for h, u in zip(hs, us, strict=True))
    numeric = central_difference(lambda *parts: slope(*parts)[1].item(), arrays, us)
    np.testing.assert_allclose(second, numeric, rtol=1e-6, atol=1e-7)


def test_einsum_drops_further_axes_that_the_result_lacks() -> None:
    (x,) = numbers((2, 3, 4))
    np.testing.assert_allclose(F.einsum("...i->i", x), x.sum(axis=(0, 1)))


def test_einsum_is_one_box_with_its_subscripts() -> None:
    a, b = (Tensor(x, requires_grad=True) for x in numbers((2, 3), (3, 4)))
    y = F.einsum("ij,jk", a, b)
    assert y.node.op.options() == {"subscripts": "ij,jk->ik"}
    assert [parent.op for parent in y.node.parents] == [None, None]


def test_einsum_keeps_the_type() -> None:
    a = np.ones((2, 2), np.float32)
    assert F.einsum("ij,jk->ik", a, a).dtype == np.float32
    assert F.einsum("ij,jk->ik", a, a.astype(float)).dtype == np.float64
    assert F.einsum("ij->", np.ones((2, 2), int)).dtype.kind == "i"


@pytest.mark.parametrize(
    ("subscripts", "shapes", "error", "message"),
    [
        ("ij,jk->ik", [(2, 3)], ArgumentError, "names 2 operands, 1 are given"),
        ("ij", [(2, 3), (3,)], ArgumentError, "names 1 operands, 2 are given"),
        ("ij->ik", [(2, 3)], ArgumentError, "'k' in the result of 'ij->ik' is in no operand"),
        ("ij->ii", [(2, 3)], ArgumentError, "has 'i' twice"),
        ("i1->i", [(2, 3)], ArgumentError, "'1' in 'i1->i' cannot be read"),
        ("i..->i", [(2, 3)], ArgumentError, "'.' in"),
        ("...i...->i", [(2, 3)], ArgumentError, "'.' in"),
        ("i->j->i", [(2,)], ArgumentError, "'-' in"),
        ("ijk->i", [(2, 3)], ShapeError, "operand 0 has 2 axes, 'ijk' names 3"),
        ("i->i", [(2, 3)], ShapeError, "operand 0 has 2 axes, 'i' names 1"),
        ("...ijk->i", [(2, 3)], ShapeError, "operand 0 has 2 axes"),
        ("ij,jk->ik", [(2, 3), (4, 5)], ShapeError, r"label 'j' has size 3 in operand 0 \(2, 3\) and 4"),
        ("...i,...i->...", [(2, 3), (4, 3)], ShapeError, "has size 2 in operand 0"),
        ("ii->i", [(2, 3)], ShapeError, r"'i' names axes of different length in operand 0 \(2, 3\)"),
    ],
)
def test_einsum_says_what_is_wrong(subscripts: str, shapes: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=f"einsum: .*{message}"):
        F.einsum(subscripts, *numbers(*shapes))


def test_einsum_wants_the_subscripts_first_as_a_string() -> None:
    with pytest.raises(ArgumentError, match="the subscripts come first"):
        F.einsum(np.ones(2), "i")  # type: ignore[arg-type]
    with pytest.raises(DTypeError, match="einsum: got str"):
        F.einsum("i", "i")
    with pytest.raises(ArgumentError, match="names 1 operands, 0 are given"):
        F.einsum("")


@pytest.mark.parametrize(
    ("a", "b", "axes"),
    [
        ((2, 3, 4), (3, 4, 5), 2),
        ((2, 3), (4, 5), 0),
        ((2, 3, 4), (4, 3, 2), ((0, 1), (2, 1))),
        ((2, 3, 4), (4, 3, 2), ([-1, 0], [0, -1])),
        ((2, 3), (3,), (1, 0)),
        ((2, 0), (0, 3), 1),
        ((), (2,), 0),
    ],
)
def test_tensordot_is_numpys(a: Any, b: Any, axes: Any) -> None:
    x, y = numbers(a, b)
    np.testing.assert_allclose(F.tensordot(x, y, axes), np.tensordot(x, y, axes), rtol=1e-12)
    s, t = Tensor(x, requires_grad=True), Tensor(y, requires_grad=True)
    z = np.tensordot(s, t, axes=axes)
    gs, gt = grad((z * z).sum(), [s, t])
    numeric = central_difference(
        lambda *parts: float((np.tensordot(*parts, axes) ** 2).sum()),
        [x, y],
        [weights(a, 1), weights(b, 2)],
    )
    analytic = float((gs * weights(a, 1)).sum() + (gt * weights(b, 2)).sum())
    np.testing.assert_allclose(analytic, numeric, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    ("a", "b"),
    [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((), (3, 2)), ((2,), ()), ((), ()),
     ((5, 2, 3), (4, 3, 2)), ((3,), (4, 3, 2)), ((5, 2, 3), (3,)), ((5, 2, 3), (3, 2)), ((0,), (0,))],
)  # fmt: skip
def test_dot_and_outer_are_numpys(a: Any, b: Any) -> None:
    x, y = numbers(a, b)
    for ours, numpys in ((F.dot, np.dot), (F.outer, np.outer)):
        np.testing.assert_allclose(ours(x, y), numpys(x, y), rtol=1e-12, strict=True)
        traced = numpys(Tensor(x, requires_grad=True), y)
        assert type(traced) is Tensor and traced.requires_grad
        np.testing.assert_allclose(traced.numpy(), numpys(x, y), rtol=1e-12)
    np.testing.assert_allclose(Tensor(x).dot(y).numpy(), np.dot(x, y), rtol=1e-12)


def test_products_say_what_is_wrong() -> None:
    x, y = numbers((2, 3), (2, 3))
    with pytest.raises(ShapeError, match=r"dot: inner sizes differ, 3 and 2 \(a \(2, 3\), b \(2, 3\)\)"):
        F.dot(x, y)
    with pytest.raises(ShapeError, match="tensordot: axis 1 of a has length 3, axis 0 of b 2"):
        F.tensordot(x, y, 1)
    with pytest.raises(ShapeError, match="tensordot: axes 3 is more than"):
        F.tensordot(x, y, 3)
    with pytest.raises(ShapeError, match="must pair as many axes"):
        F.tensordot(x, y, ((0, 1), (0,)))
    with pytest.raises(ShapeError, match="must pair as many axes"):
        F.tensordot(x, y, ((0, 0), (0, 0)))
    with pytest.raises(ShapeError, match="axes must be a number or"):
        F.tensordot(x, y, (0, 1, 2))


def test_a_wider_bias_widens_and_integers_are_refused() -> None:
    x, w, b = np.ones((2, 3), np.float32), np.ones((4, 3), np.float32), np.ones(4)
    assert F.linear(x, w, b).dtype == np.float64
    with pytest.raises(DTypeError, match="linear: x has dtype int64"):
        F.linear(np.ones((2, 3), np.int64), w)
