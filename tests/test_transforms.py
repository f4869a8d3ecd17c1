"""vjp, jvp, Jacobians, Hessians, and recomputation."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_cnn import GraphError, ShapeError, Tensor, checkpoint, grad, manual_seed, nn, no_grad, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.graph import ancestors
from tinygrad_cnn.kernels.serving import SERVING
from tinygrad_cnn.testing import central_difference
from tinygrad_cnn.transforms import hessian, hvp, jacobian, jvp, vjp

SEEDS = st.integers(0, 2**16)


def smooth(x: Tensor, w: Tensor) -> Tensor:
    """Something with all kinds of ops in it: (3,), (3, 2) -> (2,)."""
    return F.tanh(x @ w) * F.sigmoid(x[:2] * x[1:]) + (x * x).sum()


def draw(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=3), rng.normal(size=(3, 2))


@settings(max_examples=20)
@given(SEEDS)
def test_jvp_vjp_and_jacobian_agree(seed: int) -> None:
    x, w = draw(seed)
    rng = np.random.default_rng(seed + 1)
    t, u, v = rng.normal(size=3), rng.normal(size=(3, 2)), rng.normal(size=2)
    jx, jw = jacobian(smooth, (x, w))
    assert (jx.shape, jw.shape) == ((2, 3), (2, 3, 2))
    y, moved = jvp(smooth, (x, w), (t, u))
    expected = jx.numpy() @ t + np.tensordot(jw.numpy(), u, 2)
    np.testing.assert_allclose(moved.numpy(), expected, rtol=1e-9, atol=1e-12)
    again, pull = vjp(smooth, x, w)
    np.testing.assert_array_equal(y.numpy(), again.numpy())
    gx, gw = pull(v)
    np.testing.assert_allclose(gx.numpy(), v @ jx.numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(gw.numpy(), np.tensordot(v, jw.numpy(), 1), rtol=1e-9, atol=1e-12)
    numeric = central_difference(lambda *a: float((smooth(*map(Tensor, a)) * v).sum()), [x, w], [t, u])
    np.testing.assert_allclose(float(v @ moved.numpy()), numeric, rtol=1e-6, atol=1e-8)


@settings(max_examples=10)
@given(SEEDS)
def test_hessian_and_hvp_agree(seed: int) -> None:
    x, w = draw(seed)
    rng = np.random.default_rng(seed + 1)
    vectors = (rng.normal(size=3), rng.normal(size=(3, 2)))

    def scalar(a: Tensor, b: Tensor) -> Tensor:
        return (smooth(a, b) ** 2).sum()

    table = hessian(scalar, (x, w))
    (hxx, hxw), (hwx, _) = [[h.numpy() for h in row] for row in table]
    np.testing.assert_allclose(hxw, hwx.transpose(2, 0, 1), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(hxx, hxx.T, rtol=1e-9, atol=1e-9)
    _, products = hvp(scalar, (x, w), vectors)
    for k in range(2):
        expected = sum(np.tensordot(table[k][j].numpy(), vectors[j], vectors[j].ndim) for j in range(2))
        np.testing.assert_allclose(products[k].numpy(), expected, rtol=1e-8, atol=1e-9)


def test_functions_that_do_not_depend_on_an_input_give_zeros() -> None:
    x = np.ones(3)
    assert jacobian(lambda a: Tensor(np.ones(2)), x).tolist() == [[0.0] * 3] * 2
    assert jvp(lambda a: Tensor(np.ones(2)), x, x)[1].tolist() == [0.0, 0.0]
    assert hessian(lambda a: a.sum(), x).tolist() == [[0.0] * 3] * 3
    assert hvp(lambda a: a.sum(), x, x)[1].tolist() == [0.0] * 3
    assert jvp(lambda a: a * 3, x, x)[1].tolist() == [3.0] * 3


def test_transforms_record_also_under_no_grad() -> None:
    with no_grad():
        assert jacobian(lambda a: a * a, np.array([3.0])).tolist() == [[6.0]]
        assert hessian(lambda a: (a * a).sum(), np.array([3.0])).tolist() == [[2.0]]


def test_transforms_nest() -> None:
    x = Tensor(np.array([2.0]), requires_grad=True)
    third = jacobian(lambda a: hessian(lambda b: (b**4).sum(), a), x)
    assert third.shape == (1, 1, 1)


def test_jacobian_can_be_differentiated() -> None:
    x = Tensor(np.array([2.0, 3.0]), requires_grad=True)
    table = jacobian(lambda a: a**3, x, create_graph=True)
    assert grad(table.sum(), x).tolist() == [12.0, 18.0]


def test_bad_arguments_are_explained() -> None:
    with pytest.raises(ShapeError, match="jvp"):
        jvp(lambda a: a, np.ones(3), np.ones(2))
    with pytest.raises(ShapeError, match="hvp"):
        hvp(lambda a: a.sum(), np.ones(3), np.ones(2))
    with pytest.raises(DTypeError, match="must return a Tensor"):
        vjp(lambda a: 3.0, np.ones(3))
    with pytest.raises(GraphError, match="one element"):
        hessian(lambda a: a, np.ones(3))


# --------------------------------------------------------------------------- checkpoint
def block(x: Tensor, w: Tensor) -> Tensor:
    return F.relu(x @ w) * F.sigmoid(x @ w)


def test_checkpoint_gives_the_same_values_and_gradients() -> None:
    rng = np.random.default_rng(0)
    x = Tensor(rng.normal(size=(4, 3)), requires_grad=True)
    w = Tensor(rng.normal(size=(3, 3)), requires_grad=True)
    plain = grad((block(block(x, w), w) ** 2).sum(), [x, w])
    y = checkpoint(block, checkpoint(block, x, w), w)
    again = grad((y**2).sum(), [x, w])
    for a, b in zip(plain, again, strict=True):  # summed in another order
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-12, atol=1e-12)


def test_checkpoint_works_to_second_order() -> None:
    x = Tensor(np.array([0.5, 1.5]), requires_grad=True)

    def slope_of(function) -> Tensor:
        (g,) = grad(function(x).sum(), [x], create_graph=True)
        return grad((g * g).sum(), x)

    def function(t: Tensor) -> Tensor:
        return (t * t).exp()

    expected = slope_of(function)
    found = slope_of(lambda t: checkpoint(function, t))
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-12)


def test_checkpoint_reaches_the_parameters_of_a_module() -> None:
    model = nn.Sequential(nn.Linear(3, 4, rng=0), nn.Tanh(), nn.Linear(4, 2, rng=1))
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    (model(Tensor(x)) ** 2).sum().backward()
    expected = [p.grad.numpy().copy() for p in model.parameters()]
    model.zero_grad()
    (checkpoint(model, Tensor(x)) ** 2).sum().backward()
    for p, g in zip(model.parameters(), expected, strict=True):
        np.testing.assert_array_equal(p.grad.numpy(), g)


def test_checkpoint_keeps_only_its_border() -> None:
    x = Tensor(np.ones((8, 8)), requires_grad=True)

    def deep(t: Tensor) -> Tensor:
        for _ in range(20):
            t = F.tanh(t)
        return t

    def kept(y: Tensor) -> int:
        owned = {id(a): a.nbytes for node in ancestors(y.node) for a in node.kept or ()}
        return sum(owned.values())

    assert kept(deep(x)) == 20 * 512
    assert kept(checkpoint(deep, x)) == 2 * 512  # its input and its result


def test_checkpoint_and_updates_in_backward_together_train_the_same() -> None:
    def trained(early: bool) -> list[np.ndarray]:
        model = nn.Sequential(nn.Linear(4, 8, rng=0), nn.Tanh(), nn.Linear(8, 8, rng=1), nn.Tanh())
        optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        if early:
            optimizer.step_in_backward()
        x = Tensor(np.linspace(-1, 1, 12, dtype="float32").reshape(3, 4))
        for _ in range(3):
            optimizer.zero_grad()
            (checkpoint(model[2:], checkpoint(model[:2], x)) ** 2).sum().backward()
            optimizer.step()
        return list(model.state_dict().values())

    assert all(np.array_equal(a, b) for a, b in zip(trained(False), trained(True), strict=True))


def test_checkpoint_repeats_dropout() -> None:
    manual_seed(3)
    x = Tensor(np.ones(100), requires_grad=True)
    y = checkpoint(lambda t: F.dropout(t * t, 0.5), x)
    state_before = F.dropout(np.ones(3), 0.5, rng=0)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), 2 * y.numpy())
    np.testing.assert_array_equal(state_before, F.dropout(np.ones(3), 0.5, rng=0))


def test_checkpoint_notices_what_does_not_repeat() -> None:
    calls: list[int] = []

    def scaled(t: Tensor) -> Tensor:
        calls.append(1)
        return t * len(calls)

    y = checkpoint(scaled, Tensor(np.ones(100), requires_grad=True))
    with pytest.raises(GraphError, match="another result"):
        y.sum().backward()


def test_checkpoint_notices_a_captured_tensor_that_was_written_over() -> None:
    x, w = Tensor(np.ones(2), requires_grad=True), Tensor(np.ones(2), requires_grad=True)
    constant = Tensor(np.ones(2))
    for victim in (w, constant, x):
        y = checkpoint(lambda t: t * w * constant, x)
        victim.data += 1
        with pytest.raises(GraphError, match="written over"):
            y.sum().backward()


def test_checkpoint_without_gradients_is_the_function() -> None:
    y = checkpoint(lambda t: t * 2, Tensor([1.0]))
    assert y.tolist() == [2.0] and y.is_leaf
    with no_grad():
        assert checkpoint(lambda t: t * 2, Tensor([1.0], requires_grad=True)).is_leaf
    with pytest.raises(DTypeError, match="checkpoint"):
        checkpoint(lambda t: 3, Tensor([1.0], requires_grad=True))


def test_checkpoint_passes_other_arguments() -> None:
    x = Tensor(np.array([2.0]), requires_grad=True)
    checkpoint(lambda t, power: t**power, x, 3).backward()
    assert x.grad.tolist() == [12.0]


@pytest.mark.parametrize("changes", [0, 1])
def test_a_checkpoint_bears_rounding_only_where_other_kernels_have_taken_over(
    changes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other kernels round otherwise; a random draw that does not repeat is still found."""
    factor = [1.0]
    x = Tensor(np.linspace(1, 2, 5), requires_grad=True)
    y = checkpoint(lambda t: t * t * factor[0], x).sum()
    factor[0] = 1 + 1e-7
    monkeypatch.setattr(SERVING, "changes", SERVING.changes + changes)
    if not changes:
        with pytest.raises(GraphError, match="gave another result"):
            y.backward()
        return
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * x.numpy(), rtol=1e-6)
    y = checkpoint(lambda t: t * t * factor[0], x).sum()
    factor[0] = 1.5
    monkeypatch.setattr(SERVING, "changes", SERVING.changes + 1)
    with pytest.raises(GraphError, match="gave another result"):
        y.backward()


@pytest.mark.parametrize("switch", ["False", 1, None])
def test_the_flag_of_a_transform_is_true_or_false(switch: Any) -> None:  # E13
    x = np.ones(2)
    for call in (
        lambda: jacobian(lambda x: x, x, create_graph=switch),
        lambda: jvp(lambda x: x, x, x, create_graph=switch),
        lambda: vjp(lambda x: x, x)[1](x, switch),
    ):
        with pytest.raises(DTypeError, match="create_graph is True or False"):
            call()
