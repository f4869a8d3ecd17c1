"""Every example runs with --quick, as a user would run it, and leaves what it promises."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinygrad_cnn
from tinygrad_cnn.data import write_idx
from tinygrad_cnn.serial import load_tensors

EXAMPLES = Path(tinygrad_cnn.__file__).parent.parent / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))


@pytest.fixture(scope="module")
def mnist_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few random images in MNIST's file format."""
    folder, rng = tmp_path_factory.mktemp("mnist"), np.random.default_rng(0)
    for part, count in (("train", 256), ("t10k", 128)):
        images = rng.integers(0, 256, (count, 28, 28)).astype(np.uint8)
        write_idx(folder / f"{part}-images-idx3-ubyte", images)
        write_idx(folder / f"{part}-labels-idx1-ubyte", (np.arange(count) % 10).astype(np.uint8))
    return folder


def run(script: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(script), *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.slow
def test_digits(tmp_path: Path) -> None:
    done = run(EXAMPLES / "digits.py", "--quick", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "runs" / "digits"
    written = sorted(path.name for path in folder.iterdir())
    assert written == ["confusion.png", "curves.png", "graph.png", "history.json", "model.safetensors"]
    for name in written:
        assert f"runs/digits/{name}" in done.stdout
    history = json.loads((folder / "history.json").read_text())
    assert {len(values) for values in history.values()} == {2}
    assert history["test_accuracy"][-1] > 0.5
    assert load_tensors(folder / "model.safetensors")["0.weight"].shape == (32, 1, 3, 3)
    for picture in folder.glob("*.png"):
        assert picture.read_bytes().startswith(b"\x89PNG")
    assert done.stderr == ""  # no progress bar in a pipe


@pytest.mark.slow
def test_digits_on_mnist_files(tmp_path: Path, mnist_folder: Path) -> None:
    done = run(
        EXAMPLES / "digits.py", "--quick", "--data", "mnist", "--data-dir", str(mnist_folder), cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs" / "mnist" / "graph.png").is_file()


def test_digits_explains_missing_data(tmp_path: Path) -> None:
    done = run(EXAMPLES / "digits.py", "--data", "mnist", cwd=tmp_path)
    assert done.returncode == 2 and "--data-dir" in done.stderr
    done = run(EXAMPLES / "digits.py", "--data", "mnist", "--data-dir", "nowhere", cwd=tmp_path)
    assert done.returncode != 0 and "nowhere" in done.stderr


def test_mnist_convnet(tmp_path: Path, mnist_folder: Path) -> None:
    done = run(EXAMPLES / "mnist_convnet.py", "--quick", "--data-dir", str(mnist_folder), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "9,098 parameters" in done.stdout
    assert "Epoch: 001/001 | Batch 000/002 | Cost: 2.30" in done.stdout


@pytest.mark.slow
def test_mnist_mpi_runs_alone(tmp_path: Path) -> None:
    done = run(EXAMPLES / "mnist_mpi.py", "--quick", cwd=tmp_path)  # with mpiexec: tests/parallel
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ranks: 1" in done.stdout


def test_every_example_is_tested() -> None:
    files = sorted(Path(__file__).parent.glob("test_*.py"))
    source = "".join(path.read_text(encoding="utf-8") for path in files)
    for script in SCRIPTS:
        assert f'"{script.name}"' in source, f"{script.name} has no test in {[path.name for path in files]}"
