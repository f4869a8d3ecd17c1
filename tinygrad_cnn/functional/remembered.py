"""Results of checks that are kept, for shapes and options that come again in every step."""

from __future__ import annotations

from typing import Any

#: Answers that are kept; with more all are dropped, and found anew.
MOST = 1024
#: Types of options that cannot change.
FIXED = {int, bool, float, str, type(None)}


class Remembered:
    """Answers by shapes, and by options that are the very objects of an earlier call.

    Options that are equal are not enough: 1.0 and True equal 1, and must be refused. Only what cannot
    change is taken, and held, so that its place in memory stays its own.

    >>> grids, pair = Remembered(), (2, 2)
    >>> grids.keep(((1, 3),), (pair, 1), "a grid")
    >>> grids.get(((1, 3),), (pair, 1)), grids.get(((1, 3),), (pair, True))
    ('a grid', None)
    """

    def __init__(self) -> None:
        self._answers: dict[tuple[Any, ...], tuple[Any, tuple[Any, ...]]] = {}

    def get(self, shapes: tuple[Any, ...], options: tuple[Any, ...]) -> Any:
        """The answer, or None.

        >>> Remembered().get((), ())
        """
        found = self._answers.get((shapes, *map(id, options)))
        return None if found is None else found[0]

    def keep(self, shapes: tuple[Any, ...], options: tuple[Any, ...], answer: Any) -> None:
        """Keep an answer, if the options cannot change.

        >>> grids, sizes = Remembered(), [2, 2]
        >>> grids.keep((), (sizes,), "a grid")
        >>> grids.get((), (sizes,))
        """
        if all(map(_is_fixed, options)):
            if len(self._answers) >= MOST:
                self._answers.clear()
            self._answers[(shapes, *map(id, options))] = answer, options


def _is_fixed(option: Any) -> bool:
    return type(option) in FIXED or (type(option) is tuple and all(map(_is_fixed, option)))
