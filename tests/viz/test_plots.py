"""Figures beside the graph: filters, feature maps, histograms, saliency, surfaces, fields, fonts."""

from __future__ import annotations

import importlib
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import viz
from tinygrad_cnn import Parameter, Tensor, manual_seed, nn, no_grad, optim, rng
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError, GraphError, MissingExtraError, ShapeError
from viz.output import fonts
from viz.plots import figure, finish, look
from viz.plots.image_tiles import columns_for, mosaic

pytest.importorskip("matplotlib", reason="Matplotlib is not installed")

IMAGE = np.random.default_rng(0).random((1, 8, 8)).astype(np.float32)
BATCH = np.random.default_rng(1).random((6, 1, 8, 8)).astype(np.float32)


def network() -> nn.Sequential:
    """All kinds of layers, with state that a careless run would change."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1, rng=0), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2),
        nn.Dropout(0.5), nn.Conv2d(6, 10, 3, rng=1), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3, rng=7),
        nn.Linear(40, 5, rng=2),
    )  # fmt: skip


def bowl(x: Any, y: Any) -> Any:
    return x * x / 20 + y * y


def loss(y: Tensor) -> Tensor:
    return F.cross_entropy(y, np.arange(6) % 5)


PATHS = {"SGD": [(-7.0, 2.0), (-6.0, -1.5), (-5.0, 1.0)], "Adam": [(-7.0, 2.0), (-5.0, 1.0)]}
DRAWINGS: dict[str, Callable[..., Any]] = {
    "filters": lambda p: viz.filters(network()[0], p, before=np.zeros((6, 1, 3, 3))),
    "feature_maps": lambda p: viz.feature_maps(network(), IMAGE, p),
    "histograms": lambda p: viz.histograms(network(), BATCH, loss, p),
    "saliency": lambda p: viz.saliency(network(), IMAGE, path=p),
    "grad_cam": lambda p: viz.grad_cam(network(), IMAGE, "5", path=p),
    "surface": lambda p: viz.surface(bowl, PATHS, p),
    "field": lambda p: viz.field(bowl, p),
}


# --------------------------------------------------------------------------- what holds for all
@pytest.mark.parametrize("name", DRAWINGS)
def test_a_file_of_a_readable_size_that_is_not_blank_and_the_same_each_time(
    tmp_path: Path, name: str
) -> None:
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.image import imread

    before = dict(matplotlib.rcParams)
    manual_seed(1)
    with matplotlib.rc_context({"font.size": 20.0, "image.cmap": "jet"}):
        DRAWINGS[name](tmp_path / "a.png")
    manual_seed(1)  # histograms draw a model as it stands: here, with dropout
    drawn = DRAWINGS[name](str(tmp_path / "b.PNG"))
    assert isinstance(drawn, Figure)  # a class of ours, which shows itself in notebooks
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.PNG").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.PNG"]
    pixels = imread(tmp_path / "a.png")
    assert 500 <= pixels.shape[1] <= 1600 and 250 <= pixels.shape[0] <= 2400
    assert pixels[..., :3].std() > 0.05
    # Nothing is cut off: the outermost pixels are the white of the page.
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge[..., :3] == 1).all()
    assert dict(matplotlib.rcParams) == before


@pytest.mark.slow
@pytest.mark.parametrize("form", ["svg", "pdf"])
def test_vector_files_have_the_same_bytes(tmp_path: Path, form: str) -> None:
    for name in ("filters", "histograms", "field"):
        for which in ("a", "b"):
            DRAWINGS[name](tmp_path / f"{which}.{form}")
        assert (tmp_path / f"a.{form}").read_bytes() == (tmp_path / f"b.{form}").read_bytes()


@pytest.mark.parametrize("name", DRAWINGS)
def test_paths_that_do_not_fit(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArgumentError, match=rf"viz\.{name}: .*\.bmp"):
        DRAWINGS[name](tmp_path / "a.bmp")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        DRAWINGS[name](tmp_path / "nowhere" / "a.png")
    assert not list(tmp_path.iterdir())


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.style", None)
    for draw in DRAWINGS.values():
        with pytest.raises(MissingExtraError, match=r"pip install 'tinygrad-cnn\[plots\]'"):
            draw(None)


@pytest.mark.slow
def test_pyplot_is_never_loaded() -> None:
    program = (
        "import sys, viz; from tinygrad_cnn import nn; import numpy as np; x = np.ones((1, 8, 8), 'f4');"
        "assert 'matplotlib' not in sys.modules;"
        "m = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3));"
        "viz.filters(m[0]); viz.feature_maps(m, x); viz.saliency(m, x); viz.grad_cam(m, x, '0');"
        "viz.histograms(m, x[None], lambda y: y.sum()); f = lambda x, y: x * x + y * y;"
        "viz.surface(f); viz.field(f); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])


@pytest.mark.parametrize("name", ["feature_maps", "histograms", "saliency", "grad_cam"])
def test_a_run_leaves_no_trace(name: str) -> None:
    model = network()
    model[1].eval()  # modes that differ from module to module
    model[3].requires_grad_(False)
    manual_seed(5)
    value = loss(model(Tensor(BATCH)))  # a graph that is still to be walked
    value.backward(retain_graph=True)
    slots = [{k: v for k, v in vars(m).items()} for m in model.modules()]
    state, grads = model.state_dict(), [p.grad for p in model.parameters()]
    grad_values = [g.numpy().copy() for g in grads]
    draws = (rng.generator().bit_generator.state, model[8].rng.bit_generator.state)

    draw = {
        "feature_maps": lambda: viz.feature_maps(model, IMAGE),
        "histograms": lambda: viz.histograms(model, BATCH, loss),
        "saliency": lambda: viz.saliency(model, IMAGE),
        "grad_cam": lambda: viz.grad_cam(model, IMAGE, model[5]),
    }[name]
    with no_grad():  # gradients are computed where somebody switched them off, too
        draw()
    assert [list(vars(m)) for m in model.modules()] == [list(slot) for slot in slots]
    assert all(
        vars(m)[k] is v for m, slot in zip(model.modules(), slots, strict=True) for k, v in slot.items()
    )
    assert all(np.array_equal(a, state[k]) for k, a in model.state_dict().items())
    assert all(p.grad is g for p, g in zip(model.parameters(), grads, strict=True))
    assert all(np.array_equal(g.numpy(), v) for g, v in zip(grads, grad_values, strict=True))
    assert draws == (rng.generator().bit_generator.state, model[8].rng.bit_generator.state)
    value.backward()


def test_a_run_that_fails_leaves_no_trace() -> None:
    class Fails(nn.Module):
        def forward(self, x: Any) -> Any:
            rng.generator().random()
            raise ShapeError("too bad")

    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), Fails())
    before, state = rng.generator().bit_generator.state, model.state_dict()
    with pytest.raises(ShapeError, match="2: too bad"):
        viz.histograms(model, BATCH)
    assert rng.generator().bit_generator.state == before
    assert "forward" not in vars(model[0]) and "training" not in vars(model[0])
    assert all(np.array_equal(a, state[k]) for k, a in model.state_dict().items())


WRONG_IMAGES: list[tuple[Any, type[Exception], str]] = [
    (np.zeros((8, 8), np.float32), ShapeError, r"image has shape \(8, 8\)"),
    (np.zeros((2, 1, 8, 8), np.float32), ShapeError, r"one image"),
    (np.zeros((1, 0, 8), np.float32), ShapeError, r"\(1, 0, 8\)"),
    (np.zeros((1, 8, 8), np.uint8), DTypeError, "dtype uint8.*image / 255"),
    (np.zeros((3, 8, 8), np.float32), ShapeError, "^0: conv2d: .*3 channels"),
]


@pytest.mark.parametrize(("image", "error", "says"), WRONG_IMAGES)
def test_images_that_do_not_fit(image: Any, error: type[Exception], says: str) -> None:
    model = network()
    for draw in (viz.feature_maps, viz.saliency, lambda m, x: viz.grad_cam(m, x, "0")):
        with pytest.raises(error, match=says):
            draw(model, image)
    assert "training" not in vars(model)


def test_a_model_that_is_none() -> None:
    for draw in (viz.feature_maps, viz.saliency, lambda m, x: viz.grad_cam(m, x, "0")):
        with pytest.raises(DTypeError, match="model is a function"):
            draw(bowl, IMAGE)


# --------------------------------------------------------------------------- filters
@given(st.integers(1, 20), st.integers(1, 3), st.integers(1, 3), st.integers(1, 9), st.integers(1, 2))
def test_a_mosaic_holds_each_tile_once(n: int, h: int, w: int, columns: int, gap: int) -> None:
    tiles = np.arange(n * h * w, dtype=float).reshape(n, h, w)
    sheet = mosaic(tiles, columns, gap)
    shown = sheet[~np.isnan(sheet)]
    assert np.array_equal(np.sort(shown), tiles.ravel())
    for k, tile in enumerate(tiles):
        i, j = k // min(columns, n) * (h + gap), k % min(columns, n) * (w + gap)
        assert np.array_equal(sheet[i : i + h, j : j + w], tile)


@given(st.integers(1, 100), st.integers(1, 20))
def test_rows_of_a_mosaic(count: int, most: int) -> None:
    columns = columns_for(count, most)
    assert min(count, -(-most // 2)) <= columns <= most


def test_filters_before_and_after_share_one_scale_around_zero() -> None:
    layer = nn.Conv2d(1, 3, 3, rng=0)
    before = layer.weight.numpy().copy()
    layer.weight.data *= 4
    left, right = viz.filters(layer, before=before).axes[:2]
    limit = 4 * np.abs(before).max()
    for axes, weights in ((left, before), (right, 4 * before)):
        image = axes.images[0]
        assert image.get_clim() == pytest.approx((-limit, limit))
        np.testing.assert_allclose(image.get_array()[:, 4:7], weights[1, 0], rtol=1e-6)
    assert viz.filters(layer).get_suptitle() == "3 kernels of 3×3"


def test_filters_over_channels_are_strips_and_large_layers_are_cut() -> None:
    weights = viz.filters(nn.Conv2d(2, 3, 2, rng=0)).axes[0].images[0].get_array()
    assert weights.shape == (2, 3 * 5 + 2 * 2)
    large = viz.filters(nn.Conv2d(40, 100, 1, rng=0))
    assert large.get_suptitle().endswith("100 kernels × 40 channels of 1×1 · the first 64 × 32")
    assert large.axes[0].images[0].get_array().count() == 64 * 32


def test_filters_of_zeros_and_of_nan() -> None:
    layer = nn.Conv2d(1, 2, 2, rng=0)
    layer.weight.data *= 0
    assert viz.filters(layer).axes[0].images[0].get_clim() == (-1.0, 1.0)
    layer.weight.data[0, 0, 0, 0] = np.nan
    viz.filters(layer).canvas.draw()


def test_filters_refuses_what_does_not_fit() -> None:
    with pytest.raises(DTypeError, match=r"layer is a Linear with weights of shape \(3, 2\)"):
        viz.filters(nn.Linear(2, 3))
    with pytest.raises(DTypeError, match="layer is a ReLU with weights of none"):
        viz.filters(nn.ReLU())
    with pytest.raises(ShapeError, match=r"before has shape \(2, 1, 5, 5\).*\(2, 1, 3, 3\)"):
        viz.filters(nn.Conv2d(1, 2, 3), before=np.zeros((2, 1, 5, 5)))
    with pytest.raises(DTypeError, match="before is a array"):
        viz.filters(nn.Conv2d(1, 2, 3), before={"weight": 1})


# --------------------------------------------------------------------------- feature maps
def test_feature_maps_are_the_layers_results() -> None:
    model = network()
    drawn = viz.feature_maps(model, Tensor(IMAGE[None]))
    titles = [axes.get_title(loc="left") for axes in drawn.axes]
    assert titles[0] == "Image" and titles[3].startswith("2 · ReLU · 6 maps of 8×8 · 0 to ")
    assert [t.split(" · ")[1] for t in titles[1:]] == [
        "Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d", "Conv2d", "ReLU"
    ]  # fmt: skip
    maps = model[0](Tensor(IMAGE[None])).numpy()[0]
    shown = drawn.axes[1].images[0]
    np.testing.assert_allclose(shown.get_array()[:, 9:17], maps[1], rtol=1e-6)
    assert shown.get_clim()[0] == -shown.get_clim()[1] < 0
    assert drawn.axes[3].images[0].get_clim()[0] == 0


def test_feature_maps_of_chosen_layers_and_of_calls() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            self.conv, self.act = nn.Conv2d(1, 1, 3, padding=1, rng=0), nn.ReLU()

        def forward(self, x: Any) -> Any:
            return self.act(self.conv(self.act(self.conv(x))))

    model = Twice()
    names = [
        " · ".join(a.get_title(loc="left").split(" · ")[:2]) for a in viz.feature_maps(model, IMAGE).axes
    ]
    assert names[1:] == ["conv · Conv2d", "act · ReLU", "conv · Conv2d (2)", "act · ReLU (2)"]
    assert len(viz.feature_maps(model, IMAGE, layers=[model.act]).axes) == 3
    assert len(viz.feature_maps(model, IMAGE, layers="conv").axes) == 3
    colour = viz.feature_maps(
        nn.Sequential(nn.Conv2d(3, 70, 1, rng=0)), np.full((3, 4, 4), 0.5, np.float32)
    )
    assert colour.axes[0].images[0].get_array().shape == (4, 4, 3)
    assert "70 maps of 4×4 · the first 64" in colour.axes[1].get_title(loc="left")


def test_feature_maps_refuses_what_does_not_fit() -> None:
    model = network()
    with pytest.raises(ArgumentError, match="'11' is not part of the model; its parts: 0, 1"):
        viz.feature_maps(model, IMAGE, layers=["0", "11"])
    with pytest.raises(ArgumentError, match="this ReLU is not part"):
        viz.feature_maps(model, IMAGE, layers=[nn.ReLU()])
    with pytest.raises(ArgumentError, match="'9' gave no maps"):
        viz.feature_maps(model, IMAGE, layers=["9"])
    for layers in ([], None):
        with pytest.raises(ArgumentError, match="no layer to show"):
            viz.feature_maps(nn.Sequential(nn.Flatten()), IMAGE, layers=layers)


# --------------------------------------------------------------------------- saliency, Grad-CAM
def test_saliency_of_a_linear_model_is_the_size_of_its_weights() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16, 4, rng=0))
    image = np.random.default_rng(0).random((3, 4, 4))
    model[1].weight.data = model[1].weight.numpy().astype(np.float64)
    drawn = viz.saliency(model, image.astype(np.float32), label=2)
    expected = np.abs(model[1].weight.numpy()[2].reshape(3, 4, 4)).max(axis=0)
    np.testing.assert_allclose(drawn.axes[1].images[0].get_array(), expected, rtol=1e-6)
    scores = model(image[None].astype(np.float32))
    best = int(np.argmax(scores))
    usual = viz.saliency(model, image.astype(np.float32))
    assert usual.axes[1].get_title(loc="left") == f"Saliency · class {best}, score {scores.max():.3g}"


@settings(max_examples=15)
@given(st.integers(0, 100))
def test_grad_cam_before_a_global_mean_is_the_class_activation_map(seed: int) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            self.conv, self.out = nn.Conv2d(1, 4, 3, rng=seed), nn.Linear(4, 3, rng=seed)

        def forward(self, x: Any) -> Any:
            return self.out(self.conv(x).mean(axis=(2, 3)))

    model = Net()
    drawn = viz.grad_cam(model, IMAGE, "conv", label=1)
    maps = model.conv(Tensor(IMAGE[None])).numpy()[0]
    expected = np.maximum(np.tensordot(model.out.weight.numpy()[1] / 36, maps, axes=1), 0)
    np.testing.assert_allclose(drawn.axes[1].images[1].get_array(), expected, rtol=1e-4, atol=1e-7)
    assert (drawn.axes[1].get_xlabel() == "") == bool(expected.any())


def test_classes_and_scores_that_do_not_fit() -> None:
    model = network()
    for draw in (viz.saliency, lambda m, x, label=None: viz.grad_cam(m, x, "0", label)):
        for label in (-1, 5, True, 1.0, "a"):
            with pytest.raises(ArgumentError, match="a class from 0 to 4 fits"):
                draw(model, IMAGE, label)
        draw(model, IMAGE, np.int64(4))
        with pytest.raises(ShapeError, match=r"gives shape \(1, 6, 8, 8\) for one image"):
            draw(model[:4][:1], IMAGE)


def test_grad_cam_refuses_layers_that_do_not_fit() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            self.idle, self.aside = nn.Conv2d(1, 1, 1), nn.Conv2d(1, 2, 3)
            self.out = nn.Linear(64, 3)

        def forward(self, x: Any) -> Any:
            self.aside(x)
            return self.out(x.reshape(1, -1))

    for layer, error, says in (
        ("idle", ArgumentError, "'idle' did not run"),
        ("aside", GraphError, "does not depend on 'aside'"),
        ("out", ShapeError, r"'out' gives shape \(1, 3\)"),
        ("no", ArgumentError, "'no' is not part of the model; its parts: idle, aside, out"),
        (nn.ReLU(), ArgumentError, "this ReLU is not part"),
    ):
        with pytest.raises(error, match=says):
            viz.grad_cam(Odd(), IMAGE, layer)


# --------------------------------------------------------------------------- histograms
def notes(drawn: Any) -> list[str]:
    return [axes.texts[0].get_text() for axes in drawn.axes]


def test_histograms_of_a_model() -> None:
    model = nn.Sequential(
        nn.Linear(4, 3, rng=0), nn.ReLU(), nn.Flatten(), nn.Dropout(), nn.Linear(3, 1, rng=1)
    )
    x = np.random.default_rng(0).standard_normal((50, 4)).astype(np.float32)
    drawn = viz.histograms(model, x, lambda y: y.sum())
    assert [a.get_ylabel() for a in drawn.axes[::2]] == ["0 · Linear", "1 · ReLU", "4 · Linear"]
    first = model[0](Tensor(x)).numpy()
    assert notes(drawn)[0] == f"std {first.std():.2g}"
    assert (
        notes(drawn)[2] == f"std {np.maximum(first, 0).std():.2g} · {100 * (first <= 0).mean():.0f} % zero"
    )
    assert notes(drawn)[5] == "std 0"  # the gradient of a sum is 1 everywhere
    assert len(viz.histograms(model, x).axes) == 3
    assert len(viz.histograms(model, x, layers=["2"]).axes) == 1
    frozen = viz.histograms(model.requires_grad_(False), x, lambda y: y.sum())
    assert [a.get_ylabel() for a in frozen.axes] == [a.get_ylabel() for a in drawn.axes]


def test_a_layer_without_a_gradient_says_so() -> None:
    class Aside(nn.Module):
        def __init__(self) -> None:
            self.used, self.unused = nn.Linear(2, 1, rng=0), nn.Linear(2, 1, rng=0)

        def forward(self, x: Any) -> Any:
            self.unused(x)
            return self.used(x)

    assert notes(viz.histograms(Aside(), np.ones((3, 2), np.float32), lambda y: y.sum()))[1] == "none"


def test_histograms_of_arrays_share_their_axis() -> None:
    rows = {"a": np.array([0.0, 0.0, 1.0, np.nan, np.inf]), "$b$": Tensor([-3.0, -1.0])}
    drawn = viz.histograms({"std 1": rows, "std 2": {"a": np.linspace(0, 9, 20)}})
    assert [axes.get_title(loc="left") for axes in drawn.axes] == ["std 1", "std 2", "", ""]
    assert notes(drawn) == ["std 0.47 · 67 % zero · 2 NaN or Inf", "std 2.7 · 5 % zero", "std 1", "none"]
    edges = [axes.patches[0].get_data().edges for axes in drawn.axes]
    assert all(np.array_equal(edge, edges[0]) for edge in edges) and (edges[0][0], edges[0][-1]) == (-3, 9)
    bars = drawn.axes[1].patches[0].get_data().values
    assert bars.max() == 1 and bars.sum() == 20  # one value in a bar
    assert drawn.axes[2].get_ylabel() == "$b$"


def test_spreads_that_differ_stand_over_powers_of_ten() -> None:
    rows = {f"layer {k}": 10.0**-k * np.array([-1.0, 0.0, 1.0, 2.0]) for k in range(6)}
    last = viz.histograms(rows).axes[-1]
    assert last.get_xlabel() == "magnitude"
    edges = last.patches[0].get_data().edges
    assert edges[0] == pytest.approx(-5) and edges[-1] == pytest.approx(np.log10(2))
    assert viz.histograms({"a": np.zeros(4), "b": np.ones(3)}).axes[-1].get_xlabel() == ""
    for only in (np.zeros(3), np.full(2, 1e30), np.full(2, np.nan), np.zeros(0), [True, False]):
        viz.histograms({"only": only}).canvas.draw()


@pytest.mark.parametrize(("arguments", "error", "says"), [
    (([1, 2],), DTypeError, "got a list"),
    (({},), ArgumentError, "no array"),
    (({"a": {}},), ArgumentError, "no array"),
    (({"a": {"b": [1]}, "c": [1]},), DTypeError, "mixes"),
    (({"a": "text"},), DTypeError, "'a' is not an array of real numbers"),
    (({"a": [[1], [1, 2]]},), DTypeError, "'a' is not an array of real numbers"),
    (({"a": [1]}, BATCH), ArgumentError, "fit a Module"),
    ((network(),), ArgumentError, "needs inputs"),
    ((network(), BATCH, lambda y: y), ShapeError, r"the loss has shape \(6, 5\)"),
    ((network(), BATCH, lambda y: 1.0), DTypeError, "the loss gives no Tensor"),
    ((network(), BATCH, None, None, ["x"]), ArgumentError, "'x' is not part"),
    ((nn.Sequential(nn.Flatten()), BATCH), ArgumentError, "no layer to show"),
])  # fmt: skip
def test_histograms_refuses_what_does_not_fit(arguments: tuple[Any, ...], error: type, says: str) -> None:
    with pytest.raises(error, match=says):
        viz.histograms(*arguments)


# --------------------------------------------------------------------------- surfaces and fields
def test_the_four_optimisers_of_the_book() -> None:
    makers = {
        "SGD": lambda p: optim.SGD(p, lr=0.95), "Momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
        "AdaGrad": lambda p: optim.Adagrad(p, lr=1.5), "Adam": lambda p: optim.Adam(p, lr=0.3),
    }  # fmt: skip
    paths = {}
    for name, make in makers.items():
        point = Parameter([-7.0, 2.0])
        optimizer, taken = make([point]), [point.numpy().copy()]
        for _ in range(30):
            optimizer.zero_grad()
            bowl(point[0], point[1]).backward()
            optimizer.step()
            taken.append(point.numpy().copy())
        paths[name] = np.array(taken)
    drawn = viz.surface(bowl, paths, bounds=((-10, 10), (-5, 5)))
    assert len(drawn.axes) == 4
    for axes, (name, points) in zip(drawn.axes, paths.items(), strict=True):
        assert axes.get_title(loc="left") == f"{name} · 30 steps to f = {bowl(*points[-1]):.3g}"
        assert np.array_equal(axes.lines[0].get_xydata(), points)
        assert axes.get_xlim() == (-10, 10) and axes.get_ylim() == (-5, 5)
        assert bowl(*points[-1]) < 0.2 < bowl(*points[0])


@pytest.mark.slow
def test_a_surface_alone_a_flat_one_and_a_path_that_diverges() -> None:
    assert viz.surface(lambda x, y: np.log(x) + y).axes[0].get_xlim() == (-2, 2)
    viz.surface(lambda x, y: 0 * x, bounds=(0, 1)).canvas.draw()
    viz.surface(lambda x, y: F.exp(x) + F.abs(y), {"$a$": Tensor([[0.0, 0.0]])}).canvas.draw()
    wild = viz.surface(
        bowl, {"wild": [(1, 1), (-9, 9), (np.inf, 0), (0, np.nan)], "b": [(0, 0)], "c": [(1, 1)]}
    )
    assert wild.axes[0].get_title(loc="left") == "wild · 1 step to f = 85"
    assert len(wild.axes) == 4 and not wild.axes[3].axison


@pytest.mark.parametrize(("arguments", "error", "says"), [
    ((bowl, {"a": [1, 2]}), ShapeError, r"path 'a' has shape \(2,\)"),
    ((bowl, {"a": [("x", 1)]}), DTypeError, "path 'a' is not made of numbers"),
    ((bowl, {"a": [(np.nan, 1)]}), ArgumentError, "path 'a' has no finite point"),
    ((bowl, {"a": np.zeros((0, 2))}), ArgumentError, "path 'a' has no finite point"),
    ((lambda x, y: x.sum(),), ShapeError, r"gives shape \(\)"),
    ((lambda x, y: x + 1j,), DTypeError, "complex"),
    ((lambda x, y: x / 0,), ArgumentError, "nowhere finite"),
    ((bowl, None, None, (1, 1)), ArgumentError, r"bounds are \(1, 1\)"),
    ((bowl, None, None, ((0, 1), (0, np.inf))), ArgumentError, "bounds are"),
    ((bowl, None, None, "ab"), ArgumentError, "bounds are 'ab'"),
])  # fmt: skip
def test_surface_refuses_what_does_not_fit(arguments: tuple[Any, ...], error: type, says: str) -> None:
    with pytest.raises(error, match=says):
        viz.surface(*arguments)


def test_all_arrows_of_a_sum_of_squares_point_to_the_origin() -> None:
    drawn = viz.field(lambda x, y: x**2 + y**2, bounds=(-2.0, 2.25), step=0.25)
    arrows = drawn.axes[0].collections[0]
    assert arrows.N == 18 * 18
    points, steps = arrows.XY, np.stack([arrows.U, arrows.V], axis=1)
    np.testing.assert_allclose(steps, -2 * points, atol=1e-12)
    assert sorted(set(points[:, 0])) == pytest.approx(list(np.arange(-2, 2.5, 0.25)))


@pytest.mark.slow
@settings(max_examples=25)
@given(st.floats(-3, 3), st.floats(-3, 3), st.integers(2, 9), st.integers(2, 9))
def test_a_field_of_a_plane_is_the_same_everywhere(a: float, b: float, nx: int, ny: int) -> None:
    step = 0.1
    bounds = ((0.3, 0.3 + (nx - 1) * step), (-1.0, -1.0 + (ny - 1) * step))
    arrows = viz.field(lambda x, y: a * x + b * y, bounds=bounds, step=step).axes[0].collections[0]
    assert nx * ny == arrows.N
    np.testing.assert_allclose(np.stack([arrows.U, arrows.V]).T, [[-a, -b]] * (nx * ny), atol=1e-12)


def test_arrows_without_a_finite_gradient_are_left_out() -> None:
    drawn = viz.field(lambda x, y: F.log(x) + 0 * y, bounds=(-1, 1), step=0.5)
    arrows = drawn.axes[0].collections[0]
    assert arrows.N == 25 - 5 and 0 not in arrows.XY[:, 0]  # the slope is 1/x
    np.testing.assert_allclose(arrows.U, -1 / arrows.XY[:, 0])


@pytest.mark.parametrize(("options", "error", "says"), [
    ({"step": 0}, ArgumentError, "step is 0"),
    ({"step": float("nan")}, ArgumentError, "step is nan"),
    ({"step": "a"}, ArgumentError, "step is 'a'"),
    ({"step": 1e-3}, ArgumentError, "4251 arrows a side"),
    ({"bounds": (2, -2)}, ArgumentError, "bounds are"),
    ({"function": lambda x, y: x.numpy()}, DTypeError, "gives no Tensor"),
    ({"function": lambda x, y: Tensor(1.0)}, DTypeError, "gives no Tensor"),
    ({"function": lambda x, y: F.log(x * 0)}, ArgumentError, "nowhere finite"),
    ({"function": lambda x, y: x.sum()}, ShapeError, r"gives shape \(\)"),
])  # fmt: skip
def test_field_refuses_what_does_not_fit(options: dict[str, Any], error: type, says: str) -> None:
    with pytest.raises(error, match=says):
        viz.field(**{"function": bowl, **options})


# --------------------------------------------------------------------------- fonts
CJK = "训练 損失 ねこ"


@pytest.fixture
def no_cjk_font(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "find_spec", lambda name: None)
    monkeypatch.setattr(fonts, "_FAMILIES", ())
    monkeypatch.setattr(fonts, "_told", set())


@pytest.mark.usefixtures("no_cjk_font")
def test_characters_without_a_font_are_told_of_once(tmp_path: Path) -> None:
    with pytest.warns(UserWarning) as caught:
        viz.confusion([0, 1], [0, 1], tmp_path / "a.png", class_names=[CJK, "αβγ"])
    assert len(caught) == 1 and caught[0].filename == __file__
    said = str(caught[0].message)
    assert "viz.confusion: no font here can draw" in said and "pip install 'tinygrad-cnn[cjk]'" in said
    assert all(c in said for c in CJK if c != " ") and "α" not in said
    viz.curves({CJK: [1.0, 2.0]}, tmp_path / "b.png")  # a second warning would be an error here
    with pytest.warns(UserWarning, match="'猫'"):
        viz.surface(bowl, {"猫": [(0, 0)]})


@pytest.mark.usefixtures("no_cjk_font")
def test_greek_and_signs_need_no_other_font() -> None:
    viz.confusion([0, 1], [0, 1], class_names=["αΩβ ∂", "$x_1$ → ½ 10⁻³ é Ж"]).canvas.draw()


def blocks(file: Path, characters: str) -> None:
    """A font whose characters are black squares."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 1000), (1000, 1000), (1000, 0)):
        pen.lineTo(corner)
    pen.closePath()
    square, names = pen.glyph(), [f"u{ord(c):04X}" for c in characters]
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", *names])
    font.setupCharacterMap({ord(c): name for c, name in zip(characters, names, strict=True)})
    font.setupGlyf(dict.fromkeys([".notdef", *names], square))
    font.setupHorizontalMetrics(dict.fromkeys([".notdef", *names], (1000, 0)))
    font.setupHorizontalHeader(ascent=1000, descent=0)
    font.setupNameTable({"familyName": "Test Blocks", "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    font.save(file)


def test_the_font_of_an_installed_wheel_is_found_and_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib import font_manager
    from matplotlib.image import imread

    folder = tmp_path / fonts._WHEELS[0]
    folder.mkdir()
    (folder / "__init__.py").touch()
    blocks(folder / "Blocks.otf", "训练損失ねこ")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    monkeypatch.setattr(font_manager.fontManager, "ttflist", list(font_manager.fontManager.ttflist))
    monkeypatch.setattr(fonts, "_told", set())
    assert fonts.installed() == folder / "Blocks.otf"
    assert fonts.families() == fonts.families() == ["DejaVu Sans", "Test Blocks"]
    assert fonts.missing([CJK, "abc", "猫"]) == "猫"
    with look():
        drawn = figure("viz.curves", (1.0, 0.5))
        drawn.text(0.2, 0.4, "训" * 3)
        finish("viz.curves", drawn, tmp_path / "a.png")  # a warning would be an error here
    # Three filled squares of 20 pixels; the sign for a missing character is an outline.
    assert (imread(tmp_path / "a.png")[..., 0] < 0.5).sum() > 1000


@pytest.mark.skipif(
    fonts.installed() is None and len(fonts.families()) == 1, reason="no font with Chinese and Japanese"
)
def test_chinese_and_japanese_are_drawn(tmp_path: Path) -> None:
    assert fonts.missing([CJK, "学習 正確率"]) == ""
    viz.curves({f"train_{CJK}": [2.0, 1.0], "σ² accuracy": [0.5, 0.6]}, tmp_path / "a.png")


def test_a_plot_shows_itself_in_a_notebook_and_can_be_copied() -> None:
    drawn = viz.curves({"loss": [2.0, 1.0]})
    assert drawn._repr_png_()[:4] == b"\x89PNG" and drawn._repr_png_() == drawn._repr_png_()
    assert len(pickle.loads(pickle.dumps(drawn)).axes) == len(drawn.axes)


def test_a_file_in_the_place_of_a_label_is_told_of(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 3, rng=0))
    with pytest.raises(ArgumentError, match="a file is given by path="):
        viz.saliency(model, np.ones((1, 4, 4), "float32"), str(tmp_path / "s.png"))


def test_a_lone_point_of_a_curve_is_seen() -> None:
    axes = viz.curves({"train_loss": [2.0, np.nan, 1.5, np.nan, 1.0, 0.9]}).axes[0]
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert [2.0, 1.5] in [list(line.get_ydata()) for line in dots]


def test_a_class_that_nothing_speaks_for_is_said_so() -> None:
    model = network()
    model[-1].weight.data[:] = 0
    drawn = viz.grad_cam(model, IMAGE, "0")
    assert [panel.get_xlabel() for panel in drawn.axes][1] == "nothing here speaks for this class"
