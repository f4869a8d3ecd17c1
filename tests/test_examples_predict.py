"""predict_image.py on every kind of image file, and what it says when something does not fit."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tinygrad_cnn
from tinygrad_cnn import nn
from tinygrad_cnn.serial import save_tensors
from tinygrad_cnn.train import save_model

SCRIPT = Path(tinygrad_cnn.__file__).parent.parent / "examples" / "predict_image.py"


def predict(folder, *arguments):
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


def red_or_blue(channels=3, size=4):
    """Scores are the means of the first and of the last channel, times ten."""
    layer = nn.Linear(channels, 2, bias=False)
    layer.weight.data[:] = np.eye(2, channels)
    layer.weight.data[1, :] = np.eye(channels)[-1]
    layer.weight.data *= 10
    return nn.Sequential(nn.AvgPool2d(size), nn.Flatten(), layer)


@pytest.fixture
def folder(tmp_path):
    save_model(tmp_path / "colours.safetensors", red_or_blue(), size=(4, 4), classes=["red", "blue"])
    return tmp_path


def halves(mode, size=(8, 6)):
    """An image whose left half is red and whose right half is white: more red than blue."""
    image = Image.new("RGB", size, (255, 255, 255))
    image.paste((255, 0, 0), (0, 0, size[0] // 2, size[1]))
    return image.convert(mode)


def test_every_kind_of_file(folder):
    kinds = {"rgb.png": "RGB", "rgba.png": "RGBA", "palette.gif": "P", "cmyk.jpg": "CMYK", "grey.png": "L"}
    for name, mode in kinds.items():
        halves(mode).save(folder / name)
    Image.new("RGBA", (5, 5), (0, 0, 255, 0)).save(folder / "clear.png")  # white below, not blue
    done = predict(folder, *kinds, "clear.png", "--model", "colours.safetensors")
    assert (done.returncode, done.stderr) == (0, "")
    lines = dict(line.split(": ") for line in done.stdout.splitlines())
    for name in ("rgb.png", "rgba.png", "palette.gif", "cmyk.jpg"):
        assert lines[name].startswith("red 99."), lines
    assert lines["grey.png"] == lines["clear.png"] == "red 50.00%   (blue 50.00%)"


def test_an_image_on_its_side_is_made_upright(folder):
    """Only the top row counts; EXIF 6 says that the camera's left is the top."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 2, bias=False))
    model[1].weight.data[:] = 0
    model[1].weight.data[0, :2] = 5  # red, above
    model[1].weight.data[1, 8:10] = 5  # blue, above
    save_model(folder / "top.npz", model, size=2, classes=["red", "blue"])
    image = Image.new("RGB", (8, 8), (0, 0, 255))
    image.paste((255, 0, 0), (0, 0, 4, 8))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(folder / "turned.png", exif=exif)
    image.save(folder / "plain.png")
    done = predict(folder, "turned.png", "plain.png", "--model", "top.npz")
    turned, plain = done.stdout.splitlines()
    assert turned.startswith("turned.png: red 99.") and plain.startswith("plain.png: red 50.00%"), done


@pytest.mark.slow
def test_the_command_line_and_the_notes(folder):
    halves("RGB").save(folder / "a.png")
    save_model(folder / "plain.npz", red_or_blue())
    done = predict(
        folder, "a.png", "--model", "plain.npz", "--size", "4", "--classes", "rot,blau", "--top", "1"
    )
    assert done.stdout.startswith("a.png: rot 99.") and "blau" not in done.stdout
    done = predict(folder, "a.png", "--model", "plain.npz", "--size", "4,4")
    assert done.stdout.startswith("a.png: 0 99.")
    save_model(folder / "grey.npz", red_or_blue(1), size=4, channels=1, mean=0.5, std=0.5)
    assert predict(folder, "a.png", "--model", "grey.npz").stdout == "a.png: 0 50.00%   (1 50.00%)\n"


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["a.png", "--model", "nowhere.npz"], 2, "nowhere.npz"),
        (["a.png", "--model", "text.npz"], 2, "text.npz: expected an npz file"),
        (["a.png", "--model", "a.png"], 2, "a.png: expected the suffix .safetensors or .npz"),
        (["a.png", "--model", "weights.npz"], 2, "weights.npz: expected a checkpoint"),
        (
            ["a.png", "--model", "plain.npz"],
            2,
            "plain.npz: does not say how large its images are; give --size",
        ),
        (
            ["a.png", "--model", "fixed.npz", "--size", "5"],
            2,
            "(3, 5, 5): 1: linear: x has 75 features, w expects 48",
        ),
        (["a.png", "--model", "colours.safetensors", "--size", "2"], 2, "0: avg_pool2d"),
        (["a.png", "--model", "colours.safetensors", "--channels", "1"], 2, "(1, 4, 4)"),
        (["a.png", "--model", "colours.safetensors", "--classes", "a,b,c"], 2, "3 names of classes"),
        (["a.png", "--model", "colours.safetensors", "--size", "0"], 2, "'0' is not a size"),
        (["a.png", "--model", "colours.safetensors", "--size", "a"], 2, "--size"),
        (["none.png", "--model", "colours.safetensors"], 1, "none.png"),
        (["text.npz", "--model", "colours.safetensors"], 1, "text.npz: expected an image"),
        (["cut.png", "--model", "colours.safetensors"], 1, "cut.png: expected a whole image"),
        (
            ["empty.png", "--model", "colours.safetensors"],
            1,
            "empty.png: expected an image of one of the formats",
        ),
        ([".", "--model", "colours.safetensors"], 1, "directory"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(folder, arguments, status, says, monkeypatch, capsys):
    halves("RGB", (60, 60)).save(folder / "a.png")
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:60])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.npz").write_text("no archive")
    save_tensors(folder / "weights.npz", {"w": np.ones(2)})
    save_model(folder / "plain.npz", red_or_blue())
    save_model(folder / "fixed.npz", nn.Sequential(nn.Flatten(), nn.Linear(48, 2)))
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *arguments])
    with pytest.raises(SystemExit) as end:  # an error would come out as itself
        runpy.run_path(str(SCRIPT), run_name="__main__")
    told = capsys.readouterr()
    assert end.value.code == status and says in told.err and told.out == "", told


def test_good_images_are_shown_beside_bad_ones(folder):
    halves("RGB").save(folder / "a.png")
    done = predict(folder, "none.png", "a.png", "--model", "colours.safetensors")
    assert done.returncode == 1 and done.stdout.startswith("a.png: red 99.") and "none.png" in done.stderr


def test_it_is_the_script_that_is_meant():
    assert SCRIPT.name == "predict_image.py"
