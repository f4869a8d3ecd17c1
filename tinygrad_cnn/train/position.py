"""The place in the batches of a training, kept for going on later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tinygrad_cnn.errors import StateError
from tinygrad_cnn.rng import Generators, find_generators, generator, set_states, states

#: What comes after the last batch; None might be a batch, of a dataset with a fault.
END = object()


class Source:
    """Batches of passes over data, one after the other, and the place reached.

    A place is the number of batches taken in this pass, and the states of the generators that the
    data draws from, at the start of the pass and now. To go back to it, the pass is begun again and
    its batches are left out. An iterator, such as a generator, goes on where it is instead.

    Args:
        data: an iterable of batches.   generators: what it draws from, by path.
        others: generators that the data does not own; the default one is always among them.

    >>> source = Source([(1, 2), (3, 4)], {}, {})
    >>> source.fetch(), source.count()
    ((1, 2), None)
    """

    def __init__(self, data: Iterable[Any], generators: Generators, others: Generators) -> None:
        self.data = data
        self.replays = not isinstance(data, Iterator)
        self.taken = 0
        self._found, self._others = generators, others
        self._iterator: Iterator[Any] | None = None
        self._start: dict[str, Any] | None = None
        self._before: dict[str, Any] | None = None
        self._epoch: int | None = None

    @property
    def _random(self) -> Generators:
        return {"default": generator(), **self._found}  # manual_seed may replace the default one

    def fetch(self) -> Any:
        """The next batch of the pass, or `END`; `count` or `restart` must follow.

        >>> Source([], {}, {}).fetch() is END
        True
        """
        self._before = states(self._random)
        if self._iterator is None:
            self._start, self._epoch = self._before, self._dataset_epoch()
            self._iterator = iter(self.data)
        return next(self._iterator, END)

    def count(self) -> None:
        """Note that the batch was used.

        >>> Source([], {}, {}).count()
        """
        self.taken, self._before = self.taken + 1, None

    def restart(self) -> None:
        """Note that the pass is over: the next batch begins another.

        >>> Source([], {}, {}).restart()
        """
        self.taken, self._before, self._start, self._iterator, self._epoch = 0, None, None, None, None

    def state(self) -> dict[str, Any]:
        """The place: plain data.

        >>> Source([], {}, {}).state()["taken"]
        0
        """
        epoch = self._dataset_epoch() if self._epoch is None else self._epoch
        place: dict[str, Any] = {"taken": self.taken, "epoch": epoch}
        if not self.taken:  # nothing of the pass was used: as before its first batch
            return {**place, "start": None, "now": self._start or states(self._random)}
        return {**place, "start": self._start, "now": self._before or states(self._random)}

    def _dataset_epoch(self) -> int | None:
        """The count that a `StreamedDataset` draws by, of the next pass; None of other data."""
        epoch = getattr(getattr(self.data, "dataset", None), "epoch", None)
        return epoch if isinstance(epoch, int) else None

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go to a place of the same data.

        Raises:
            StateError: other generators, or fewer batches.

        >>> source = Source([(1, 2), (3, 4)], {}, {})
        >>> source.resume({**source.state(), "taken": 1, "start": source.state()["now"]}); source.fetch()
        (3, 4)
        """
        random, taken = self._random, state["taken"]
        if state["epoch"] is not None and self._dataset_epoch() is not None:
            self.data.dataset.epoch = state["epoch"]  # type: ignore[attr-defined]
        if not taken or not self.replays:
            set_states("fit", random, state["now"])
            return
        set_states("fit", random, state["start"])
        for k in range(taken):
            if self.fetch() is END:
                raise StateError(f"fit: other data than before: it has {k} batches, and {taken} were used")
            self.count()
        # What the data alone draws from may run ahead of its batches (prefetch): it is right now.
        foreign = {id(generator()), *map(id, self._others.values())}
        shared = {path: rng for path, rng in random.items() if id(rng) in foreign}
        set_states("fit", shared, {path: state["now"][path] for path in shared})


def source_of(data: Iterable[Any], model: Any, others: Mapping[str, Any]) -> Source:
    """A Source with the generators of the data, and those of the model and of validation data.

    >>> source_of([(1, 2)], None, {}).taken
    0
    """
    validation = find_generators(validation=dict(others))
    generators = {**find_generators(data=data), **validation}
    return Source(data, generators, {**find_generators(model=model), **validation})
