"""Which functions are names of `torch`, which are methods of its Tensor, and which have an in-place twin.

Each function is written once, with the tensor as its first argument `input`; the decorators say where its
name appears. `torch/__init__.py` and `methods.py` read the tables.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

FUNCTIONS: dict[str, Callable[..., Any]] = {}
METHODS: dict[str, Callable[..., Any]] = {}
IN_PLACE: dict[str, Callable[..., Any]] = {}


def name(
    *names: str, function: bool = True, method: bool = True, in_place: bool = False
) -> Callable[[F], F]:
    """Give a function its names; without one, its own.

    Args:
        names: how programs call it.
        function: as `torch.name`.   method: as `x.name`.   in_place: also as `x.name_`.
    """

    def put(f: F) -> F:
        for called in names or (f.__name__.rstrip("_"),):
            if function:
                FUNCTIONS[called] = _with_out(f)
            if method:
                METHODS[called] = f
            if in_place:
                IN_PLACE[called + "_"] = f
        return f

    return put


def _with_out(f: F) -> F:
    """Let a function of `torch` take `out=`, a tensor that the result is written to."""

    @functools.wraps(f)
    def run(*args: Any, **kwargs: Any) -> Any:
        if kwargs and "out" in kwargs:
            out = kwargs.pop("out")
            result = f(*args, **kwargs)
            return result if out is None else _written(out, result)
        return f(*args, **kwargs)

    return run  # type: ignore[return-value]


def _written(out: Any, result: Any) -> Any:
    if isinstance(out, (tuple, list)):
        for o, r in zip(out, result, strict=True):
            _written(o, r)
        return out
    if out.requires_grad or result.requires_grad:
        raise RuntimeError("functions with out=... arguments don't support automatic differentiation")
    new = result._array
    if out._array.shape != new.shape:
        out._array = new.astype(out._array.dtype)
    else:
        out._writable()[...] = new
    return out
