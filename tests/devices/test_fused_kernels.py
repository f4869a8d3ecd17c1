"""The device's own kernels compute what the reference does, and serve in place of whole-array operations.

Where there is no GPU, a C++ compiler takes their text, and their threads run one after the other, from the
first and from the last.
"""

import shutil
import subprocess

import numpy as np
import pytest

from tinygrad_cnn import Tensor, devices, kernels, manual_seed, nn, optim, use_kernels
from tinygrad_cnn import functional as F
from tinygrad_cnn.grid import Grid
from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels import serving
from tinygrad_cnn.kernels.device import fused
from tinygrad_cnn.kernels.device.sources import SOURCE
from tinygrad_cnn.testing.stand_in import STAND_IN, transfers
from tinygrad_cnn.testing.stand_in.threads_in_turn import compiler, launcher


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    return tmp_path_factory.mktemp("kernels")


@pytest.fixture(params=[False, True], ids=["first thread first", "last thread first"])
def one_kernel(request, device, compiled, monkeypatch):
    """A device whose own kernels serve, and the names of those that were started."""
    started = []
    before = use_kernels("reference")
    monkeypatch.setattr(serving.SERVING, "pinned", False)  # nobody asked for it: NumPy serves by itself
    backend = devices.backend_named(device.type)
    if device.type == "stand-in":
        if compiler() is None:
            pytest.skip("no C++ compiler is installed: nothing can run the kernels without a GPU")
        monkeypatch.setattr(STAND_IN, "launchers", launcher(compiled, request.param), raising=False)
    elif request.param:
        pytest.skip("a GPU orders its threads by itself")
    make = backend.launcher

    def noting(like):
        launch = make(like)

        def noted(name, blocks, *arguments):
            started.append(name)
            launch(name, blocks, *arguments)

        return noted

    monkeypatch.setattr(type(backend), "launcher", lambda self, like: noting(like))
    yield device, started
    use_kernels(before)


def draw(*shape, dtype="float64"):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(dtype)


def same(name, device, started, *operands, own=None, rtol=1e-9):
    """A kernel on a device, by its own kernel, gives what the reference gives."""
    floats = [isinstance(x, np.ndarray) and x.dtype.kind == "f" for x in operands]
    there = [
        devices.moved(x, device) if is_float else x for x, is_float in zip(operands, floats, strict=True)
    ]
    want = getattr(reference, name)(*operands)
    found = getattr(kernels, name)(*there)
    assert started and started[-1] == (own or name)
    pairs = [(want, found)] if not isinstance(want, tuple) else zip(want, found, strict=True)
    if want is None:  # written in place
        pairs = [(a, b) for a, b in zip(operands, there, strict=True) if isinstance(a, np.ndarray)]
    for a, b in pairs:
        back = devices.to_host(b)
        assert back.dtype == a.dtype and back.shape == a.shape
        np.testing.assert_allclose(back, a, rtol=rtol, atol=rtol)


GRIDS = [
    Grid((6, 7), (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1)),
    Grid((7, 5), (3, 2), (2, 1), ((1, 1), (1, 0)), (1, 2)),
    Grid((7, 7), (3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1), ceil_mode=True),
    Grid((4, 9), (1, 3), (1, 4), ((0, 0), (0, 0)), (1, 1)),
]


@pytest.mark.parametrize("grid", GRIDS, ids=["2x2", "padded", "rounded up", "flat"])
@pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)])
def test_pooling(grid, dtype, one_kernel):
    x = draw(2, 3, *grid.image, dtype=dtype)
    x[0, 0, :2, :2] = np.nan
    x[1, 1] = -np.inf
    x[1, 2] = np.round(x[1, 2])  # ties
    same("max_pool_places", *one_kernel, x, grid, own="max_pool", rtol=0)
    same("max_pool", *one_kernel, x, grid, rtol=0)
    y, places = reference.max_pool_places(x, grid)
    g = draw(*y.shape, dtype=dtype)
    device, started = one_kernel
    back = kernels.place(devices.moved(g, device), devices.moved(places, device), grid)
    assert started[-1] == "place"
    np.testing.assert_allclose(devices.to_host(back), reference.place(g, places, grid), rtol=0, atol=0)
    for padding in (True, False):
        finite = draw(2, 3, *grid.image, dtype=dtype)
        if not (reference.pool.coverage(grid, padding) == 0).any():
            same("avg_pool", *one_kernel, finite, grid, padding, rtol=0)
            same("spread", *one_kernel, g, grid, padding, rtol=0)


@pytest.mark.parametrize("shape", [(5, 3), (4, 3, 7, 5), (2, 1, 300), (1, 2, 1)])
def test_batch_norm(shape, one_kernel):
    x, w, b = draw(*shape) + 100, draw(shape[1]), draw(shape[1])
    same("batch_norm", *one_kernel, x, w, b, 1e-5)
    _, mean, var = reference.batch_norm(x, w, b, 1e-5)
    same("batch_norm_slope", *one_kernel, draw(*shape), x, w, mean, var, 1e-5, True, rtol=1e-8)
    same("batch_norm", *one_kernel, np.full(shape, 1e8), w, b, 1e-5)  # equal numbers give 0


@pytest.mark.parametrize(("shape", "axes"), [((4, 5), 1), ((2, 3, 300), 1), ((2, 3, 4), 2), ((1, 1), 1)])
def test_layer_norm(shape, axes, one_kernel):
    x, w, b = draw(*shape) + 100, draw(*shape[-axes:]), draw(*shape[-axes:])
    same("layer_norm", *one_kernel, x, w, b, axes, 1e-5)
    same("layer_norm_slope", *one_kernel, draw(*shape), x, w, axes, 1e-5, True, rtol=1e-8)


