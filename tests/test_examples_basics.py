"""The examples of the basics run with --quick, without a warning, and measure what they claim."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from example_runs import EXAMPLES, Runs, run
from example_runs import runs as runs

from tinygrad_cnn.data import write_idx

pytestmark = pytest.mark.slow

#: By script: the rows and defects that it shows, its pictures, and figures that stand in its output.
EXPECTED: dict[str, tuple[set[int | str], set[str], list[str]]] = {
    "perceptrons.py": ({41, 42}, {"gates"}, ["[0, 1, 1, 0]", "68,921 settings"]),
    "activations.py": ({9, 43, 45}, {"curves", "heads"}, ["[0.73105858, 0.88079708]", "[0, 1]"]),
    "three_layers.py": ({44}, {"graph"}, ["measured  [0.31682708, 0.69627909]", "16 + bias 7 = 23"]),
    "numerical_gradient.py": (
        {47, 48, 49, 50, "D6"}, {"tangents", "step", "field", "descent"},
        ["measured  0.200001", "measured  0.300001", "measured  324", "measured  0.66309778"],
    ),
    "losses.py": (
        {46, 77, "D10"}, {"losses", "one_hot"},
        ["measured  0.0975", "measured  0.5975", "measured  0.51082546", "measured  2.3025841"],
    ),
    "two_layer_numerical.py": (
        {51}, {"training"}, ["measured  39760", "measured  79520", "ETA ", "344 runs per step"],
    ),
    "two_layer_backprop.py": (
        {52, 58, "D2", "D5"}, {"loss", "trailing_relu"}, ["64-50-10, 1,000 batches of 100"],
    ),
    "apple_graph.py": (
        {53, 54, 55}, {"apple", "shopping", "square"},
        ["measured  220", "measured  2.2", "measured  110", "measured  200", "measured  715"],
    ),
    "edges_and_smoothing.py": (
        {3, 23, 24}, {"signal", "step", "photograph"}, ["measured  [0, 0, 4, 4, 0, 0]"],
    ),
    "convolution_arithmetic.py": (
        {1, 2, 4, 5, 8, 25, 26, 60, 61}, {"arithmetic", "moves"},
        ["measured  [[15, 16], [6, 15]]", "measured  [30720000, 1024]", "measured  [1, 26, 26, 8]"],
    ),
    "im2col.py": (
        {62, 63}, {"columns", "overlaps"},
        ["measured  [[1, 2, 2, 1], [2, 4, 4, 2], [2, 4, 4, 2], [1, 2, 2, 1]]", "measured  [90, 75]"],
    ),
    "optimizers.py": ({66, "D1"}, {"paths", "training"}, ["AdaGrad that steps along h"]),
    "initialisation.py": ({6, 7, 76, "D8"}, {"sigmoid", "tanh", "relu", "depth"}, ["claimed  0.012345679"]),
}  # fmt: skip


@pytest.mark.parametrize("script", EXPECTED)
def test_example(script: str, runs: Runs) -> None:
    rows, pictures, figures = EXPECTED[script]
    where, future = runs[script]
    done = future.result()
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert done.stderr == ""
    for figure in figures:
        assert figure in done.stdout

    folder = where / "runs" / script.removesuffix(".py")
    assert [path.name for path in where.iterdir()] == ["runs"], "nothing is written elsewhere"
    assert {path.name for path in folder.iterdir()} == {
        "claims.json",
        *(f"{name}.png" for name in pictures),
    }
    for picture in folder.glob("*.png"):
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert f"  {picture.name}\n" in done.stdout
    found = json.loads((folder / "claims.json").read_text(encoding="utf-8"))
    assert {claim["row"] for claim in found} == rows
    assert all(claim["holds"] for claim in found)
    assert done.stdout.count("claimed  ") == len(found)
    assert f"{len(found)} of {len(found)} claims hold" in done.stdout


def test_same_seed_same_files(tmp_path: Path) -> None:
    done = [run("perceptrons.py", "--quick", "--out", name, cwd=tmp_path) for name in ("a", "b")]
    assert [one.returncode for one in done] == [0, 0]
    assert done[0].stdout == done[1].stdout.replace("In b:", "In a:")
    for name in ("gates.png", "claims.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def claims_module() -> Any:
    """examples/claims.py, which the scripts import as their neighbour."""
    spec = importlib.util.spec_from_file_location("claims", EXAMPLES / "claims.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("claimed", "measured", "options", "holds"),
    [
        (1.0, 1.0 + 1e-7, {"within": 1e-6}, True),
        (1.0, 1.0 + 1e-5, {"within": 1e-6}, False),
        (1.0, float("nan"), {"within": 1e-6}, False),
        ([1, 2], np.array([1.0, 2.0]), {}, True),
        ([1, 2], np.array([[1.0, 2.0]]), {}, False),
        (1.0, np.ones(3), {}, False),
        (True, True, {}, True),
        (True, False, {}, False),
        ("below 2", 3.0, {"holds": False}, False),
        ("below 2", 1.0, {"holds": np.bool_(True)}, True),
    ],
)
def test_a_claim_holds_or_not(
    tmp_path: Path, claimed: Any, measured: Any, options: dict[str, Any], holds: bool
) -> None:
    claims = claims_module().Claims(tmp_path)
    claims.check(1, "a figure", claimed, measured, **options)
    assert claims.found[0]["holds"] is holds
    if holds:
        claims.finish()
    else:
        with pytest.raises(SystemExit, match="a figure"):
            claims.finish()
    assert json.loads((tmp_path / "claims.json").read_text())[0]["holds"] is holds


def test_other_files_than_mnist_fail_the_claim(tmp_path: Path) -> None:
    for part in ("train", "t10k"):
        write_idx(tmp_path / f"{part}-images-idx3-ubyte", np.zeros((5, 28, 28), np.uint8))
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte", np.zeros(5, np.uint8))
    done = run("losses.py", "--quick", "--data-dir", str(tmp_path), cwd=tmp_path)
    assert done.returncode == 1
    assert "images of MNIST" in done.stderr and "md5" in done.stderr


@pytest.mark.parametrize("script", ["losses.py", "two_layer_backprop.py"])
def test_a_missing_folder_is_named(script: str, tmp_path: Path) -> None:
    done = run(script, "--quick", "--data-dir", "nowhere", cwd=tmp_path)
    assert done.returncode != 0 and "nowhere" in done.stderr
