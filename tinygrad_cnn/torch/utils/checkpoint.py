"""`torch.utils.checkpoint`: results that are computed again in backward instead of kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: Any = None,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """The result of the function; its graph is kept here, so memory is not saved.

    >>> checkpoint(lambda x: x + 1, 1)
    2
    """
    return function(*args, **kwargs)


def checkpoint_sequential(functions: Any, segments: int, input: Any, **kwargs: Any) -> Any:
    """The result of the functions one after the other.

    >>> checkpoint_sequential([abs], 1, -2)
    2
    """
    for function in functions:
        input = function(input)
    return input
