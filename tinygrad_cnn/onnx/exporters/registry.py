"""The function that writes an op as nodes of a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from tinygrad_cnn.graph import Op

F = TypeVar("F", bound=Callable[..., Any])


class Exporter(NamedTuple):
    """A function that writes an op, and what it needs.

    Attributes:
        function: called with a `Target`, the op and the names of its operands; gives the result's name.
        sized: attributes that may differ with the size of the inputs; the function sees to them.
        random: attributes that hold a random draw, which a file draws anew.
    """

    function: Callable[..., str]
    sized: frozenset[str] = frozenset()
    random: frozenset[str] = frozenset()


#: Exporter by the op's class.
EXPORTERS: dict[type[Op], Exporter] = {}


def exporter(
    *kinds: type[Op], sized: tuple[str, ...] = (), random: tuple[str, ...] = ()
) -> Callable[[F], F]:
    """Note that the decorated function writes the ops of these classes."""

    def note(function: F) -> F:
        for kind in kinds:
            EXPORTERS[kind] = Exporter(function, frozenset(sized), frozenset(random))
        return function

    return note


def plain(kind: type[Op], operator: str, **attributes: str) -> None:
    """An op that is one operator, whose attributes are the op's: ONNX's name -> the op's."""

    def write(to: Any, op: Any, *operands: str) -> str:
        return to.node(operator, operands, **{name: getattr(op, own) for name, own in attributes.items()})

    exporter(kind)(write)
