"""`save`: what a file holds, what varies in it, and what is refused."""

import numpy as np
import pytest
from onnx_models import judged, normal, onnx

from tinygrad_cnn import Tensor, nn, no_grad
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError, FormatError
from tinygrad_cnn.nn import models
from tinygrad_cnn.onnx import load, save
from tinygrad_cnn.onnx.tracing import flattened
from tinygrad_cnn.rng import generator, states


class Function(nn.Module):
    """A function of the input and two parameters as a model."""

    def __init__(self, function):
        self.function = function
        self.w, self.b = nn.Parameter(normal(0, 4, 4)), nn.Parameter(normal(1, 4))

    def forward(self, x):
        return self.function(x, self.w, self.b)


def saved(tmp_path, model, example, **options):
    path = tmp_path / "net.onnx"
    save(model, path, example, **options)
    return path


NETS = {
    "simple_convnet": (models.simple_convnet, (1, 28, 28)),
    "deep_convnet": (models.deep_convnet, (1, 28, 28)),
    "small_resnet": (models.small_resnet, (3, 16, 16)),
    "lenet5": (models.lenet5, (1, 32, 32)),
    "thin_vgg": (models.thin_vgg, (1, 32, 32)),
    "lstm": (lambda: nn.LSTM(3, 4, batch_first=True), (5, 3)),
    "gru": (lambda: nn.GRU(3, 4, batch_first=True, bidirectional=True), (5, 3)),
    "transformer": (lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), (5, 8)),
    "decoder": (
        lambda: nn.Sequential(
            nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1, output_padding=1),
            nn.GroupNorm(2, 4),
            nn.PReLU(4),
            nn.Upsample(scale_factor=2, mode="bilinear"),
            nn.Upsample(scale_factor=2),
            nn.AdaptiveAvgPool2d(3),
        ),
        (3, 5, 5),
    ),
}


@pytest.mark.parametrize("name", NETS)
def test_nets_at_other_batch_sizes_in_other_programs_and_back(tmp_path, name):
    make, shape = NETS[name]
    model = make().eval()
    path = saved(tmp_path, model, normal(0, 1, *shape))
    made, back = onnx.load(path), load(path)
    assert {n for n, _ in model.named_parameters()} == {n for n, _ in back.named_parameters()}
    for batch in (1, 3, 7):
        x = normal(batch, batch, *shape)
        theirs = judged(made, [x])
        with no_grad():
            ours, again = model(x), back(x)
        for a, b, c in zip(flattened(ours), theirs, flattened(again), strict=True):
            np.testing.assert_allclose(a.numpy(), b, rtol=1e-3, atol=1e-4)
            np.testing.assert_allclose(c.numpy(), b, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["simple_convnet", "gru", "transformer"])
def test_gradients_of_a_net_that_went_out_and_came_back(tmp_path, name):
    make, shape = NETS[name]
    model = make().eval()
    back, x = load(saved(tmp_path, model, normal(0, 1, *shape))), normal(1, 3, *shape)
    for net in (model, back):
        y = net(x)
        y = y[0] if isinstance(y, tuple) else y
        (y * y).sum().backward()
    theirs = dict(back.named_parameters())
    for path, parameter in model.named_parameters():
        if parameter.grad is not None:
            np.testing.assert_allclose(
                theirs[path].grad.numpy(), parameter.grad.numpy(), rtol=1e-3, atol=1e-4
            )


