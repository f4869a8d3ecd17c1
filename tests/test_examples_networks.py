"""The examples of networks run with --quick, without a warning, and measure what they claim."""

import json
from pathlib import Path

import numpy as np
import pytest
from example_runs import Runs, run
from example_runs import runs as runs

from tinygrad_cnn.data import write_idx
from tinygrad_cnn.serial import load_tensors

pytestmark = pytest.mark.slow

#: By script: the rows that it shows, what it writes beside claims.json, and figures in its output.
EXPECTED: dict[str, tuple[set[int], set[str], list[str]]] = {
    "lenet5.py": (
        {27, 28, 29},
        {
            "table.png", "graph.png", "features.png", "dense-curves.png", "dense-history.json",
            "rbf-curves.png", "rbf-history.json",
        },
        ["measured  [156, 12, 1516, 32, 48120, 10164]", "measured  60000"],
    ),
    "sequential_nhwc.py": (
        {33, 34, 35, 36, 37, 38, 39}, {"cnn_acc.png", "cnn_loss.png", "cm.png", "history.json"},
        ["1: conv2d: x has 4 channels, w expects 8", "RMSProp  epoch 2/2"],
    ),
    "simple_convnet.py": (
        {59, 64}, {"blocks.png", "filters.png", "curves.png", "history.json", "model.safetensors"},
        ["measured  [780, 432100, 1010]", "measured  433890"],
    ),
    "deep_convnet.py": (
        {78},
        {"filters.png", "features.png", "misread.png", "curves.png", "history.json", "model.safetensors"},
        ["measured  123552", "images, 32 bits and 16 kept", "images, 32 bits and 16 throughout"],
    ),
    "vgg.py": (
        {65}, {"graph.png", "blocks.png", "curves.png", "history.json"},
        ["measured  138357544", "measured  143667240", "measured  [2, 2, 4, 4, 4]"],
    ),
    "residual_and_inception.py": (
        {59}, {"residual.png", "inception.png", "depth.png", "curves.png", "history.json"},
        ["measured  [64, 128, 32, 32]", "measured  [272474, 11689512]"],
    ),
    "overfitting.py": ({37, 78}, {"overfitting.png", "batch_norm.png"}, ["std 0.003"]),
    "hyperparameter_search.py": (
        {78}, {"search.png", "curves.png"}, ["rank  learning rate  weight decay  accuracy"],
    ),
    "untrained_cnn.py": (
        {5, 8, 9, 10}, {"forward.png", "guesses.png"},
        ["measured  [26, 26, 8, 72]", "measured  [13, 13, 8]"],
    ),
    "receptive_field.py": (
        {2, 11}, {"growth.png", "effective.png"}, ["measured  [10, 36, 212]", "529,984 dense"],
    ),
    "shift_invariance.py": ({32}, {"accuracy.png", "moved.png", "history.json"}, ["moved, pixels    0:"]),
    "best_of_all.py": (
        {67, 78},
        {
            "sheet.png", "rate.png", "misread.png", "curves.png", "history.json", "model.safetensors",
            "state",
        },
        ["measured  114778"],
    ),
    "cats_dogs.py": (
        {67, 68, 70, 71},
        {
            "sheet.png", "comparison.png", "model.safetensors", "with-1-curves.png", "with-1-history.json",
            "without-1-curves.png", "without-1-history.json",
        },
        ["cat: 100, dog: 100", "of 8 files one is not an image"],
    ),
    "alexnet.py": (
        {69, 70}, {"shapes.png", "history.json"},
        ["measured  47702138", "measured  47704910", "measured  [54, 26, 26, 12, 12, 12, 10, 4]"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("script", EXPECTED)
def test_example_of_a_network(script: str, runs: Runs) -> None:
    rows, files, figures = EXPECTED[script]
    where, future = runs[script]
    done = future.result()
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert done.stderr == ""  # no progress bar in a pipe, and no warning
    for figure in figures:
        assert figure in done.stdout

    folder = where / "runs" / script.removesuffix(".py")
    assert [path.name for path in where.iterdir()] == ["runs"], "nothing is written elsewhere"
    assert {path.name for path in folder.iterdir()} == {"claims.json", *files}
    for picture in folder.glob("*.png"):
        assert picture.read_bytes().startswith(b"\x89PNG")
    for history in folder.glob("*history.json"):
        assert json.loads(history.read_text(encoding="utf-8"))
    for model in folder.glob("*.safetensors"):
        assert load_tensors(model)
    found = json.loads((folder / "claims.json").read_text(encoding="utf-8"))
    assert {claim["row"] for claim in found} == rows
    assert all(claim["holds"] for claim in found)
    assert f"{len(found)} of {len(found)} claims hold" in done.stdout


@pytest.fixture(scope="module")
def strange_mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random pixels in MNIST's file format: nothing can be learnt from them."""
    folder, rng = tmp_path_factory.mktemp("mnist"), np.random.default_rng(0)
    for part, count in (("train", 64), ("t10k", 40)):
        images = rng.integers(0, 256, (count, 28, 28)).astype(np.uint8)
        write_idx(folder / f"{part}-images-idx3-ubyte", images)
        write_idx(folder / f"{part}-labels-idx1-ubyte", (np.arange(count) % 10).astype(np.uint8))
    return folder


def test_what_cannot_be_learnt_fails_the_claim(strange_mnist: Path, tmp_path: Path) -> None:
    done = run(
        "simple_convnet.py", "--quick", "--epochs", "1", "--data-dir", str(strange_mnist), cwd=tmp_path
    )
    assert done.returncode == 1
    assert "SimpleConvNet: accuracy on 40 test images" in done.stderr


def test_the_whole_recipe_has_the_bar_of_the_issue(strange_mnist: Path, tmp_path: Path) -> None:
    done = run("simple_convnet.py", "--data-dir", str(strange_mnist), cwd=tmp_path)
    assert done.returncode == 1 and "epoch  20/20" in done.stdout
    assert "claimed  at least 98.60%\n" in done.stdout


def test_the_same_seed_gives_the_same_weights(strange_mnist: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        run(
            "best_of_all.py", "--quick", "--epochs", "1", "--data-dir", str(strange_mnist), "--out", name,
            cwd=tmp_path,
        )  # fmt: skip
    first, second = (load_tensors(tmp_path / name / "model.safetensors") for name in ("a", "b"))
    assert all((first[key] == second[key]).all() for key in second)


def test_faces_are_drawn_the_same_by_seed(tmp_path: Path) -> None:
    for name in ("a", "b"):
        done = run("drawn_faces.py", "--out", name, "--count", "2", "--seed", "3", cwd=tmp_path)
        assert done.returncode == 0 and done.stdout == f"2 cats and 2 dogs in {name}\n"
    names = sorted(path.relative_to(tmp_path / "a") for path in tmp_path.glob("a/*/*.jpg"))
    assert [str(name) for name in names] == ["cat/0.jpg", "cat/1.jpg", "dog/0.jpg", "dog/1.jpg"]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize("script", ["training.py", "cats_dogs.py"])
def test_a_missing_folder_is_named(script: str, tmp_path: Path) -> None:
    using = {"training.py": "simple_convnet.py"}.get(script, script)  # training.py is what others import
    done = run(using, "--quick", "--data-dir", "nowhere", cwd=tmp_path)
    assert done.returncode != 0 and "nowhere" in done.stderr
