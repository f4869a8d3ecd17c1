"""Training on a device gives what the CPU gives, and fetches nothing but what is named."""

import numpy as np
import pytest

from tinygrad_cnn import Tensor, manual_seed, nn, no_grad, optim, train
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import DataLoader
from tinygrad_cnn.nn import models
from tinygrad_cnn.testing.stand_in import transfers

#: Optimizers that read numbers back in each step, which their rule needs on the host, and why.
READS = {
    "LARS": "the norm of each parameter and of its gradient",
    "Adafactor": "the root mean square of each parameter and update",
}


pytestmark = pytest.mark.usefixtures("reference")


def network():
    manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 4, 3, groups=2, bias=False), nn.SiLU(), nn.Dropout(0.2), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(4, 6), nn.LayerNorm(6), nn.GELU(), nn.Linear(6, 5),
    )  # fmt: skip


def images(count=4, size=8, channels=3):
    rng = np.random.default_rng(0)
    return rng.normal(size=(count, channels, size, size)), rng.integers(0, 5, count)


def trained(model, make, device, steps=2):
    """Losses of a few steps in float64, and what the model then gives, on a device."""
    x, labels = images()
    model = model.double().to(device)
    optimizer, losses = make(model.parameters()), []
    for _ in range(steps):
        loss = F.cross_entropy(model(Tensor(x).to(device)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with no_grad():
        return losses, model.eval()(Tensor(x).to(device)).cpu().numpy()


OPTIMIZERS = [
    name for name in optim.__all__
    if isinstance(getattr(optim, name), type) and issubclass(getattr(optim, name), optim.Optimizer)
    and name not in ("Optimizer", "LBFGS", "Muon")
]  # fmt: skip


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_takes_the_same_steps_on_a_device(name, device):
    make = getattr(optim, name)
    losses, outputs = trained(network(), make, "cpu")
    with transfers() as counted:
        there, found = trained(network(), make, device)
    np.testing.assert_allclose(there, losses, rtol=1e-9)
    np.testing.assert_allclose(found, outputs, rtol=1e-4, atol=1e-4)
    to_host = {what: n for what, n in counted.items() if what != "upload"}
    if device.type == "stand-in" and name not in READS:
        assert to_host == {
            "item": 2,
            "get": 1,
        }  # the losses that were asked for, and the outputs at the end


#: The networks of the documents that the project follows, as small as each can be, and their images.
NETWORKS = {
    "lenet5": (lambda: models.lenet5(rng=0), 32, 1),
    "convnet": (lambda: models.ConvNet(rng=0), 28, 1),
    "simple_convnet": (lambda: models.simple_convnet(rng=0), 28, 1),
    "deep_convnet": (lambda: models.deep_convnet(rng=0, dropout=0.0), 28, 1),
    "thin_vgg": (lambda: models.thin_vgg(11, rng=0, dropout=0.0), 32, 1),
    "small_resnet": (lambda: models.small_resnet(1, 4, rng=0), 16, 3),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_networks_of_the_documents_train_a_step_as_on_the_cpu_and_fetch_nothing(name, device):
    make, size, channels = NETWORKS[name]
    x, labels = images(2, size, channels)
    gradients = []
    for place in ("cpu", device):
        model = make().double().to(place)
        optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
        there = Tensor(x).to(place)
        with transfers() as counted:
            F.cross_entropy(model(there), labels).backward()
            optimizer.step()
        gradients.append([p.grad.cpu().numpy() for p in model.parameters()])
    if device.type == "stand-in":
        assert set(counted) <= {"upload"}  # labels, masks and geometry; nothing comes back
    for here, found in zip(*gradients, strict=True):
        np.testing.assert_allclose(found, here, rtol=1e-6, atol=1e-9)


def test_the_trainer_moves_model_and_batches_and_fetches_outputs_and_loss_alone(device):
    x, labels = images()
    x = x.astype(np.float32)
    found = []
    for place in ("cpu", device):
        model = network()
        trainer = train.Trainer(model, optim.SGD(model.parameters(), lr=0.1), device=place)
        with transfers() as counted:
            measured = trainer.train_on_batch(x, labels)
        trainer.fit(x, labels, epochs=1, batch_size=2)
        found.append((measured, trainer.predict(x)))
        assert model[0].weight.device == place
    if device.type == "stand-in":
        assert {what: n for what, n in counted.items() if what != "upload"} == {"item": 1, "get": 1}
    (here, outputs), (there, again) = found
    assert here.keys() == there.keys() and here["loss"] == pytest.approx(there["loss"], abs=1e-5)
    np.testing.assert_allclose(again, outputs, atol=1e-3)


def test_keras_options_of_fit_mean_on_a_device_what_they_mean_on_the_cpu(device):
    x, labels = images()
    x, found = x.astype(np.float32), []
    for place in ("cpu", device):
        model = network()
        trainer = train.Trainer(model, optim.SGD(model.parameters(), lr=0.01), device=place)
        manual_seed(1)  # for dropout
        found.append(trainer.fit(
            x, labels, epochs=3, initial_epoch=1, batch_size=2, sample_weight=np.arange(len(x)), rng=3,
            validation=(x, labels), validation_batch_size=1, validation_steps=2, validation_freq=[3],
        ))  # fmt: skip
    here, there = found
    assert here.keys() == there.keys()
    for key, value in here.items():
        np.testing.assert_allclose(there[key], value, atol=1e-4, err_msg=key)


def test_a_loader_gives_arrays_of_the_device_and_labels_of_the_host(device):
    x, labels = images()
    loader = DataLoader((x, labels), batch_size=2, device=device)
    for inputs, targets in loader:
        assert Tensor(inputs).device == device and type(targets) is np.ndarray
    assert all(type(inputs) is np.ndarray for inputs, _ in DataLoader((x, labels), 2, device="cpu"))


def test_the_state_of_an_optimizer_follows_its_parameters(device):
    model = nn.Linear(3, 2)
    optimizer = optim.Adam(model.parameters())
    for place in ("cpu", device, "cpu"):
        model.to(place)
        model(Tensor(np.ones((2, 3), np.float32)).to(place)).sum().backward()
        optimizer.step()
    assert {type(value) for own in optimizer.state.values() for value in own.values()} <= {np.ndarray, int}


def test_a_checkpoint_goes_from_one_device_to_the_other_both_ways(device, tmp_path):
    x, labels = images()
    x = x.astype(np.float32)

    def trainer(place):
        model = network()
        return train.Trainer(model, optim.Adam(model.parameters()), device=place)

    for source, target in ((device, "cpu"), ("cpu", device)):
        first, second = trainer(source), trainer(target)
        first.fit(x, labels, epochs=1, batch_size=2)
        path = tmp_path / f"{source}.npz".replace(":", "-")
        first.save(path)
        second.load(path)
        for mine, theirs in zip(first.model.parameters(), second.model.parameters(), strict=True):
            assert theirs.device == target
            assert mine.cpu().detach().numpy().tobytes() == theirs.cpu().detach().numpy().tobytes()
        losses = []
        for one in (first, second):
            manual_seed(1)  # for dropout
            losses += [one.train_on_batch(x, labels)["loss"], one.train_on_batch(x, labels)["loss"]]
        assert losses[:2] == pytest.approx(losses[2:], abs=1e-5)


def test_clipping_gradients_is_the_same_on_a_device(device):
    norms = []
    for place in ("cpu", device):
        w = Tensor(np.array([3.0, 4.0])).to(place).requires_grad_()
        (w * w).sum().backward()
        norms.append(optim.clip_grad_norm_(w, 1.0))
        assert w.grad.cpu().numpy() == pytest.approx([0.6, 0.8])
    assert norms == [10.0, 10.0]


def matrices():
    manual_seed(0)
    return nn.Sequential(nn.Linear(6, 4, bias=False), nn.Tanh(), nn.Linear(4, 5, bias=False)).double()


@pytest.mark.parametrize("line_search", [None, "strong_wolfe"])
def test_lbfgs_takes_the_same_steps_on_a_device_and_fetches_single_numbers_alone(line_search, device):
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(8, 6)), rng.integers(0, 5, 8)
    found = []
    for place in ("cpu", device):
        model = matrices().to(place)
        inputs = Tensor(x).to(place)
        optimizer = optim.LBFGS(model.parameters(), max_iter=6, line_search_fn=line_search)

        def closure(model=model, inputs=inputs, optimizer=optimizer):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(inputs), labels)
            loss.backward()
            return loss

        with transfers() as counted:
            losses = [optimizer.step(closure).item() for _ in range(2)]
        found.append((losses, [p.cpu().detach().numpy().copy() for p in model.parameters()]))
        state = optimizer.state_dict()
        model.to("cpu")  # the state follows at the next step
        again = optim.LBFGS(model.parameters(), max_iter=6, line_search_fn=line_search)
        again.load_state_dict(state)
        inputs = Tensor(x)
        again.step(lambda: closure(model, inputs, again))  # noqa: B023  # called at once
    assert set(counted) <= {"upload", "float", "item", "bool"}
    (losses, weights), (there, others) = found
    np.testing.assert_allclose(there, losses, rtol=1e-6)
    for here, other in zip(weights, others, strict=True):
        np.testing.assert_allclose(other, here, rtol=1e-5, atol=1e-7)


def test_muon_takes_the_same_steps_on_a_device_and_fetches_nothing(device):
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(8, 6)), rng.integers(0, 5, 8)
    found = []
    for place in ("cpu", device):
        model = matrices().to(place)
        optimizer, inputs = optim.Muon(model.parameters(), lr=0.05), Tensor(x).to(place)
        with transfers() as counted:
            for _ in range(3):
                optimizer.zero_grad()
                F.cross_entropy(model(inputs), labels).backward()
                optimizer.step()
        found.append([p.cpu().detach().numpy() for p in model.parameters()])
    assert set(counted) <= {"upload"}
    for here, there in zip(*found, strict=True):
        np.testing.assert_allclose(there, here, rtol=1e-7, atol=1e-9)
