"""What a drawing shows, as the caller chose it."""

from __future__ import annotations

from dataclasses import dataclass

from tinygrad_cnn.errors import ArgumentError

#: Where results lie, and Graphviz's word for it.
DIRECTIONS = {"down": "TB", "right": "LR"}


@dataclass(frozen=True)
class Choice:
    """What is shown; `viz.graph` explains each.

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
