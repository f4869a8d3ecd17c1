"""Files: weights, whole trainings that go on, structures, and images that a saved model judges."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import viz
from ledger.check import Check, Given, shows
from ledger.checks_recipe import environment, small_net
from tinygrad_cnn import FormatError, StateError, Tensor, manual_seed, nn, optim
from tinygrad_cnn.data import DataLoader, digits
from tinygrad_cnn.serial import load_tensors, save_tensors
from tinygrad_cnn.train import LearningRate, Trainer, load_trainer, save_model

PREDICT = Path(__file__).resolve().parent.parent / "predict_image.py"


def bits(model: nn.Module) -> bytes:
    """All weights and statistics, as bytes."""
    return b"".join(value.tobytes() for value in model.state_dict().values())


# --------------------------------------------------------------------------- weights
@shows(72)
def weights_in_files(check: Check, given: Given) -> None:
    """Weights to a file and back, in two formats, and files that do not fit."""
    source, said = small_net(1), {"foreign": "none", "short": "none"}
    other = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.Linear(64, 7))
    before = bits(other)
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("npz", "safetensors"):
            path, target = Path(folder, f"weights.{suffix}"), small_net(2)
            save_tensors(path, source.state_dict())
            same = [bits(source) == bits(target)]
            target.load_state_dict(load_tensors(path))
            same.append(bits(source) == bits(target))
            check(f"{suffix}: another net has the same bits, before and after loading", [False, True], same)
        path.write_bytes(path.read_bytes()[:-100])
        for name, error, call in (
            ("foreign", StateError, lambda: other.load_state_dict(source.state_dict())),
            ("short", FormatError, lambda: load_tensors(path)),
        ):
            try:
                call()
            except error as reason:
                said[name] = str(reason)
    named = "1.weight" in said["foreign"] and "6.weight" in said["foreign"]
    check(
        "another architecture: the message names keys",
        "1.weight, 6.weight, ...",
        said["foreign"],
        holds=named,
    )
    check("and nothing of it was changed", True, bits(other) == before)
    check("a file cut short is named in the error", True, path.name in said["short"])


# --------------------------------------------------------------------------- trainings
#: A training in a new process: it has nothing but the file.
GOES_ON = """
import sys
from ledger.checks_files import six_epochs
from tinygrad_cnn.train import load_trainer, save_model
trainer = load_trainer(sys.argv[1])
six_epochs(trainer, int(sys.argv[3]), 6)
save_model(sys.argv[2], trainer)
"""


def six_epochs(trainer: Trainer, seed: int, epochs: int) -> None:
    """Train until so many epochs are done in all."""
    trainer.fit(DataLoader(digits()[0], 64, shuffle=True, rng=seed), epochs=epochs)


def new_trainer(seed: int) -> Trainer:
    """Adam with a cosine schedule on the small net, which has dropout and batch norm."""
    manual_seed(seed)
    model = small_net(seed)
    optimizer = optim.Adam(model.parameters(), lr=2e-3)
    return Trainer(model, optimizer, callbacks=[LearningRate(optim.CosineAnnealingLR(optimizer, 6))])


@shows(73)
def going_on(check: Check, given: Given) -> None:
    """Three epochs, a file, and three more in a new process, beside six at once."""
    with tempfile.TemporaryDirectory() as made:
        names = [str(Path(made, f"{name}.safetensors")) for name in ("once", "half", "rest")]
        for name, epochs in zip(names, (6, 3), strict=False):
            trainer = new_trainer(given.seed)
            six_epochs(trainer, given.seed, epochs)
            save_model(name, trainer)
        code = [sys.executable, "-c", GOES_ON, names[1], names[2], str(given.seed)]
        subprocess.run(code, env=environment(), check=True)
        once, half, rest = (load_tensors(name) for name in names)
        kept = load_trainer(names[2])
    same = sum(value.tobytes() == rest[name].tobytes() for name, value in once.items())
    check("arrays of weights and of the optimizer with the same bits", len(once), same)
    moved = sum(value.tobytes() != half[name].tobytes() for name, value in once.items() if name in half)
    check("arrays that the second half has changed", "most of them", moved, holds=moved > len(once) // 2)
    found = f"{type(kept.optimizer).__name__}, {kept.epoch} epochs, {kept.loss.__name__}"
    check("what the file knows of the training", "Adam, 6 epochs, cross_entropy", found)


# --------------------------------------------------------------------------- structure
@shows(74)
def structure(check: Check, given: Given) -> None:
    """A network to JSON and back, and a text that asks for more than layers."""
    x = Tensor(given.rng().random((2, 1, 28, 28), np.float32), name="image")
    for name, model in {
        "ConvNet": nn.models.ConvNet(rng=1),
        "LeNet-5": nn.models.lenet5(padding=2, rng=1),
        "a residual net": nn.models.small_resnet(in_channels=1, rng=1),
    }.items():
        text = nn.to_json(model)
        again = nn.from_json(text, rng=2)
        texts = [viz.graph(net.eval()(x)).source for net in (model, again)]
        check(
            f"{name}: the same text again, the same graph",
            [True, True],
            [nn.to_json(again) == text, texts[0] == texts[1]],
        )
        again.load_state_dict(model.state_dict())
        check(f"{name}: with its weights, the same bits", True, bits(again) == bits(model))
    tree = json.loads(nn.to_json(nn.Sequential(nn.ReLU())))
    refused = []
    for foreign in ("os.system", "builtins.eval", "subprocess.Popen"):
        tree["model"]["modules"]["0"]["class"] = foreign
        try:
            nn.from_json(json.dumps(tree))
            refused.append("made")
        except FormatError:
            refused.append("FormatError")
    check("asked for os.system, eval, Popen", ["FormatError"] * 3, refused)


# --------------------------------------------------------------------------- images
@shows(75)
def predicted(check: Check, given: Given) -> None:
    """Image files of several kinds, judged on the command line by a saved model."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 2, rng=0))
    half = np.repeat([1.0, -1.0], 32).reshape(8, 8)  # a cat is lighter above, a dog below
    model[1].weight.data[:] = 0.1 * np.stack([np.tile(half.ravel(), 3), -np.tile(half.ravel(), 3)])
    model[1].bias.data[:] = 0.0
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        save_model(folder / "model.npz", model, size=(8, 8), classes=["cat", "dog"])
        names = draw_images(folder)
        command = [sys.executable, str(PREDICT), *names, "--model", "model.npz"]
        done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True)
    said = dict(line.split(": ") for line in done.stdout.splitlines())
    print(done.stdout + done.stderr)
    for name, wanted in names.items():
        check(f"{name}: first label", wanted, said.get(name, "nothing").split()[0])
    check(
        "the shares of the two labels are printed",
        True,
        all(text.count("%") == 2 for text in said.values()),
    )


def draw_images(folder: Path) -> dict[str, str]:
    """Files that are light above, or below; what each one shows, by name."""
    light = np.zeros((40, 30), np.uint8)
    light[:20] = 220
    above, below = Image.fromarray(light), Image.fromarray(light[::-1].copy())
    above.convert("RGB").save(folder / "colour.jpg")
    below.convert("RGB").save(folder / "below.png")
    above.save(folder / "grey.png")
    above.convert("RGBA").save(folder / "transparent.png")
    above.convert("CMYK").save(folder / "print.jpg")
    turned, notes = above.transpose(Image.Transpose.ROTATE_90), Image.Exif()
    notes[0x0112] = 6  # "turn me by 90° to the right": a camera held on its side
    turned.convert("RGB").save(folder / "turned.jpg", exif=notes)
    names = ("colour.jpg", "grey.png", "transparent.png", "print.jpg", "turned.jpg")
    return {**dict.fromkeys(names, "cat"), "below.png": "dog"}
