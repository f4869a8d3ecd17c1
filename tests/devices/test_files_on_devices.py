"""What is written of a model on a device is what is written of it on the CPU."""

import copy
import pickle
from importlib.util import find_spec

import numpy as np
import pytest

from tinygrad_cnn import Tensor, manual_seed, nn, optim, train
from tinygrad_cnn.serial import load_tensors, save_tensors
from tinygrad_cnn.testing.stand_in import transfers

pytestmark = pytest.mark.usefixtures("reference")


def network():
    manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 2))


X = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
LABELS = np.arange(6) % 2


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_weights_are_the_same_bytes_and_go_back_to_the_device(suffix, device, tmp_path):
    if suffix == "safetensors":
        pytest.importorskip("safetensors", reason="needs safetensors: pip install safetensors")
    written = []
    for place in ("cpu", device):
        path = tmp_path / f"{str(place)[:3]}.{suffix}"
        save_tensors(path, network().to(place).state_dict())
        written.append(path.read_bytes())
    assert written[0] == written[1]
    model = network().to(device)
    for p in model.parameters():
        p.data *= 0
    model.load_state_dict(load_tensors(path))
    assert {p.device for p in model.parameters()} == {device}
    for path_, value in network().state_dict().items():
        assert (model.state_dict()[path_] == value).all()


def test_tensors_of_a_device_are_written_as_arrays(device, tmp_path):
    save_tensors(tmp_path / "x.npz", {"x": Tensor(X).to(device)})
    assert load_tensors(tmp_path / "x.npz")["x"].tobytes() == X.tobytes()


def test_a_model_file_is_the_same_and_loads(device, tmp_path):
    written = []
    for place in ("cpu", device):
        path = tmp_path / f"{str(place)[:3]}.npz"
        train.save_model(path, network().to(place))
        written.append(path.read_bytes())
    assert written[0] == written[1]
    assert {p.device for p in train.load_model(path).parameters()} == {"cpu"}


def test_a_model_is_exported_to_onnx_from_where_it_lies(device, tmp_path):
    pytest.importorskip("onnx", reason="needs onnx: pip install onnx")
    from tinygrad_cnn import onnx

    for place in ("cpu", device):
        model = network().to(place)
        onnx.save(model, tmp_path / f"{str(place)[:3]}.onnx", X)
        assert {p.device for p in model.parameters()} == {place}
    here, there = ((tmp_path / f"{str(place)[:3]}.onnx").read_bytes() for place in ("cpu", device))
    assert here == there


def test_callbacks_and_metrics_see_what_they_see_on_the_cpu(device, tmp_path):
    seen = []
    for place in ("cpu", device):
        model = network()
        averaged = nn.AveragedModel(model)
        path = tmp_path / f"{str(place)[:3]}-best.npz"
        callbacks = [train.EarlyStopping(patience=5), train.NaNStop()]
        if find_spec("safetensors") is not None:  # which its files are written by
            callbacks.append(train.Checkpoint(path))
        optimizer = optim.Adam(model.parameters(), lr=0.05)
        trainer = train.Trainer(model, optimizer, callbacks=callbacks, device=place)
        averaged.to(place)
        history = trainer.fit(X, LABELS, epochs=2, batch_size=3, validation_data=(X, LABELS))
        averaged.update_parameters(model)
        averaged.update_parameters(model)
        outputs = trainer.predict(X)
        scores = Tensor(outputs).to(place)
        measured = train.confusion_matrix(scores.argmax(1), Tensor(LABELS).to(place), 2)
        right = train.accuracy(scores, Tensor(LABELS).to(place))
        mean = averaged(Tensor(X).to(place)).cpu().detach().numpy()
        seen.append((history, outputs, measured, right, mean))
    (history, *here), (other, *there) = seen
    measured = [key for key in history if "loss" in key or "accuracy" in key]
    assert history.keys() == other.keys() and len(measured) >= 4
    for key in measured:
        np.testing.assert_allclose(other[key], history[key], rtol=1e-4, atol=1e-5, err_msg=key)
    for a, b in zip(here, there, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-5)


def test_an_exponential_average_stays_on_the_device_and_fetches_nothing(device):
    model = network().to(device)
    averaged = nn.AveragedModel(model, avg_fn=nn.get_ema_avg_fn(0.9))
    with transfers() as counted:
        averaged.update_parameters(model)
        averaged.update_parameters(model)
    assert {p.device for p in averaged.parameters()} == {device}
    assert set(counted) <= {"item", "int", "bool"}


def test_copies_and_pickles_of_modules(device):
    model = network().to(device)
    again = copy.deepcopy(model)
    assert {p.device for p in again.parameters()} == {device}
    assert {p.device for p in pickle.loads(pickle.dumps(model)).parameters()} == {"cpu"}
