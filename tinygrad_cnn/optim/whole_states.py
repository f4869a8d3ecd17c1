"""Whether a state is whole: what is looked at before an optimizer takes it over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrad_cnn.errors import StateError


def numbered(name: str, groups: Any, states: Any) -> dict[int, Mapping[str, Any]]:
    """The state of each parameter by its number, out of a state dict.

    Args:
        name: of the optimizer.   groups, states: what the dict has as 'param_groups' and 'state'.
    Raises:
        StateError: they are made otherwise.

    >>> numbered("SGD", [{"params": [0]}], {"0": {"momentum_buffer": 1.0}})
    {0: {'momentum_buffer': 1.0}}
    """
    if not isinstance(groups, (list, tuple)) or not all(map(_is_group, groups)):
        raise StateError(f"{name}: param_groups must be a list of dicts with 'params', a list")
    if not isinstance(states, Mapping) or not all(map(_is_numbered, states.items())):
        raise StateError(f"{name}: the state must have a dict for the number of each parameter")
    return {int(k): own for k, own in states.items()}


def check_complete(what: str, own: Mapping[str, Any], first: Mapping[str, Any]) -> None:
    """Check the state of one parameter against the one that a first step makes.

    Args:
        what: the state's name in messages.   own: the state.
        first: the other one; an empty one tells nothing.
    Raises:
        StateError: something is missing, has another shape, is no real number, or is a negative count.

    >>> check_complete("Adam: the state of parameter 0", {"step": 3.0}, {"step": 1})
    """
    if lost := sorted(first.keys() - own.keys()):
        raise StateError(f"{what} is without its {', '.join(lost)}")
    for key, value in own.items() if first else ():
        shape = np.shape(first.get(key, value))
        if not _is_real(value) or np.shape(value) != shape:
            fits = f"an array of numbers of shape {shape}" if shape else "a number"
            raise StateError(f"{what} has {value!r:.60} for {key}; {fits} fits")
        if isinstance(first.get(key), int) and not value >= 0:
            raise StateError(f"{what} has {value!r} for {key}; a count of at least 0 fits")


def _is_group(group: Any) -> bool:
    return isinstance(group, Mapping) and isinstance(group.get("params"), (list, tuple))


def _is_numbered(item: tuple[Any, Any]) -> bool:
    """Whether it is a parameter's number, or one as text, and a dict."""
    number, own = item
    return isinstance(own, Mapping) and (isinstance(number, (int, np.integer)) or str(number).isdecimal())


def _is_real(value: Any) -> bool:
    """Whether it is a number, or an array of numbers, and not complex."""
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return isinstance(value, (int, float)) or kind in ("b", "i", "u", "f")
