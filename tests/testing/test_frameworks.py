"""Functions of other frameworks are judged as ours are, and errors found that their own checks let pass."""

import doctest
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_cnn
from tinygrad_cnn import ArgumentError, MissingExtraError, Op
from tinygrad_cnn.testing import assert_gradients, gradcheck
from tinygrad_cnn.testing.frameworks import Framework
from tinygrad_cnn.testing.frameworks.base import NotSupportedError
from tinygrad_cnn.testing.frameworks.own_tensors import OwnTensors

PAGE = Path(tinygrad_cnn.__file__).parent.parent / "docs" / "check_your_pytorch_function.md"
X = np.array([0.5, -1.2, 2.0])


# --------------------------------------------------------------------------- NumPy, by hand
def cubes(x: Any) -> Any:
    return (x**3).sum()


def test_a_gradient_by_hand() -> None:
    assert gradcheck(cubes, X, gradient=lambda x: 3 * x**2)
    found = gradcheck(cubes, X, gradient=lambda x: 2 * x**2, entries=True)
    assert found.status == "fail" and "function of numpy" in str(found)
    two = lambda a, b: (a * b).sum()  # noqa: E731
    assert gradcheck(two, X, X + 1, gradient=lambda a, b: (b, a))
    assert gradcheck(two, X, X + 1, gradient=lambda a, b: (a, b)).status == "fail"


def test_a_vjp_and_a_jvp_by_hand() -> None:
    def f(x: Any) -> Any:
        return np.sin(x)

    assert gradcheck(f, X, vjp=lambda g, x: g * np.cos(x))
    assert gradcheck(f, X, jvp=lambda t, x: t[0] * np.cos(x))
    wrong_jvp = lambda t, x: -t[0] * np.cos(x)  # noqa: E731
    both = gradcheck(f, X, vjp=lambda g, x: g * np.cos(x), jvp=wrong_jvp)
    assert both.status == "fail" and both.headline.startswith(
        "all inputs, direction 0: forward and reverse"
    )
    with pytest.raises(AssertionError, match="factor of 2"):
        assert_gradients(f, X, vjp=lambda g, x: 2 * g * np.cos(x))


def test_integers_are_no_inputs_of_a_gradient_by_hand() -> None:
    f = lambda x, k: (x * k).sum()  # noqa: E731
    assert gradcheck(f, X, np.array([1, 2, 3]), gradient=lambda x, k: k * 1.0)


def test_bad_derivatives_by_hand_are_named() -> None:
    found = gradcheck(cubes, X, gradient=lambda x: np.ones(2))
    assert found.status == "fail" and "the gradient by input 0 has shape (2,)" in str(found)
    with pytest.raises(ArgumentError, match="one number"):
        gradcheck(np.sin, X, gradient=np.cos)
    with pytest.raises(ArgumentError, match="one of gradient="):
        gradcheck(cubes, X, framework="numpy")
    with pytest.raises(ArgumentError, match="NumPy functions"):
        gradcheck(cubes, X, gradient=lambda x: x, framework="tinygrad_cnn")
    with pytest.raises(ArgumentError, match="no framework 'tensorflow'"):
        gradcheck(cubes, X, framework="tensorflow")


def test_a_framework_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "autograd", None)
    with pytest.raises(MissingExtraError, match="pip install autograd"):
        gradcheck(cubes, X, framework="autograd")


def test_a_framework_of_ones_own() -> None:
    class Plain(Framework):
        """Functions that carry their derivative."""

        name = "plain"

        def holds(self, x: Any) -> bool:
            return isinstance(x, (np.ndarray, np.generic))

        def gradients(self, f: Any, leaves: Any, active: Any, cotangents: Any) -> Any:
            return [[w[0] * 2 * leaves[k] for k in active] for w in cotangents]

    assert gradcheck(lambda x: x * x, X, framework=Plain())
    with pytest.raises(ArgumentError, match="plain gives no second derivatives here"):
        gradcheck(lambda x: x * x, X, framework=Plain(), order=2)
    assert gradcheck(lambda x: x**3, X, framework=Plain()).status == "fail"


# --------------------------------------------------------------------------- PyTorch
@dataclass
class Batch:
    x: Any
    scale: float


def test_functions_of_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
    x = torch.tensor(X, requires_grad=True)
    assert gradcheck(torch.tanh, x, order=2)
    assert gradcheck(lambda b: {"y": torch.sin(b.x) * b.scale}, Batch(x, 2.0))
    layer = torch.nn.Linear(3, 2).double()
    assert gradcheck(layer, np.ones((4, 3)), framework="torch")
    assert gradcheck(torch.relu, torch.zeros(2, requires_grad=True)).status == "unchecked"
    assert "float32" not in gradcheck(torch.exp, torch.tensor([0.5])).headline
    assert gradcheck(lambda x: 3 * x, x, order=2), "its gradient has no derivative"
    assert "no gradient" in str(gradcheck(lambda x: x.detach() * 2, x))


