"""Checkpoints: k epochs, a new process and k more are 2k epochs, bit by bit; damage changes nothing."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tinygrad_cnn import manual_seed, nn, optim
from tinygrad_cnn.data import DataLoader
from tinygrad_cnn.errors import ArgumentError, DTypeError, FormatError, StateError
from tinygrad_cnn.rng import generator
from tinygrad_cnn.serial import load_metadata, load_tensors, save_tensors
from tinygrad_cnn.train import EarlyStopping, LearningRate, Trainer, load_checkpoint, save_checkpoint

# A training with everything that has state. KIND chooses where the batches come from.
SETUP = """
import sys
import numpy as np
from tinygrad_cnn import manual_seed, nn, optim
from tinygrad_cnn.data import DataLoader
from tinygrad_cnn.data.stream import StreamedDataset
from tinygrad_cnn.data.transform import Transform
from tinygrad_cnn.train import Callback, EarlyStopping, LearningRate, Trainer

class Noisy:
    def __init__(self, x, y, rng): self.x, self.y, self.rng = x, y, rng
    def __len__(self): return len(self.x)
    def __getitem__(self, i):
        return self.x[i] + self.rng.standard_normal(self.x[i].shape).astype("f4"), self.y[i]

class Streamed(StreamedDataset):
    def __init__(self, x, y): super().__init__(Shift(), seed=5, workers=2); self.x, self.y = x, y
    def __len__(self): return len(self.x)
    def read(self, i): return self.x[i], self.y[i]

class Shift(Transform):
    def apply(self, image, rng): return image + rng.standard_normal(image.shape).astype("f4")

class StopAt(Callback):
    def __init__(self, epoch, batch): self.at = (epoch, batch)
    def on_batch_end(self, trainer, loss):
        if (trainer.epoch, trainer.batch) == self.at: trainer.stop("test")

def make(*more):
    manual_seed(7)
    draws = np.random.default_rng(3)
    x, y = draws.standard_normal((22, 1, 6, 6)).astype("f4"), draws.integers(0, 3, 22)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.2), nn.Flatten(),
                          nn.Dropout(0.3, rng=np.random.Generator(np.random.MT19937(1))), nn.Linear(64, 3))
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    rate = LearningRate(optim.OneCycleLR(optimizer, 0.02, total_steps=60), every="batch")
    stop = EarlyStopping("val_loss", patience=50, restore_best=False)
    trainer = Trainer(model, optimizer, metrics=("accuracy", "f1"), callbacks=[rate, stop, *more])
    return trainer, x, y

def fit(trainer, x, y, kind, epochs):
    valid = DataLoader((x, y), 10, shuffle=True, rng=4)
    if kind == "arrays": return trainer.fit(x, y, epochs=epochs, batch_size=5, validation=valid)
    if kind == "seeded": return trainer.fit(x, y, epochs=epochs, batch_size=5, rng=9, validation=valid)
    if kind == "noisy": data = DataLoader(Noisy(x, y, np.random.default_rng(2)), 5, True, rng=9, prefetch=2)
    if kind == "streamed": data = DataLoader(Streamed(x, y), 5, True, rng=9)
    if kind == "one": # the loader and its dataset share a generator
        shared = np.random.default_rng(2)
        data = DataLoader(Noisy(x, y, shared), 5, True, rng=shared)
    if kind == "steps":
        return trainer.fit(x, y, epochs=epochs, batch_size=5, steps_per_epoch=3, validation=valid)
    return trainer.fit(data, epochs=epochs, validation=valid)
"""
KINDS = ("arrays", "seeded", "noisy", "streamed", "one", "steps")
space: dict = {}
exec(SETUP, space)
make, fit, StopAt = space["make"], space["fit"], space["StopAt"]


def everything(trainer):
    return trainer.model.state_dict(), trainer.history, trainer.optimizer.state_dict(), generator().random()


def in_a_new_process(code, *arguments):
    subprocess.run([sys.executable, "-W", "error", "-c", SETUP + code, *arguments], check=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["between epochs", "within one", "at its end"])
def test_going_on_gives_the_same_bits(tmp_path, kind, place):
    whole, *data = make()
    fit(whole, *data, kind, 4)
    expected = everything(whole)

    at = {"between epochs": (9, 9), "within one": (1, 2), "at its end": (1, 3 if kind == "steps" else 5)}[
        place
    ]
    half, *data = make(StopAt(*at))
    fit(half, *data, kind, 2)
    assert (half.epoch, half.batch) == ((2, 0) if at[0] == 9 else at)
    half.save(tmp_path / "half.safetensors")
    again, *data = make(StopAt(9, 9))
    generator().random()  # the state before loading must not matter
    again.load(tmp_path / "half.safetensors")
    fit(again, *data, kind, 4)
    np.testing.assert_equal(everything(again), expected)


@pytest.mark.parametrize("kind", ["seeded", "noisy"])
def test_going_on_in_a_new_process(tmp_path, kind):
    """The whole one is made in a new process, too: what tests have set in this one, such as the number of
    threads, may give other bits."""
    made = """