@pytest.mark.parametrize("shape", [(4, 3), (3, 1000), (1, 1)])
def test_cross_entropy(shape, one_kernel):
    x, labels = draw(*shape) * 50, np.arange(shape[0]) % shape[1]
    labels[0] = -100
    x[0] = np.nan  # does not count
    same("cross_entropy", *one_kernel, x, labels, np.abs(draw(shape[0])))
    same("cross_entropy_slope", *one_kernel, draw(*shape), labels, draw(shape[0], 1))


@pytest.mark.parametrize("nesterov", [False, True])
def test_steps_of_sgd_and_adam_are_the_references_bit_for_bit(nesterov, one_kernel):
    p, g, v = (draw(3, 400) for _ in range(3))
    same("sgd", *one_kernel, p.copy(), g, None, 0.1, 0.0, 1, 0.01, False, rtol=0)
    same("sgd", *one_kernel, p.copy(), g, v.copy(), 0.1, 0.9, 0.5, 0.01, nesterov, rtol=0)
    m, v, largest = draw(3, 400), draw(3, 400) ** 2, draw(3, 400) ** 2
    rest = (3, 0.01, 0.9, 0.999, 1e-8, 0.02, 0.99)
    kept = largest.copy() if nesterov else None
    same("adam", *one_kernel, p.copy(), g, m.copy(), v.copy(), kept, *rest, rtol=0)


def test_a_network_trains_by_the_devices_own_kernels_and_fetches_nothing(one_kernel):
    device, started = one_kernel
    x, labels = draw(4, 1, 12, 12), np.array([0, 2, 1, 2])
    found = []
    for place in ("cpu", device):
        manual_seed(0)
        model = nn.Sequential(
            nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(3, 2), nn.AvgPool2d(2),
            nn.Flatten(), nn.Linear(12, 6), nn.LayerNorm(6), nn.Linear(6, 3),
        ).double().to(place)  # fmt: skip
        optimizer, inputs = optim.Adam(model.parameters(), lr=0.01), Tensor(x).to(place)
        with transfers() as counted:
            for _ in range(2):
                optimizer.zero_grad()
                F.cross_entropy(model(inputs), labels).backward()
                optimizer.step()
        found.append([p.cpu().detach().numpy() for p in model.parameters()])
    assert set(counted) <= {"upload"}
    assert set(started) == {
        "max_pool", "place", "avg_pool", "spread", "batch_norm", "batch_norm_slope", "layer_norm",
        "layer_norm_slope", "cross_entropy", "cross_entropy_slope", "adam",
    }  # fmt: skip
    for here, there in zip(*found, strict=True):
        np.testing.assert_allclose(there, here, rtol=1e-6, atol=1e-9)


def test_whole_arrays_serve_what_a_kernel_cannot_and_after_the_reference_was_asked_for(one_kernel):
    device, started = one_kernel
    half = devices.moved(draw(2, 3, 6, 7).astype("float16"), device)
    assert kernels.max_pool(half, GRIDS[0]).shape == (2, 3, 3, 3) and not started
    assert F.max_pool3d(Tensor(draw(1, 1, 2, 4, 4)).to(device), 2).shape == (1, 1, 1, 2, 2) and not started
    turned = Tensor(draw(2, 3, 4, 4)).to(device).transpose(0, 1, 3, 2)
    assert F.max_pool2d(turned, 2).shape == (2, 3, 2, 2) and started == ["max_pool"]
    use_kernels("reference")
    F.max_pool2d(turned, 2)
    assert started == ["max_pool"]


@pytest.mark.slow
def test_a_missing_barrier_is_seen(compiled, monkeypatch):
    """A proof of the proof: without one of its barriers a sum depends on which thread comes first."""
    if compiler() is None:
        pytest.skip("no C++ compiler is installed")
    from tinygrad_cnn.testing.stand_in import stand_in_device, threads_in_turn

    adding = "        if (threadIdx.x < half) parts[threadIdx.x] +="
    broken = SOURCE.replace(f"        __syncthreads();\n{adding}", adding)
    assert broken != SOURCE
    monkeypatch.setattr(threads_in_turn, "SOURCE", broken)
    sums = []
    with stand_in_device():
        for backwards in (False, True):
            x, y = STAND_IN.upload(draw(1, 600), 0), STAND_IN.upload(np.zeros((1, 600)), 0)
            w, b = STAND_IN.upload(np.ones(600), 0), STAND_IN.upload(np.zeros(600), 0)
            launcher(compiled, backwards)(x)("layer_norm", 1, x, w, b, y, 600, 1e-5)
            sums.append(y.get())
    assert not np.allclose(*sums)


def test_every_kernel_is_chosen_by_one_table():
    names = set(fused._OWN)
    assert names <= {name for name, f in vars(reference).items() if callable(f)}
    for name in names - {"max_pool_places"}:
        assert f"__global__ void {name}(" in SOURCE


@pytest.mark.slow
@pytest.mark.parametrize("real", ["float", "double"])
def test_nvidias_compiler_takes_the_text(real, tmp_path):
    nvcc = shutil.which("nvcc")
    if nvcc is None:
        pytest.skip("NVIDIA's compiler, nvcc, is not installed")
    source = tmp_path / "kernels.cu"
    source.write_text(SOURCE)
    made = tmp_path / "kernels.ptx"
    command = [nvcc, "-ptx", "-std=c++17", "--fmad=false", f"-DREAL={real}", str(source), "-o", str(made)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert all(f".entry {name}" in made.read_text() for name in set(fused._OWN) - {"max_pool_places"})
