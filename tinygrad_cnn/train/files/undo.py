"""What a failed load undoes, and what a state must be like before it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from functools import partial
from typing import Any

import numpy as np

from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.nn import Module


class Undo:
    """Remembers objects that have a state, to put them back exactly: nothing added stays.

    Dicts, lists and objects with `state_dict` that they hold are remembered too. Other objects, such as
    datasets, are not looked into.

    Args:
        parts: the objects.

    >>> class Counter:
    ...     def __init__(self): self.counts = {"a": 1}
    ...     def state_dict(self): return self.counts
    ...     def load_state_dict(self, state): self.counts.update(state)
    >>> counter = Counter(); undo = Undo([counter])
    >>> counter.load_state_dict({"a": 2, "b": 3}); undo.restore(); counter.counts
    {'a': 1}
    """

    def __init__(self, parts: Iterable[Any]) -> None:
        self._steps: list[Callable[[], Any]] = []
        waiting = [part for part in parts if _has_state(part)]
        for part in waiting:
            self._note(part.load_state_dict, part.state_dict())
        seen: set[int] = set()
        while waiting:  # what the states do not say: keys that were added, arrays that were exchanged
            value = waiting.pop()
            if id(value) not in seen:
                seen.add(id(value))
                waiting.extend(self._remember(value))

    def _remember(self, value: Any) -> list[Any]:
        """Note how one object is put back; the objects that it holds."""
        if isinstance(value, Module):
            return []
        if isinstance(value, MutableMapping):
            self._note(partial(_refill, value), dict(value))
            return list(value.values())
        if isinstance(value, list):
            self._note(partial(value.__setitem__, slice(None)), list(value))
            return list(value)
        if _has_state(value):
            own = vars(value)
            self._note(partial(_refill, own), dict(own))
            return list(own.values())
        return []

    def _note(self, restore: Callable[[Any], Any], copy: Any) -> None:
        self._steps.append(lambda: restore(copy))

    def restore(self) -> None:
        """Put everything back.

        >>> Undo([]).restore()
        """
        for step in self._steps:
            step()


def _refill(held: MutableMapping[Any, Any], copy: dict[Any, Any]) -> None:
    held.clear()
    held.update(copy)


def _has_state(part: Any) -> bool:
    return hasattr(part, "state_dict") and hasattr(part, "load_state_dict")


def check_alike(own: Any, given: Any, path: str = "") -> None:
    """See that a state is of the kind that its object has: numbers where it has numbers, and so on.

    What the object has as None, and what only one of the two has, its `load_state_dict` judges.

    Args:
        own: the object's own state.   given: the one to load.   path: names it.
    Raises:
        FormatError: another kind; the message has the path.

    >>> check_alike({"lr": 0.1, "betas": (0.9, 0.99)}, {"lr": "a", "betas": (0.9, 0.99)})
    Traceback (most recent call last):
    tinygrad_cnn.errors.FormatError: lr: expected a number, found 'a'
    """
    if given is None and path.startswith("callbacks."):  # the best value so far, say: none yet
        return
    if isinstance(own, Mapping):
        _expect(isinstance(given, Mapping), path, "an object", given)
        for key in own.keys() & given.keys():
            check_alike(own[key], given[key], f"{path}.{key}" if path else str(key))
    elif isinstance(own, (list, tuple)):
        _expect(isinstance(given, type(own)), path, f"a {type(own).__name__}", given)
        for k, value in enumerate(given if own else ()):
            check_alike(own[min(k, len(own) - 1)], value, f"{path}.{k}")
    elif isinstance(own, (bool, str)):
        _expect(isinstance(given, type(own)), path, "text" if isinstance(own, str) else "a bool", given)
    elif isinstance(own, (int, float)):
        number = isinstance(given, float) or (type(given) is int and abs(given) < 2**128)
        _expect(number, path, "a number", given)
    elif isinstance(own, np.ndarray):
        _expect(isinstance(given, np.ndarray), path, "an array", given)


def _expect(fits: bool, path: str, what: str, given: Any) -> None:
    if not fits:
        raise FormatError(f"{path[:200]}: expected {what}, found {str(given)[:40]!r}")
