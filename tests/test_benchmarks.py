"""The benchmarks run, without PyTorch too, and write what they promise. No time is judged here."""

import doctest
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import tinygrad_cnn

ROOT = Path(tinygrad_cnn.__file__).parent.parent
MODULES = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if path.stem != "__init__")


def bench(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m benchmarks` as a user runs it, writing below `folder`."""
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments], cwd=folder, timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
        capture_output=True, text=True,
    )  # fmt: skip


def read(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "runs" / "bench" / "bench.json").read_text())
    return found


def check_times(times: dict[str, Any], *tasks: str) -> None:
    """Each task has the figures of our engine, and they are in order."""
    assert set(times) == set(tasks)
    for by_engine in times.values():
        figures = by_engine["ours"]
        assert figures["count"] >= 4  # two turns of at least two calls
        assert 0 < figures["min_ms"] <= figures["median_ms"] and figures["iqr_ms"] >= 0


@pytest.fixture(scope="module")
def load(request: pytest.FixtureRequest) -> Any:
    """Imports modules of benchmarks/, which lies beside the package and is not installed."""
    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(str(ROOT))
    request.addfinalizer(patch.undo)
    return lambda name: importlib.import_module(f"benchmarks.{name}")


def test_one_network(tmp_path: Path) -> None:
    done = bench(tmp_path, "--quick", "--only", "mlp100", "--engines", "ours")
    assert done.returncode == 0, done.stderr
    assert "Training step, ms" in done.stdout and "mlp100" in done.stdout
    result = read(tmp_path)
    assert set(result) == {
        "format",
        "settings",
        "machine",
        "left_out",
        "networks",
        "geometric_mean",
        "idle",
    }
    assert result["format"] == 1 and result["settings"]["engines"] == ["ours"]
    assert {"processor", "cores", "python", "versions", "blas"} <= set(result["machine"])
    assert result["machine"]["versions"]["numpy"]
    entry = result["networks"]["mlp100"]
    check_times(entry["times"], "step", "infer")
    assert entry["ratio"] == {"step": {}, "infer": {}}
    assert entry["losses"]["ours"][0] == pytest.approx(2.3, abs=0.1)  # ln 10, before anything is learnt
    assert sorted(entry["losses"]["ours"], reverse=True) == entry["losses"]["ours"]
    assert entry["peak_mb"]["ours"] > 0 and entry["first_step_ms"]["ours"] > 0
    assert not (tmp_path / "runs" / "bench" / "bench.png").exists()  # nothing to compare with


def test_every_other_part(tmp_path: Path) -> None:
    parts = ("ops", "nodes", "small", "import")
    done = bench(tmp_path, "--quick", "--seconds", "0.02", "--engines", "ours", "--only", *parts)
    assert done.returncode == 0, done.stderr
    result = read(tmp_path)
    assert result["networks"] == {} and set(parts) <= set(result)
    for entry in result["ops"].values():
        check_times(entry["times"], "forward", "backward")
    for length, entry in result["nodes"].items():
        check_times(entry["times"], "forward", "backward", "second", "numpy_forward", "numpy_backward")
        costs, times = entry["us_per_node"], entry["times"]
        assert costs["second"]["ours"] * int(length) == pytest.approx(
            times["second"]["ours"]["min_ms"] * 1e3
        )
        assert set(costs["above_numpy"]) == {"forward", "backward"}
    assert set(result["small"]) == {"xor4", "mlp1"}
    assert set(result["import"]) == {"numpy", "tinygrad_cnn"}


def test_torch_is_optional(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    main: ModuleType = load("__main__")
    monkeypatch.setattr(main, "find_spec", lambda name: None if name == "torch" else object())
    engines, left_out = main.choose_engines(main.parse(["--torch-malloc"]))
    assert engines == ["ours"]
    (sentence,) = left_out
    assert "pip install 'tinygrad-cnn[bench]'" in sentence
    monkeypatch.setattr(main, "find_spec", lambda name: object())
    assert main.choose_engines(main.parse([])) == (["ours", "torch"], [])
    assert main.choose_engines(main.parse(["--torch-malloc"]))[0] == ["ours", "torch", "torch-malloc"]


def test_wrong_options_are_refused(tmp_path: Path) -> None:
    for wrong in (["--only", "nonsense"], ["--seconds", "0"], ["--threads", "0"], ["--engines", "abacus"]):
        done = bench(tmp_path, *wrong)
        assert done.returncode == 2 and wrong[0] in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_fails_is_reported(load: Any) -> None:
    race: ModuleType = load("race")
    with race.workers(["ours"], 1) as running:
        worker = running["ours"]
        with pytest.raises(race.BenchmarkError, match="ours: the process ended at prepare"):
            worker.ask("prepare", kind="network", name="no such network")
    assert worker.process.poll() is not None


def test_the_engines_have_the_same_names(load: Any) -> None:
    ours = {name for name in vars(load("ours")) if not name.startswith("_")}
    peer = (ROOT / "benchmarks" / "peers_torch.py").read_text()
    for name in ours - {"annotations", "Any", "Tensor", "os", "use_kernels"}:
        assert f"def {name}(" in peer or f" as {name}\n" in peer, f"peers_torch has no {name}"


def test_the_networks_are_those_of_their_papers(load: Any) -> None:
    """Known numbers of parameters, and weights for every key."""
    networks, ours = load("networks"), load("ours")
    parameters = {"mlp100": 39760, "seed001": 9098, "lenet64": 61706, "vgg11-32": 9231114}
    for name, network in networks.NETWORKS.items():
        shapes = ours.shapes(network.build(ours.nn))
        state = networks.initial_state(shapes)
        assert state and {key: value.shape for key, value in state.items()}.items() <= shapes.items()
        if name in parameters:
            assert sum(value.size for value in state.values()) == parameters[name]


def test_the_picture(load: Any, tmp_path: Path) -> None:
    picture: ModuleType = load("picture")
    both = {task: {"torch": {"min": 0.5, "median": 0.6}} for task in ("step", "infer")}
    result = {"networks": {"a": {"ratio": both}, "b": {"ratio": both}}, "geometric_mean": both}
    picture.draw_ratios(result, tmp_path / "one.png")
    picture.draw_ratios(result, tmp_path / "two.png")
    one, two = ((tmp_path / name).read_bytes() for name in ("one.png", "two.png"))
    assert one.startswith(b"\x89PNG") and one == two


@pytest.mark.parametrize("name", [name for name in MODULES if name not in ("__main__", "peers_torch")])
def test_examples_in_docstrings(load: Any, name: str) -> None:
    assert doctest.testmod(load(name)).failed == 0