def test_names_tell_modules_and_parameters(tmp_path):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(32, 3))
    made = onnx.load(saved(tmp_path, model, normal(0, 1, 1, 6, 6)))
    assert [node.name for node in made.graph.node][:3] == ["/0/Conv", "/1/BatchNormalization", "/2/Relu"]
    names = [tensor.name for tensor in made.graph.initializer]
    assert names[:6] == ["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var"]
    (x,), (y,) = made.graph.input, made.graph.output
    assert x.type.tensor_type.shape.dim[0].dim_param == y.type.tensor_type.shape.dim[0].dim_param == "batch"


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x, w, b: F.where(x.numpy() > 0, x, x * 2), "mask"),
        (lambda x, w, b: x * float(x.mean().item()), "operand 1"),
        (lambda x, w, b: x * 2 if x.sum().item() > 0 else x + 1, "which operations run"),
        (lambda x, w, b: x[x > 0].sum(), "key"),
        (lambda x, w, b: F.index(w, x.numpy().argmax(1)), "key"),
        (lambda x, w, b: x + x.detach(), "operand 1"),
        (lambda x, w, b: (x @ w) * (1 / len(x)), "operand 1"),
        (lambda x, w, b: Tensor(x.numpy().argmax(1)), "not a result of a recorded op"),
        (lambda x, w, b: F.maximum(x.sum(axis=1), b[:1]) > float(x.mean().item()), "operand 1"),
        (lambda x, w, b: x.argmax(1) << 1, "left_shift.*no operator"),
        (lambda x, w, b: F.mse_loss(x, np.zeros_like(x.numpy())), "no operator"),
    ],
)
def test_what_would_be_baked_in_is_refused_by_name_and_line(tmp_path, function, words):
    with pytest.raises(ArgumentError, match=words) as caught:
        saved(tmp_path, Function(function), normal(2, 3, 4))
    general = ("not a result of a recorded op", "which operations run")
    assert "test_save.py" in str(caught.value) or words in general
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "function",
    [
        lambda x, w, b: (x @ w).argmax(1),
        lambda x, w, b: F.argmin(x, axis=0, keepdims=True),
        lambda x, w, b: (x @ w).argmax(),
        lambda x, w, b: F.argsort(x @ w, axis=1, descending=True),
        lambda x, w, b: F.topk(x + b, 2, axis=1),
        lambda x, w, b: (x > b, x.sum(axis=1) <= 0.5, F.isfinite(x / b)),
        lambda x, w, b: (~(x > 0) & (x >= -1)) | (x != b),
        lambda x, w, b: F.where(x @ w > b, x, x * 2),
        lambda x, w, b: F.masked_fill(x, x < 0, 0.5) + b,
        lambda x, w, b: x * (x > 0) + w[0],
        lambda x, w, b: (F.index(w, x.argmax(1)) + x, x.argmax(1).reshape((-1, 1))),
        lambda x, w, b: F.take_along_axis(x + b, F.argsort(x, axis=1), 1),
        lambda x, w, b: ((x > 0).astype(np.float32), (x @ w).argmax(1).astype(np.float32)),
    ],
)
def test_places_and_masks_go_out_and_take_part(tmp_path, function):
    model = Function(function)
    saved(tmp_path, model, normal(2, 3, 4), opset=13)  # which runs it
    path = saved(tmp_path, model, normal(2, 3, 4))
    back, made = load(path), onnx.load(path)
    for batch in (1, 3, 7):
        x = normal(batch + 10, batch, 4)
        for ours, theirs, again in zip(
            flattened(model(Tensor(x))), judged(made, [x]), flattened(back(x)), strict=True
        ):
            assert ours.dtype == theirs.dtype == again.dtype and ours.shape == theirs.shape == again.shape
            np.testing.assert_allclose(theirs, ours.numpy(), atol=1e-5)
            np.testing.assert_array_equal(again.numpy(), ours.numpy())


def test_all_axes_may_vary(tmp_path):
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1)
    )
    back = load(saved(tmp_path, model, normal(0, 1, 1, 8, 8), dynamic=(0, 2, 3)))
    x = normal(1, 3, 1, 12, 20)
    np.testing.assert_allclose(back(x).numpy(), model.eval()(x).numpy(), atol=1e-5)


def test_shapes_that_are_computed_from_the_batch(tmp_path):
    def function(x, w, b):
        n = x.shape[0]
        both = F.concatenate([x, F.broadcast_to(b, (n, 4))], 1)
        return both.reshape((n * 2, 4)) @ w + np.zeros((n * 2, 4), np.float32)

    model = Function(function)
    back = load(saved(tmp_path, model, normal(0, 2, 4)))
    x = normal(1, 5, 4)
    np.testing.assert_allclose(back(x).numpy(), model(x).numpy(), atol=1e-6)


def test_integers_that_come_in_as_indices(tmp_path):
    class Words(nn.Module):
        def __init__(self):
            self.table, self.head = nn.Embedding(7, 3), nn.Linear(3, 2)

        def forward(self, words):
            return self.head(self.table(words).mean(axis=1))

    model = Words()
    back = load(saved(tmp_path, model, np.array([[1, 2, 6], [0, 4, 5]])))
    words = np.array([[6, 6, 1]])
    np.testing.assert_allclose(back(words).numpy(), model(words).numpy(), atol=1e-6)


def test_frozen_parameters_are_parameters_too_and_stay_frozen(tmp_path):
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU()).requires_grad_(False)
    model.train()
    back = load(saved(tmp_path, model, normal(0, 2, 4)))
    assert [name for name, _ in back.named_parameters()] == ["0.weight", "0.bias"]
    assert model.training and not any(p.requires_grad for p in model.parameters())


