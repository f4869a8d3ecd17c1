"""Gradients averaged over the ranks, in buckets, while the walk back through the graph goes on."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError, GraphError, StateError
from tinygrad_cnn.functional.arguments import integer
from tinygrad_cnn.optim import LBFGS, Optimizer
from tinygrad_cnn.parallel.worlds import Pending, World
from tinygrad_cnn.parallel.worlds import world as this_world
from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.tensors import Tensor

Array = NDArray[Any]


class GradientAverage:
    """Averages the gradients of some parameters over the ranks.

    Parameters are put into buckets, the last ones first, because their gradients are complete first. A
    bucket is sent as soon as all its gradients are there, in the order of the buckets, so the network
    works while `backward()` goes on. A parameter without a gradient on this rank counts as zeros; one
    without on every rank keeps None.

    Args:
        parameters: the same, in the same order, on every rank.   world: by whom to average.
        bucket_bytes: size from which on a bucket is full.
    Raises:
        StateError: the ranks have different parameters.

    >>> w = Tensor([1.0], requires_grad=True)
    >>> average = GradientAverage([w], World())
    >>> (w * 3).sum().backward(); average.finish(); w.grad.tolist()
    [3.0]
    """

    def __init__(self, parameters: Iterable[Tensor], world: World, bucket_bytes: int = 1 << 20) -> None:
        self.world = world
        self.parameters = [p for p in parameters if p.requires_grad]
        same_everywhere(world, self.parameters)
        least = integer("GradientAverage", "bucket_bytes", bucket_bytes, 1)
        self.buckets = buckets(self.parameters, least)
        self._bucket_of = {id(p): k for k, bucket in enumerate(self.buckets) for p in bucket}
        self._later = self._done = False
        self._clear()
        self._ends = [p.register_post_accumulate_grad_hook(self._ready) for p in self.parameters]

    def _clear(self) -> None:
        self._missing = [len(bucket) for bucket in self.buckets]
        self._running: list[Pending] = []
        self._seen: set[int] = set()

    def _ready(self, p: Tensor) -> None:
        """A gradient is complete: send its bucket if it was the last one, after the buckets before."""
        self._done = False
        if self.world.size == 1 or self._later:
            return
        k = self._bucket_of[id(p)]
        if k < len(self._running):
            raise GraphError(
                f"GradientAverage: the gradient of {p.name or p.shape} was sent already; put every "
                "backward() of a step but the last one into `with average.later():`"
            )
        if id(p) not in self._seen:
            self._seen.add(id(p))
            self._missing[k] -= 1
        while len(self._running) < len(self.buckets) and not self._missing[len(self._running)]:
            self._send()
        for sum_ in self._running:
            getattr(sum_, "progress", int)()

    def _send(self) -> None:
        """Send the next bucket: its gradients, and for each a 1 if there is one."""
        bucket = self.buckets[len(self._running)]
        dtype = bucket[0].dtype
        have = np.array([p.grad is not None for p in bucket], dtype)
        parts = [np.zeros(p.size, dtype) if p.grad is None else p.grad.numpy().ravel() for p in bucket]
        self._running.append(self.world.start_sum(np.concatenate([*parts, have])))

    def later(self) -> Restoring[None]:
        """Send nothing: for all `backward()` of a step but the last one.

        >>> w = Tensor([1.0], requires_grad=True)
        >>> average = GradientAverage([w], World())
        >>> with average.later():
        ...     (w * 3).sum().backward()
        >>> (w * 4).sum().backward(); average.finish(); w.grad.tolist()
        [7.0]
        """
        return Restoring(
            partial(setattr, self, "_later", True), partial(setattr, self, "_later", self._later)
        )

    def finish(self) -> None:
        """Send what is not sent yet, wait for all buckets, and set the gradients. A step does it by itself.

        Call it before `clip_grad_norm_`, which must see the averages.

        Raises:
            StateError: another rank is not at its step.
        """
        if self._done or self.world.size == 1:
            self._done = True
            return
        while len(self._running) < len(self.buckets):
            self._send()
        self.world.agree("step", sum(p.size * p.dtype.itemsize for p in self.parameters))
        running = self._running
        self._clear()
        for bucket, sum_ in zip(self.buckets, running, strict=True):
            total = sum_.result()
            start, have = 0, total[len(total) - len(bucket) :]
            mean = total / total.dtype.type(self.world.size)
            for p, count in zip(bucket, have, strict=True):
                p.grad = Tensor.detached(mean[start : start + p.size].reshape(p.shape)) if count else None
                start += p.size
        self._done = True

    def before_step(self) -> None:
        """What an optimizer calls before each step: finish, and begin anew afterwards."""
        self.finish()
        self._done = False

    def remove(self) -> None:
        """Average no more."""
        for end in self._ends:
            end()


def average_gradients(
    optimizer: Optimizer, world: World | None = None, *, bucket_bytes: int = 1 << 20
) -> GradientAverage:
    """From now on, let every step of an optimizer use the mean of the gradients over all ranks.

    The optimizer stays what it is: schedulers, checkpoints and `Trainer` use it as before. With equal
    shares of a batch on the ranks, and losses that are means over a share, the mean of the gradients
    is the gradient of the mean over the batch; for uneven shares see `World.weighted`.

    The bits are those of one process that goes through as many micro-batches one after the other,
    divides the sums of their gradients by the number of ranks, and takes a step.

    Args:
        optimizer: over the same parameters on every rank.   world: `parallel.world()` if None.
        bucket_bytes: size of a message from which on it is sent.
    Returns:
        The average, with `finish()` and `later()`.
    Raises:
        StateError: the ranks have different parameters.   ArgumentError: the optimizer is LBFGS.

    >>> from tinygrad_cnn import nn, optim
    >>> model = nn.Linear(2, 1)
    >>> average = average_gradients(optim.SGD(model.parameters(), lr=0.1))
    >>> average.world.size
    1
    """
    if isinstance(optimizer, LBFGS):
        raise ArgumentError(
            "average_gradients: LBFGS evaluates the loss inside its step; another optimizer fits"
        )
    members = [p for group in optimizer.param_groups for p in group["params"]]
    average = GradientAverage(members, this_world() if world is None else world, bucket_bytes)
    average._ends.append(optimizer.register_step_pre_hook(lambda _: average.before_step()))
    return average


def buckets(parameters: list[Tensor], least: int) -> list[list[Tensor]]:
    """Parameters in groups of one element type and at least so many bytes, the last ones first.

    >>> weights = [Tensor(np.zeros(n, "float32")) for n in (4, 2, 1)]
    >>> [[p.size for p in bucket] for bucket in buckets(weights, 12)]
    [[1, 2], [4]]
    """
    made: list[list[Tensor]] = []
    full = True
    for p in reversed(parameters):
        if full or made[-1][0].dtype != p.dtype:
            made.append([])
        made[-1].append(p)
        full = sum(q.size * q.dtype.itemsize for q in made[-1]) >= least
    return made


def same_everywhere(world: World, parameters: list[Tensor]) -> None:
    """Insist that all ranks have parameters of the same names, shapes and types, in the same order.

    >>> same_everywhere(World(), [Tensor([1.0])])
    """
    text = "; ".join(f"{p.name} {p.shape} {p.dtype}" for p in parameters)
    digest = np.frombuffer(sha256(text.encode()).digest(), np.uint8)
    found = world.each(digest)
    different = [rank for rank in range(world.size) if not np.array_equal(found[rank], found[0])]
    if different:
        raise StateError(
            f"average_gradients: the parameters of ranks {different} are not those of rank 0 "
            f"(rank {world.rank} has {len(parameters)}: {text[:300]})"
        )
