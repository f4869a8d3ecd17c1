"""The progress of a training: epochs and batches done, what was measured, and the place in the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinygrad_cnn.errors import StateError
from tinygrad_cnn.train.history import History
from tinygrad_cnn.train.metrics_over_batches import Running
from tinygrad_cnn.train.position import Source
from tinygrad_cnn.train.ranks import Ranks


class Progress:
    """Counts the epochs and batches of a training, and remembers what they measured.

    Args:
        running: the means of the present epoch, over this process's samples.
        ranks: the processes that train together; one alone if None.
    Attributes:
        epoch: epochs done.   batch: batches done in the present epoch.
        history: a number an epoch for each measure.
        source: where the batches come from, while `fit` runs; otherwise `place` says where they were.

    >>> Progress(Running([])).state_dict()["epoch"]
    0
    """

    def __init__(self, running: Running, ranks: Ranks | None = None) -> None:
        self._ranks = Ranks("Progress", None) if ranks is None else ranks
        self.epoch = self.batch = 0
        self.history = History()
        self.running = running
        self.source: Source | None = None
        self.place: dict[str, Any] | None = None

    def state_dict(self) -> dict[str, Any]:
        """Counts, history, sums over all ranks, and place, as plain data; all ranks must call it.

        >>> list(Progress(Running([])).state_dict())
        ['epoch', 'batch', 'history', 'running', 'place']
        """
        return {
            "epoch": self.epoch,
            "batch": self.batch,
            "history": {name: list(values) for name, values in self.history.items()},
            "running": self._ranks.summed(self.running).state_dict(),
            "place": self.place if self.source is None else self.source.state(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave.

        Raises:
            StateError: other metrics, or values of another kind; nothing changed.

        >>> progress = Progress(Running([])); progress.load_state_dict(progress.state_dict())
        """
        for name in ("epoch", "batch"):
            if type(state.get(name)) is not int or not 0 <= state[name] < 2**63:
                raise StateError(f"Trainer: {name} must be a count, got {str(state.get(name))[:40]!r}")
        history, place = _history(state.get("history")), _place(state.get("place"))
        self.running.load_state_dict(state["running"])
        if self._ranks.world.rank:  # rank 0 keeps the sums of all
            self.running.reset()
        self.epoch, self.batch, self.place = state["epoch"], state["batch"], place
        self.history.clear()
        self.history.update(history)


def _history(given: Any) -> dict[str, list[float]]:
    """The numbers of each epoch, by name."""
    if not isinstance(given, Mapping) or not all(
        isinstance(name, str) and isinstance(values, list) and all(map(_is_number, values))
        for name, values in given.items()
    ):
        raise StateError("Trainer: the history must be lists of numbers by name")
    if len({len(values) for values in given.values()}) > 1:
        raise StateError("Trainer: the lists of the history must be of one length")
    return {name: [float(value) for value in values] for name, values in given.items()}


def _place(given: Any) -> dict[str, Any] | None:
    """A place in the data, as `Source.state` gives it."""
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise StateError("Trainer: the place in the data must be an object")
    counts = [given.get("taken"), *([] if given.get("epoch") is None else [given["epoch"]])]
    if not all(type(count) is int and 0 <= count < 2**63 for count in counts):
        raise StateError("Trainer: the place in the data must be counts of batches and epochs")
    if not all(given.get(key) is None or isinstance(given[key], Mapping) for key in ("start", "now")):
        raise StateError("Trainer: the place in the data must hold states of generators")
    return {"epoch": None, "start": None, "now": None, **given}


def _is_number(value: Any) -> bool:
    """Whether a history can hold it."""
    return isinstance(value, float) or (type(value) is int and abs(value) < 2**63)
