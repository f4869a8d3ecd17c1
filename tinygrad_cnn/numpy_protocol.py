"""What NumPy's own functions do with Tensors: two explicit tables, and an error for the rest.

`np.exp(tensor)`, `array * tensor` and `np.concatenate([tensor, array])` are recorded like the
functions of this package. A NumPy function that is in no table raises and names the nearest one
that is; it never builds an object array and never drops the graph silently.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import DTypeError, GraphError
from tinygrad_cnn.graph import MODE, Traced

#: NumPy's elementwise functions that are recorded, by name.
UFUNCS: dict[str, Callable[..., Any]] = {
    "add": F.add,
    "subtract": F.sub,
    "multiply": F.mul,
    "divide": F.div,
    "negative": F.neg,
    "power": F.pow,
    "matmul": F.matmul,
    "exp": F.exp,
    "log": F.log,
    "tanh": F.tanh,
}

#: Elementwise functions with bool results, which carry no gradient.
PREDICATES = frozenset(
    [
        "equal",
        "not_equal",
        "less",
        "less_equal",
        "greater",
        "greater_equal",
        "isfinite",
        "isinf",
        "isnan",
        "logical_and",
        "logical_or",
        "logical_not",
        "logical_xor",
    ]
)

#: NumPy's other functions that are recorded, by name.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "broadcast_to": F.broadcast_to,
    "concatenate": F.concatenate,
    "amax": F.max,
    "max": F.max,
    "mean": F.mean,
    "pad": F.pad,
    "reshape": F.reshape,
    "sum": F.sum,
    "swapaxes": F.swapaxes,
    "transpose": F.transpose,
}

#: Questions about values, answered in plain NumPy: their answers carry no gradient.
QUERIES = frozenset(
    [
        "all",
        "allclose",
        "any",
        "argmax",
        "argmin",
        "array2string",
        "array_equal",
        "array_repr",
        "array_str",
        "isclose",
        "ndim",
        "shape",
        "size",
    ]
)


def apply_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What `Tensor.__array_ufunc__` answers.

    Raises:
        DTypeError: the ufunc is in no table, or is called as a method such as `np.add.reduce`.
        GraphError: `out=` while the result would need a graph.
    """
    name = ufunc.__name__
    out = kwargs.pop("out", None)
    if method != "__call__" or (name not in UFUNCS and name not in PREDICATES):
        full = name if method == "__call__" else f"{name}.{method}"
        raise DTypeError(unknown(full, (*UFUNCS, *PREDICATES, *FUNCTIONS)))
    if kwargs:
        raise DTypeError(f"np.{name}: {', '.join(kwargs)} is not supported for Tensors")
    if out is not None:
        return write_out(ufunc, inputs, out)
    if name in UFUNCS:
        return UFUNCS[name](*inputs)
    return wrap_like(inputs)(ufunc(*map(plain, inputs)))


def write_out(ufunc: np.ufunc, inputs: tuple[Any, ...], out: tuple[Any, ...]) -> Any:
    """`ufunc(*inputs, out=out)` on values, when nothing is to be recorded."""
    tensors = [x for x in (*inputs, *out) if isinstance(x, Traced)]
    if MODE.get().recording and any(t.requires_grad for t in tensors):  # type: ignore[attr-defined]
        raise GraphError(
            f"np.{ufunc.__name__}: out= would lose the graph; leave it out, or work in no_grad()"
        )
    targets = tuple(t._writable() if isinstance(t, Traced) else t for t in out)
    ufunc(*map(plain, inputs), out=targets)
    return out[0] if len(out) == 1 else out


def apply_function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What `Tensor.__array_function__` answers.

    Raises:
        DTypeError: the function is in no table.
    """
    name = function.__name__
    if name in FUNCTIONS:
        return FUNCTIONS[name](*args, **kwargs)
    if name in QUERIES:
        return function(*map(plain, args), **{key: plain(value) for key, value in kwargs.items()})
    raise DTypeError(unknown(name, (*FUNCTIONS, *QUERIES, *UFUNCS)))


def unknown(name: str, known: tuple[str, ...]) -> str:
    """The message for a NumPy function that Tensors do not know.

    >>> unknown("concat", ("concatenate", "sum"))
    "np.concat is not defined for Tensors; the nearest is 'concatenate'. tensor.numpy() gives the array"
    """
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.3)
    hint = f"; the nearest is {near[0]!r}" if near else ""
    return f"np.{name} is not defined for Tensors{hint}. tensor.numpy() gives the array"


def plain(value: Any) -> Any:
    """A Tensor's array, also inside lists and tuples; anything else as it is."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(plain, value))
    return value.array if isinstance(value, Traced) else value


def wrap_like(values: tuple[Any, ...]) -> Callable[[Any], Any]:
    """The class of the first Tensor among some values."""
    return next(type(v).detached for v in values if isinstance(v, Traced))  # type: ignore[attr-defined]
