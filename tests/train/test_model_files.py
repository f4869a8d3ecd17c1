"""One file for a whole model or training: made anew in a new process, without the code that made it."""

import json
import subprocess
import sys

import numpy as np
import pytest

from tinygrad_cnn import functional as F
from tinygrad_cnn import manual_seed, nn, optim
from tinygrad_cnn.errors import ArgumentError, DTypeError, FormatError, StateError
from tinygrad_cnn.rng import generator
from tinygrad_cnn.serial import load_content, load_metadata, load_tensors, save_tensors
from tinygrad_cnn.train import (
    Checkpoint,
    EarlyStopping,
    LearningRate,
    NaNStop,
    TopK,
    Trainer,
    load_checkpoint,
    load_model,
    load_notes,
    load_trainer,
    save_checkpoint,
    save_model,
)
from viz.command_line import main as viz_main

DRAWS = np.random.default_rng(3)
X, Y = DRAWS.standard_normal((22, 1, 6, 6)).astype("f4"), DRAWS.integers(0, 3, 22)


def net():
    shared = np.random.default_rng(5)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.2), nn.Flatten(),
        nn.Dropout(0.3, rng=shared), nn.Linear(64, 8), nn.Dropout(0.1, rng=shared), nn.Linear(8, 3),
    )  # fmt: skip


def training(model=None, optimizer=None, schedule=None, **options):
    manual_seed(7)
    model = model or net()
    optimizer = optimizer(model) if optimizer else optim.Adam(model.parameters(), lr=0.01)
    callbacks = [LearningRate(schedule(optimizer), every="batch")] if schedule else []
    return Trainer(model, optimizer, callbacks=[*callbacks, *options.pop("callbacks", ())], **options)


def fit(trainer, epochs):
    return trainer.fit(X, Y, epochs=epochs, batch_size=5, rng=9, validation=(X, Y))


def everything(trainer):
    return (trainer.model.state_dict(), dict(trainer.history), trainer.optimizer.state_dict(),
            trainer.state_dict(), generator().bit_generator.state)  # fmt: skip


# --------------------------------------------------------------------------- a model
@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
def test_a_model_comes_back_with_its_numbers_and_its_generators(tmp_path, suffix):
    path, model = tmp_path / f"net{suffix}", net()
    model[0].weight.requires_grad_(False)
    model(X)  # moves statistics and generators
    save_model(path, model, classes=["a", "b"], size=(6, 6))
    manual_seed(1)
    before = generator().bit_generator.state
    again = load_model(path)
    assert generator().bit_generator.state == before
    np.testing.assert_equal(again.state_dict(), model.state_dict())
    assert repr(again) == repr(model) and not again[0].weight.requires_grad
    assert again[5].rng is again[7].rng
    model[3].p = again[3].p = 0.0  # this layer draws from the default generator
    assert again(X).numpy().tobytes() == model(X).numpy().tobytes()
    assert load_notes(path) == {"classes": ["a", "b"], "size": (6, 6)}


def test_viz_draws_the_file(tmp_path, capsys):
    path = tmp_path / "net.safetensors"
    save_model(path, net().eval())
    assert viz_main([str(path), "--input", "2,1,6,6", "-o", str(tmp_path / "net.dot")]) == 0
    assert "Conv" in (tmp_path / "net.dot").read_text()
    assert viz_main([str(path)]) == 2 and "give --input, such as 1,1,28,28" in capsys.readouterr().err
    save_tensors(path, {"w": np.ones(2)})
    assert viz_main([str(path), "--input", "1"]) == 2
    assert "net.safetensors: expected a checkpoint" in capsys.readouterr().err
    assert viz_main([str(tmp_path / "none.npz"), "--input", "1"]) == 2


def test_the_same_model_gives_the_same_bytes(tmp_path):
    for name in "ab":
        manual_seed(3)
        save_model(tmp_path / f"{name}.safetensors", net())
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_other_programs_find_weights_and_structure(tmp_path):
    save_model(tmp_path / "net.safetensors", net())
    assert "model.0.weight" in load_tensors(tmp_path / "net.safetensors")
    text = load_metadata(tmp_path / "net.safetensors")["tinygrad_cnn.text.structure.model"]
    assert json.loads(text)["model"]["class"] == "Sequential"


