"""Checks of a state from a file before it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.optim import Optimizer
from tinygrad_cnn.signal_handlers import let_through


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


def check_optimizer(optimizer: Optimizer, state: Mapping[str, Any]) -> None:
    """See that each parameter's state is arrays and numbers where the optimizer keeps such.

    A step of one element, of zeros, tells what it keeps.

    Args:
        optimizer: of the same groups.   state: the one to load.
    Raises:
        FormatError: another kind, or a part that is missing; the message has its place.

    >>> from tinygrad_cnn import nn, optim
    >>> optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1, momentum=0.9)
    >>> check_optimizer(optimizer, {**optimizer.state_dict(), "state": {0: {"momentum_buffer": "x"}}})
    Traceback (most recent call last):
    tinygrad_cnn.errors.FormatError: state.0.momentum_buffer: expected an array, found 'x'
    """
    groups, states = state.get("param_groups", ()), state.get("state", {})
    _expect(isinstance(groups, list) and isinstance(states, Mapping), "state", "groups and states", state)
    members = [(p, group, k) for k, group in enumerate(optimizer.param_groups) for p in group["params"]]
    for number, own in states.items():
        _expect(type(number) is int and 0 <= number < len(members), "state", "a parameter", number)
        _expect(isinstance(own, Mapping), f"state.{number}", "an object", own)
        p, group, k = members[number]
        loaded = groups[k] if k < len(groups) else {}
        one, kept = np.zeros((1,) * p.ndim, p.dtype), dict[str, Any]()
        try:
            optimizer.update(one, one.copy(), kept, {**group, **loaded})
        except Exception as error:  # not by parameters, or options that do not fit: others will tell
            let_through(error)
            continue
        for key, value in kept.items():
            path = f"state.{number}.{key}"
            if own:
                _expect(own.get(key) is not None, path, "a value", own.get(key))
                check_alike(value, own[key], path)
                array = isinstance(value, np.ndarray)
                _expect(not array or own[key].dtype.kind == value.dtype.kind, path, "floats", own[key])
