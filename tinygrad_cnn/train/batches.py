"""Data as batches of inputs and targets, checked before they are used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.data import ArrayDataset, ConcatDataset, DataLoader, Dataset, IterableDataset, Subset
from tinygrad_cnn.data.shares import OneOfSeveral
from tinygrad_cnn.data.subsets import labels_of_all
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.functional.arguments import on_host, values
from tinygrad_cnn.rng import Seed

Array = NDArray[Any]


def as_batches(
    function: str, x: Any, y: Any = None, batch_size: int | None = None, shuffle: bool = False,
    rng: Seed = None, usual_size: int = 32, shard: OneOfSeveral | None = None,
) -> Iterable[Any]:  # fmt: skip
    """Data as something that gives batches: a loader of arrays, or what it is already.

    Args:
        function: whose name errors begin with.
        x: inputs (N, ...) if y is given; else a tuple of arrays, a dataset, a DataLoader, or any
            other iterable of batches. A list is one of batches.
        y: targets (N, ...), or None.   batch_size, shuffle, rng: of arrays and datasets.
        usual_size: the batch_size if None is given.
        shard: the process among several whose share each batch shall be; None for whole batches.
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
        if shard is not None and shard.size > 1 and x.shard is None:
            raise ArgumentError(
                f"{function}: each of {shard.size} processes would take all of the DataLoader's samples; "
                "DataLoader(..., shard=parallel.world()) gives each its share"
            )
        _check_dataset(function, x.dataset)
        return x
    if y is not None:
        x = _side_by_side(function, (*(x if isinstance(x, tuple) else (x,)), y))
    elif isinstance(x, tuple):
        x = _side_by_side(function, x)
    elif isinstance(x, np.ndarray):
        raise DTypeError(f"{function}: got an array x of shape {x.shape} without y; fit(x, y) fits")
    if isinstance(x, IterableDataset):
        return DataLoader(x, usual_size if batch_size is None else batch_size, rng=rng, shard=shard)
    if isinstance(x, Dataset) and not isinstance(x, (list, str)):
        _check_dataset(function, x)
        size = usual_size if batch_size is None else batch_size
        return DataLoader(x, size, shuffle, rng=rng, shard=shard)
    if not isinstance(x, Iterable) or isinstance(x, (str, bytes, dict)):
        raise DTypeError(
            f"{function}: arrays x and y, a dataset, a DataLoader or an iterable of batches fits, "
            f"got {type(x).__name__}"
        )
    if batch_size is not None or rng is not None:
        raise ArgumentError(f"{function}: batch_size and rng are for arrays and datasets, not for batches")
    return x


def validation_sets(
    given: Any, shard: OneOfSeveral | None = None, batch_size: int | None = None
) -> dict[str, Any]:
    """Validation data by name, each to be gone through after every epoch.

    Args:
        given: None, data as `fit` takes it, or a dict of such data by their names.
        shard, batch_size: as `as_batches`.
    Raises:
        ArgumentError: the name 'train', or a generator.

    >>> list(validation_sets((np.zeros((4, 2)), np.zeros(4, int))))
    ['val']
    """
    named = {} if given is None else given if isinstance(given, dict) else {"val": given}
    sets = {
        str(name): as_batches(f"fit: {name}", data, None, batch_size, usual_size=256, shard=shard)
        for name, data in named.items()
    }
    for name, data in sets.items():
        if name == "train" or isinstance(data, Iterator):
            why = "this name is taken" if name == "train" else "a generator ends after one epoch"
            raise ArgumentError(f"fit: validation {name!r} does not fit, {why}")
    return sets


def one_validation(validation: Any, validation_data: Any, share: Any) -> Any:
    """Validation data, given under one of its names.

    Raises:
        ArgumentError: several are given, or a share that is not between 0 and 1.

    >>> one_validation(None, "data", 0.0)
    'data'
    """
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share < 1:
        raise ArgumentError(f"fit: validation_split must lie in [0, 1), got {share!r}")
    if (validation is not None) + (validation_data is not None) + bool(share) > 1:
        raise ArgumentError("fit: validation, validation_data and validation_split exclude each other")
    return validation if validation_data is None else validation_data


