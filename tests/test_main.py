"""`python -m tinygrad_cnn` tells what is here."""

import subprocess
import sys

import tinygrad_cnn
from tinygrad_cnn.__main__ import extras, kernels


def test_it_prints_version_kernels_engine_and_extras():
    command = [sys.executable, "-m", "tinygrad_cnn"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[0] == f"tinygrad-cnn {tinygrad_cnn.__version__}" and not done.stderr
    said = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines[2:]}
    assert {"kernels", "drawing"} <= said.keys()
    assert any(line.startswith("extra     safetensors: ") for line in lines) or not extras()


def test_it_says_why_numpy_serves(monkeypatch):
    monkeypatch.setattr("tinygrad_cnn.__main__.kernels_in_use", lambda: "reference")
    monkeypatch.setenv("TINYGRAD_CNN_KERNELS", "reference")
    assert kernels() == "NumPy: the environment asks for it, TINYGRAD_CNN_KERNELS=reference"
    monkeypatch.delenv("TINYGRAD_CNN_KERNELS")
    monkeypatch.setattr("tinygrad_cnn.__main__.find_spec", lambda name: None)
    assert kernels() == (
        "NumPy: Numba is not installed; pip install 'tinygrad-cnn[fast]' brings compiled kernels"
    )
    monkeypatch.setattr("tinygrad_cnn.__main__.find_spec", lambda name: True)
    monkeypatch.setattr("tinygrad_cnn.kernels.cache.failure", lambda: "the disk was full")
    assert kernels() == "NumPy: the disk was full (python -m tinygrad_cnn.warm tries again)"


def test_an_extra_that_is_not_there_is_named(monkeypatch):
    from importlib import metadata

    def version(name):
        if name == "safetensors":
            raise metadata.PackageNotFoundError(name)
        return "1"

    needed = ['safetensors>=0.4; extra == "safetensors"', "numpy", 'tqdm>=4; extra == "progress"']
    monkeypatch.setattr(metadata, "requires", lambda _: needed)
    monkeypatch.setattr(metadata, "version", version)
    assert extras() == {"safetensors": ["safetensors"], "progress": []}
