"""Networks of the literature: counts, shapes, names as in PyTorch, loading."""

from math import prod

import numpy as np
import pytest

from tinygrad_cnn import ArgumentError, ShapeError, StateError, Tensor, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.nn import models
from tinygrad_cnn.serial import load_tensors, save_tensors

RNG = np.random.default_rng(0)


def count(model):
    return sum(p.size for p in model.parameters())


def shapes(model):
    return {path: value.shape for path, value in model.state_dict().items()}


def images(*shape):
    return RNG.normal(size=shape).astype("float32")


# --------------------------------------------------------------------------- counts and sizes
@pytest.mark.parametrize(
    ("model", "expected", "shape"),
    [
        (models.ConvNet(rng=0), 9_098, (1, 28, 28)),
        (models.lenet5(rng=0), 60_000, (1, 32, 32)),
        (models.lenet5(padding=2, rng=0), 60_000, (1, 28, 28)),
        (models.lenet5(output="dense", rng=0), 60_850, (1, 32, 32)),
        (models.simple_convnet(rng=0), 433_890, (1, 28, 28)),
        (models.deep_convnet(rng=0), 123_552, (1, 28, 28)),
        (models.small_resnet(rng=0), 272_474, (3, 32, 32)),
    ],
)
def test_counts_and_results(model, expected, shape):
    assert count(model) == nn.summary(model).trainable == expected
    y = model(Tensor(images(2, *shape)))
    assert y.shape == (2, 10) and np.isfinite(y.numpy()).all()
    y.sum().backward()
    assert all(p.grad is not None and np.isfinite(p.grad.numpy()).all() for p in model.parameters())