class Unregistered(nn.Module):
    def __init__(self):
        self.inner = nn.Linear(36, 3)

    def forward(self, x):
        return self.inner(F.flatten(x, 1))


def test_a_class_that_is_not_registered_is_refused_but_its_checkpoints_are_not(tmp_path):
    path, trainer = tmp_path / "a.npz", training(Unregistered())
    for thing in (trainer, trainer.model):
        with pytest.raises(ArgumentError, match=r"Unregistered, which is not registered"):
            save_model(path, thing)
        assert not path.exists()
    fit(trainer, 1)
    trainer.save(path)
    again = training(Unregistered())
    again.load(path)
    np.testing.assert_equal(everything(again), everything(trainer))
    for load in (load_model, load_trainer):
        with pytest.raises(FormatError, match=r"a.npz: holds no structure of 'model', since .* is not"):
            load(path)


def test_what_is_no_model(tmp_path):
    path = tmp_path / "a.npz"
    with pytest.raises(DTypeError, match="save_model: a Module or a Trainer fits, got dict"):
        save_model(path, {})
    with pytest.raises(ArgumentError, match=r"notes cannot be named \['trainer'\]"):
        save_model(path, nn.ReLU(), trainer=3)
    assert not path.exists()
    save_tensors(path, {"w": np.ones(2)})
    for load in (load_model, load_trainer, load_notes):
        with pytest.raises(FormatError, match=r"a.npz: expected a checkpoint"):
            load(path)
    save_checkpoint(path, note=3)
    with pytest.raises(FormatError, match=r"a.npz: holds no structure of 'model'"):
        load_model(path)
    save_model(path, nn.ReLU())
    with pytest.raises(FormatError, match=r"a.npz: holds no training; it holds model"):
        load_trainer(path)
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "b.npz")


