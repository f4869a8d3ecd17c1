"""The benchmarks run, without PyTorch too, and write what they promise. No time is judged here."""

import dataclasses
import doctest
import importlib
import io
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import tinygrad_cnn
from tinygrad_cnn import Tensor, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.optim import SGD

ROOT = Path(tinygrad_cnn.__file__).parent.parent
PEERS = ("torch", "jax", "autograd", "mygrad")
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


@pytest.mark.slow
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
        "peaks",
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


@pytest.mark.slow
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
    assert engines == ["ours", "onnxruntime", *PEERS[1:]]
    (sentence,) = left_out
    assert "pip install 'tinygrad-cnn[bench]'" in sentence
    monkeypatch.setattr(main, "find_spec", lambda name: object())
    everyone = list(main.USUAL)
    assert main.choose_engines(main.parse([])) == (everyone, [])
    assert main.choose_engines(main.parse(["--torch-malloc"]))[0] == [*everyone, "torch-malloc"]
    chosen = ["--engines", "jax", "ours"]
    assert main.choose_engines(main.parse(chosen)) == (["jax", "ours"], [])


def test_peers_are_missed_only_where_asked_for(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    main: ModuleType = load("__main__")
    monkeypatch.setattr(main, "find_spec", lambda name: None if name in PEERS[1:] else object())
    assert main.choose_engines(main.parse([])) == (list(main.USUAL[:4]), [])
    engines, left_out = main.choose_engines(main.parse(["--engines", "ours", "mygrad"]))
    assert engines == ["ours"]
    (sentence,) = left_out
    assert sentence.startswith("mygrad is not installed")
    assert "pip install 'tinygrad-cnn[bench-peers]'" in sentence


def test_ways_to_train_are_compared_with_the_first(load: Any) -> None:
    ways = {"as it is": {"mb": 80.0, "ms": 10.0}, "both": {"mb": 20.0, "ms": 13.0}}
    lines = load("report").ways_table("net", ways).splitlines()
    assert lines[0] == "Peak of the arrays that a training step of net makes"
    assert [line.split()[-2:] for line in lines[2:]] == [["1.00", "1.00"], ["0.25", "1.30"]]


def test_peers_that_cannot_do_a_network_leave_an_empty_cell(load: Any) -> None:
    """Three engines: tables of one column an engine, – where one takes no part, and means of fewer."""
    report, figures = load("report"), load("figures")

    def entry(**minima: float) -> dict[str, Any]:
        times = {e: {"min_ms": ms, "median_ms": 2 * ms, "iqr_ms": 0.5} for e, ms in minima.items()}
        ratio = figures.ratios(times)
        return {"times": dict.fromkeys(("step", "infer"), times),
                "ratio": dict.fromkeys(("step", "infer"), ratio)}  # fmt: skip

    entries = {"alex8": entry(ours=4.0, torch=2.0), "mlp100": entry(ours=1.0, torch=2.0, autograd=4.0)}
    mean = figures.mean_ratios(entries)["step"]
    first, second = report.times_table("Steps, ms", "step", entries, mean).split("\n\n")
    assert [line.split() for line in first.splitlines()] == [
        ["Steps,", "ms:", "minimum"],
        ["ours", "torch", "autograd", "ours/torch", "ours/autograd"],
        ["alex8", "4.00", "2.00", "–", "2.00", "–"],
        ["mlp100", "1.00", "2.00", "4.00", "0.50", "0.25"],
        ["geometric", "mean", "(of", "how", "many)", "1.00", "(2)", "0.25", "(1)"],
    ]
    assert "8.00 ±0.500" in second and "–" in second
    peaks = {"peak_mb": {"ours": 10.0}, "first_step_ms": {"ours": 3.0}}
    more = {"peak_mb": {"ours": 1.0, "jax": 7.0}, "first_step_ms": {"ours": 1.0, "jax": 5.0}}
    assert report.memory_table({"a": peaks, "b": more}).splitlines()[2].split() == [
        "a", "10", "–", "3.00", "–",
    ]  # fmt: skip


def test_two_engines_are_shown_in_one_table(load: Any) -> None:
    report = load("report")
    figures = {"min_ms": 1.0, "median_ms": 2.0, "iqr_ms": 0.5}
    entry = {"times": {"step": {"ours": figures, "torch": figures}},
             "ratio": {"step": {"torch": {"min": 1.0, "median": 1.0}}}}  # fmt: skip
    lines = report.times_table("Steps, ms", "step", {"net": entry}).splitlines()
    assert lines[2].split() == ["net", *["1.00", "2.00", "0.500"] * 2, "1.00", "1.00"]


def test_an_engine_is_asked_only_for_what_it_can_do(load: Any, tmp_path: Path) -> None:
    parts, race, networks, zoo = load("parts"), load("race"), load("networks"), load("zoo")
    names = {*networks.NETWORKS, *networks.SMALL, *zoo.ZOO}
    for engine in race.ENGINES.values():
        assert engine.networks is None or set(engine.networks) <= names
    assert parts.time_networks(["alex8"], ["autograd"], None) == {}  # no process is started for it


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("name", ["mlp100", "xor4", "lenet64"])
def test_a_peer_does_the_same_work(load: Any, peer: str, name: str) -> None:
    """The losses of the first steps are ours; and a step and an inference can be timed."""
    if find_spec(peer) is None:
        pytest.skip(f"{peer} is not installed: pip install 'tinygrad-cnn[bench,bench-peers]'")
    race: ModuleType = load("race")
    losses = {}
    with race.workers(["ours", peer], 1) as running:
        for engine, worker in running.items():
            worker.ask("prepare", kind="network", name=name)
            losses[engine] = worker.ask("losses")["losses"]
            for task in ("step", "infer"):
                assert worker.ask("time", task=task, seconds=0, least=1)["seconds"][0] > 0
    assert len(losses[peer]) == 3
    race.check_losses(name, losses)


def test_onnx_files_are_timed_beside_onnxruntime(load: Any) -> None:
    for package in ("onnx", "onnxruntime"):
        pytest.importorskip(package, reason=f"needs {package}: pip install {package}")
    found = load("onnx_files").times("tiny1", 1, 0.01)
    assert set(found) == {"ours", "onnxruntime"} and min(found.values()) > 0
    assert "tiny1" in load("report").onnx_table({"tiny1": found})


@pytest.mark.slow
def test_growth(tmp_path: Path) -> None:
    done = bench(tmp_path, "--quick", "--seconds", "0.02", "--engines", "ours", "--kernels", "reference",
                 "--only", "growth")  # fmt: skip
    assert done.returncode == 0, done.stderr
    growth = read(tmp_path)["growth"]
    assert {measure: list(entries) for measure, entries in growth.items()} == {
        "batch": ["1", "4"], "image": ["16", "27"], "channels": ["3", "8"], "depth": ["1", "2"],
    }  # fmt: skip
    for measure, entries in growth.items():
        assert f"Growth with the {measure}" in done.stdout
        for entry in entries.values():
            check_times(entry["times"], "step")
            ms = entry["times"]["step"]["ours"]["min_ms"]
            assert entry["steps_per_second"]["ours"] == pytest.approx(1e3 / ms)
            assert entry["ns_per_multiply_add"]["ours"] * entry["multiply_adds"] == pytest.approx(ms * 1e6)
    # One 3×3 convolution of 8 to 8 channels without a gradient of x, and 8·14·14 inputs to 10 outputs.
    assert growth["batch"]["1"]["multiply_adds"] == 2 * 28 * 28 * 8 * 8 * 9 + 3 * 8 * 14 * 14 * 10
    assert growth["batch"]["4"]["multiply_adds"] == 4 * growth["batch"]["1"]["multiply_adds"]
    picture = tmp_path / "runs" / "bench" / "growth.png"
    assert picture.exists() == (find_spec("matplotlib") is not None)


@pytest.mark.slow
def test_the_picture_of_growth(load: Any, tmp_path: Path) -> None:
    """Four panels, both engines and the line of slope 1; the same bytes each time."""
    growth, networks = load("growth"), load("networks")
    figures = {}
    for measure, values in networks.GROWTH_VALUES.items():
        times = {v: {"ours": {"min_ms": 0.1 * v}, "torch": {"min_ms": 0.2 * v}} for v in values}
        figures[measure] = {
            str(v): {"times": {"step": t}, **growth.rates(t, 1e6 * v)} for v, t in times.items()
        }
    growth.draw_growth(figures, tmp_path / "one.png")
    growth.draw_growth(figures, tmp_path / "two.png")
    one, two = ((tmp_path / name).read_bytes() for name in ("one.png", "two.png"))
    assert one.startswith(b"\x89PNG") and one == two


@pytest.mark.slow
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
    for name in ours - {"annotations", "Any", "Tensor", "os", "place", "use_kernels"}:
        assert f"def {name}(" in peer or f" as {name}\n" in peer, f"peers_torch has no {name}"


@pytest.mark.slow
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
    entry = {"ratio": both, "limit_ms": {"step": 0.2, "infer": 0.1},
             "times": {task: {"torch": {"min_ms": 1.0}} for task in both}}  # fmt: skip
    alone = {"ratio": {"step": {}, "infer": {}}}
    networks = picture.compared_networks({"networks": {"a": entry, "c": alone}, "zoo": {"b": entry}})
    assert list(networks) == ["a", "b"]
    picture.draw_ratios(networks, tmp_path / "one.png")
    picture.draw_ratios(networks, tmp_path / "two.png")
    one, two = ((tmp_path / name).read_bytes() for name in ("one.png", "two.png"))
    assert one.startswith(b"\x89PNG") and one == two


@pytest.mark.parametrize("name", [name for name in MODULES if name != "__main__" and "peers" not in name])
def test_examples_in_docstrings(load: Any, name: str) -> None:
    assert doctest.testmod(load(name)).failed == 0


@pytest.mark.parametrize("name", ["bottleneck", "squeezenet", "dcgan", "convnext", "vit", "wavenet", "gru"])
def test_a_network_of_the_zoo_learns_a_little(name: str, load: Any) -> None:
    """Two samples, reference kernels: its loss is lower after a step in the direction of its gradient."""
    zoo, networks = load("zoo"), load("networks")
    network = zoo.ZOO[name]
    model = network.build(nn)
    state = networks.initial_state({key: value.shape for key, value in model.state_dict().items()})
    model.load_state_dict(state, strict=False)
    x, target = networks.batch_of(dataclasses.replace(network, batch=(2, *network.batch[1:])))
    losses = []
    optimizer = SGD(model.parameters(), lr=1e-3)
    for _ in range(2):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(Tensor(x)), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[1] < losses[0]


def test_each_series_of_the_sweep_runs(load: Any) -> None:
    """Its first point: forward, both derivatives, and the same layers by name in PyTorch's namespace."""
    sweep, ours = load("sweep"), load("ours")
    assert len(sweep.POINTS) > 300
    for name, series in sweep.SERIES.items():
        subject = sweep.PointSubject(ours, f"{name}: {series.values[0]}")
        subject.step()
        assert all(leaf.grad is not None for leaf in subject.leaves), name


def test_an_engine_that_may_fail_is_marked(load: Any) -> None:
    race: ModuleType = load("race")

    class Unable:
        tasks = ("step",)

        def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
            raise race.BenchmarkError("cannot")

    running = {"torch-compile": Unable()}
    assert race.prepared("mlp100", running) == ({}, {"torch-compile": "cannot"}) and not running
    with pytest.raises(race.BenchmarkError, match="cannot"):
        race.prepared("mlp100", {"torch": Unable()})


def test_the_model_of_ranks_says_what_its_formula_says(load: Any) -> None:
    ranks = load("ranks")
    wires = ranks.Wires(latency=1e-3, bandwidth=1e6)
    assert ranks.exchange(8e6, 4, wires) == pytest.approx(2 * 3 * (1e-3 + 2.0))
    network = ranks.Trained(parameters=1000, buckets=2, image=0.01, batch=8)
    assert ranks.step(network, 1, wires, 8) == pytest.approx(0.08)
    assert ranks.step(network, 2, wires, 8) == pytest.approx(0.08 + 2 * 2 * (1e-3 + 1e-3) + 8e-3)
    assert 0 < ranks.efficiency(network, 1024, wires, 8) < ranks.efficiency(network, 2, wires, 8) < 1
    assert "2 ranks" in load("report").ranks_table({"1 thread": 10.0, "2 ranks": 19.0})


# --------------------------------------------------------------------------- on a device
@pytest.fixture
def stand_in(load: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The stand-in as the device of the benchmarks, in this process."""
    from tinygrad_cnn.testing.stand_in import stand_in_device

    with stand_in_device() as device:
        monkeypatch.setenv(load("place").VARIABLE, device)
        yield device


def test_a_network_is_timed_on_a_device_which_is_waited_for(load: Any, stand_in: Any) -> None:
    from tinygrad_cnn.testing.stand_in import transfers

    ours, worker = load("ours"), load("worker")
    commands = [
        {"do": "prepare", "kind": "network", "name": "mlp100"}, {"do": "losses"},
        {"do": "time", "task": "step", "seconds": 0, "least": 2},
        {"do": "time", "task": "infer", "seconds": 0, "least": 2},
    ]  # fmt: skip
    answers = io.StringIO()
    with transfers() as counted:
        worker.serve(ours, io.StringIO("\n".join(map(json.dumps, commands))), answers)
    tasks, losses, step, infer = map(json.loads, answers.getvalue().splitlines())
    assert tasks["tasks"] == ["step", "infer"] and losses["losses"][0] == pytest.approx(2.3, abs=0.1)
    assert len(step["seconds"]) == len(infer["seconds"]) == 2
    assert counted["synchronize"] == 6 and counted["get"] == 0  # one before the clock starts, one a call
    subject = load("subjects").NetworkSubject(ours, "mlp100")
    assert {p.device for p in subject.model.parameters()} == {stand_in} == {subject.x.device}


def test_the_networks_alone_are_timed_on_a_device(load: Any, stand_in: Any) -> None:
    main: ModuleType = load("__main__")
    options = main.parse(["--device", stand_in])
    engines, missed = main.on_device(options, ["ours", "torch", "jax"])
    assert engines == ["ours"] and missed == ["PyTorch finds no stand-in:0 here: ours alone is timed."]
    with pytest.raises(load("race").BenchmarkError, match="ops run on the CPU"):
        main.on_device(main.parse(["--device", stand_in, "--only", "ops", "mlp100"]), ["ours"])


def test_without_a_gpu_the_benchmarks_say_so(
    load: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tinygrad_cnn.devices import cuda, naming

    main: ModuleType = load("__main__")
    monkeypatch.setenv(load("place").VARIABLE, "cpu")  # put back afterwards
    monkeypatch.setattr(naming, "reason_against", lambda: cuda.INSTALL)
    assert main.main(["--device", "cuda", "--engines", "ours"]) == 1
    assert "pip install 'tinygrad-cnn[gpu]'" in capsys.readouterr().err


@pytest.mark.slow
def test_the_benchmarks_run_on_a_device_from_end_to_end(tmp_path: Path) -> None:
    done = bench(tmp_path, "--quick", "--device", "stand-in:0", "--only", "mlp100", "--seconds", "0.02")
    assert done.returncode == 0, done.stderr
    assert "Training step, ms, stand-in:0" in done.stdout
    result = read(tmp_path)
    assert result["settings"]["device"] == "stand-in:0" and result["settings"]["engines"] == ["ours"]
    check_times(result["networks"]["mlp100"]["times"], "step", "infer")
