"""The rate for averaged weights."""

from __future__ import annotations

from tinygrad_cnn.functional.arguments import choice, integer, number
from tinygrad_cnn.optim.cosine import between, on_a_line
from tinygrad_cnn.optim.optimizer import Optimizer
from tinygrad_cnn.optim.scheduler import LRScheduler


class SWALR(LRScheduler):
    """lr on its way from the initial rate to swa_lr, where it stays: for averaged weights.

    Args:
        optimizer: whose rates to set.   swa_lr: the last rate, at least 0.
        anneal_epochs: steps on the way, at least 0.   anneal_strategy: 'cos' or 'linear'.
    Raises:
        ArgumentError: an option out of its range.
    Source: Izmailov et al. 2018, arXiv:1803.05407.

    >>> from tinygrad_cnn import nn, optim
    >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)
    >>> scheduler = SWALR(optimizer, 0.0, anneal_epochs=2, anneal_strategy="linear")
    >>> [(*scheduler.get_last_lr(), scheduler.step())[0] for _ in range(4)]
    [1.0, 0.5, 0.0, 0.0]
    """

    def __init__(
        self, optimizer: Optimizer, swa_lr: float, anneal_epochs: int = 10, anneal_strategy: str = "cos"
    ) -> None:
        self.swa_lr = number("SWALR", "swa_lr", swa_lr, 0)
        self.anneal_epochs = integer("SWALR", "anneal_epochs", anneal_epochs, 0)
        self.anneal_strategy = choice("SWALR", "anneal_strategy", anneal_strategy, ("cos", "linear"))
        super().__init__(optimizer)

    def rate(self, t: int, initial: float, k: int) -> float:
        """Between the initial rate and swa_lr."""
        share = min(1.0, t / self.anneal_epochs) if self.anneal_epochs else 1.0
        shape = between if self.anneal_strategy == "cos" else on_a_line
        return shape(initial, self.swa_lr, share)