for name, at in (("whole", (9, 9)), ("half", (1, 2))):
    trainer, *data = make(StopAt(*at))
    fit(trainer, *data, sys.argv[2], 4)
    trainer.save(f"{sys.argv[1]}/{name}.safetensors")
"""
    continued = """
trainer, *data = make()
trainer.load(f"{sys.argv[1]}/half.safetensors")
fit(trainer, *data, sys.argv[2], 4)
trainer.save(f"{sys.argv[1]}/again.safetensors")
"""
    for code in (made, continued):
        in_a_new_process(code, str(tmp_path), kind)
    whole, again = (load_tensors(tmp_path / f"{name}.safetensors") for name in ("whole", "again"))
    np.testing.assert_equal(again, whole)
    whole, again = (load_metadata(tmp_path / f"{name}.safetensors") for name in ("whole", "again"))
    assert json.loads(again["tinygrad_cnn.state"]) == json.loads(whole["tinygrad_cnn.state"])


def test_going_on_in_the_same_process():
    whole, *data = make()
    fit(whole, *data, "arrays", 4)
    expected = everything(whole)
    parted, *data = make(stop := StopAt(1, 2))
    fit(parted, *data, "arrays", 4)
    assert parted.epoch == 1 and stop.at == (1, 2)
    fit(parted, *data, "arrays", 4)
    np.testing.assert_equal(everything(parted), expected)


@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
def test_parts_of_ones_own_loop(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    model, loader = nn.Dropout(0.5, rng=1), DataLoader(np.arange(9), 3, True, rng=2)
    net = nn.Linear(2, 1)
    scheduler = optim.ExponentialLR(optim.SGD(net.parameters(), lr=1.0), 0.5)
    values = {
        "a": [1, (2.5, None)],
        "b": np.arange(3),
        "c": float("inf"),
        "d": {1: np.float32(0.1)},
        "$": "x",
    }
    save_checkpoint(path, model=model, loader=loader, scheduler=scheduler, note=values, empty=None)
    before = [batch[0].tolist() for batch in loader], model(np.ones(8)).tolist()
    scheduler.step()
    loaded = load_checkpoint(path, model=model, loader=loader, scheduler=scheduler)
    np.testing.assert_equal(loaded, {"note": values, "empty": None})
    assert type(loaded["note"]["d"][1]) is np.float32 and loaded["note"]["a"][1] == (2.5, None)
    assert ([batch[0].tolist() for batch in loader], model(np.ones(8)).tolist()) == before
    assert scheduler.last_epoch == 0
    with pytest.raises(DTypeError, match=r"note\.1 is a set"):
        save_checkpoint(path, note=[1, {2}])
    with pytest.raises(ArgumentError):
        save_checkpoint(path)


# --------------------------------------------------------------------------- what does not fit
@pytest.fixture
def saved(tmp_path):
    trainer, *data = make()
    fit(trainer, *data, "arrays", 1)
    trainer.save(tmp_path / "a.safetensors")
    return tmp_path / "a.safetensors"


def unchanged(trainer, path, error, says):
    before = everything_of(trainer)
    with pytest.raises(error, match=says):
        trainer.load(path)
    np.testing.assert_equal(everything_of(trainer), before)


def everything_of(trainer):
    return (
        trainer.model.state_dict(), trainer.optimizer.state_dict(), trainer.state_dict(),
        generator().bit_generator.state, trainer.model,
    )  # fmt: skip


def test_damaged_and_foreign_files_change_nothing(saved):
    trainer, *_ = make()
    content = saved.read_bytes()
    for k in range(12):
        saved.write_bytes(content[: len(content) * k // 12])
        unchanged(trainer, saved, FormatError, "a.safetensors")
    for k in range(1, len(content), len(content) // 60):
        saved.write_bytes(content[:k] + bytes([content[k] ^ 4]) + content[k + 1 :])
        unchanged(trainer, saved, FormatError, "a.safetensors")
    saved.write_bytes(content.replace(b"tinygrad_cnn.crc32", b"tinygrad_cnn.crc33"))
    unchanged(trainer, saved, FormatError, "a.safetensors: .*altered content: its checksum is not there")
    save_tensors(saved, {"w": np.ones(2)})
    unchanged(trainer, saved, FormatError, "a.safetensors: expected a checkpoint")
    for state in (
        "[",
        "[]",
        '{"parts": {"model": 3}, "random": {}}',
        '{"parts": {}, "random": {"$tensor": "b"}}',
    ):
        save_tensors(saved, {}, {"tinygrad_cnn.checkpoint": "1", "tinygrad_cnn.state": state})
        unchanged(trainer, saved, FormatError, "a.safetensors")
    save_tensors(saved, {}, {"tinygrad_cnn.checkpoint": "2", "tinygrad_cnn.state": "{}"})
    unchanged(trainer, saved, FormatError, "version 1, found 2")
    saved.unlink()
    unchanged(trainer, saved, FileNotFoundError, "a.safetensors")


def test_other_parts_change_nothing(saved):
    def other(model, optimizer=optim.Adam, **options):
        return Trainer(model, optimizer(model.parameters(), lr=0.1), **options)

    same = make()[0].model
    names = r"missing: weight; bias"
    unchanged(other(nn.Linear(64, 3)), saved, StateError, rf"a.safetensors: model: (.|\n)*{names}")
    unchanged(other(same, optim.SGD), saved, StateError, "optimizer is the state of Adam, not SGD")
    plain = [LearningRate(optim.StepLR(optim.SGD(same.parameters(), lr=1.0), 1)), EarlyStopping()]
    unchanged(other(same, callbacks=plain), saved, StateError, "metrics")
    measured = {"metrics": ("accuracy", "f1")}
    unchanged(other(same, callbacks=plain, **measured), saved, StateError, "that of OneCycleLR, not StepLR")
    unchanged(other(same, **measured), saved, StateError, r"LearningRate.0, EarlyStopping.0")
    without = make()[0].model
    without[5].rng = None
    optimizer = optim.Adam(without.parameters(), lr=0.1)
    rate = LearningRate(optim.OneCycleLR(optimizer, 0.02, total_steps=60), every="batch")
    # The last check of all: model, trainer and optimizer have been loaded, and are put back.
    trainer = Trainer(without, optimizer, callbacks=[rate, EarlyStopping()], **measured)
    unchanged(trainer, saved, StateError, r"saved but not here: model.5.rng")
    with pytest.raises(StateError, match=r"holds no net; it holds model, trainer, optimizer"):
        load_checkpoint(saved, net=same)


def test_other_data_is_refused_on_going_on(tmp_path):
    trainer, x, y = make(StopAt(0, 3))
    trainer.fit(x, y, epochs=2, batch_size=5, rng=0, validation=(x, y))
    trainer.save(tmp_path / "a.npz")
    for arguments, says in [({"batch_size": 20, "rng": 0}, "other data"), ({"batch_size": 5}, "data.rng")]:
        again, *_ = make(StopAt(9, 9))
        again.load(tmp_path / "a.npz")
        with pytest.raises(StateError, match=says):
            again.fit(x, y, epochs=2, validation=(x, y), **arguments)


def test_loading_weights_alone_leaves_the_random_state(saved):
    model = make()[0].model
    manual_seed(1)
    load_checkpoint(saved, model=model)
    assert generator().random() == manual_seed(1).random()
    assert {name for name in load_tensors(saved) if name.startswith("model.")} == {
        f"model.{name}" for name in model.state_dict()
    }


@pytest.mark.slow
def test_kill_leaves_the_old_file_or_the_new_one(tmp_path):
    code = SETUP + (
        "trainer, x, y = make()\nmodel = trainer.model\nn = 0\nprint('go', flush=True)\n"
        "while True:\n"
        "    n += 1\n"
        "    for p in model.parameters(): p._writable()[...] = n\n"
        "    trainer.epoch = n\n"
        "    trainer.save(sys.argv[1])\n"
    )
    path = tmp_path / "a.safetensors"
    rng = np.random.default_rng(0)
    reached = []
    for _ in range(6):
        child = subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE)
        assert child.stdout.readline() == b"go\n"
        while not path.exists():
            assert child.poll() is None
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.1))
        os.kill(child.pid, signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
        child.stdout.close()
        trainer, *_ = make()
        trainer.load(path)
        assert {float(v) for p in trainer.model.parameters() for v in p.numpy().flat} == {trainer.epoch}
        reached.append(trainer.epoch)
    assert min(reached) >= 1 and len(set(reached)) > 1


def test_a_failed_load_leaves_no_key_behind(saved):
    """A scheduler that was loaded writes 'initial_lr' into the optimizer's groups."""
    model = make()[0].model
    optimizer = optim.Adam(model.parameters(), lr=0.5)
    groups = [dict(group) for group in optimizer.param_groups]
    rate = LearningRate(optim.StepLR(optim.SGD(model.parameters(), lr=1.0), 1))
    trainer = Trainer(model, optimizer, metrics=("accuracy", "f1"), callbacks=[rate, EarlyStopping()])
    with pytest.raises(StateError):
        trainer.load(saved)
    assert [dict(group) for group in optimizer.param_groups] == groups
    scheduler = optim.StepLR(optimizer, 1, gamma=0.5)
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] == 0.25


def test_a_failed_load_undoes_what_a_class_of_ones_own_has_done(tmp_path):
    class Careless:
        def __init__(self):
            self.counts, self.list, self.inner = {"a": 1}, [1], {"deep": {"x": 1}}

        def state_dict(self):
            return {"counts": dict(self.counts)}

        def load_state_dict(self, state):
            self.counts.update(state["counts"], added=1)
            self.list.append(2)
            self.inner["deep"]["y"] = 2
            self.new = 3
            if "b" in state["counts"]:
                raise ValueError("too late")

    one, other = Careless(), Careless()
    other.counts["b"] = 2
    save_checkpoint(tmp_path / "a.npz", part=other)
    with pytest.raises(FormatError, match=r"a\.npz: part has a state that cannot be read: .*too late"):
        load_checkpoint(tmp_path / "a.npz", part=one)
    assert vars(one) == vars(Careless())
