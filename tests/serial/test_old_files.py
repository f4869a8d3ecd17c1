"""Files of earlier versions go on loading: those in tests/golden/files were written in November 2026."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from tinygrad_cnn import functional as F
from tinygrad_cnn import nn
from tinygrad_cnn.optim import CosineAnnealingLR, ReduceLROnPlateau, SequentialLR
from tinygrad_cnn.rng import generator
from tinygrad_cnn.serial import load_tensors
from tinygrad_cnn.train import (
    EarlyStopping,
    History,
    load_checkpoint,
    load_model,
    load_notes,
    load_trainer,
    save_model,
)

FOLDER = Path(__file__).parent.parent / "golden" / "files"
spec = importlib.util.spec_from_file_location("write_golden_files", FOLDER / "write.py")
assert spec is not None and spec.loader is not None
write = importlib.util.module_from_spec(spec)
spec.loader.exec_module(write)
nn.register(write.OfEverything)

EXPECTED = load_tensors(FOLDER / "expected.npz")


def expected(part):
    return {n.removeprefix(f"{part}."): v for n, v in EXPECTED.items() if n.startswith(f"{part}.")}


def same_numbers(model, part, *, walks=(), within=0.0):
    """Equal but for how another processor rounds: the files were written on one.

    Args:
        walks: names whose numbers rounding alone decides.   within: how far those may be off.
    """
    state, wanted = model.state_dict(), expected(part)
    assert list(state) == list(wanted)
    for name, value in state.items():
        rtol, atol = (0, within) if name in walks else (1e-4, 1e-6)
        np.testing.assert_allclose(value, wanted[name], rtol=rtol, atol=atol, err_msg=name)


#: Batch norm takes away the mean, so the bias before it has the gradient 0, and what is computed is the
#: rounding of a sum, 1e-9. Adam divides it by its own size: the bias walks by up to the learning rate, at
#: most 0.02, in each of the 7 batches that are left, and the running mean follows it. The kernels of the
#: day the files were written walked another way.
ROUNDING = {"walks": ("0.bias", "1.running_mean"), "within": 2 * 7 * 0.02}


@pytest.mark.parametrize("suffix", ["safetensors", "npz"])
def test_a_model_of_everything_that_a_file_can_hold(suffix, tmp_path):
    path = FOLDER / f"model.{suffix}"
    model = load_model(path)
    np.testing.assert_equal(model.state_dict(), expected("model"))
    held = model[3]
    assert held.sizes == {"width": 3, "steps": [1, 2.5, None], "bound": -np.inf, "pair": (1, [2])}
    assert held.act is F.relu and held.mask.tolist() == [[True, False]] and held.mask.dtype == bool
    assert (
        model[0] is model[2][0] and model[5].weight is model[0].weight and not model[5].bias.requires_grad
    )
    assert model[1].rng is model[2][1].rng and model[4].max_val == np.inf
    np.testing.assert_equal(load_notes(path), write.NOTES)
    assert nn.to_json(nn.from_json((FOLDER / "structure.json").read_text())) == nn.to_json(model)
    # What is written today holds the same.
    save_model(tmp_path / "again.npz", model, **write.NOTES)
    again = load_model(tmp_path / "again.npz")
    assert nn.to_json(again) == nn.to_json(model) and again[3].sizes == held.sizes
    np.testing.assert_equal(load_notes(tmp_path / "again.npz"), write.NOTES)
    assert model[1].rng.random(3).tolist() == EXPECTED["draws"].tolist()


def test_a_training_that_was_broken_off_goes_on_to_the_same_end():
    trainer = load_trainer(
        FOLDER / "training.npz", callbacks=[EarlyStopping("val_loss", 9, restore_best=False)]
    )
    assert (trainer.epoch, trainer.batch) == (1, 3)
    held = load_tensors(FOLDER / "training.npz")
    for name, value in trainer.model.state_dict().items():
        np.testing.assert_array_equal(value, held[f"model.{name}"], err_msg=name)
    assert trainer.callbacks[0].every == "batch" and trainer.loss.label_smoothing == 0.1
    assert list(trainer.history) == [
        "train_loss", "train_accuracy", "train_top_2_accuracy", "train_f1", "val_loss", "val_accuracy",
        "val_top_2_accuracy", "val_f1", "lr",
    ]  # fmt: skip
    write.fit(trainer, 3)
    same_numbers(trainer.model, "training", **ROUNDING)


def test_a_training_is_loaded_into_one_made_by_hand():
    trainer = write.trained()
    trainer.load(FOLDER / "training.npz")
    write.fit(trainer, 3)
    same_numbers(trainer.model, "training", **ROUNDING)
    np.testing.assert_equal(load_notes(FOLDER / "training.npz"), write.NOTES)


def test_schedules_by_epochs_go_on():
    trainer = load_trainer(FOLDER / "scheduled.npz")
    one, other = (callback.scheduler for callback in trainer.callbacks)
    assert type(one) is SequentialLR and type(one.schedulers[1]) is CosineAnnealingLR
    assert type(other) is ReduceLROnPlateau and not trainer.callbacks[1].record
    write.fit(trainer, 4)
    same_numbers(trainer.model, "scheduled")
    np.testing.assert_allclose(trainer.history["val_loss"], EXPECTED["scheduled_loss"], rtol=1e-4)


def test_parts_of_ones_own_loop():
    draws, encoder = np.random.default_rng(0), nn.Linear(2, 1)
    kept = load_checkpoint(FOLDER / "checkpoint.npz", rng=draws, encoder=encoder)
    np.testing.assert_equal(kept, {"epoch": 3, "notes": write.NOTES})
    assert draws.random() == np.random.default_rng(4).random() and generator() is not draws
    assert set(History.load(FOLDER / "history.json")) > {"train_loss", "lr"}


def test_structures_in_the_files_are_of_version_1():
    assert json.loads((FOLDER / "structure.json").read_text())["version"] == 1