def test_the_convnet_of_the_tutorial():
    model = models.ConvNet(probabilities=True, rng=0)
    scores, shares = model(images(3, 1, 28, 28))
    np.testing.assert_allclose(shares.numpy().sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(shares.numpy().argmax(axis=1), scores.numpy().argmax(axis=1))
    for name, p in model.named_parameters():
        values = p.numpy()
        assert (abs(values.std() - 0.01) < 0.003) if name.endswith("weight") else not values.any()
    by_path = {row.path: row.output for row in nn.summary(models.ConvNet(rng=0), (1, 1, 28, 28)).rows}
    assert [by_path[k] for k in ("conv_1", "pool_1", "conv_2", "pool_2", "linear_1")] == [
        (1, 8, 28, 28), (1, 8, 14, 14), (1, 16, 14, 14), (1, 16, 7, 7), (1, 10)
    ]  # fmt: skip


# --------------------------------------------------------------------------- large networks, by plan
#: Positions of VGG's convolutions in `features`, as PyTorch's models have them, and their channels.
VGG16 = {0: 64, 2: 64, 5: 128, 7: 128, 10: 256, 12: 256, 14: 256,
         17: 512, 19: 512, 21: 512, 24: 512, 26: 512, 28: 512}  # fmt: skip
VGG19 = {0: 64, 2: 64, 5: 128, 7: 128, 10: 256, 12: 256, 14: 256, 16: 256,
         19: 512, 21: 512, 23: 512, 25: 512, 28: 512, 30: 512, 32: 512, 34: 512}  # fmt: skip


def vgg_names(convolutions, divisor, inputs, head):
    """Names and shapes in PyTorch's model."""
    found = {}
    for position, channels in convolutions.items():
        found[f"features.{position}.weight"] = (channels // divisor, inputs, 3, 3)
        found[f"features.{position}.bias"] = (channels // divisor,)
        inputs = channels // divisor
    for position, ins, outs in zip((0, 3, 6), head, head[1:], strict=False):
        found |= {f"classifier.{position}.weight": (outs, ins), f"classifier.{position}.bias": (outs,)}
    return found


@pytest.mark.parametrize(
    ("depth", "names", "expected"), [(16, VGG16, 138_357_544), (19, VGG19, 143_667_240)]
)
def test_vgg_at_full_size_without_its_memory(depth, names, expected):
    plan = models.vgg_plan(depth)
    assert models.state_shapes(plan) == vgg_names(names, 1, 3, (25088, 4096, 4096, 1000))
    assert models.parameter_count(plan) == expected


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("depth", [11, 13, 16, 19])
def test_a_plan_tells_what_the_network_then_has(depth, batch_norm):
    options = {"divisor": 16, "pooled": 2, "hidden": 8, "classes": 3, "batch_norm": batch_norm}
    model = models.vgg(depth, **options, rng=0)
    plan = models.vgg_plan(depth, **options)
    assert shapes(model) == models.state_shapes(plan) and count(model) == models.parameter_count(plan)


def test_vgg_starts_like_torchvisions():
    model = models.vgg16(divisor=8, hidden=256, pooled=1, rng=0)
    for name, p in model.named_parameters():
        if name.endswith("bias"):
            assert not p.numpy().any()
        else:
            std = (2 / (p.shape[0] * 9)) ** 0.5 if p.ndim == 4 else 0.01
            assert abs(p.numpy().std() / std - 1) < 0.2, name


def test_the_net_after_alexnet():
    plan = models.alexnet_like_plan()
    named = models.state_shapes(plan)
    running = sum(prod(s) for path, s in named.items() if "running" in path)
    assert models.parameter_count(plan) == 47_702_138 and running == 2_772
    assert models.parameter_count(plan) + running == 47_704_910
    convolutions = models.build({"features": plan["features"]}, rng=0)  # without the large head
    sizes = [
        row.output[2]
        for row in nn.summary(convolutions, (1, 3, 224, 224)).rows
        if row.layer != "Sequential"
    ]
    assert [n for k, n in enumerate(sizes) if not k or n != sizes[k - 1]] == [54, 26, 12, 10, 4]
    assert shapes(convolutions).items() <= named.items() and named["classifier.0.weight"] == (
        4096,
        356 * 16,
    )


def test_plans_that_do_not_fit():
    with pytest.raises(ArgumentError, match="vgg_plan: depth must be one of 11, 13, 16, 19, got 17"):
        models.vgg_plan(17)
    with pytest.raises(ArgumentError, match="vgg_plan: divisor 3 does not divide 64 channels"):
        models.vgg_plan(16, divisor=3)
    with pytest.raises(ShapeError, match=r"^features\.43: "):  # the last pooling
        models.thin_vgg(rng=0).eval()(images(1, 1, 16, 16))


# --------------------------------------------------------------------------- blocks
def test_residual_blocks_add_their_branch_to_their_input():
    x = images(2, 4, 6, 6)
    for block in (models.BasicBlock(4, 4, rng=0), models.Bottleneck(8, 2, rng=0)):
        block.eval()
        assert block.downsample is None
        x = images(2, block.conv1.in_channels, 6, 6)
        np.testing.assert_array_equal(block(x).numpy(), F.relu(x + block.branch(x).numpy()))
        last = block.bn2 if isinstance(block, models.BasicBlock) else block.bn3
        last.weight.data[:] = 0  # an idle branch leaves relu(x)
        np.testing.assert_array_equal(block(x).numpy(), np.maximum(x, 0))


@pytest.mark.parametrize(("block", "inputs", "width"), [("BasicBlock", 4, 6), ("Bottleneck", 4, 6)])
def test_residual_blocks_that_change_the_size(block, inputs, width):
    made = getattr(models, block)(inputs, width, 2, rng=0).eval()
    x, outputs = images(2, inputs, 7, 7), width * made.expansion
    y = made(x)
    assert y.shape == (2, outputs, 4, 4) and made.downsample[0].weight.shape == (outputs, inputs, 1, 1)
    expected = made.branch(x).numpy() + made.downsample(x).numpy()
    np.testing.assert_allclose(y.numpy(), np.maximum(expected, 0), rtol=1e-6)


def test_resnets_have_the_names_and_sizes_of_torchvision():
    names = shapes(models.resnet18(rng=0))
    assert (
        sum(prod(s) for k, s in names.items() if k.rsplit(".", 1)[-1] in ("weight", "bias")) == 11_689_512
    )
    assert len(names) == 122
    recorded = {
        "conv1.weight": (64, 3, 7, 7), "bn1.running_var": (64,), "bn1.num_batches_tracked": (),
        "layer1.1.conv2.weight": (64, 64, 3, 3), "layer2.0.conv1.weight": (128, 64, 3, 3),
        "layer2.0.downsample.0.weight": (128, 64, 1, 1), "layer2.0.downsample.1.running_mean": (128,),
        "layer4.1.bn2.bias": (512,), "fc.weight": (1000, 512), "fc.bias": (1000,),
    }  # fmt: skip
    assert recorded.items() <= names.items() and "layer1.0.downsample.0.weight" not in names
    deep = models.ResNet(models.Bottleneck, (1, 1), (8, 16), classes=3, rng=0)
    assert shapes(deep)["layer1.0.downsample.0.weight"] == (32, 8, 1, 1)  # widened, though not shrunk
    assert shapes(deep)["layer2.0.conv3.weight"] == (64, 16, 1, 1) and deep(images(1, 3, 32, 32)).shape == (
        1,
        3,
    )
    with pytest.raises(ArgumentError, match="ResNet: blocks"):
        models.ResNet(models.BasicBlock, (1, 1), (8,))


def test_the_inception_block():
    block = models.Inception(5, 2, 3, 4, 1, 2, 3, rng=0).eval()
    assert count(block) == sum(
        i * o * k * k + 2 * o
        for i, o, k in [(5, 2, 1), (5, 3, 1), (3, 4, 3), (5, 1, 1), (1, 2, 5), (5, 3, 1)]
    )
    assert {k for k in shapes(block) if k.endswith("conv.weight")} == {
        f"branch{k}.conv.weight" for k in ("1", "2.0", "2.1", "3.0", "3.1", "4.1")
    }
    x = images(2, 5, 6, 6)
    y = block(x).numpy()
    assert y.shape == (2, 2 + 4 + 2 + 3, 6, 6)
    np.testing.assert_array_equal(y[:, :2], block.branch1(x).numpy())
    np.testing.assert_array_equal(y[:, 8:], block.branch4(x).numpy())
    assert models.Inception(5, 2, 3, 4, 1, 2, 3, large=3).branch3[1].conv.weight.shape == (2, 1, 3, 3)


def test_a_small_resnet_and_an_inception_block_learn():
    labels = np.arange(8) % 2
    x = images(8, 3, 8, 8) + labels[:, None, None, None].astype("float32")
    inception = nn.Sequential(
        models.Inception(3, 2, 2, 2, 2, 2, 2, rng=0), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(8, 2, rng=0),
    )  # fmt: skip
    for model in (models.small_resnet(1, 4, classes=2, rng=0), inception):
        losses = []
        for _ in range(25):
            loss = F.cross_entropy(model(Tensor(x)), labels)
            model.zero_grad()
            loss.backward()
            for p in model.parameters():
                p.data -= 0.1 * p.grad.numpy()
            losses.append(loss.item())
        assert losses[-1] < 0.5 * losses[0]


# --------------------------------------------------------------------------- weights from elsewhere
#: Names and shapes that `state_dict` of the same networks written in PyTorch has.
SIMPLE = {
    "0.weight": (30, 1, 5, 5), "0.bias": (30,), "4.weight": (100, 4320), "4.bias": (100,),
    "6.weight": (10, 100), "6.bias": (10,),
}  # fmt: skip
CONVNET = {
    "conv_1.weight": (8, 1, 3, 3), "conv_1.bias": (8,), "conv_2.weight": (16, 8, 3, 3),
    "conv_2.bias": (16,), "linear_1.weight": (10, 784), "linear_1.bias": (10,),
}  # fmt: skip
DEEP = {
    "0.weight": (16, 1, 3, 3), "0.bias": (16,), "2.weight": (16, 16, 3, 3), "2.bias": (16,),
    "5.weight": (32, 16, 3, 3), "5.bias": (32,), "7.weight": (32, 32, 3, 3), "7.bias": (32,),
    "10.weight": (64, 32, 3, 3), "10.bias": (64,), "12.weight": (64, 64, 3, 3), "12.bias": (64,),
    "16.weight": (50, 1024), "16.bias": (50,), "19.weight": (10, 50), "19.bias": (10,),
}  # fmt: skip
THIN = vgg_names(VGG16, 8, 1, (64, 512, 512, 10))


@pytest.mark.parametrize(
    ("model", "names", "side"),
    [
        (models.simple_convnet(rng=0), SIMPLE, 28),
        (models.ConvNet(rng=0), CONVNET, 28),
        (models.deep_convnet(rng=0), DEEP, 28),
        (models.thin_vgg(batch_norm=False, rng=0), THIN, 32),
    ],
    ids=["simple", "convnet", "deep", "vgg16"],
)
def test_weights_with_the_names_of_pytorch_load_from_safetensors(model, names, side, tmp_path):
    pytest.importorskip("safetensors", reason="safetensors is an optional extra")
    state = {name: images(*shape) * 0.1 for name, shape in names.items()}
    save_tensors(tmp_path / "weights.safetensors", state)
    assert model.load_state_dict(load_tensors(tmp_path / "weights.safetensors")) == ([], [])
    assert all(np.array_equal(value, state[name]) for name, value in model.state_dict().items())
    assert model.eval()(images(1, 1, side, side)).shape == (1, 10)


def test_loaded_weights_give_the_logits_of_the_formula():
    state = {name: RNG.normal(size=shape) * 0.1 for name, shape in SIMPLE.items()}
    model = models.simple_convnet(dtype="float64")
    model.load_state_dict(state)
    x = RNG.normal(size=(2, 1, 28, 28))
    h = np.maximum(F.conv2d(x, state["0.weight"], state["0.bias"]), 0)
    h = h.reshape(2, 30, 12, 2, 12, 2).max(axis=(3, 5)).reshape(2, -1)
    h = np.maximum(h @ state["4.weight"].T + state["4.bias"], 0)
    np.testing.assert_allclose(model(x).numpy(), h @ state["6.weight"].T + state["6.bias"], rtol=1e-10)


def test_weights_of_another_network_are_refused():
    model = models.thin_vgg(batch_norm=False, rng=0)
    before = model.state_dict()
    other = {name: np.zeros(shape) for name, shape in vgg_names(VGG19, 8, 1, (64, 512, 512, 10)).items()}
    with pytest.raises(StateError, match=r"features\.16\.weight"):
        model.load_state_dict(other)
    assert all(np.array_equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("make", [
    models.ConvNet, models.lenet5, models.simple_convnet, models.deep_convnet, models.thin_vgg,
    models.small_resnet,
])  # fmt: skip
def test_a_seed_and_a_type_fix_the_weights(make):
    first, again, other = make(rng=5), make(rng=5), make(rng=6)
    assert all(np.array_equal(v, again.state_dict()[k]) for k, v in first.state_dict().items())
    assert any(not np.array_equal(v, other.state_dict()[k]) for k, v in first.state_dict().items())
    assert {p.dtype for p in make(rng=5, dtype="float16").parameters()} == {np.dtype("float16")}
