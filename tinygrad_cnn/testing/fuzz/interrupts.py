"""An exception raised by a signal at a random moment of a training step: the next has the same bits."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import suppress
from types import FrameType
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import nn
from tinygrad_cnn.graph import MODE
from tinygrad_cnn.mode import no_grad
from tinygrad_cnn.testing.fuzz.shrinking_search import SkippedError, Steps
from tinygrad_cnn.transforms import checkpoint

MODELS = ("convolutions", "products", "checkpointed")


class _StopError(Exception):
    """What the signal raises."""


class Interrupts:
    """See the module."""

    name = "interrupts"

    def __init__(self) -> None:
        self._right: dict[str, list[Any]] = {}

    def prepare(self) -> None:
        """A clock that sends signals, and the main thread, which gets them."""
        if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
            raise SkippedError("it needs signal.setitimer and the main thread")

    def draw(self, rng: np.random.Generator) -> Steps:
        """Some steps, each interrupted after so many microseconds."""
        model = str(rng.choice(MODELS))
        return [[model, int(10 ** rng.uniform(1, 4))] for _ in range(int(rng.integers(1, 6)))]

    def run(self, steps: Steps) -> None:
        """Interrupt, then compute once more in peace."""
        for model, _ in steps:
            if model not in self._right:
                self._right[model] = self.work(model)
        for model, after in steps:
            with suppress(_StopError):  # it came when the step was over
                self.interrupted(model, after)
            assert MODE.get() == [True, (), None, 0], f"the mode is {MODE.get()}"
            for got, right in zip(self.work(model), self._right[model], strict=True):
                np.testing.assert_array_equal(got, right)

    def interrupted(self, model: str, after: int) -> None:
        """A step during which the signal comes."""

        def stop(number: int, frame: FrameType | None) -> None:
            raise _StopError

        def dropped(unraisable: sys.UnraisableHookArgs) -> None:
            # Python drops what is raised in `__del__` or a weak reference's callback: as if it never came.
            if not isinstance(unraisable.exc_value, _StopError):
                told(unraisable)

        told, sys.unraisablehook = sys.unraisablehook, dropped
        before = signal.signal(signal.SIGALRM, stop)
        try:
            signal.setitimer(signal.ITIMER_REAL, after * 1e-6)
            self.work(model)
        except _StopError:
            pass
        finally:
            _quiet(before, told)

    @staticmethod
    def work(model: str) -> list[Any]:
        """A loss and the gradients of a small network, on data that never change."""
        rng = np.random.default_rng(1)
        if model == "products":
            network = nn.Sequential(nn.Linear(64, 256, rng=rng), nn.ReLU(), nn.Linear(256, 10, rng=rng))
            x = rng.normal(size=(128, 64)).astype(np.float32)
        else:
            network = nn.Sequential(
                nn.Conv2d(3, 16, 3, rng=rng), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
                nn.Flatten(), nn.Linear(16 * 49, 10, rng=rng),
            )  # fmt: skip
            x = rng.normal(size=(8, 3, 16, 16)).astype(np.float32)
        labels = rng.integers(0, 10, len(x))
        y = checkpoint(network, x) if model == "checkpointed" else network(x)
        loss = F.cross_entropy(y, labels)
        loss.backward()
        with no_grad():
            again = network(x)
        grads = [p.grad.numpy().copy() for p in network.parameters() if p.grad is not None]
        return [loss.numpy().copy(), again.numpy().copy(), *grads]


def _quiet(before: Any, told: Any) -> None:
    """No more signals, whatever comes at this very moment."""
    while True:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before or signal.SIG_DFL)
            sys.unraisablehook = told
            return
        except _StopError:
            continue
