"""Where the time of a training step goes: by kind of kernel, and what is left for Python."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.figures import OURS
from benchmarks.race import Worker
from tinygrad_cnn import kernels
from tinygrad_cnn.kernels import numpy as reference

#: Kind of work -> the kernels that do it, as `tinygrad_cnn.kernels` names them.
KINDS = {
    "convolution": ("conv", "conv_image", "conv_kernel"),
    "products": ("linear", "matmul"),
    "pooling": ("max_pool", "max_pool_places", "place", "avg_pool", "spread"),
    "activation": ("relu", "relu_slope", "sigmoid", "sigmoid_slope", "gate", "dropout"),
    "norm": ("batch_norm", "batch_norm_slope", "fixed_norm"),
    "bias, loss": ("channel_sum", "cross_entropy", "cross_entropy_slope"),
    "update": ("sgd",),
}


def kernel_shares(step: Callable[[], Any], calls: int) -> dict[str, float]:
    """Median seconds of a step, and of the kernels of each kind in it, over so many calls.

    A step runs on the calling thread, kernels on all: what the kinds leave of the step is Python, ops
    without a kernel of their own, and memory.

    >>> import numpy as np
    >>> shares = kernel_shares(lambda: kernels.relu(np.ones(3)), 2)
    >>> shares["step"] >= shares["activation"] > 0, shares["norm"]
    (True, 0.0)
    """
    spent: dict[str, list[float]] = {kind: [] for kind in ("step", *KINDS)}
    running = {name: kind for kind, names in KINDS.items() for name in names if hasattr(reference, name)}
    before = {name: getattr(kernels, name) for name in running}
    now = dict.fromkeys(KINDS, 0.0)

    def timed(kind: str, kernel: Callable[..., Any]) -> Callable[..., Any]:
        def call(*operands: Any) -> Any:
            start = perf_counter()
            try:
                return kernel(*operands)
            finally:
                now[kind] += perf_counter() - start

        return call

    try:
        for name, kind in running.items():
            setattr(kernels, name, timed(kind, before[name]))
        for _ in range(calls):
            now.update(dict.fromkeys(KINDS, 0.0))
            start = perf_counter()
            step()
            spent["step"].append(perf_counter() - start)
            for kind in KINDS:
                spent[kind].append(now[kind])
    finally:
        for name, kernel in before.items():
            setattr(kernels, name, kernel)
    return {kind: median(seconds) for kind, seconds in spent.items()}


def time_shares(names: list[str], threads: int, calls: int) -> dict[str, Any]:
    """`kernel_shares` of each network, in ms, by name."""
    worker = Worker(OURS, threads)
    found = {}
    try:
        for name in names:
            worker.ask("prepare", kind="network", name=name)
            worker.ask("time", task="step", seconds=0, least=5)
            shares = worker.ask("shares", calls=calls)["shares"]
            found[name] = {kind: seconds * 1e3 for kind, seconds in shares.items()}
    finally:
        worker.close()
    return found