def test_a_damaged_file_gives_an_error_that_names_it(tmp_path):
    path = tmp_path / "a.safetensors"
    save_model(path, net(), classes=["a"])
    content = path.read_bytes()
    for k in range(0, len(content), len(content) // 80):
        path.write_bytes(content[:k])
        with pytest.raises(FormatError, match=r"a\.safetensors"):
            load_model(path)
        path.write_bytes(content[:k] + bytes([content[k] ^ 1]) + content[k + 1 :])
        with pytest.raises(FormatError, match=r"a\.safetensors"):
            load_model(path)


def test_structure_and_numbers_that_do_not_belong_together(tmp_path):
    path = tmp_path / "a.npz"
    save_model(path, nn.Linear(2, 3))
    tensors, texts = load_content(path)
    name = "tinygrad_cnn.text.structure.model"
    for old, new, says in [
        ('"in_features":2', '"in_features":4', r"weight: got \(3, 2\), expected \(3, 4\)"),
        ('"class":"Linear"', '"class":"os.system"', "a.npz: unknown class 'os.system'"),
        ('"class"', '"klass"', r"a.npz: missing keys: \['class'\]"),
        ('"in_features":2', '"in_features":1000000000000', "a.npz: in_features: asks for 1,000,000,000,0"),
        ('"in_features":2', '"in_features":200000000', "a.npz: asks for 600,000,000 elements"),
    ]:
        save_tensors(path, tensors, {**texts, name: texts[name].replace(old, new)})
        with pytest.raises((FormatError, StateError), match=says):
            load_model(path)


# --------------------------------------------------------------------------- a training
OPTIMIZERS = {
    "SGD": lambda m: optim.SGD(m.parameters(), 0.1, 0.9, nesterov=True),
    "Adam": lambda m: optim.Adam(m.parameters(), 0.01, amsgrad=True),
    "AdamW": lambda m: optim.AdamW(m.parameters(), 0.01, weight_decay=0.1),
    "RMSprop": lambda m: optim.RMSprop(m.parameters(), 0.01, momentum=0.5, centered=True),
    "Adagrad": lambda m: optim.Adagrad(m.parameters(), 0.01, 0.1),
    "Adamax": lambda m: optim.Adamax(m.parameters()),
    "Adadelta": lambda m: optim.Adadelta(m.parameters(), 0.5),
    "NAdam": lambda m: optim.NAdam(m.parameters()),
    "RAdam": lambda m: optim.RAdam(m.parameters(), 0.01, weight_decay=0.1, decoupled_weight_decay=True),
    "Rprop": lambda m: optim.Rprop(m.parameters(), 0.001),
    "ASGD": lambda m: optim.ASGD(m.parameters(), 0.05, t0=2.0),
    "Lion": lambda m: optim.Lion(m.parameters(), 0.001, weight_decay=0.1),
    "LARS": lambda m: optim.LARS(m.parameters(), weight_decay=0.1),
    "Adafactor": lambda m: optim.Adafactor(m.parameters()),
    "Muon": lambda m: optim.Muon([m[6].weight, m[8].weight], 0.01),  # for matrices alone
    "groups": lambda m: optim.SGD(
        [{"params": m[0].parameters()}, {"params": m[8].parameters(), "lr": 0.5}], 0.1
    ),
}
SCHEDULES = {
    "StepLR": lambda o: optim.StepLR(o, 3, 0.5),
    "MultiStepLR": lambda o: optim.MultiStepLR(o, [2, 7, 7]),
    "ExponentialLR": lambda o: optim.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda o: optim.PolynomialLR(o, 30, 2),
    "LinearLR": lambda o: optim.LinearLR(o, 0.1, 0.9, 12),
    "CosineAnnealingLR": lambda o: optim.CosineAnnealingLR(o, 20),
    "CosineAnnealingWarmRestarts": lambda o: optim.CosineAnnealingWarmRestarts(o, 3, 2),
    "OneCycleLR": lambda o: optim.OneCycleLR(o, 0.02, total_steps=40, anneal_strategy="linear"),
    "SequentialLR": lambda o: optim.SequentialLR(
        o, [optim.LinearLR(o, 0.1, total_iters=4), optim.CosineAnnealingLR(o, 20)], [4]
    ),
    "ConstantLR": lambda o: optim.ConstantLR(o, 0.5, 12),
    "CyclicLR": lambda o: optim.CyclicLR(o, 0.001, 0.02, 3, mode="exp_range", gamma=0.9),
    "ChainedScheduler": lambda o: optim.ChainedScheduler(
        [optim.ConstantLR(o, 0.5, 4), optim.ExponentialLR(o, 0.9)]
    ),
    "SWALR": lambda o: optim.SWALR(o, 0.001, 6),
}
#: What no file can hold, or no `Trainer` can use.
LEFT_OUT = {
    "LBFGS",  # its step asks for the loss again, with a function that the trainer has not
    "LambdaLR", "MultiplicativeLR",  # they hold a function: see the test of schedules of one's own
}  # fmt: skip


def test_every_optimizer_and_schedule_is_tried():
    def below(cls):
        return {
            s.__name__
            for s in vars(optim).values()
            if isinstance(s, type) and issubclass(s, cls) and s is not cls
        }

    assert {*OPTIMIZERS} - {"groups"} == below(optim.Optimizer) - LEFT_OUT
    assert {*SCHEDULES} == below(optim.LRScheduler) - LEFT_OUT  # ReduceLROnPlateau has a test of its own


@pytest.mark.parametrize(
    ("optimizer", "schedule"),
    [*((name, None) for name in OPTIMIZERS), *(("Adam", name) for name in SCHEDULES)],
)
def test_a_training_is_made_anew_and_goes_on_with_the_same_bits(tmp_path, optimizer, schedule):
    def make():
        return training(optimizer=OPTIMIZERS[optimizer], schedule=SCHEDULES.get(schedule))

    whole, half = make(), make()
    fit(whole, 4)
    expected = everything(whole)
    half = make()
    fit(half, 2)
    save_model(tmp_path / "half.npz", half)
    again = load_trainer(tmp_path / "half.npz")
    assert again.model is not half.model
    fit(again, 4)
    np.testing.assert_equal(everything(again), expected)


def test_a_plateau_schedule_and_callbacks_come_back(tmp_path):
    def callbacks():
        return [NaNStop(), EarlyStopping("val_accuracy", patience=9), Checkpoint(tmp_path, best="val_loss")]

    def make():
        trainer = training()
        rate = LearningRate(
            optim.ReduceLROnPlateau(trainer.optimizer, patience=0, factor=0.5), monitor="val_loss"
        )
        trainer.callbacks = [rate, *callbacks()]
        return trainer

    whole = make()
    fit(whole, 4)
    expected = everything(whole)
    fit(make(), 2)
    again = load_trainer(tmp_path / "last.safetensors", callbacks=callbacks())
    assert again.callbacks[0].monitor == "val_loss" and again.epoch == 2
    fit(again, 4)
    np.testing.assert_equal(everything(again), expected)
    with pytest.raises(StateError, match=r"callbacks that are not here: EarlyStopping.0, Checkpoint.0"):
        load_trainer(tmp_path / "last.safetensors")


def test_loss_and_metrics_come_back_or_are_asked_for(tmp_path):
    path = tmp_path / "a.npz"
    weighted = nn.CrossEntropyLoss(np.array([1.0, 2.0, 3.0]), label_smoothing=0.1)
    trainer = training(loss=weighted, metrics=("accuracy", TopK(2), "f1"))
    fit(trainer, 1)
    save_model(path, trainer)
    again = load_trainer(path)
    assert again.evaluate(X, Y) == trainer.evaluate(X, Y) and again.loss.weight is not weighted.weight

    def own(outputs, targets):
        return F.cross_entropy(outputs, targets) * 2

    def error(outputs, targets):
        return float((outputs.argmax(axis=1) != targets).mean())

    trainer = training(loss=own, metrics=(error,))
    save_model(path, trainer)
    with pytest.raises(FormatError, match=r"a.npz: loss is a function, .*; pass loss="):
        load_trainer(path)
    with pytest.raises(FormatError, match=r"a.npz: the metric 'error' is a function .*; pass metrics="):
        load_trainer(path, loss=own)
    assert load_trainer(path, loss=own, metrics=(error,)).evaluate(X, Y) == trainer.evaluate(X, Y)


def test_an_optimizer_or_a_schedule_of_ones_own_is_named(tmp_path):
    class Mine(optim.SGD):
        pass

    save_model(tmp_path / "a.npz", training(optimizer=lambda m: Mine(m.parameters(), lr=0.1)))
    with pytest.raises(
        FormatError, match=r"a.npz: the optimizer is a Mine, a class of your own; pass an optimizer"
    ):
        load_trainer(tmp_path / "a.npz")
    for cls in (optim.LambdaLR, optim.MultiplicativeLR):
        save_model(tmp_path / "a.npz", training(schedule=lambda o, cls=cls: cls(o, lambda t: 0.5**t)))
        says = rf"a.npz: the schedule is a {cls.__name__}, .*; pass a LearningRate"
        with pytest.raises(FormatError, match=says):
            load_trainer(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: "[", "cannot be read"),
        (lambda t: "3", "expected an object"),
        (lambda t: t.replace('"Adam"', '"os.system"'), "optimizer: unknown class 'os.system'"),
        (lambda t: t.replace('"StepLR"', '"Optimizer"'), "scheduler: unknown class 'Optimizer'"),
        (lambda t: t.replace('"8.bias"', '"9.bias"'), "there is no parameter '9.bias'"),
        (lambda t: t.replace('"0.bias"', '"0.weight"'), "optimizer: .*given twice"),
        (lambda t: t.replace('"step_size"', '"jump"'), "'jump' cannot be the name"),
        (lambda t: t.replace('"cross_entropy"', '"eval"'), "loss: expected a value"),
        (lambda t: t.replace('"top":1', '"top":-1'), "metrics: .*TopK"),
        (lambda t: t.replace('"every":"batch"', '"every":"year"'), "callbacks: .*LearningRate: every"),
        (lambda t: t.replace('"lr":0.01', '"lr":-1'), "optimizer: .*Adam: lr"),
        (lambda t: t.replace('"callbacks":[', '"callbacks":3,"a":['), "callbacks: expected a list"),
    ],
)
def test_an_altered_training_is_refused(tmp_path, change, says):
    path = tmp_path / "a.npz"
    save_model(path, training(schedule=lambda o: optim.StepLR(o, 3)))
    tensors, texts = load_content(path)
    text = texts["tinygrad_cnn.text.training"]
    assert change(text) != text
    save_tensors(path, tensors, {**texts, "tinygrad_cnn.text.training": change(text)})
    with pytest.raises(FormatError, match=f"a.npz: .*{says}"):
        load_trainer(path)


