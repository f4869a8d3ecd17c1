"""Compiled recurrent layers against the reference in float64."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_cnn import Tensor, grad, kernels_in_use, nn, use_kernels
from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels import threads

pytest.importorskip("numba")

from tinygrad_cnn.kernels.compiled.recurrent import elman, gru, lstm, steps

pytestmark = pytest.mark.slow  # they compile for many seconds

GATES = {"lstm": 4, "gru": 3, "rnn": 1}


@pytest.fixture(params=[1, 2], autouse=True)
def _parts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test on one thread and on two, however small its work."""
    before = threads.get_num_threads()
    threads.set_num_threads(request.param)
    monkeypatch.setattr(steps, "WORTH_SHARING", 0)
    yield
    threads.set_num_threads(before)


def drawn(kind: str, length: int, count: int, size: int, seed: int, turned: bool) -> dict[str, Any]:
    """Sums, first states, weights and a bias, float32, read-only and in any order of memory."""
    rng = np.random.default_rng(seed)
    shapes = {
        "z": (length, count, GATES[kind] * size), "h": (count, size), "c": (count, size),
        "w": (GATES[kind] * size, size), "b": (GATES[kind] * size,),
    }  # fmt: skip
    made = {name: rng.uniform(-1, 1, shape).astype(np.float32) for name, shape in shapes.items()}
    made["w"] /= np.float32(size**0.5)  # so that errors do not grow from step to step
    if turned:
        made = {name: np.asfortranarray(a) for name, a in made.items()}
    for name in "hcwb":
        made[name].flags.writeable = False
    return made


def both(kind: str, of: dict[str, Any], rectified: bool) -> list[tuple[Any, Any]]:
    """Results and derivatives, compiled and by the reference in float64, pair by pair."""
    rng, module = np.random.default_rng(1), {"lstm": lstm, "gru": gru, "rnn": elman}[kind]
    wide = {name: a.astype(np.float64) for name, a in of.items()}
    pairs, g = [], None
    for functions, a in ((reference, wide), (module, {**of, "z": of["z"].copy("K")})):
        if kind == "rnn":
            out = functions.rnn(a["z"], a["h"], a["w"], rectified)
            g = rng.uniform(-1, 1, out.shape).astype(np.float32) if g is None else g
            pairs.append([out, *functions.rnn_slope(g.astype(out.dtype), out, a["w"], rectified)])
            continue
        rest = (a["h"], a["c"], a["w"]) if kind == "lstm" else (a["h"], a["w"], a["b"])
        out, *left = getattr(functions, kind)(a["z"], *rest)
        g = rng.uniform(-1, 1, out.shape).astype(np.float32) if g is None else g
        slope, given = getattr(functions, f"{kind}_slope"), g.astype(out.dtype)
        if kind == "lstm":
            slopes = slope(given, out, None, a["h"], a["c"], None, a["w"], None, *left)
        else:
            slopes = slope(given, out, None, a["h"], None, a["w"], None, a["b"], *left)
        pairs.append([out, *left, *slopes])
    return list(zip(*pairs, strict=True))


def check(kind: str, length: int, count: int, size: int, seed: int, turned: bool, rectified: bool) -> None:
    for k, (expected, found) in enumerate(
        both(kind, drawn(kind, length, count, size, seed, turned), rectified)
    ):
        assert found.dtype == np.float32 and found.shape == expected.shape
        scale = max(1.0, float(abs(expected).max(initial=0)))
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=5e-6 * scale, err_msg=f"{kind}: {k}")


@pytest.mark.slow
@pytest.mark.parametrize("kind", GATES)
@settings(max_examples=15)
@given(
    st.integers(1, 5), st.integers(1, 20), st.integers(1, 20), st.integers(0, 99), st.booleans(),
    st.booleans(),
)  # fmt: skip
def test_whole_sequences(
    kind: str, length: int, count: int, size: int, seed: int, turned: bool, rectified: bool
) -> None:
    check(kind, length, count, size, seed, turned, rectified)


@pytest.mark.parametrize("kind", GATES)
def test_nan_stays_in_its_sequence(kind: str) -> None:
    of = drawn(kind, 3, 9, 5, 0, False)
    of["z"][0, 4] = np.nan
    for expected, found in both(kind, of, rectified=False):
        np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))


@pytest.mark.parametrize("kind", GATES)
def test_float64_and_empty_batches_are_the_reference_s(kind: str) -> None:
    module = {"lstm": lstm, "gru": gru, "rnn": elman}[kind]
    wide = {name: a.astype(np.float64) for name, a in drawn(kind, 2, 3, 4, 0, False).items()}
    names = {"lstm": "hcw", "gru": "hwb", "rnn": "hw"}[kind]
    rest = [wide[name] for name in names] + [False] * (kind == "rnn")
    results = getattr(module, kind)(wide["z"].copy(), *rest), getattr(reference, kind)(wide["z"], *rest)
    for found, expected in zip(*results, strict=True):
        np.testing.assert_array_equal(found, expected)
    empty = drawn(kind, 2, 0, 4, 0, False)
    for expected, found in both(kind, empty, rectified=False):
        assert found.shape == expected.shape


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_the_second_derivative_is_that_of_single_steps(kind: str) -> None:
    """The first one is a kernel; recorded, it is a graph of steps, and both agree."""
    before = kernels_in_use()
    use_kernels("fast")
    try:
        layer, x = getattr(nn, kind)(3, 4, rng=0), np.random.default_rng(0).standard_normal((4, 2, 3), "f4")
        cell = getattr(nn, f"{kind}Cell")(3, 4)
        cell.load_state_dict({k.removesuffix("_l0"): v for k, v in layer.state_dict().items()})

        def by_cells(x: Any) -> Any:
            state, total = None, 0
            for step in x:
                state = cell(step, state)
                total = total + ((state[0] if kind == "LSTM" else state) ** 2).sum()
            return total

        found = []
        for loss, of in ((lambda x: (layer(x)[0] ** 2).sum(), layer), (by_cells, cell)):
            given = Tensor(x, requires_grad=True)
            plain = grad(loss(given), [given])[0]
            (dx,) = grad(loss(given), [given], create_graph=True)
            np.testing.assert_allclose(dx.numpy(), plain.numpy(), rtol=1e-4, atol=1e-5)
            second = grad((dx**2).sum(), [given, *of.parameters()])
            found.append([plain, *second])
        for a, b in zip(*found, strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-3, atol=1e-5)
    finally:
        use_kernels(before)
