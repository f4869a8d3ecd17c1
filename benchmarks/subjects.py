"""The subjects that are timed, on either engine: sets of named tasks, functions without arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zlib import crc32

import numpy as np

from benchmarks.networks import batch_of, find, initial_state
from benchmarks.operations import OPERATIONS

LEARNING_RATE = 0.01


class Subject:
    """Base: `tasks` are called as they are, those in `unrecorded` under the engine's no_grad."""

    tasks: dict[str, Callable[[], Any]]
    unrecorded: tuple[str, ...] = ()

    def begin(self, task: str) -> None:
        """Make ready for calls of one task; not timed."""


class NetworkSubject(Subject):
    """A network on its batch. Tasks: `step` (forward, backward, SGD update) and `infer`.

    Args:
        engine: module `ours` or `peers_torch`.   name: one of the networks.
    """

    unrecorded = ("infer",)

    def __init__(self, engine: Any, name: str) -> None:
        self.network = find(name)
        self.model = self.network.build(engine.nn)
        engine.load(self.model, initial_state(engine.shapes(self.model)))
        optimizer = getattr(engine, self.network.optimizer)
        self.optimizer = optimizer(self.model.parameters(), lr=LEARNING_RATE)
        self.model = engine.ready(self.model)
        x, target = batch_of(self.network)
        self.x = engine.tensor(x)
        self.target = engine.labels(target) if self.network.classes else engine.tensor(target)
        functional, classes = engine.functional, self.network.classes
        self.criterion = functional.cross_entropy if classes else functional.mse_loss
        self.dropouts = [m for m in self.model.modules() if isinstance(m, engine.nn.Dropout)]
        self.tasks = {"step": self.step, "infer": self.infer}

    def begin(self, task: str) -> None:
        """Training mode for steps, evaluation mode for inference."""
        self.model.train(task == "step")

    def step(self) -> Any:
        """One training step; its loss."""
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(self.x), self.target)
        loss.backward()
        self.optimizer.step()
        return loss

    def infer(self) -> Any:
        """The network's result."""
        return self.model(self.x)

    def losses(self) -> list[float]:
        """The losses of the first steps, for comparing engines: without dropout, whose draws differ."""
        self.begin("step")
        rates = [dropout.p for dropout in self.dropouts]
        for dropout in self.dropouts:
            dropout.p = 0.0
        found = [float(self.step().item()) for _ in range(self.network.compared)]
        for dropout, rate in zip(self.dropouts, rates, strict=True):
            dropout.p = rate
        return found


class OperationSubject(Subject):
    """One operation. Tasks: `forward` (unrecorded) and `backward` (forward, recorded, then backward)."""

    unrecorded = ("forward",)

    def __init__(self, engine: Any, name: str) -> None:
        operation = OPERATIONS[name]
        draws = np.random.default_rng(crc32(name.encode()))
        count = len(operation.shapes)
        first = 0 if operation.wants is None else count - operation.wants
        self.operands = [
            None if s is None else engine.tensor(draws.standard_normal(s, np.float32), k >= first)
            for k, s in enumerate(operation.shapes)
        ]
        self.leaves = [t for t in self.operands if t is not None]
        if operation.classes:
            batch = self.leaves[0].shape[0]
            self.operands.append(engine.labels(draws.integers(0, operation.classes, batch)))
        self.function, self.options = getattr(engine.functional, operation.function), operation.options
        with engine.no_grad():
            shape = tuple(self.forward().shape)
        self.gradient = engine.tensor(draws.standard_normal(shape, np.float32))
        self.tasks = {"forward": self.forward, "backward": self.backward}

    def forward(self) -> Any:
        """The operation's result."""
        return self.function(*self.operands, **self.options)

    def backward(self) -> None:
        """Forward and backward, with gradients that start from nothing."""
        for leaf in self.leaves:
            leaf.grad = None
        self.forward().backward(self.gradient)


class ChainSubject(Subject):
    """y <- y * w on 8×8 matrices, `length` times: what a node costs where arithmetic costs nothing.

    Tasks: `forward`; `backward` (forward and backward); `second` (forward, and a walk that is
    recorded itself, `create_graph`); and NumPy's share: the same calls on bare arrays, by
    `numpy_forward` and `numpy_backward`.
    """

    def __init__(self, engine: Any, length: str) -> None:
        self.length, self.grad = int(length), engine.grad
        ones = np.ones((8, 8), np.float32)
        self.x, self.w = (engine.tensor(ones, requires_grad=True) for _ in range(2))
        self.gradient, self.array = engine.tensor(ones), ones
        names = ("forward", "backward", "second", "numpy_forward", "numpy_backward")
        self.tasks = {name: getattr(self, name) for name in names}

    def forward(self) -> Any:
        """The recorded chain."""
        y, w = self.x, self.w
        for _ in range(self.length):
            y = y * w
        return y

    def backward(self) -> None:
        """The chain and its gradients by x and by w."""
        self.x.grad = self.w.grad = None
        self.forward().backward(self.gradient)

    def second(self) -> Any:
        """The chain and gradients that can be differentiated again."""
        return self.grad(self.forward(), [self.x, self.w], self.gradient, create_graph=True)

    def numpy_forward(self) -> Any:
        """Do the products alone, with NumPy."""
        y = w = self.array
        for _ in range(self.length):
            y = y * w
        return y

    def numpy_backward(self) -> Any:
        """Do the products of both ways, and for summing the gradient of w."""
        g = total = w = self.array
        y = self.numpy_forward()
        for _ in range(self.length):
            total = total + g * y
            g = g * w
        return g, total


SUBJECTS: dict[str, Callable[[Any, str], Subject]] = {
    "network": NetworkSubject,
    "operation": OperationSubject,
    "chain": ChainSubject,
}
