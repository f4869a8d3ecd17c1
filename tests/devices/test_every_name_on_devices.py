"""Every public function and layer gives on a device what it gives on the CPU.

Nobody wrote a list: the names are those of `__all__`, the arguments those of their docstrings' examples.
"""

import contextlib
import copy
import inspect

import docstring_calls
import numpy as np
import pytest

from tinygrad_cnn import Tensor, data, functional, manual_seed, nn, optim
from tinygrad_cnn.testing.stand_in import transfers

pytestmark = pytest.mark.usefixtures("reference")

_HOLDS = "holds what it is given, and computes nothing"
_TOLD = "tells of a layer, and computes nothing with arrays"
_BELOW = "its examples call no layer; see the tests at the end of this file"
#: What no example calls with an array or a Tensor, and why.
WITHOUT_ARRAYS = {
    "Buffer": _HOLDS, "Parameter": _HOLDS, "ParameterDict": _HOLDS, "ParameterList": _HOLDS,
    "ModuleDict": _HOLDS, "ModuleList": _HOLDS, "Sequential": _BELOW, "PackedSequence": _BELOW,
    "LoadResult": _TOLD, "ReceptiveField": _TOLD, "RemovableHandle": _TOLD, "from_json": _TOLD,
    "to_json": _TOLD, "is_parametrized": _TOLD, "receptive_field": _TOLD, "register": _TOLD,
    "same_padding": _TOLD,  "spectral_norm": _BELOW,
    "weight_norm": _BELOW, "register_parametrization": _BELOW, "remove_parametrizations": _BELOW,
    "pad_packed_sequence": _BELOW, "unpack_sequence": _BELOW,
    **{name: _BELOW for name in nn.__all__ if name.startswith("Lazy")},
}  # fmt: skip

#: What is not tried by its examples, and why.
NOT_BY_EXAMPLES = {
    "digits": "it loads scikit-learn, and gives arrays of the host",
    "HandWritten": "its user writes it, on NumPy's arrays",
    "summary": "it calls a copy of the model that it watches; " + _BELOW,
}

_CHECKED = "values or places that lie on the device are checked"
_SIZE = "the size of the result depends on the values"
_ANSWER = "the answer is a bool of Python"
#: What waits for the device, what it asks, and why.
FETCHES = {
    "allclose": ({"bool"}, _ANSWER), "array_equal": ({"bool"}, _ANSWER),
    "argwhere": ({"argwhere"}, _SIZE), "nonzero": ({"nonzero"}, _SIZE), "unique": ({"unique"}, _SIZE),
    "masked_select": ({"mask"}, _SIZE), "histogram": ({"histogram"}, _SIZE),
    "binary_cross_entropy": ({"mask"}, _CHECKED), "BCELoss": ({"mask"}, _CHECKED),
    "gaussian_nll_loss": ({"bool"}, _CHECKED), "GaussianNLLLoss": ({"bool"}, _CHECKED),
    "bincount": ({"get"}, _CHECKED), "one_hot": ({"get"}, _CHECKED), "embedding": ({"get"}, _CHECKED),
    "embedding_bag": ({"get"}, _CHECKED), "Embedding": ({"get"}, _CHECKED),
    "EmbeddingBag": ({"get"}, _CHECKED), "get_ema_avg_fn": ({"item"}, "the number of models so far"),
    "MaxUnpool2d": ({"bool"}, _CHECKED), "update_bn": ({"item"}, "the number of batches"),
}  # fmt: skip

#: What is an error on the CPU, and NaN on a device, which does not tell of singular matrices.
SINGULAR = {"qr"}


def names_of(module):
    found = [name for name in module.__all__ if name not in NOT_BY_EXAMPLES]
    return [
        n for n in found if inspect.isfunction(getattr(module, n)) or inspect.isclass(getattr(module, n))
    ]


def same(name, call, device):
    """Make a call on the CPU and on the device; say whether it took arrays, and what was fetched."""
    with np.errstate(all="ignore"):
        return _same(name, call, device)


def _same(name, call, device):
    try:
        want, results, slopes, took = docstring_calls.made_again(call, "cpu")
    except Exception as error:
        with contextlib.nullcontext() if name in SINGULAR else pytest.raises(type(error)):
            docstring_calls.made_again(call, device)
        return True, {}
    with transfers() as counted:
        found, there, others, _ = docstring_calls.made_again(call, device)
    assert len(results) == len(there) and len(slopes) == len(others)
    if not results and isinstance(want, (bool, int, float, str, np.ndarray)):
        np.testing.assert_array_equal(found, want)
    for here, other in zip([*results, *slopes], [*there, *others], strict=True):
        assert (here is None) == (other is None)
        if here is not None:
            assert other.device == device or not took
            back = other.cpu().detach().numpy()
            np.testing.assert_allclose(back, here.detach().numpy(), rtol=1e-8, atol=1e-8)
    return took, {what for what in counted if what != "upload"}


@pytest.mark.parametrize("name", names_of(functional))
def test_a_function_is_the_same_on_a_device(name, device):
    calls = docstring_calls.calls_of_function(name, getattr(functional, name))
    done = [same(name, call, device) for call in calls]
    assert any(took for took, _ in done) == (name not in WITHOUT_ARRAYS)
    fetched = set().union(*(fetched for _, fetched in done))
    assert fetched == FETCHES.get(name, (set(), None))[0]


@pytest.mark.parametrize("name", names_of(nn))
def test_a_layer_is_the_same_on_a_device(name, device, monkeypatch):
    thing = getattr(nn, name)
    calls = docstring_calls.calls_of_modules(name, thing, monkeypatch)
    if not calls and inspect.isfunction(thing):
        calls = docstring_calls.calls_of_function(name, thing)
    done = [same(name, call, device) for call in calls]
    assert any(took for took, _ in done) == (name not in WITHOUT_ARRAYS)
    fetched = set().union(*(fetched for _, fetched in done))
    assert fetched == FETCHES.get(name, (set(), None))[0]


