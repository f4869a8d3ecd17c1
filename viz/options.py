"""The options of a drawing, as the caller chose them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tinygrad_cnn.errors import ArgumentError

#: Where results lie, and Graphviz's word for it.
DIRECTIONS = {"down": "TB", "right": "LR"}


#: What can be left out of a drawing.
PARTS = ("shapes", "options", "parameters", "paths", "dtypes", "constants", "marks", "notes", "frames")


def hidden_parts(hide: Any) -> frozenset[str]:
    """Read what to leave out, from one word or several.

    Raises:
        ArgumentError: a part that there is not.

    >>> sorted(hidden_parts(["shapes", "paths"])), hidden_parts("marks") == {"marks"}
    (['paths', 'shapes'], True)
    """
    words = [hide] if isinstance(hide, str) else list(hide or ())
    wrong = [word for word in words if word not in PARTS]
    if wrong:
        raise ArgumentError(f"viz.graph: hide has {wrong[0]!r}; {', '.join(map(repr, PARTS))} fit")
    return frozenset(words)


@dataclass(frozen=True)
class Choice:
    """The choice of what is shown; `viz.graph` explains each.

    Raises:
        ArgumentError: a direction, or a way to show gradients, that there is not.

    >>> Choice(gradients="arrows").arrows
    True
    """

    title: str | None = None
    direction: str | None = None
    values: bool = False
    gradients: bool | str | None = None
    statistics: bool = False
    memory: bool = False
    flops: bool = False
    times: bool = False
    legend: bool = False
    hide: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.direction is not None and self.direction not in DIRECTIONS:
            raise ArgumentError(f"viz.graph: direction is {self.direction!r}; 'down' or 'right' fits")
        if self.gradients not in (None, True, False, "arrows"):
            raise ArgumentError(
                f"viz.graph: gradients is {self.gradients!r}; None, True, False or 'arrows' fits"
            )

    @property
    def arrows(self) -> bool:
        """Whether gradients flow back on arrows of their own."""
        return self.gradients == "arrows"

    @property
    def rankdir(self) -> str:
        """Graphviz's word for the direction: by default a textbook drawing runs to the right."""
        return DIRECTIONS[self.direction or ("right" if self.arrows else "down")]
