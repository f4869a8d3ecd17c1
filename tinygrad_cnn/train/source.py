"""Where the batches of a training come from, checked, and the place in them, kept for going on later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.data import ArrayDataset, Augmented, DataLoader, Dataset, ImageFolder
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError, StateError
from tinygrad_cnn.functional.arguments import values
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.train.generators import Generators, find_generators, set_states, states

Array = NDArray[Any]


def as_batches(
    function: str, x: Any, y: Any = None, batch_size: int | None = None, shuffle: bool = False,
    rng: Seed = None, usual_size: int = 32,
) -> Iterable[Any]:  # fmt: skip
    """Data as something that gives batches: a loader of arrays, or what it is already.

    Args:
        function: whose name errors begin with.
        x: inputs (N, ...) if y is given; else a tuple of arrays, a dataset, a DataLoader, or any
            other iterable of batches. A list is one of batches.
        y: targets (N, ...), or None.   batch_size, shuffle, rng: of arrays and datasets.
        usual_size: the batch_size if None is given.
    Raises:
        ShapeError: x and y of different lengths.   ArgumentError: no samples, NaN or infinity in
            arrays, or options of a loader that has its own.   DTypeError: no data.

    >>> len(as_batches("fit", np.zeros((5, 2)), np.zeros(5), batch_size=2))
    3
    """
    if isinstance(x, DataLoader):
        if y is not None or batch_size is not None or rng is not None:
            raise ArgumentError(
                f"{function}: a DataLoader has its own targets, batch_size and rng; leave them out"
            )
        _check_dataset(function, x.dataset)
        return x
    if y is not None:
        x = _side_by_side(function, (*(x if isinstance(x, tuple) else (x,)), y))
    elif isinstance(x, tuple):
        x = _side_by_side(function, x)
    elif isinstance(x, np.ndarray):
        raise DTypeError(f"{function}: got an array x of shape {x.shape} without y; fit(x, y) fits")
    if isinstance(x, Dataset) and not isinstance(x, (list, str)):
        _check_dataset(function, x)
        return DataLoader(x, usual_size if batch_size is None else batch_size, shuffle, rng=rng)
    if not isinstance(x, Iterable) or isinstance(x, (str, bytes, dict)):
        raise DTypeError(
            f"{function}: arrays x and y, a dataset, a DataLoader or an iterable of batches fits, "
            f"got {type(x).__name__}"
        )
    if batch_size is not None or rng is not None:
        raise ArgumentError(f"{function}: batch_size and rng are for arrays and datasets, not for batches")
    return x


def validation_sets(given: Any) -> dict[str, Any]:
    """Validation data by name, each to be gone through after every epoch.

    Args:
        given: None, data as `fit` takes it, or a dict of such data by their names.
    Raises:
        ArgumentError: the name 'train', or a generator.

    >>> list(validation_sets((np.zeros((4, 2)), np.zeros(4, int))))
    ['val']
    """
    named = {} if given is None else given if isinstance(given, dict) else {"val": given}
    sets = {str(name): as_batches(f"fit: {name}", data, usual_size=256) for name, data in named.items()}
    for name, data in sets.items():
        if name == "train" or isinstance(data, Iterator):
            why = "this name is taken" if name == "train" else "a generator ends after one epoch"
            raise ArgumentError(f"fit: validation {name!r} does not fit, {why}")
    return sets


def as_numbers(given: Any) -> Array:
    """An array; the numbers of a Tensor; of Python numbers, whole ones stay integers, others are float32.

    >>> as_numbers([1, 2]).dtype.kind, as_numbers([0.5]).dtype
    ('i', dtype('float32'))
    """
    array = np.asarray(values(given))
    narrow = isinstance(given, (list, tuple, float)) and array.dtype == np.float64
    return array.astype(np.float32) if narrow else array


def _side_by_side(function: str, arrays: tuple[Any, ...]) -> ArrayDataset:
    found = [as_numbers(array) for array in arrays]
    if len(found) < 2 or len({array.shape[:1] for array in found}) > 1 or not found[0].ndim:
        shapes = ", ".join(str(array.shape) for array in found)
        raise ShapeError(f"{function}: inputs and targets of one length fit, got shapes {shapes}")
    return ArrayDataset(*found)


def _check_dataset(function: str, dataset: Dataset) -> None:
    if not len(dataset):
        raise ArgumentError(f"{function}: the data is empty, it holds no sample")
    if isinstance(dataset, ArrayDataset):
        for k, array in enumerate(dataset.arrays):
            what = "y" if k and k == len(dataset.arrays) - 1 else "x"
            for start in range(0, len(array), 1024):  # in parts, so that no copy of it all is made
                check_finite(function, what, array[start : start + 1024], start)


def check_finite(function: str, what: str, array: Any, start: int = 0) -> None:
    """Refuse NaN and infinity.

    Raises:
        ArgumentError: there is one; the message names the first sample that has it.

    >>> check_finite("fit", "x", np.ones(3))
    """
    if isinstance(array, np.ndarray) and array.dtype.kind == "f" and not np.isfinite(array).all():
        bad = int(np.argmin(np.isfinite(array).reshape(len(array), -1).all(axis=1)))
        raise ArgumentError(
            f"{function}: {what} holds NaN or infinity, first in sample {start + bad}; clean the data first"
        )


def labels_of(data: Any) -> Array | None:
    """All integer labels (N,) of data that knows them without reading samples; None otherwise.

    >>> labels_of(DataLoader((np.zeros((3, 2)), np.arange(3))))
    array([0, 1, 2])
    """
    dataset = data.dataset if isinstance(data, DataLoader) else None
    if isinstance(dataset, ImageFolder):
        return None if dataset.one_hot else dataset.labels
    if not isinstance(dataset, (ArrayDataset, Augmented)) or len(dataset.arrays) < 2:
        return None
    labels = dataset.arrays[-1]
    return labels if labels.ndim == 1 and labels.dtype.kind in "iu" else None


def parts_of(function: str, batch: Any, data: Any) -> tuple[tuple[Any, ...], Any]:
    """The inputs and the targets of a batch.

    Raises:
        DTypeError: no tuple of at least two.   ShapeError: other numbers of samples, or none.
        ArgumentError: NaN or infinity.

    >>> parts_of("fit", ([1.0], [0]), None)
    (([1.0],), [0])
    """
    if not isinstance(batch, (tuple, list)) or len(batch) < 2:
        raise DTypeError(f"{function}: a batch must be (inputs, targets), got {type(batch).__name__}")
    *inputs, targets = batch
    lengths = {np.shape(values(part))[:1] for part in batch}
    if len(lengths) > 1 or lengths & {(0,), ()}:
        shapes = ", ".join(str(np.shape(values(part))) for part in batch)
        raise ShapeError(f"{function}: a batch needs parts of one length, at least 1, got shapes {shapes}")
    if not (isinstance(data, DataLoader) and isinstance(data.dataset, ArrayDataset)):  # checked before
        for what, part in (*(("x", part) for part in inputs), ("y", targets)):
            check_finite(function, f"{what} of a batch", values(part))
    return tuple(inputs), targets


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
        """The next batch of the pass, or None at its end; `count` or `restart` must follow.

        >>> Source([], {}, {}).fetch()
        """
        self._before = states(self._random)
        if self._iterator is None:
            self._start, self._epoch = self._before, self._dataset_epoch()
            self._iterator = iter(self.data)
        return next(self._iterator, None)

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
            if self.fetch() is None:
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
