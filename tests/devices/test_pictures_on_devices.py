"""Drawings of what lies on a device are those of the CPU; what they fetch is named."""

import copy
import re

import docstring_calls
import numpy as np
import pytest

from tinygrad_cnn import Tensor, manual_seed, nn, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.testing.stand_in import transfers

pytest.importorskip("graphviz", reason="drawings need graphviz: pip install graphviz")
import viz
from viz.animation.backward_walk import frames

#: What drawings with values fetch: results and gradients, to be summed up; single numbers.
FETCHED = {"get", "float", "bool", "int", "item"}


pytestmark = pytest.mark.usefixtures("reference")


def network():
    manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 2, 3, bias=False), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25),
        nn.Flatten(), nn.Linear(18, 3),
    ).double()  # fmt: skip


IMAGES = np.random.default_rng(0).normal(size=(4, 1, 8, 8))
LABELS = np.array([0, 1, 2, 1])


def watched(place):
    """A model on a device after a step that was recorded, its loss, and the recorder."""
    model, x = network().to(place), Tensor(IMAGES).to(place)
    with viz.record() as recorder:
        manual_seed(1)
        loss = F.cross_entropy(model(x), LABELS)
        loss.backward()
    return model, loss, recorder


def without_times(text):
    return re.sub(r'[0-9.]+ (ms|µs|s)\b|"[a-z]+_ms": [^,\n]*', "TIME", text)


@pytest.mark.parametrize(
    "options",
    [{}, {"depth": 1}, {"spelled_out": True}, {"fold": False}, {"style": "textbook"}],
    ids=lambda options: next(iter(options), "usual"),
)
def test_a_graph_with_values_and_gradients_is_drawn_as_on_the_cpu(options, device):
    drawn = []
    for place in ("cpu", device):
        _, loss, recorder = watched(place)
        try:
            drawn.append(without_times(viz.graph(loss, recorder=recorder, **options).source))
        except Exception as error:  # an option that this drawing has not is refused in the same words
            drawn.append(f"{type(error).__name__}: {error}")
    assert drawn[0] == drawn[1]


def test_a_module_is_run_where_it_lies_to_be_drawn_and_stays_as_it_is(device):
    sources = []
    for place in ("cpu", device):
        model = network().to(place)
        before = {path: value.copy() for path, value in model.state_dict().items()}
        with transfers() as counted:
            sources.append(without_times(viz.graph(model, inputs=IMAGES).source))
        assert all((model.state_dict()[path] == value).all() for path, value in before.items())
        assert {p.device for p in model.parameters()} == {place}
    assert sources[0] == sources[1]
    assert set(counted) <= FETCHED | {"upload"}


def test_without_values_nothing_is_fetched_but_the_number_at_the_end(device):
    loss = F.cross_entropy(network().to(device)(Tensor(IMAGES).to(device)), LABELS)
    with transfers() as counted:
        assert viz.graph(loss).source
    assert set(counted) <= {"get"} and sum(counted.values()) <= 1


def pages(picture, folder):
    """What is written without Graphviz's program, in each format."""
    folder.mkdir()
    written = []
    for suffix in ("mmd", "json", "txt", "dot"):
        path = folder / f"drawing.{suffix}"
        picture.render(path)
        text = without_times(path.read_text())  # numbers are whole in JSON, where sums round otherwise
        written.append(re.sub(r"-?[0-9]+\.[0-9e-]+", lambda n: f"{round(float(n[0]), 12) + 0.0:.9g}", text))
    return written


def test_text_and_pages_are_those_of_the_cpu(device, tmp_path):
    drawn = []
    for place in ("cpu", device):
        _, loss, recorder = watched(place)
        picture = viz.graph(loss, recorder=recorder)
        drawn.append([without_times(str(picture)), *pages(picture, tmp_path / str(place)[:3])])
    assert drawn[0] == drawn[1]


def test_a_watched_training_has_the_same_series_and_findings(device):
    series = []
    for place in ("cpu", device):
        model = network().to(place)
        optimizer, seen = optim.SGD(model.parameters(), lr=0.1), viz.watch(model)
        with transfers() as counted:
            for _ in range(2):
                with seen:
                    optimizer.zero_grad()
                    F.cross_entropy(model(Tensor(IMAGES).to(place)), LABELS).backward()
                    optimizer.step()
        series.append(seen)
    assert set(counted) <= FETCHED | {"upload"}
    here, there = series
    assert here.findings == there.findings and [a.name for a in here.layers] == [
        b.name for b in there.layers
    ]
    for a, b in zip(here.layers, there.layers, strict=True):
        for name in ("activation", "flow", "gradient", "update", "dead"):
            np.testing.assert_allclose(getattr(b, name), getattr(a, name), rtol=1e-9, equal_nan=True)
    np.testing.assert_allclose(there.losses, here.losses, rtol=1e-9)


def pictures_of(model):
    """By name, what draws with Matplotlib."""
    image = IMAGES[0]
    return {
        "feature_maps": lambda: viz.feature_maps(model, image),
        "saliency": lambda: viz.saliency(model, image, label=1),
        "grad_cam": lambda: viz.grad_cam(model, image, "0", label=1),
        "filters": lambda: viz.filters(model[0]),
        "histograms": lambda: viz.histograms(model, IMAGES, loss=lambda y: (y * y).mean()),
    }


