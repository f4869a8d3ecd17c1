"""The least time that this machine could need: arithmetic at its peak, weights at its bandwidth.

A step cannot take less than its multiply-adds at the fastest rate that a matrix product reaches, nor
less than it takes to move the weights and their gradients through memory once for each use (activations
may stay in cache, so they are not counted). The larger of the two is the roof (Williams, Waterman &
Patterson 2009, "Roofline: an insightful visual performance model"). Algorithms with fewer
multiplications, such as Winograd's for 3×3 kernels, may pass under it: the count is of plain sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.networks import batch_of, find
from tinygrad_cnn import Tensor, nn, no_grad
from tinygrad_cnn import functional as F
from tinygrad_cnn.graph import ancestors
from tinygrad_cnn.kernels.threads import share

#: A training step touches each weight so often: read forward, read backward, its gradient written
#: and read, the weight read and written by the update.
TOUCHES = {"step": 6, "infer": 1}


def work(name: str) -> dict[str, dict[str, float]]:
    """GFLOP and GB of weights that a training step and an inference take, by task.

    A product or convolution costs once more for each operand that wants a gradient.

    >>> work("mlp100")["infer"]
    {'gflop': 0.00794, 'gbyte': 0.00015904}
    """
    network = find(name)
    model = network.build(nn)
    x, target = batch_of(network)
    criterion = F.cross_entropy if network.classes else F.mse_loss
    loss = criterion(model(Tensor(x)), target)
    forward = trained = 0
    for node in ancestors(loss.node):
        if node.op is None:
            continue
        products = node.op.multiply_adds(node.shape, tuple(parent.shape for parent in node.parents))
        forward += products
        if products:
            trained += products * (1 + sum(node.needs[:2]))
    size = sum(p.numpy().nbytes for p in model.parameters())
    flop = {"step": 2 * trained, "infer": 2 * forward}
    return {
        task: {"gflop": flop[task] / 1e9, "gbyte": times * size / 1e9} for task, times in TOUCHES.items()
    }


def peaks(seconds: float = 1.0) -> dict[str, float]:
    """GFLOP/s of a large matrix product and GB/s of a large copy, with all threads, at their best.

    >>> sorted(peaks(0.01))
    ['gbytes', 'gflops']
    """
    n = 1024
    a = np.ones((n, n), np.float32)
    out = np.empty_like(a)
    source = np.ones(1 << 25, np.float32)  # 134 MB: more than caches hold
    target = np.empty_like(source)

    def copy(_: int, start: int, stop: int) -> None:
        np.copyto(target[start:stop], source[start:stop])

    with no_grad():
        product = _best(lambda: np.matmul(a, a, out=out), seconds / 2)
        moved = _best(lambda: share(source.size, copy), seconds / 2)
    return {"gflops": 2 * n**3 / product / 1e9, "gbytes": 2 * source.nbytes / moved / 1e9}


def _best(function: Any, seconds: float) -> float:
    """The shortest of as many calls as fit."""
    function()  # not counted: it fetches the memory
    best, end = float("inf"), perf_counter() + seconds
    while best == float("inf") or perf_counter() < end:
        start = perf_counter()
        function()
        best = min(best, perf_counter() - start)
    return best


def limits_ms(done: Mapping[str, Mapping[str, float]], peak: Mapping[str, float]) -> dict[str, float]:
    """The roof in ms by task, from `work` and `peaks`.

    >>> limits_ms({"infer": {"gflop": 1.0, "gbyte": 0.5}}, {"gflops": 200.0, "gbytes": 50.0})
    {'infer': 10.0}
    """
    return {
        task: 1e3 * max(entry["gflop"] / peak["gflops"], entry["gbyte"] / peak["gbytes"])
        for task, entry in done.items()
    }
