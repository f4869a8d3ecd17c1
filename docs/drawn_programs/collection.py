"""The collection that programs put themselves into, and what they are made with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import viz

#: What a program gives: the thing to draw, and options of `viz.graph`.
Drawn = tuple[Any, dict[str, Any]]
PROGRAMS: dict[str, Callable[[], Drawn]] = {}


def program(function: Callable[[], Drawn]) -> Callable[[], Drawn]:
    """Put a program into the collection, under its name."""
    PROGRAMS[function.__name__] = function
    return function


def draw(name: str, **options: Any) -> viz.Picture:
    """The picture of a program."""
    thing, chosen = PROGRAMS[name]()
    title = (PROGRAMS[name].__doc__ or "").strip().rstrip(".")
    return viz.graph(thing, **{"title": title, **chosen, **options})


def array(*shape: int) -> Any:
    """Numbers from -1 to 1."""
    return np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