@pytest.mark.parametrize("name", ["feature_maps", "saliency", "grad_cam", "filters", "histograms"])
def test_a_plot_shows_what_it_shows_on_the_cpu(name, device):
    pytest.importorskip("matplotlib", reason="plots need Matplotlib: pip install matplotlib")
    shown = []
    for place in ("cpu", device):
        figure = pictures_of(network().to(place))[name]()
        shown.append([image.get_array() for axes in figure.axes for image in axes.images])
        texts = [axes.get_title(loc="left") for axes in figure.axes]
        shown[-1].append(texts)
    (*here, titles), (*there, others) = shown
    assert titles == others and len(here) == len(there)
    for a, b in zip(here, there, strict=True):
        np.testing.assert_allclose(np.asarray(b, float), np.asarray(a, float), rtol=1e-7, atol=1e-9)


def test_tensors_of_a_device_go_into_plots_of_arrays(device):
    pytest.importorskip("matplotlib", reason="plots need Matplotlib: pip install matplotlib")
    labels = Tensor(LABELS).to(device)
    assert viz.confusion(labels, labels).get_suptitle().startswith("Accuracy 100.0 %")
    images = Tensor(np.full((2, 1, 3, 3), 0.5)).to(device)
    assert len(viz.sheet(images, images).axes) == 4


# --------------------------------------------------------------------------- every name of viz
#: What is not tried by its examples, and why.
NOT_BY_EXAMPLES = {
    "engine": "it names the program that lays out, and draws nothing",
    "Difference": "`diff` gives it", "Picture": "`graph` gives it", "DrawingError": "an error",
    "Recorder": "`record` gives it; see above", "record": "see above", "Watch": "`watch` gives it",
    "watch": "see above", "curves": "it draws a history of numbers",
    "animate": "it needs a graph; see below", "render": "it needs a graph; see below",
    "diff": "it needs graphs; see below",
}  # fmt: skip


def moved(value, place):
    """An argument of a drawing at a place: modules and Tensors; what was recorded stays."""
    if isinstance(value, nn.Module):
        return copy.deepcopy(value).to(place)
    if isinstance(value, Tensor):
        return Tensor(np.array(value.array)).to(place).requires_grad_(value.requires_grad)
    if isinstance(value, (list, tuple)):
        return type(value)(moved(part, place) for part in value)
    return {key: moved(part, place) for key, part in value.items()} if isinstance(value, dict) else value


def shown(drawn):
    """What a drawing shows, as text and arrays."""
    if hasattr(drawn, "axes"):
        numbers = [np.asarray(image.get_array(), float) for ax in drawn.axes for image in ax.images]
        numbers += [np.asarray(line.get_xydata(), float) for ax in drawn.axes for line in ax.lines]
        return [ax.get_title(loc="left") for ax in drawn.axes], numbers
    return without_times(getattr(drawn, "source", None) or str(drawn)), []


@pytest.mark.parametrize("name", [name for name in viz.__all__ if name not in NOT_BY_EXAMPLES])
def test_what_the_examples_of_viz_draw_is_the_same_on_a_device(name, device):
    pytest.importorskip("matplotlib", reason="plots need Matplotlib: pip install matplotlib")
    calls = docstring_calls.calls_of_function(name, getattr(viz, name))
    assert calls
    for function, args, kwargs in calls:
        found = []
        for place in ("cpu", device):
            manual_seed(0)
            found.append(shown(function(*moved(args, place), **moved(kwargs, place))))
        (words, numbers), (others, there) = found
        assert words == others
        for a, b in zip(numbers, there, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["animate", "render"])
def test_files_and_animations_of_a_graph_are_those_of_the_cpu(name, device, tmp_path):
    ((function, (_, path), _),) = docstring_calls.calls_of_function(name, getattr(viz, name))
    written = []
    for place in ("cpu", device):
        manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 2), nn.Tanh()).double().to(place)
        loss = (model(Tensor(np.ones((1, 3))).to(place)) ** 2).sum()
        folder = tmp_path / place.replace(":", "-")
        folder.mkdir()
        target = folder / f"drawn{path[path.rindex('.') :]}"
        function(loss, target)
        text = without_times(target.read_text("utf-8"))
        written.append(re.sub(r"-?[0-9]+\.[0-9e-]+", lambda n: f"{float(n[0]):.6g}", text))
    assert written[0] == written[1]


def test_a_chain_of_doublings_is_walked_node_by_node(device):
    """Nothing of it is kept, so its place is looked for to the end, which 2**60 paths lead to."""
    y = Tensor(np.array([1.0, 2.0])).to(device).requires_grad_()
    for _ in range(60):
        y = y + y
    assert len(frames(y.sum()).captions) == 62


def test_two_graphs_differ_on_a_device_as_on_the_cpu(device):
    found = []
    for place in ("cpu", device):
        x = Tensor(np.array([1.0, 2.0])).to(place).requires_grad_()
        found.append(without_times(str(viz.diff((x * x).sum(), (x * x).tanh().sum()))))
    assert found[0] == found[1]