WITH_PILLOW = {"Compose", "ImageFolder", "Rotation", "Shear", "Shift", "Zoom", "load_image"}


@pytest.mark.parametrize(("module", "name"), [(m, n) for m in (optim, data) for n in names_of(m)])
def test_what_lies_on_the_host_is_the_same_once_a_device_was_asked_for(module, name, device):
    """Optimizers and loaders: on the device itself they are tried in test_training_on_devices.py."""
    if name in WITH_PILLOW:
        pytest.importorskip("PIL", reason="its examples need Pillow: pip install Pillow")
    assert docstring_calls.examples_of(name, getattr(module, name), {}) == 0


# --------------------------------------------------------------------------- what no example calls
LAZY = [name for name in nn.__all__ if name.startswith("Lazy")]
#: Arguments and input of each kind of lazy layer; the number is of its axes.
LAZY_ARGUMENTS = {
    "Linear": (2,),
    "Conv": (2, 3),
    "ConvTranspose": (2, 3),
    "BatchNorm": (),
    "InstanceNorm": (),
}


def output_and_gradients(layer, x, place):
    x = Tensor(x).to(place).requires_grad_()
    y = layer(x)
    (y * y).sum().backward()
    return [t.cpu().detach().numpy() for t in (y, x.grad, *(p.grad for p in layer.parameters()))]


@pytest.mark.parametrize("name", LAZY)
def test_a_lazy_layer_becomes_its_layer_where_its_input_lies(name, device):
    kind, axes = name.removeprefix("Lazy").rstrip("123d"), int(name[-2]) if name[-1] == "d" else 0
    found = []
    for place in ("cpu", device):
        manual_seed(0)
        layer = getattr(nn, name)(*LAZY_ARGUMENTS[kind])
        x = np.random.default_rng(0).normal(size=(3, 4, *[5] * axes)).astype(np.float32)
        found.append(output_and_gradients(layer, x, place))
        assert {p.device for p in layer.parameters()} <= {place}
    for here, there in zip(*found, strict=True):
        np.testing.assert_allclose(there, here, rtol=2e-4, atol=2e-4)


PARAMETRIZED = {
    "spectral_norm": nn.spectral_norm,
    "weight_norm": nn.weight_norm,
    "register_parametrization": lambda layer: nn.register_parametrization(layer, "weight", nn.Tanh()),
}


@pytest.mark.parametrize("moved_first", [False, True])
@pytest.mark.parametrize("name", PARAMETRIZED)
def test_a_parametrized_layer_is_the_same_on_a_device(name, moved_first, device):
    found = []
    for place in ("cpu", device):
        manual_seed(0)
        layer = nn.Linear(4, 3).double()
        if moved_first:
            layer.to(place)
        PARAMETRIZED[name](layer).to(place)
        with transfers() as counted:
            found.append(output_and_gradients(layer, np.ones((2, 4)), place)[2:])
        assert set(counted) <= {"upload", "get"}  # the results that are compared
        nn.remove_parametrizations(layer, "weight")
        found[-1].append(layer.weight.cpu().detach().numpy())
    for here, there in zip(*found, strict=True):
        np.testing.assert_allclose(there, here, rtol=1e-9, atol=1e-9)


def test_packed_sequences_go_through_recurrent_layers_on_a_device(device):
    found = []
    for place in ("cpu", device):
        manual_seed(0)
        layer = nn.GRU(3, 4).double().to(place)
        x = Tensor(np.random.default_rng(0).normal(size=(5, 2, 3))).to(place).requires_grad_()
        out, last = layer(nn.pack_padded_sequence(x, np.array([5, 3])))
        padded, lengths = nn.pad_packed_sequence(out)
        parts = nn.unpack_sequence(out)
        again = nn.pad_packed_sequence(nn.pack_sequence(parts))[0]
        ((padded * again).sum() + last.sum()).backward()
        assert padded.device == x.grad.device == place
        found.append([t.cpu().detach().numpy() for t in (padded, last, x.grad)] + [np.asarray(lengths)])
    for here, there in zip(*found, strict=True):
        np.testing.assert_allclose(there, here, rtol=1e-9, atol=1e-9)


def test_a_summary_of_a_model_on_a_device_is_that_of_the_cpu(device):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(18, 2))
    here = nn.summary(model, (2, 1, 5, 5))
    assert str(nn.summary(model.to(device), (2, 1, 5, 5))) == str(here)
    assert model[0].weight.device == device


#: `default_` is what the layers call.
@pytest.mark.parametrize("name", [n for n in vars(nn.init) if n[-1] == "_" != n[0] and n != "default_"])
def test_an_initializer_draws_the_same_on_every_device(name, device):
    shape = (2, 2, 3) if name == "dirac_" else (4, 4)
    arguments = {"constant_": (0.5,), "sparse_": (0.5,)}.get(name, ())
    found = []
    for place in ("cpu", device):
        manual_seed(0)
        found.append(getattr(nn.init, name)(Tensor(np.zeros(shape)).to(place), *arguments))
    assert found[1].device == device and found[0].tolist() == found[1].tolist()


def test_running_statistics_are_set_from_batches_of_the_host(device):
    batches = list(np.random.default_rng(0).normal(size=(3, 4, 2)))
    model = nn.BatchNorm1d(2).double()
    there = copy.deepcopy(model).to(device)
    for one in (model, there):
        nn.update_bn(batches, one)
    np.testing.assert_allclose(there.running_mean.cpu().numpy(), model.running_mean.numpy())
