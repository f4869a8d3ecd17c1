"""Fused functions: the kernel gives, bit by bit, what the formula gives, and each of them is tried."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cnn import Tensor, kernels_in_use, use_kernels
from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.ops.fused import FUSED
from tinygrad_cnn.testing.strategies import laid_out

SEEDS = st.integers(0, 2**32 - 1)
TYPES = st.sampled_from([np.float32, np.float64])
LAYOUT = st.sampled_from(["contiguous", "transposed", "strided"])
ANY = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
BATCH = hnp.array_shapes(min_dims=2, max_dims=4, min_side=1, max_side=4)


@pytest.fixture(autouse=True)
def _numpy_serves():
    """The formula's ops use the kernels that serve; compiled ones round otherwise."""
    before = kernels_in_use()
    use_kernels("reference")
    yield
    use_kernels(before)


@st.composite
def pairs(draw, shape):
    """A gradient, and a result with zeros in it, of one shape and any layouts."""
    size, rng, dtype = draw(shape), np.random.default_rng(draw(SEEDS)), draw(TYPES)
    g, y = rng.standard_normal(size).astype(dtype), rng.standard_normal(size).astype(dtype)
    y = np.asarray(y * (rng.random(size) < 0.7), dtype)
    return [laid_out(g, draw(LAYOUT)), laid_out(y, draw(LAYOUT))], []


@st.composite
def singles(draw):
    (g, _), rest = draw(pairs(BATCH))
    return [g], rest


@st.composite
def norms(draw):
    """Gradient, x and w; mean and variance of x; epsilon, and whether dx is wanted."""
    (g, x), _ = draw(pairs(BATCH))
    w = np.random.default_rng(draw(SEEDS)).standard_normal(x.shape[1]).astype(x.dtype)
    _, mean, var = reference.batch_norm(x, w, w, 1e-3)
    return [g, x, w], [mean, var, 1e-3, draw(st.booleans())]


@st.composite
def labelled(draw):
    """Scores; labels, some ignored, and a share for each sample."""
    rng, n, k = np.random.default_rng(draw(SEEDS)), draw(st.integers(1, 5)), draw(st.integers(1, 4))
    x = rng.standard_normal((n, k)).astype(draw(TYPES))
    return [x], [rng.integers(-1, k, n), rng.random((n, 1)).astype(x.dtype)]


@st.composite
def with_numbers(draw, *numbers):
    """A pair, and constants."""
    arrays, _ = draw(pairs(ANY))
    return arrays, list(numbers)


@st.composite
def along_the_last(draw):
    (g, y), _ = draw(pairs(BATCH))
    return [g, y], [-1]


@st.composite
def layers(draw):
    """Gradient, x, and w of the last two axes; how many, epsilon, and whether dx is wanted."""
    (g, x), _ = draw(pairs(BATCH))
    axes = draw(st.integers(1, x.ndim))
    w = np.random.default_rng(draw(SEEDS)).standard_normal(x.shape[-axes:]).astype(x.dtype)
    return [g, x, w], [axes, 1e-3, draw(st.booleans())]


@st.composite
def groups(draw):
    """Gradient, x and w; the number of groups, epsilon, and whether dx is wanted."""
    (g, x), _ = draw(pairs(BATCH))
    w = np.random.default_rng(draw(SEEDS)).standard_normal(x.shape[1]).astype(x.dtype)
    count = draw(st.sampled_from([k for k in range(1, x.shape[1] + 1) if x.shape[1] % k == 0]))
    return [g, x, w], [count, 1e-3, draw(st.booleans())]


@st.composite
def sequences(draw, kind, gates):
    """Gradient, states, x, first states, weights and biases of a recurrent layer; what its forward left."""
    rng, dtype = np.random.default_rng(draw(SEEDS)), draw(TYPES)
    steps, count, inputs, size = (draw(st.integers(1, 3)) for _ in range(4))
    x, h, c, w_ih, w_hh, b, b_hh = (
        rng.standard_normal(shape).astype(dtype)
        for shape in [(steps, count, inputs), *[(count, size)] * 2, (gates * size, inputs),
                      (gates * size, size), *[(gates * size,)] * 2]
    )  # fmt: skip
    z = reference.linear(x.reshape(-1, inputs), w_ih, b).reshape(steps, count, -1)
    if kind == "rnn":
        rectified = draw(st.booleans())
        out, rest = reference.rnn(z, h, w_hh, rectified), [rectified]
        arrays = [out, w_hh]
    elif kind == "gru":
        out, *rest = reference.gru(z, h, w_hh, b_hh)
        arrays = [out, x, h, w_ih, w_hh, b, b_hh]
    else:
        out, *rest = reference.lstm(z, h, c, w_hh)
        arrays = [out, x, h, c, w_ih, w_hh, b]
    return [rng.standard_normal(out.shape).astype(dtype), *arrays], rest


PROBLEMS = {
    "elu_slope": with_numbers(1.5, 1.0, 1.0),
    "gelu_slope": pairs(ANY),
    "gelu_tanh_slope": pairs(ANY),
    "hardsigmoid_slope": pairs(ANY),
    "hardswish_slope": pairs(ANY),
    "log_softmax_slope": along_the_last(),
    "mish_slope": pairs(ANY),
    "softplus_slope": with_numbers(1.5, 2.0),
    "group_norm_slope": groups(),
    "hardtanh_slope": with_numbers(-0.5, 1.0),
    "layer_norm_slope": layers(),
    "rms_norm_slope": layers(),
    "gru_slope": sequences("gru", 3),
    "lstm_slope": sequences("lstm", 4),
    "rnn_slope": sequences("rnn", 1),
    "leaky_relu_slope": with_numbers(0.1),
    "silu_slope": pairs(ANY),
    "softmax_slope": along_the_last(),
    "tanh_slope": pairs(ANY),
    "relu_slope": pairs(ANY),
    "sigmoid_slope": pairs(ANY),
    "channel_sum": singles(),
    "batch_norm_slope": norms(),
    "cross_entropy_slope": labelled(),
}


def test_every_fused_function_is_tried() -> None:
    assert FUSED.keys() == PROBLEMS.keys()


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_kernel_does_what_the_formula_does(name: str) -> None:
    @given(PROBLEMS[name])
    def holds(problem) -> None:
        arrays, constants = problem
        by_kernel = getattr(reference, name)(*arrays, *constants)
        by_formula = FUSED[name](*(Tensor.at(a, None).requires_grad_() for a in arrays), *constants)
        several = isinstance(by_kernel, tuple)
        pairs_of = zip(by_kernel, by_formula, strict=True) if several else [(by_kernel, by_formula)]
        for a, b in pairs_of:
            assert (a is None) == (b is None)
            if a is not None:
                np.testing.assert_array_equal(np.asarray(a), b.numpy(), strict=True)

    holds()


@pytest.mark.parametrize("name", PROBLEMS)
def test_arrays_give_arrays_and_tensors_are_recorded(name: str) -> None:
    @given(PROBLEMS[name])
    def holds(problem) -> None:
        arrays, constants = problem
        plain = FUSED[name](*arrays, *constants)
        first = plain[1] if isinstance(plain, tuple) else plain
        assert isinstance(first, (np.ndarray, np.generic))
        recorded = FUSED[name](Tensor(arrays[0], requires_grad=True), *arrays[1:], *constants)
        first = recorded[1] if isinstance(recorded, tuple) else recorded
        assert first.requires_grad and first.node.op is not None

    holds()