def test_notes_of_checkpoints_and_values_beside_parts(tmp_path):
    trainer = training(
        callbacks=[Checkpoint(tmp_path, every=1, suffix=".npz", notes={"classes": ["a", "b", "c"]})]
    )
    fit(trainer, 1)
    for name in ("last", "epoch-0001"):
        assert load_notes(tmp_path / f"{name}.npz") == {"classes": ["a", "b", "c"]}
        np.testing.assert_equal(
            load_model(tmp_path / f"{name}.npz").state_dict(), trainer.model.state_dict()
        )
    save_checkpoint(tmp_path / "two.npz", encoder=nn.Linear(2, 1), decoder=nn.ReLU(), epoch=3)
    assert repr(load_model(tmp_path / "two.npz", "decoder")) == "ReLU()"
    assert load_checkpoint(tmp_path / "two.npz") == {"epoch": 3} == load_notes(tmp_path / "two.npz")


# --------------------------------------------------------------------------- a new process
@pytest.mark.slow
def test_going_on_in_a_new_process_that_knows_nothing_but_the_file(tmp_path):
    """With an augmented, threaded loader, dropout, schedule and optimizer; broken off within an epoch."""
    setup = """
import sys
import numpy as np
from tinygrad_cnn import manual_seed, nn, optim
from tinygrad_cnn.data import Augmented, Compose, DataLoader, HorizontalFlip, RandomCrop
from tinygrad_cnn.train import Callback, LearningRate, Trainer, load_trainer, save_model
class StopAt(Callback):
    def __init__(self, epoch, batch): self.at = (epoch, batch)
    def on_batch_end(self, trainer, loss):
        if (trainer.epoch, trainer.batch) == self.at: trainer.stop("test")
def loader():
    draws = np.random.default_rng(3)
    x, y = draws.standard_normal((23, 1, 8, 8)).astype("f4"), draws.integers(0, 3, 23)
    data = Augmented(x, y, transform=Compose(HorizontalFlip(), RandomCrop(6)), seed=4, workers=3)
    return DataLoader(data, 5, shuffle=True, prefetch=2)
def make(at):
    manual_seed(7)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.2), nn.Flatten(),
                          nn.Dropout(0.3, rng=5), nn.Linear(64, 3))
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    rate = LearningRate(optim.OneCycleLR(optimizer, 0.02, total_steps=40), every="batch")
    return Trainer(model, optimizer, callbacks=[rate, StopAt(*at)])
"""
    first = "trainer = make({at}); trainer.fit(loader(), epochs=4); save_model(sys.argv[1], trainer)"
    second = "trainer = load_trainer(sys.argv[1]); trainer.fit(loader(), epochs=4)\n"
    second += "save_model(sys.argv[2], trainer)"

    def run(code, *paths):
        command = [sys.executable, "-W", "error", "-c", setup + code, *map(str, paths)]
        subprocess.run(command, check=True, timeout=300)

    run(first.format(at=(9, 9)), tmp_path / "whole.safetensors")
    for at in ((1, 3), (2, 0)):
        # (2, 0): two whole epochs, which is what a training that was asked for two epochs ends with
        code = first.format(at=at) if at[1] else first.format(at=(9, 9)).replace("epochs=4", "epochs=2")
        run(code, tmp_path / "half.safetensors")
        run(second, tmp_path / "half.safetensors", tmp_path / "again.safetensors")
        whole, again = (load_content(tmp_path / f"{name}.safetensors") for name in ("whole", "again"))
        np.testing.assert_equal(again.tensors, whole.tensors)
        assert again.metadata == whole.metadata
