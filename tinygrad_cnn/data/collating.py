"""The samples of a batch put together, whatever they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrad_cnn.data.stream import stack_field
from tinygrad_cnn.errors import DTypeError, ShapeError


def default_collate(samples: list[Any]) -> Any:
    """Put samples together, field by field: numbers and arrays below each other, nested as they are.

    Arrays, Tensors and numbers are stacked (a Python float becomes float32); of tuples, named tuples
    and dicts each field is put together; texts stay a list; lists of numbers count as arrays.

    Args:
        samples: at least one, all of one kind.
    Returns:
        What one sample is, with a first axis of the batch everywhere.
    Raises:
        ShapeError: fields of different shapes, keys or lengths.
        DTypeError: something that does not stack.

    >>> default_collate([{"x": 0.5, "name": "a"}, {"x": 1.5, "name": "b"}])
    {'x': array([0.5, 1.5], dtype=float32), 'name': ['a', 'b']}
    """
    return _collate(samples, "")


def _collate(values: list[Any], path: str) -> Any:
    first = values[0]
    if isinstance(first, Mapping):
        keys = list(first)
        if any(not isinstance(value, Mapping) or set(value) != set(keys) for value in values):
            raise ShapeError(
                f"DataLoader: the samples of a batch have different keys{_at(path)}, {keys} first"
            )
        made = {key: _collate([value[key] for value in values], f"{path}[{key!r}]") for key in keys}
        return made if type(first) is dict else _like(first, made)
    if isinstance(first, tuple):
        if any(not isinstance(value, tuple) or len(value) != len(first) for value in values):
            raise ShapeError(f"DataLoader: the samples of a batch differ in their fields{_at(path)}")
        parts = [_collate(list(field), f"{path}[{k}]") for k, field in enumerate(zip(*values, strict=True))]
        return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)
    if isinstance(first, (str, bytes)):
        return values
    if isinstance(first, list) and any(not isinstance(part, (int, float, bool, list)) for part in first):
        if any(not isinstance(value, list) or len(value) != len(first) for value in values):
            raise ShapeError(f"DataLoader: the samples of a batch have lists of other lengths{_at(path)}")
        return [_collate(list(field), f"{path}[{k}]") for k, field in enumerate(zip(*values, strict=True))]
    return stack_field("DataLoader", [_plain(value, path) for value in values])


def _plain(value: Any, path: str) -> Any:
    """Take what NumPy stacks: the array of a Tensor, anything else as it is."""
    if np.ma.is_masked(value):
        raise DTypeError(
            f"DataLoader: a sample holds an array with masked elements{_at(path)}; fill them: x.filled(0)"
        )
    if isinstance(value, (np.ndarray, np.generic, bool, int, float, list)):
        return value
    if hasattr(value, "detach") and hasattr(value, "numpy"):
        return value.detach().numpy()
    if hasattr(value, "__array__"):
        return np.asarray(value)
    raise DTypeError(
        f"DataLoader: a sample holds a {type(value).__name__}{_at(path)}, which does not stack; arrays, "
        "numbers, texts, tuples and dicts of them do, or pass collate_fn="
    )


def _like(mapping: Mapping[Any, Any], made: dict[Any, Any]) -> Any:
    """The same kind of mapping, where it can be made of a dict."""
    try:
        return type(mapping)(made)  # type: ignore[call-arg]
    except TypeError:
        return made


def _at(path: str) -> str:
    """Where in a sample, for a message."""
    return f" at sample{path}" if path else ""
