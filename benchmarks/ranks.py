"""When several processes pay: a model of a training step over ranks, and measurements to check it by.

python -m benchmarks.ranks                          the model's tables: networks, networks of wires, ranks
python -m benchmarks.ranks cost                     what one image of each network costs on this machine
mpiexec -n 2 python -m benchmarks.ranks measure     sums of up to 8 MB, or what is named; steps of networks
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from math import ceil, log2
from os import environ, pathsep
from pathlib import Path
from shutil import which
from time import perf_counter, process_time
from typing import Any, NamedTuple

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import nn, optim, parallel, set_num_threads
from tinygrad_cnn.nn import models


class Wires(NamedTuple):
    """The wires between the ranks: seconds until a message arrives, and bytes a second."""

    latency: float
    bandwidth: float


#: Usual figures of such networks, not measured here.
WIRES = {
    "1 Gbit Ethernet": Wires(50e-6, 117e6),
    "10 Gbit Ethernet": Wires(20e-6, 1.17e9),
    "100 Gbit InfiniBand": Wires(2e-6, 12e9),
}


class Trained(NamedTuple):
    """A network as the model sees it.

    Attributes:
        parameters: how many, of 4 bytes.   buckets: messages a step.
        image: seconds of a training step for one image, on one rank.   batch: images of a rank.
    """

    parameters: int
    buckets: int
    image: float
    batch: int


#: Seconds of an image: `python -m benchmarks.ranks cost`, one thread of the machine that wrote the page.
NETWORKS = {
    "LeNet-5": Trained(60_850, 1, 0.229e-3, 64),
    "AlexNet": Trained(47_702_138, 7, 0.130, 8),
    "VGG-16": Trained(138_357_544, 13, 1.389, 8),
    "ResNet-50": Trained(25_557_032, 35, 0.773, 8),
}


def exchange(bytes_: float, ranks: int, wires: Wires) -> float:
    """Seconds of one ordered sum: every rank sends a part to every other, and then gets all parts.

        2 · (n - 1) · (latency + bytes / n / bandwidth)

    >>> exchange(1e6, 1, WIRES["1 Gbit Ethernet"])
    0.0
    """
    return 2 * (ranks - 1) * (wires.latency + bytes_ / ranks / wires.bandwidth)


def step(network: Trained, ranks: int, wires: Wires, batch: int) -> float:
    """Seconds of a step without overlap: the images of one rank, the sums, and the meetings of the ranks.

    >>> step(NETWORKS["LeNet-5"], 1, WIRES["1 Gbit Ethernet"], 64)
    0.014656
    """
    meetings = 8 * ceil(log2(ranks)) * wires.latency if ranks > 1 else 0.0
    sums = network.buckets * exchange(4 * network.parameters / network.buckets, ranks, wires)
    return batch * network.image + sums + meetings


def efficiency(network: Trained, ranks: int, wires: Wires, batch: int) -> float:
    """The share of n-fold speed that n ranks reach, each with a batch of its own."""
    return step(network, 1, wires, batch) / step(network, ranks, wires, batch)


def table() -> str:
    """Efficiency of each network on each network of wires, by ranks."""
    ranks = (2, 4, 16, 64, 256, 1024)
    lines = [
        "| network, images a rank | wires | " + " | ".join(map(str, ranks)) + " |",
        "|---|---|" + "---|" * 6,
    ]
    for name, network in NETWORKS.items():
        for where, wires in WIRES.items():
            shares = (f"{efficiency(network, n, wires, network.batch):.0%}" for n in ranks)
            lines.append(f"| {name}, {network.batch} | {where} | " + " | ".join(shares) + " |")
    return "\n".join(lines)


# --------------------------------------------------------------------------- measurements
def networks() -> dict[str, tuple[Any, tuple[int, ...]]]:
    """The networks, and the shape of an image of each."""
    resnet = models.ResNet(models.Bottleneck, [3, 4, 6, 3], [64, 128, 256, 512], rng=0)
    return {
        "LeNet-5": (models.lenet5(output="dense", rng=0), (1, 32, 32)),
        "AlexNet": (models.alexnet_like(rng=0), (3, 224, 224)),
        "ResNet-50": (resnet, (3, 224, 224)),
        "VGG-16": (models.vgg16(rng=0), (3, 224, 224)),
    }


def cost(batch: Mapping[str, int]) -> dict[str, dict[str, float]]:
    """Seconds of processor time of a training step for one image, with one thread; the least of some."""
    set_num_threads(1)
    found = {}
    for name, (model, shape) in networks().items():
        x = np.random.default_rng(0).normal(size=(batch[name], *shape)).astype("f4")
        optimizer = optim.SGD(model.parameters(), lr=1e-3)
        seconds = [_timed(partial(_step, model, optimizer, x), process_time) for _ in range(3)]
        average = parallel.GradientAverage(model.parameters(), parallel.World())
        found[name] = {
            "image": min(seconds) / batch[name],
            "parameters": sum(p.size for p in model.parameters()),
            "buckets": len(average.buckets),
        }
        average.remove()
    return found


def _step(model: nn.Module, optimizer: optim.Optimizer, x: np.ndarray) -> None:
    optimizer.zero_grad()
    F.cross_entropy(model(x), np.zeros(len(x), int)).backward()
    optimizer.step()


def _timed(function: Callable[[], Any], clock: Callable[[], float] = perf_counter) -> float:
    start = clock()
    function()
    return clock() - start


def measured(seconds: float = 8.0, most: int = 1 << 23) -> dict[str, Any]:
    """The least time of sums of many sizes and of steps of small networks; and what the model tells."""
    world = parallel.world()
    sizes = [1 << k for k in range(8, most.bit_length(), 3)]
    sums = {}
    for size in sizes:
        vector, times = np.ones(size // 4, np.float32), []
        for _ in range(_turns(world, partial(world.sum, vector), seconds / len(sizes))):
            times.append(_timed(partial(world.sum, vector)))
        sums[size] = float(world.each(np.array(min(times))).max())
    wires = fitted(sums, world.size)
    return {
        "ranks": world.size,
        "wires": wires._asdict(),
        "sums": {n: (seconds, exchange(n, world.size, wires)) for n, seconds in sums.items()},
        "steps": {name: measured_steps(*made, wires, seconds / 4) for name, made in SMALL.items()},
    }


#: Networks that a machine can train many ranks of at once; with the shape of an image.
SMALL = {
    "LeNet-5": (partial(models.lenet5, output="dense", rng=0), (1, 32, 32)),
    "SimpleConvNet": (partial(models.simple_convnet, rng=0), (1, 28, 28)),
}


def measured_steps(
    build: Callable[[], nn.Module], shape: tuple[int, ...], wires: Wires, seconds: float, batch: int = 16
) -> dict[str, float]:
    """The least time of a step of each rank for itself, and together; and what the model tells of that."""
    world, found, buckets = parallel.world(), {}, 0
    x = np.random.default_rng(0).normal(size=(batch, *shape)).astype("f4")
    for name in ("alone", "together"):
        model = build()
        optimizer = optim.SGD(model.parameters(), lr=1e-3)
        average = parallel.average_gradients(optimizer, world if name == "together" else parallel.World())
        buckets = len(average.buckets)
        turns = _turns(world, partial(_step, model, optimizer, x), seconds)
        times = [_timed(partial(_step, model, optimizer, x)) for _ in range(turns)]
        found[name] = float(world.each(np.array(min(times))).max())
        average.remove()
    network = Trained(sum(p.size for p in model.parameters()), buckets, found["alone"] / batch, batch)
    return {**found, "told": step(network, world.size, wires, batch)}


def images(threads: int, seconds: float) -> float:
    """Images a second of all ranks, each with so many threads: SimpleConvNet, 100 images a rank."""
    world = parallel.world()
    set_num_threads(threads)
    model = models.simple_convnet(rng=0)
    optimizer = optim.SGD(model.parameters(), lr=1e-3)
    parallel.average_gradients(optimizer, world)
    x = np.random.default_rng(0).normal(size=(100, 1, 28, 28)).astype("f4")
    _step(model, optimizer, x)  # what is compiled or loaded at first
    turns = _turns(world, partial(_step, model, optimizer, x), seconds)
    started = perf_counter()
    for _ in range(turns):
        _step(model, optimizer, x)
    return turns * 100 * world.size / float(world.each(np.array(perf_counter() - started)).max())


def race_ranks(seconds: float) -> dict[str, float]:
    """Images a second of one thread, of two, and of two ranks; {} where MPI is not installed."""
    mpiexec = which("mpiexec", path=pathsep.join([str(Path(sys.executable).parent), environ["PATH"]]))
    if mpiexec is None or find_spec("mpi4py") is None:
        return {}
    found = {}
    for name, before, threads in (
        ("1 thread", [], 1), ("2 threads", [], 2), ("2 ranks of 1 thread", [mpiexec, "-n", "2"], 1),
    ):  # fmt: skip
        command = [*before, sys.executable, "-m", "benchmarks.ranks", "images", str(threads), str(seconds)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
        found[name] = float(done.stdout.splitlines()[-1])
    return found


def _turns(world: parallel.World, function: Callable[[], Any], seconds: float) -> int:
    """Find how often to call a function, the same on all ranks."""
    once = _timed(function)
    return int(world.broadcast(np.array(min(max(int(seconds / once), 3), 25))))


def fitted(sums: Mapping[int, float], ranks: int) -> Wires:
    """Latency and bandwidth that the times of sums follow: their relative errors are least squares.

    >>> wires = Wires(1e-5, 1e9)
    >>> found = fitted({n: exchange(n, 2, wires) for n in (100, 10_000, 1_000_000)}, 2)
    >>> round(found.latency, 8), round(found.bandwidth)
    (1e-05, 1000000000)
    """
    sizes, times = np.array(list(sums), float), np.array(list(sums.values()))
    columns = 2 * (ranks - 1) * np.stack([np.ones_like(sizes), sizes / ranks], axis=1)
    (latency, slowness), *_ = np.linalg.lstsq(columns / times[:, None], np.ones_like(times), rcond=None)
    return Wires(float(latency), float(1 / slowness))


def main(what: str = "model", *numbers: str) -> None:
    """Print what was asked for."""
    if what == "images":
        found_images = images(int(numbers[0]), float(numbers[1]))
        if parallel.world().rank == 0:
            print(found_images)
    elif what == "measure":
        found = measured(most=int(numbers[0]) if numbers else 1 << 23)
        if parallel.world().rank == 0:
            print(json.dumps(found, indent=1))
    elif what == "cost":
        print(json.dumps(cost({"LeNet-5": 64, "AlexNet": 4, "ResNet-50": 2, "VGG-16": 1}), indent=1))
    else:
        print(table())


if __name__ == "__main__":
    main(*sys.argv[1:])
