"""The wheel, built and imported from another folder: what users get, not what lies in the checkout."""

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import tinygrad_cnn

ROOT = Path(tinygrad_cnn.__file__).parent.parent


def run(*command: str, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the files that belong to the project, built in a copy."""
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE", "_tinygrad_cnn_plugins", "tinygrad_cnn", "viz"):
        run("cp", "-r", str(ROOT / name), str(copy), cwd=ROOT)
    # The test environment holds the build tools, so that building needs no network.
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(out), ".", cwd=copy)
    (built,) = out.glob("tinygrad_cnn-*.whl")
    return built


def test_every_package_is_named() -> None:
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    inside = [
        file.parent.relative_to(ROOT)
        for top in ("_tinygrad_cnn_plugins", "tinygrad_cnn", "viz")
        for file in (ROOT / top).rglob("__init__.py")
    ]
    assert sorted(named) == sorted(".".join(folder.parts) for folder in inside)


@pytest.mark.slow
def test_it_holds_every_file_of_the_packages_and_nothing_else(wheel: Path) -> None:
    inside = {n for n in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in n}
    ours = {
        str(path.relative_to(ROOT))
        for package in ("_tinygrad_cnn_plugins", "tinygrad_cnn", "viz")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert inside == ours
    assert {"tinygrad_cnn/py.typed", "viz/py.typed"} <= inside


@pytest.mark.slow
def test_it_works_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    code = """
import sys
sys.path.insert(0, SITE)
import numpy as np
import tinygrad_cnn, viz
assert tinygrad_cnn.__file__.startswith(SITE) and viz.__file__.startswith(SITE)
from tinygrad_cnn import Tensor, nn, optim
model = nn.Sequential(nn.Conv2d(1, 2, 3, rng=0), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2, rng=0))
optimizer = optim.SGD(model.parameters(), lr=0.1)
loss = nn.CrossEntropyLoss()(model(Tensor(np.ones((2, 1, 8, 8), "float32"))), [0, 1])
loss.backward()
optimizer.step()
print("digraph" in viz.graph(loss).source)
""".replace("SITE", repr(str(site)))
    assert run(sys.executable, "-I", "-c", code, cwd=tmp_path).strip() == "True"
