"""The random generators inside objects, found by looking at attributes, and their states as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from tinygrad_cnn.errors import StateError

Generators = dict[str, np.random.Generator]


def find_generators(**roots: Any) -> Generators:
    """All NumPy generators that objects hold, by the path of attributes that leads to each.

    Attributes, lists, tuples and dicts are followed; `__slots__` and closures are not.

    Args:
        roots: the objects, each under the name that its paths begin with.
    Returns:
        path -> generator; one that is reached twice has two paths.

    >>> from tinygrad_cnn import nn
    >>> list(find_generators(model=nn.Sequential(nn.ReLU(), nn.Dropout(0.5, rng=1))))
    ['model.1.rng']
    """
    seen: set[int] = set()
    return {path: found for name, root in roots.items() for path, found in _walk(root, name, seen)}


def _walk(value: Any, path: str, seen: set[int]) -> Iterator[tuple[str, np.random.Generator]]:
    if isinstance(value, np.random.Generator):
        yield path, value
        return
    if isinstance(value, Mapping):
        parts: Any = value.items()
    elif isinstance(value, (list, tuple)):
        parts = enumerate(value)
    elif isinstance(value, (type, ModuleType, FunctionType)) or not hasattr(value, "__dict__"):
        return
    else:
        parts = vars(value).items()
    if id(value) in seen:
        return
    seen.add(id(value))
    for name, part in list(parts):
        yield from _walk(part, f"{path}.{name}", seen)


def states(generators: Mapping[str, np.random.Generator]) -> dict[str, Any]:
    """The state of each generator.

    >>> states({"a": np.random.default_rng(0)})["a"]["bit_generator"]
    'PCG64'
    """
    return {path: generator.bit_generator.state for path, generator in generators.items()}


def set_states(function: str, generators: Mapping[str, np.random.Generator], saved: Any) -> None:
    """Put generators into the states that `states` gave.

    Args:
        function: whose name an error begins with.   generators: path -> generator.
        saved: path -> state, of the same paths.
    Raises:
        StateError: other paths, another kind of generator, or no state; nothing changed.

    >>> rng = np.random.default_rng(0)
    >>> before = states({"a": rng}); first = rng.random()
    >>> set_states("example", {"a": rng}, before); first == rng.random()
    True
    """
    missing, unexpected = generators.keys() - saved.keys(), saved.keys() - generators.keys()
    if missing or unexpected:
        raise StateError(
            f"{function}: the random generators differ; not saved: {sorted(missing) or 'none'}, "
            f"saved but not here: {sorted(unexpected) or 'none'}"
        )
    before = states(generators)
    try:
        for path, generator in generators.items():
            generator.bit_generator.state = saved[path]
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        for path, generator in generators.items():
            generator.bit_generator.state = before[path]
        raise StateError(f"{function}: {path} cannot take the saved state: {error}") from error