def held_back(x: Any, y: Any, share: float) -> tuple[Any, Any, Any]:
    """Arrays without their last samples, and those.

    Args:
        x: (N, ...), or a tuple of several.   y: (N, ...).   share: of the last part.
    Returns:
        x and y of the first part, and a tuple of the last.
    Raises:
        ArgumentError: no arrays, or a part would be empty.

    >>> held_back(np.arange(4), np.arange(4), 0.25)[2]
    (array([3]), array([3]))
    """
    if y is None or isinstance(x, (DataLoader, IterableDataset)):
        raise ArgumentError("fit: validation_split is for arrays x and y; data.split parts a dataset")
    inputs = [as_numbers(one) for one in (x if isinstance(x, tuple) else (x,))]
    targets = as_numbers(y)
    first = len(targets) - round(len(targets) * share)
    if not 0 < first < len(targets):
        raise ArgumentError(f"fit: validation_split={share} of {len(targets)} samples leaves a part empty")
    kept = tuple(one[:first] for one in inputs)
    return kept if isinstance(x, tuple) else kept[0], targets[:first], (
        *(one[first:] for one in inputs), targets[first:],
    )  # fmt: skip


def as_numbers(given: Any) -> Array:
    """An array; the numbers of a Tensor; of Python numbers, whole ones stay integers, others are float32.

    >>> as_numbers([1, 2]).dtype.kind, as_numbers([0.5]).dtype
    ('i', dtype('float32'))
    """
    array = devices.as_array(values(given))
    narrow = isinstance(given, (list, tuple, float)) and array.dtype == np.float64
    return array.astype(np.float32) if narrow else array


def inputs_for(model: Any, inputs: Iterable[Any]) -> tuple[Any, ...]:
    """The inputs of a batch as arrays that lie where the model does: at its first parameter.

    >>> from tinygrad_cnn import nn
    >>> [x.tolist() for x in inputs_for(nn.Linear(1, 1), ([[0.5]],))]
    [[[0.5]]]
    """
    arrays = tuple(map(as_numbers, inputs))
    if not devices.ON_DEVICES:
        return arrays
    first = next(iter(model.parameters()), None)
    if first is None:
        return arrays
    return tuple(devices.moved(array, devices.device_of(first.array)) for array in arrays)


def for_metrics(targets: Any) -> Any:
    """Targets as metrics take them: as they are, or fetched from a device.

    >>> for_metrics([1, 2])
    [1, 2]
    """
    return on_host(targets) if devices.ON_DEVICES else targets


def _side_by_side(function: str, arrays: tuple[Any, ...]) -> ArrayDataset:
    found = [as_numbers(array) for array in arrays]
    if len(found) < 2 or len({array.shape[:1] for array in found}) > 1 or not found[0].ndim:
        shapes = ", ".join(str(array.shape) for array in found)
        raise ShapeError(f"{function}: inputs and targets of one length fit, got shapes {shapes}")
    return ArrayDataset(*found)


def _check_dataset(function: str, dataset: Any) -> None:
    if isinstance(dataset, IterableDataset):
        return
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
    if getattr(dataset, "one_hot", False) or len(getattr(dataset, "arrays", (0, 0))) < 2:
        return None
    labels = labels_of_all(dataset)
    return labels if labels is not None and labels.ndim == 1 and labels.dtype.kind in "iu" else None


def batches_in(data: Any) -> int | None:
    """The number of batches of a pass, where it is known.

    >>> batches_in([(1, 2)]), batches_in(iter([(1, 2)]))
    (1, None)
    """
    try:
        return len(data)
    except TypeError:
        return None


def check_classes(function: str, sets: Mapping[str, Any], classes: Sequence[str] | None) -> None:
    """See that data which names its classes, such as folders of images, has those of the training.

    Args:
        function: whose name errors begin with.   sets: data by name.   classes: of the training data.
    Raises:
        ArgumentError: other classes, or another order of them.

    >>> check_classes("fit", {"val": [(1, 2)]}, ["cat", "dog"])
    """
    for name, data in sets.items():
        for found in _all_class_names(data):
            if classes is not None and list(found) != list(classes):
                raise ArgumentError(
                    f"{function}: {name!r} has the classes {str(list(found))[:200]}, the training data "
                    f"{str(list(classes))[:200]}; labels would mean different things"
                )


def class_names(data: Any) -> Sequence[str] | None:
    """The names of the classes in the order of their labels, of data that has them, or its first part.

    >>> class_names([(1, 2)])
    """
    return next(iter(_all_class_names(data)), None)


def _all_class_names(data: Any) -> list[Sequence[str]]:
    """The names of classes that data has, or what it is a part of, or made of."""
    found = getattr(data, "classes", None)
    if isinstance(found, (list, tuple)):
        return [found]
    if isinstance(data, (DataLoader, Subset)):  # of others nobody knows whether they change labels
        return _all_class_names(data.dataset)
    parts = data.datasets if isinstance(data, ConcatDataset) else []
    return [names for part in parts for names in _all_class_names(part)]


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
