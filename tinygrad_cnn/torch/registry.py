"""The functions that are names of `torch`, which are methods of its Tensor, and which have an in-place twin.

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

#: What PyTorch understands NumPy's names of arguments as.
NUMPY_NAMES = {
    "axis": "dim",
    "keepdims": "keepdim",
    "x": "input",
    "a": "input",
    "x1": "input",
    "x2": "other",
}


def name(
    *names: str,
    function: bool = True,
    method: bool = True,
    in_place: bool = False,
    rest: str | None = None,
    also: dict[str, str] | None = None,
) -> Callable[[F], F]:
    """Give a function its names; without one, its own.

    Args:
        names: how programs call it.
        function: as `torch.name`.   method: as `x.name`.   in_place: also as `x.name_`.
        rest: the keyword for what it takes as `*arguments`: `x.permute(dims=(1, 0))`.
        also: other keywords for its arguments.
    """

    def put(f: F) -> F:
        g = with_numpy_names(f, also=also, rest=rest)
        for called in names or (f.__name__.rstrip("_"),):
            if function:
                FUNCTIONS[called] = _with_out(g)
            if method:
                METHODS[called] = g
            if in_place:
                IN_PLACE[called + "_"] = g
        return f

    return put


def with_numpy_names(
    f: F, written: Any = None, *, also: dict[str, str] | None = None, rest: str | None = None
) -> F:
    """Let a function take `axis=` for `dim=`, and NumPy's other names of arguments, as PyTorch's do.

    Args:
        f: the function.   written: the one whose arguments are written out, where f passes them on.
        also: more keywords, and the arguments they stand for.   rest: the keyword for its `*arguments`.
    """
    code = (written or f).__code__
    own = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    others = {old: new for old, new in NUMPY_NAMES.items() if new in own and old not in own} | (also or {})
    if not others and rest is None:
        return f
    first = own[:1]

    @functools.wraps(f)
    def run(*args: Any, **kwargs: Any) -> Any:
        for old in kwargs.keys() & others.keys() if kwargs else ():
            kwargs[others[old]] = kwargs.pop(old)
        if kwargs and rest in kwargs:
            args = (*(kwargs.pop(given) for given in first if given in kwargs), *args, kwargs.pop(rest))
        return f(*args, **kwargs)

    return run  # type: ignore[return-value]


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
