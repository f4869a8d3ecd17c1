"""The function that computes an operator, and what is known of its inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class Importer(NamedTuple):
    """A function that computes an operator, and what it needs.

    Attributes:
        function: called with a `Call` and the inputs, None for one that is left out; gives a value, or
            a tuple of them.
        options: positions of float inputs that are settings, such as the bounds of Clip: what the
            file gives for them is not learnt.
        statistics: positions of inputs that are running statistics.
        weights: positions of inputs that are learnt even where the file holds them in a Constant.
    """

    function: Callable[..., Any]
    options: tuple[int, ...] = ()
    statistics: tuple[int, ...] = ()
    weights: tuple[int, ...] = ()


#: Importer by (domain, operator).
IMPORTERS: dict[tuple[str, str], Importer] = {}


def importer(
    *kinds: str, domain: str = "", options: tuple[int, ...] = (), statistics: tuple[int, ...] = (),
    weights: tuple[int, ...] = (),
) -> Callable[[F], F]:  # fmt: skip
    """Note that the decorated function computes the operators named `kinds`."""

    def note(function: F) -> F:
        for kind in kinds:
            IMPORTERS[domain, kind] = Importer(function, options, statistics, weights)
        return function

    return note
