"""Callbacks: when they are told, what they stop, write and print; Ctrl-C."""

import builtins
import csv
import io
import os
import re
import signal
import subprocess
import sys
import time
import types
from types import SimpleNamespace

import numpy as np
import pytest

from tinygrad_cnn import functional as F
from tinygrad_cnn import nn, optim
from tinygrad_cnn.errors import ArgumentError, MissingExtraError, StateError
from tinygrad_cnn.serial import load_tensors
from tinygrad_cnn.train import (
    Callback,
    Checkpoint,
    CSVLogger,
    EarlyStopping,
    LearningRate,
    Log,
    NaNStop,
    ProgressBar,
    TensorBoardLogger,
    Trainer,
)

X = np.random.default_rng(0).standard_normal((12, 4)).astype("f4")
Y = np.arange(12) % 3


@pytest.fixture(autouse=True)
def _ctrl_c_interrupts():
    """As in a terminal: a job that a shell starts in the background inherits "ignore"."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def make(*callbacks, lr=0.1, **options):
    model = nn.Linear(4, 3, rng=0)
    return Trainer(model, optim.SGD(model.parameters(), lr=lr), callbacks=callbacks, **options)


class Script(Callback):
    """Puts given values in the place of 'val_loss'."""

    def __init__(self, values):
        self.values, self.weights = values, []

    def on_epoch_end(self, trainer, logs):
        logs["val_loss"] = self.values[trainer.epoch - 1]
        self.weights.append(trainer.model.state_dict()["weight"])


def test_the_order_of_events():
    told = []

    class Note(Callback):
        def __getattribute__(self, name):
            if name.startswith("on_"):
                return lambda *a: told.append((label[self], name))
            return object.__getattribute__(self, name)

    writer, plain = Note(), Note()
    writer.last = True
    label = {writer: "writer", plain: "plain"}
    trainer = make(writer, plain)
    trainer.fit(X, Y, epochs=1, batch_size=6)
    assert [event for who, event in told if who == "plain"] == [
        "on_train_begin", "on_epoch_begin", "on_loss", "on_batch_end", "on_loss", "on_batch_end",
        "on_epoch_end", "on_train_end",
    ]  # fmt: skip
    assert [who for who, _ in told] == ["plain", "writer"] * 8 and trainer.ending == "finished"


# --------------------------------------------------------------------------- stopping
def test_early_stopping_waits_and_goes_back_to_the_best():
    script, stop = Script([3.0, 2.0, 1.95, np.nan, 2.5, 1.0]), EarlyStopping(patience=3, min_delta=0.1)
    trainer = make(script, stop)
    history = trainer.fit(X, Y, epochs=6, validation=(X, Y))
    assert history.epochs == 5 and (stop.best, stop.best_epoch) == (2.0, 2)
    assert "not improved for 3 epochs (best 2 in epoch 2)" in trainer.stop_reason
    np.testing.assert_array_equal(trainer.model.state_dict()["weight"], script.weights[1])
    stay = make(script := Script([1.0, 2.0, 3.0]), EarlyStopping(patience=1, restore_best=False))
    stay.fit(X, Y, epochs=3, validation=(X, Y))
    np.testing.assert_array_equal(stay.model.state_dict()["weight"], script.weights[1])


def test_a_measure_that_is_not_there_is_refused_before_training(tmp_path):
    for callback in (EarlyStopping(), Checkpoint(tmp_path, best="val_loss")):
        with pytest.raises(ArgumentError, match="'val_loss' is not measured here; train_loss"):
            make(callback).fit(X, Y, epochs=1)


def test_a_loss_that_is_no_number_stops_before_the_weights(tmp_path):
    losses = iter([1.0, 1.0, 1.0, np.nan])
    trainer = make(
        NaNStop(), Checkpoint(tmp_path), loss=lambda outputs, y: F.cross_entropy(outputs, y) * next(losses)
    )
    # The first step also asks the loss about all labels.
    with pytest.warns(RuntimeWarning, match=r"NaNStop: the loss is nan in batch 1 of epoch 2"):
        history = trainer.fit(X, Y, epochs=5, batch_size=6)
    assert history.epochs == 1 and "nan" in trainer.stop_reason
    np.testing.assert_equal(
        trainer.model.state_dict()["weight"], load_tensors(tmp_path / "last.safetensors")["model.weight"]
    )


# --------------------------------------------------------------------------- saving
def test_checkpoint_writes_last_best_and_every(tmp_path):
    script = Script([3.0, 1.0, 2.0, 4.0, 5.0])
    saving = Checkpoint(tmp_path / "deep" / "er", best="val_loss", every=2)
    make(saving, script).fit(X, Y, epochs=5, validation=(X, Y))
    names = sorted(path.name for path in saving.folder.iterdir())
    assert names == [f"{n}.safetensors" for n in ("best", "epoch-0002", "epoch-0004", "last")]
    for name, epoch in (("best", 2), ("last", 5), ("epoch-0004", 4)):
        again = make(Checkpoint(tmp_path))
        again.load(saving.path(name))
        assert again.epoch == epoch == again.history.epochs
        np.testing.assert_array_equal(again.model.state_dict()["weight"], script.weights[epoch - 1])
        assert again.callbacks[0].best == (1.0 if epoch > 1 else 3.0)


def test_checkpoint_every_few_batches(tmp_path):
    class Stop(Callback):
        def on_loss(self, trainer, loss):
            if trainer.batch == 5:
                trainer.stop("enough")

    make(Checkpoint(tmp_path, every_batches=2, suffix=".npz"), Stop()).fit(X, Y, epochs=1, batch_size=2)
    again = make()
    with pytest.raises(StateError, match=r"Checkpoint\.0"):
        again.load(tmp_path / "last.npz")
    again = make(Checkpoint(tmp_path))
    again.load(tmp_path / "last.npz")
    assert (again.epoch, again.batch) == (0, 4)


def test_ctrl_c_saves_and_returns(tmp_path):
    class Press(Callback):
        def __init__(self):
            self.at, self.ending = (2, 3), None

        def on_loss(self, trainer, loss):  # in the middle of a step
            if (trainer.epoch, trainer.batch) == self.at:
                signal.raise_signal(signal.SIGINT)

        def on_train_end(self, trainer):
            self.ending = trainer.ending

    whole = make()
    whole.fit(X, Y, epochs=4, batch_size=2, rng=1)
    press = Press()
    trainer = make(press, Checkpoint(tmp_path))
    history = trainer.fit(X, Y, epochs=4, batch_size=2, rng=1)
    assert history.epochs == 2 and (trainer.epoch, trainer.batch) == (2, 4)  # the step was finished
    assert press.ending == trainer.ending == "interrupted"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    again = make(Checkpoint(tmp_path))
    again.load(tmp_path / "last.safetensors")
    again.fit(X, Y, epochs=4, batch_size=2, rng=1)
    np.testing.assert_equal(again.model.state_dict(), whole.model.state_dict())
    assert again.history == whole.history


def test_a_second_ctrl_c_does_not_wait(tmp_path):
    class Twice(Callback):
        def on_loss(self, trainer, loss):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    trainer = make(Twice(), Checkpoint(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(X, Y, epochs=4)
    assert trainer.ending == "failed" and not list(tmp_path.iterdir())


def test_ctrl_c_while_waiting_for_data(tmp_path):
    def batches():
        yield X, Y
        raise KeyboardInterrupt

    trainer = make(Checkpoint(tmp_path))
    trainer.fit(batches(), epochs=1, steps_per_epoch=2)
    assert trainer.ending == "interrupted" and (tmp_path / "last.safetensors").exists()


def test_ctrl_c_in_a_terminal_run(tmp_path):
    code = """