def wrong_in_pytorch(torch: Any) -> dict[str, tuple[Any, Any]]:
    """Functions that are wrong, which torch.autograd.gradcheck lets pass with its defaults, and inputs."""

    def made(forward: Any, backward: Any) -> Any:
        class Made(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                ctx.save_for_backward(x)
                return forward(x)

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                return backward(g, *ctx.saved_tensors)

        return Made.apply

    x = torch.tensor(X, requires_grad=True)
    even = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], dtype=torch.float64, requires_grad=True)
    return {
        "a factor of 1.0005": (made(lambda x: x * x, lambda g, x: 2.001 * g * x), x),
        "a small scale": (made(lambda x: 1e-6 * x.sin(), lambda g, x: 2e-6 * g * x.cos()), x),
        "the gradient clipped at 5": (
            made(lambda x: x * x, lambda g, x: 2 * x * g.clamp(-5, 5)),
            x,
        ),
        "strides of the incoming gradient ignored": (
            made(
                lambda x: x * 1.0,
                lambda g, x: g if g.is_contiguous() else g.as_strided(g.shape, (g.shape[1], 1)) * 2,
            ),
            even,
        ),
        "a constant part of the slope lost": (
            made(lambda x: x.sin() + 1e-5 * x, lambda g, x: g * x.cos()),
            x,
        ),
    }


def test_what_the_check_of_pytorch_lets_pass_is_found() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
    for name, (fn, x) in wrong_in_pytorch(torch).items():
        assert torch.autograd.gradcheck(fn, (x,), raise_exception=False), f"{name}: PyTorch finds it"
        assert gradcheck(fn, x).status == "fail", name


def test_the_page_for_users_of_pytorch_runs() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
    failed, count = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.REPORT_NDIFF)
    assert count > 20 and not failed


# --------------------------------------------------------------------------- JAX
def test_functions_of_jax() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed: pip install jax")
    x = jax.numpy.array(X)
    assert gradcheck(jax.numpy.tanh, x, order=2)
    assert gradcheck(jax.numpy.tanh, X, framework="jax")

    @jax.custom_vjp
    def sine(x: Any) -> Any:
        return jax.numpy.sin(x)

    sine.defvjp(lambda x: (jax.numpy.sin(x), x), lambda x, g: (1.001 * g * jax.numpy.cos(x),))
    assert gradcheck(sine, x).status == "fail"
    assert jax.numpy.array(1.0).dtype == "float32", "the setting of 64-bit types was left as it was"


# --------------------------------------------------------------------------- HIPS autograd
def test_functions_of_hips_autograd() -> None:
    pytest.importorskip("autograd", reason="HIPS autograd is not installed: pip install autograd")
    import autograd.numpy as anp
    from autograd.extend import defvjp, primitive

    assert gradcheck(anp.tanh, X, framework="autograd", order=2)

    @primitive
    def square(x: Any) -> Any:
        return x * x

    defvjp(square, lambda ans, x: lambda g: 2.001 * g * x)
    assert gradcheck(square, X, framework="autograd").status == "fail"


# --------------------------------------------------------------------------- Tensors
def test_the_forward_mode_of_tensors_gives_each_result_its_tangent() -> None:
    own = OwnTensors()

    def f(given: list[Any]) -> list[Any]:
        return [given[0] * given[1], (given[0] ** 2).sum()]

    leaves = [own.leaf(X, X, True), own.leaf(X + 3, X, False)]
    moved = np.array([1.0, 2.0, -1.0])
    product, total = own.forward(f, leaves, [0], [moved])
    np.testing.assert_allclose(product, moved * (X + 3))
    np.testing.assert_allclose(total, (2 * X * moved).sum())
    (alone,) = own.forward(lambda given: f(given)[:1], leaves, [0], [moved])
    np.testing.assert_allclose(alone, moved * (X + 3))


def test_tensors_have_no_forward_mode_where_a_derivative_leaves_the_graph() -> None:
    class Leaving(Op):
        """2x, whose derivative is computed outside the graph."""

        def forward(self, x: Any) -> Any:
            return 2 * x

        def backward(self, g: Any) -> tuple[Any, ...]:
            return (2 * np.asarray(getattr(g, "array", g)),)

    own = OwnTensors()
    with pytest.raises(NotSupportedError, match=r"cannot be recorded: GraphError: .*Leaving.backward gave"):
        own.forward(lambda given: [Leaving()(given[0])], [own.leaf(X, X, True)], [0], [X])
