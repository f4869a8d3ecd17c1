"""The memory that a training step of VGG-11 takes: as it is, with `checkpoint`, with early updates."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks import ours
from benchmarks.networks import NETWORKS, batch_of, initial_state
from tinygrad_cnn import Tensor, checkpoint, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.optim import SGD

#: The network whose step is measured.
NAME = "vgg11-32"
#: Name of a way to train -> whether its convolutions are checkpointed, and updated during the walk.
WAYS = {
    "as it is": (False, False),
    "updates in backward()": (False, True),
    "checkpoint": (True, False),
    "both": (True, True),
}


def time_memory(steps: int) -> dict[str, Any]:
    """Peak MB of the arrays that a step makes, and its median ms over some steps, by way."""
    return {way: _measured(_step(*options), steps) for way, options in WAYS.items()}


def _step(checkpointed: bool, early: bool) -> Callable[[], Any]:
    network = NETWORKS[NAME]
    model = network.build(nn)
    ours.load(model, initial_state(ours.shapes(model)))
    optimizer = SGD(model.parameters(), lr=0.01)
    if early:
        optimizer.step_in_backward()
    parts = segments(list(model.children())) if checkpointed else [model]
    x, labels = batch_of(network)
    images = Tensor(x)

    def step() -> Any:
        optimizer.zero_grad()
        y = images
        for part in parts:
            y = checkpoint(part, y) if checkpointed else part(y)
        loss = F.cross_entropy(y, labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def segments(layers: list[nn.Module]) -> list[nn.Sequential]:
    """The layers cut before each convolution but the first.

    >>> [len(s) for s in segments([nn.Conv2d(1, 1, 1), nn.ReLU(), nn.Conv2d(1, 1, 1)])]
    [2, 1]
    """
    starts = [k for k, layer in enumerate(layers) if isinstance(layer, nn.Conv2d) and k] + [len(layers)]
    return [nn.Sequential(*layers[a:b]) for a, b in zip([0, *starts], starts, strict=False)]


def _measured(step: Callable[[], Any], steps: int) -> dict[str, Any]:
    losses = [step()]
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        losses.append(step())
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    times = []
    for _ in range(steps):
        start = perf_counter()
        step()
        times.append(perf_counter() - start)
    return {"mb": peak / 1e6, "ms": 1e3 * median(times), "losses": losses}
