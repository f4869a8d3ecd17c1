"""What is not finite, or nearly not: both kernel sets say the same, element by element.

One element of an operand is replaced, so that no order of adding decides which of two infinities is met
first.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("numba", reason="the compiled kernels are an extra")

from tinygrad_cnn.kernels import compiled, threads
from tinygrad_cnn.kernels import numpy as reference

Array = NDArray[Any]
SPECIAL = (np.inf, -np.inf, np.nan, 3e38, -3e38)
#: Of each call: the shapes of its operands, and what follows them.
NORMS: dict[str, tuple[tuple[tuple[int, ...], ...], tuple[Any, ...]]] = {
    "layer_norm": (((6, 4, 5), (5,), (5,)), (1, 1e-5)),
    "layer_norm_slope": (((6, 4, 5), (6, 4, 5), (5,)), (1, 1e-5, True)),
    "rms_norm": (((6, 4, 5), (5,)), (1, 1e-5)),
    "rms_norm_slope": (((6, 4, 5), (6, 4, 5), (5,)), (1, 1e-5, True)),
    "group_norm": (((6, 4, 5), (4,), (4,)), (2, 1e-5)),
    "group_norm_slope": (((6, 4, 5), (6, 4, 5), (4,)), (2, 1e-5, True)),
    "batch_norm": (((6, 4, 5), (4,), (4,)), (1e-5,)),
}
#: Shapes of x (M, I) and w (O, I): a vector, few rows, many; small, and such as the kernels' tiles serve.
PRODUCTS = ((1, 60, 50), (1, 130, 90), (4, 460, 470), (40, 200, 130), (3, 7, 5))


@pytest.fixture(autouse=True, params=[1, 2])
def _threads(request: pytest.FixtureRequest) -> Iterator[None]:
    before = threads.get_num_threads()
    threads.set_num_threads(request.param)
    yield
    threads.set_num_threads(before)


def drawn(shapes: Any, rng: np.random.Generator) -> list[Array]:
    return [rng.standard_normal(shape, np.float32) for shape in shapes]


def check(operands: list[Array], call: Callable[..., Any], rng: np.random.Generator) -> None:
    """Put each special value at one place of each operand, and compare what `call(kernels, ...)` gives."""
    for k in range(len(operands)):
        for value in SPECIAL:
            given = [a.copy() for a in operands]
            given[k].reshape(-1)[rng.integers(given[k].size)] = value
            with np.errstate(all="ignore"):
                found, right = (
                    call(kernels, *[a.copy() for a in given]) for kernels in (compiled, reference)
                )
            for mine, other in zip(found, right, strict=True):
                if other is not None:
                    largest = float(np.max(np.abs(other), where=np.isfinite(other), initial=0))
                    said = f"operand {k} with {value}"  # what is finite differs by the rounding of its sums
                    np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-4 * largest, err_msg=said)


@pytest.mark.parametrize("name", NORMS)
def test_norms(name: str) -> None:
    shapes, rest = NORMS[name]
    rng = np.random.default_rng(0)

    def call(kernels: Any, *operands: Array) -> tuple[Any, ...]:
        found = getattr(kernels, name)(*operands, *rest)
        return found if isinstance(found, tuple) else (found,)

    for _ in range(3):
        check(drawn(shapes, rng), call, rng)


@pytest.mark.parametrize("sizes", PRODUCTS)
def test_products(sizes: tuple[int, int, int]) -> None:
    m, inputs, outputs = sizes
    rng = np.random.default_rng(1)
    x, w, b = drawn([(m, inputs), (outputs, inputs), (outputs,)], rng)
    check([x, w, b], lambda kernels, *a: (kernels.linear(*a), kernels.linear(*a[:2], None)), rng)
    check([x, w.T.copy()], lambda kernels, *a: (kernels.matmul(*a),), rng)
    check([x, w], lambda kernels, *a: (kernels.matmul(a[0], a[1].T),), rng)
    check([x[:, :outputs].copy(), x], lambda kernels, *a: (kernels.matmul(a[0].T, a[1]),), rng)


def rnn(rectified: bool, kernels: Any, z: Array, h: Array, w: Array, g: Array) -> tuple[Any, ...]:
    out = kernels.rnn(z, h, w, rectified)
    return out, *kernels.rnn_slope(g, out, w, rectified)


def lstm(kernels: Any, z: Array, h: Array, c: Array, w: Array, g: Array) -> tuple[Any, ...]:
    out, *left = kernels.lstm(z, h, c, w)
    return out, *left, *kernels.lstm_slope(g, out, None, h, c, None, w, None, *left)


def gru(kernels: Any, z: Array, h: Array, w: Array, b: Array, g: Array) -> tuple[Any, ...]:
    out, *left = kernels.gru(z, h, w, b)
    return out, *left, *kernels.gru_slope(g, out, None, h, None, w, None, b, *left)


@pytest.mark.slow  # they compile for many seconds
def test_recurrent_layers() -> None:
    rng, (length, count, size) = np.random.default_rng(2), (4, 3, 5)
    state, g = (count, size), (length, count, size)
    for rectified in (False, True):
        operands = drawn([(length, count, size), state, (size, size), g], rng)
        check(operands, partial(rnn, rectified), rng)
    last = (length + 1, count, size)  # of the cells beside the hidden states
    check(drawn([(length, count, 4 * size), state, state, (4 * size, size), last], rng), lstm, rng)
    check(drawn([(length, count, 3 * size), state, (3 * size, size), (3 * size,), g], rng), gru, rng)