import signal, sys, numpy as np
from tinygrad_cnn import nn, optim
from tinygrad_cnn.train import Checkpoint, Log, Trainer
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background inherits "ignore"
model = nn.Linear(4, 3)
trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1), callbacks=[Log(1), Checkpoint(sys.argv[1])])
trainer.fit(np.zeros((12, 4), "f4"), np.arange(12) % 3, epochs=10**6, batch_size=2)
print("ended", trainer.ending)
"""
    child = subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True)
    child.stdout.readline()
    time.sleep(0.1)
    os.kill(child.pid, signal.SIGINT)
    rest = child.stdout.read()
    child.stdout.close()
    assert child.wait() == 0 and rest.endswith("ended interrupted\n")
    make(Checkpoint(tmp_path)).load(tmp_path / "last.safetensors")


# --------------------------------------------------------------------------- rates
def test_schedules_after_epochs_batches_and_by_a_measure():
    trainer = make()
    trainer.callbacks.append(LearningRate(optim.StepLR(trainer.optimizer, 1, 0.5)))
    np.testing.assert_allclose(trainer.fit(X, Y, epochs=3)["lr"], [0.1, 0.05, 0.025])
    trainer = make()
    trainer.callbacks.append(LearningRate(optim.StepLR(trainer.optimizer, 1, 0.5), every="batch"))
    np.testing.assert_allclose(trainer.fit(X, Y, epochs=2, batch_size=6)["lr"], [0.025, 0.00625])
    trainer = make(Script([1.0, 1.0, 1.0]))
    plateau = optim.ReduceLROnPlateau(trainer.optimizer, patience=0)
    trainer.callbacks.append(LearningRate(plateau, monitor="val_loss"))
    history = trainer.fit(X, Y, epochs=3, validation=(X, Y))
    np.testing.assert_allclose(history["lr"], [0.1, 0.1, 0.01])
    for options in ({}, {"monitor": "val_loss", "every": "batch"}):
        with pytest.raises(ArgumentError, match="needs a monitor"):
            LearningRate(plateau, **options)
    with pytest.raises(ArgumentError, match="another optimizer"):
        make(LearningRate(optim.StepLR(trainer.optimizer, 1))).fit(X, Y, epochs=1)


# --------------------------------------------------------------------------- reports
def test_the_bar_shows_time_loss_and_metrics_and_is_quiet_in_pipes(capfd):
    make(ProgressBar()).fit(X, Y, epochs=1)
    assert capfd.readouterr() == ("", "")
    file = io.StringIO()
    make(ProgressBar(file=file, quiet=False)).fit(X, Y, epochs=2, batch_size=6, validation=(X, Y))
    shown = file.getvalue()
    assert re.search(
        r"epoch 2/2: 100%.*2/2 \[00:00<00:00.*loss=.*accuracy=.*val_loss=.*val_accuracy=", shown
    )


def test_a_notebook_shows_the_bar_as_one_output_that_is_written_over(capfd, monkeypatch):
    said = []
    handle = SimpleNamespace(update=lambda shown, raw: said.append(shown["text/plain"]))

    def display(shown, raw, display_id):
        said.append(f"new: {shown['text/plain']}")
        return handle

    shell = SimpleNamespace(kernel="as ipykernel's shell has")
    notebook = SimpleNamespace(get_ipython=lambda: shell, display=SimpleNamespace(display=display))
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    make(ProgressBar()).fit(X, Y, epochs=2)
    starts = [k for k, line in enumerate(said) if line.startswith("new: ")]
    assert len(starts) == 2 and said[starts[1] - 1].startswith("epoch 1/2: 100%")
    assert re.match(r"epoch 2/2: 100%.*loss=", said[-1])
    said.clear()
    make(ProgressBar(quiet=True)).fit(X, Y, epochs=1)
    monkeypatch.delattr(shell, "kernel")  # a terminal's IPython
    make(ProgressBar()).fit(X, Y, epochs=1)
    assert said == [] and capfd.readouterr() == ("", "")


def test_the_log_has_the_lines_of_the_document(capsys):
    make(Log(every=4)).fit(X, Y, epochs=1, batch_size=2)
    lines = capsys.readouterr().out.splitlines()
    number = r"\d+\.\d{4}"
    assert re.fullmatch(rf"Epoch: 001/001 \| Batch 000/006 \| Cost: {number}", lines[0])
    assert re.fullmatch(rf"Epoch: 001/001 \| Batch 004/006 \| Cost: {number}", lines[1])
    assert re.fullmatch(
        r"Epoch: 001/001 \| train loss [\d.]+ \| train accuracy [\d.]+% \| \d+\.\d\d min elapsed", lines[2]
    )
    assert len(lines) == 3


def test_the_table_has_a_row_an_epoch_also_after_going_on(tmp_path):
    first = make(CSVLogger(tmp_path / "log.csv"))
    first.fit(X, Y, epochs=2)
    first.save(tmp_path / "a.npz")
    first.fit(X, Y, epochs=4)  # epochs that the checkpoint does not know
    again = make(CSVLogger(tmp_path / "log.csv"))
    again.load(tmp_path / "a.npz")
    again.fit(X, Y, epochs=3, validation=(X, Y))
    rows = list(csv.DictReader((tmp_path / "log.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert [float(row["train_loss"]) for row in rows] == again.history["train_loss"]
    assert [row["val_loss"] for row in rows[:2]] == ["", ""]
    with pytest.raises(FileNotFoundError):
        make(CSVLogger(tmp_path / "no" / "log.csv")).fit(X, Y, epochs=1)


def test_tensorboard_gets_each_epoch(monkeypatch, tmp_path):
    # Not the package itself, which the tests do not install: what it is called with.
    calls = []

    class SummaryWriter:
        def __init__(self, folder):
            calls.append(folder)

        def add_scalar(self, name, value, step):
            calls.append((name, value, step))

        def flush(self):
            calls.append("flush")

        def close(self):
            calls.append("close")

    monkeypatch.setitem(sys.modules, "tensorboardX", types.SimpleNamespace(SummaryWriter=SummaryWriter))
    history = make(TensorBoardLogger(tmp_path)).fit(X, Y, epochs=1)
    measures = [
        ("loss/train", history["train_loss"][0], 1),
        ("accuracy/train", history["train_accuracy"][0], 1),
    ]
    assert calls == [str(tmp_path), *measures, "flush", "close"]


@pytest.mark.parametrize(
    ("callback", "package", "extra"),
    [(ProgressBar, "tqdm", "progress"), (lambda: TensorBoardLogger("x"), "tensorboardX", "tensorboard")],
)
def test_a_missing_extra_names_its_install_line(monkeypatch, callback, package, extra):
    real = builtins.__import__

    def without(name, *rest):
        if name == package:
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=rf"pip install 'tinygrad-cnn\[{extra}\]'"):
        callback()