def test_the_form_for_training(tmp_path):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU())
    before = model.state_dict()
    path = saved(tmp_path, model, normal(0, 3, 1, 5, 5), training=True)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    (norm,) = (node for node in onnx.load(path).graph.node if node.op_type == "BatchNormalization")
    assert [a.i for a in norm.attribute if a.name == "training_mode"] == [1]
    x = normal(1, 4, 1, 5, 5)
    np.testing.assert_allclose(load(path)(x).numpy(), model.train()(x).numpy(), atol=1e-5)


def test_a_loaded_file_is_saved_again(tmp_path):
    model = models.simple_convnet()
    first = load(saved(tmp_path, model, normal(0, 1, 1, 28, 28)))
    second = tmp_path / "again.onnx"
    save(first, second, normal(0, 1, 1, 28, 28))
    x = normal(2, 2, 1, 28, 28)
    np.testing.assert_allclose(load(second)(x).numpy(), first(x).numpy(), atol=1e-5)
    assert list(load(second).state_dict()) == list(first.state_dict())


def test_a_file_that_computes_something_else_is_not_left(tmp_path, monkeypatch):
    from tinygrad_cnn import ops
    from tinygrad_cnn.onnx.exporters import EXPORTERS

    wrong = EXPORTERS[ops.ReLU]._replace(function=lambda to, op, x: to.node("Neg", [x]))
    monkeypatch.setitem(EXPORTERS, ops.ReLU, wrong)
    with pytest.raises(FormatError, match="run by load, output 0 differs"):
        saved(tmp_path, nn.ReLU(), normal(0, 2, 3))
    assert not list(tmp_path.iterdir())


def test_arguments_are_checked_at_the_door(tmp_path):
    with pytest.raises(DTypeError, match="a Module fits, got function"):
        saved(tmp_path, F.relu, normal(0, 2))
    with pytest.raises(ArgumentError, match="opset must be at least 13, got 11"):
        saved(tmp_path, nn.ReLU(), normal(0, 2), opset=11)
    with pytest.raises(ArgumentError, match="opset 1000 is newer"):
        saved(tmp_path, nn.ReLU(), normal(0, 2), opset=1000)
    with pytest.raises(FileNotFoundError):
        save(nn.ReLU(), tmp_path / "no" / "net.onnx", normal(0, 2))
    assert load(saved(tmp_path, nn.ReLU(), Tensor(normal(0, 2)), opset=22))(normal(0, 5)).shape == (5,)


# --------------------------------------------------------------------------- versions of operators
class Everything(nn.Module):
    """What older operators do in other ways: normalisation, activations, sizes that vary, reductions."""

    def __init__(self):
        self.conv = nn.Conv2d(3, 4, 3, padding=1, rng=0)
        self.norm, self.group, self.layer = nn.BatchNorm2d(4), nn.GroupNorm(2, 4), nn.LayerNorm(16)
        self.acts = nn.Sequential(nn.GELU(), nn.GELU("tanh"), nn.Mish(), nn.Hardswish())

    def forward(self, x):
        y = self.group(self.norm(self.conv(x)))
        return self.acts(self.layer(y.reshape((x.shape[0], 4, 16)))).max(axis=2)


@pytest.mark.parametrize("opset", [13, 14, 17, 18, 20, 22])
def test_older_and_newer_operators_compute_the_same(tmp_path, opset):
    model, x = Everything().eval(), np.random.default_rng(0).normal(size=(2, 3, 4, 4)).astype("f4")
    path = tmp_path / "a.onnx"
    save(model, path, x, opset=opset)
    assert onnx.load(path).opset_import[0].version == opset
    again = load(path)
    assert {name for name, _ in model.named_parameters()} == {name for name, _ in again.named_parameters()}
    assert {name for name, _ in again.named_buffers()} >= {"norm.running_mean", "norm.running_var"}
    wide = np.concatenate([x, x, x])
    assert np.allclose(again(wide).numpy(), model(wide).numpy(), atol=1e-5)


def test_what_is_too_new_for_a_version_is_refused_with_the_version_that_has_it(tmp_path):
    class Upper(nn.Module):
        def forward(self, x):
            return F.triu(x)

    with pytest.raises(ArgumentError, match="Trilu is there from opset 14 on, not in 13"):
        save(Upper(), tmp_path / "a.onnx", np.ones((2, 2), "f4"), opset=13)
    assert not list(tmp_path.iterdir())


def test_saving_leaves_the_generators_as_they_were(tmp_path):
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(rng=3))
    before = states({"default": generator(), "own": model[1].rng})
    save(model, tmp_path / "a.onnx", np.ones((1, 2), "f4"), training=True)
    assert states({"default": generator(), "own": model[1].rng}) == before
