"""Gradients averaged over the ranks, in buckets, while the walk back through the graph goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from weakref import WeakMethod, WeakSet, ref

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError, StateError
from tinygrad_cnn.functional.arguments import integer
from tinygrad_cnn.graph import written_after
from tinygrad_cnn.graph.nodes import next_serial
from tinygrad_cnn.optim import LBFGS, Optimizer
from tinygrad_cnn.optim.clip import before_clipping
from tinygrad_cnn.parallel.alike import options_of, same_everywhere, same_values
from tinygrad_cnn.parallel.worlds import Pending, UnlikeRanksError, World
from tinygrad_cnn.parallel.worlds import world as this_world
from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.tensors import Tensor

Array = NDArray[Any]

#: The optimizers whose gradients are averaged.
_averaged: WeakSet[Optimizer] = WeakSet()


class GradientAverage:
    """Averages the gradients of some parameters over the ranks.

    Parameters are put into buckets, the last ones first, because their gradients are complete first. A
    bucket is sent as soon as all its gradients are there, in the order of the buckets, so the network
    works while `backward()` goes on. What was sent too early, because another `backward()` has added to
    it, or it was set to None or written over, is sent again: the mean is of what `grad` is when
    `finish()` is called, by a step say. A parameter without a gradient on this rank counts as zeros; one
    without on every rank keeps None, and so does a frozen one.

    Args:
        parameters: the same, in the same order, on every rank; or a function that gives them, asked in
            each step.
        world: by whom to average.   bucket_bytes: size from which on a bucket is full.
    Raises:
        StateError: the ranks have different parameters.

    >>> w = Tensor([1.0], requires_grad=True)
    >>> average = GradientAverage([w], World())
    >>> (w * 3).sum().backward(); average.finish(); w.grad.tolist()
    [3.0]
    """

    def __init__(
        self, parameters: Iterable[Tensor] | Callable[[], list[Tensor]], world: World,
        bucket_bytes: int = 1 << 20,
    ) -> None:  # fmt: skip
        self.world = world
        given = parameters if callable(parameters) else partial(list, list(parameters))
        self._members: Callable[[], list[Tensor]] = given
        self._least = integer("GradientAverage", "bucket_bytes", bucket_bytes, 1)
        self._channel = world.channel()
        self._ends: list[Callable[[], object]] = []
        self._also_ends = [before_clipping(WeakMethod(self._before_clipping))]
        self._options: Callable[[], str] = str
        self._later = self._done = False
        self._begin()

    def _begin(self) -> None:
        """Put the parameters into buckets, and wait for their gradients."""
        self.parameters = [p for p in self._members() if p.requires_grad]
        same_everywhere(self.world, self.parameters)
        self.buckets = buckets(self.parameters, self._least)
        self._bucket_of = {id(p): k for k, bucket in enumerate(self.buckets) for p in bucket}
        self._clear()
        self._leave()
        self._ends = [p.register_post_accumulate_grad_hook(self._ready) for p in self.parameters]

    def _leave(self) -> None:
        """Wait for no gradient any more."""
        for end in self._ends:
            end()
        self._ends = []

    def _clear(self) -> None:
        self._missing = [len(bucket) for bucket in self.buckets]
        self._running: list[Pending] = []
        self._sent: list[ref[Tensor] | None] = []
        self._serials: list[int] = []
        self._seen: set[int] = set()

    def _ready(self, p: Tensor) -> None:
        """A gradient is complete: send its bucket if it was the last one, after the buckets before."""
        self._done = False
        if self.world.size == 1 or self._later:
            return
        if id(p) not in self._seen:
            self._seen.add(id(p))
            self._missing[self._bucket_of[id(p)]] -= 1
        while len(self._running) < len(self.buckets) and not self._missing[len(self._running)]:
            self._send()
        for sum_ in self._running:
            getattr(sum_, "progress", int)()

    def _send(self) -> None:
        """Send the next bucket: its gradients, and for each a 1 if there is one."""
        bucket = self.buckets[len(self._running)]
        dtype = bucket[0].dtype
        self._serials.append(next_serial())
        self._sent += [None if p.grad is None else ref(p.grad) for p in bucket]
        have = np.array([p.grad is not None for p in bucket], dtype)
        parts = [np.zeros(p.size, dtype) if p.grad is None else p.grad.array.ravel() for p in bucket]
        self._running.append(self._channel.start_sum(np.concatenate([*parts, have])))

    def _outdated(self) -> bool:
        """Whether a gradient that was sent is another now: added to, set to None, or written over."""
        sent = iter(self._sent)
        for bucket, serial in zip(self.buckets, self._serials, strict=False):
            for p, was in zip(bucket, sent, strict=False):
                g = p.grad
                if g is not (None if was is None else was()):
                    return True
                if g is not None and written_after(g.array, serial):
                    return True
        return False

    def later(self) -> Restoring[None]:
        """Send nothing: for all `backward()` of a step but the last one, which saves sending twice.

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

        `clip_grad_norm_` and `clip_grad_value_` call it, as they must see the averages. Call it before
        gradients are looked at or changed by hand.

        Raises:
            StateError: another rank is not at its step, or has other parameters or options.
        """
        if self._done or self.world.size == 1:
            self._done = True
            return
        while len(self._running) < len(self.buckets):
            self._send()
        now = [id(p) for p in self._members() if p.requires_grad]
        others = now != [id(p) for p in self.parameters]
        size = sum(p.size * p.dtype.itemsize for p in self.parameters)
        told = self.world.agree("step", size, self._options(), told=2 * others + self._outdated())
        if told.any():
            self._again(told >= 2)
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

    def _again(self, others: Array) -> None:
        """Forget what was sent, and send what is there now, at the same place on all ranks.

        Args:
            others: of each rank, whether it trains other parameters than before.
        """
        for sum_ in self._running:
            sum_.result()
        self._clear()
        if others.any():
            if not others.all():
                raise UnlikeRanksError(
                    f"average_gradients: only ranks {np.flatnonzero(others).tolist()} have frozen, "
                    "unfrozen or added parameters since the last step; all ranks must do so"
                )
            self._begin()
        for _ in self.buckets:
            self._send()

    def before_step(self, optimizer: object = None) -> None:
        """Prepare a step of the optimizer: finish, and begin anew afterwards."""
        self.finish()
        self._done = False

    def _before_clipping(self, parameters: list[Tensor]) -> None:
        if any(id(p) in self._bucket_of for p in parameters):
            self.finish()

    def remove(self) -> None:
        """Average no more."""
        self._leave()
        for end in self._also_ends:
            end()
        self._also_ends = []
        self._channel.close(self._running)


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
        optimizer: over the same parameters on every rank, with the same values and state: call
            `World.share_state(model)` first. Parameters may be added, frozen and unfrozen later.
        world: `parallel.world()` if None.   bucket_bytes: size of a message from which on it is sent.
    Returns:
        The average, with `finish()` and `later()`.
    Raises:
        StateError: the ranks have different parameters, values or states of the optimizer, or the
            optimizer averages already; in a step, also if the ranks have different learning rates or
            other options.
        ArgumentError: the optimizer is LBFGS, or steps in `backward()`.

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
    if optimizer.steps_in_backward:
        raise ArgumentError(
            "average_gradients: the optimizer steps in backward(), before the ranks meet; end that first"
        )
    if optimizer in _averaged:
        raise StateError(
            "average_gradients: this optimizer averages already; remove() of its average ends that"
        )

    def members() -> list[Tensor]:
        return [p for group in optimizer.param_groups for p in group["params"]]

    world = this_world() if world is None else world
    same_everywhere(world, members())
    same_values(world, members(), optimizer.state_dict()["state"])
    average = GradientAverage(members, world, bucket_bytes)
    average._options = partial(options_of, optimizer)
    _averaged.add(optimizer)
    average._also_ends += [
        optimizer.register_step_pre_hook(average.before_step), partial(_averaged.discard, optimizer),
    ]  # fmt: skip
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
