"""Undoing a failed load."""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from functools import partial
from typing import Any

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
