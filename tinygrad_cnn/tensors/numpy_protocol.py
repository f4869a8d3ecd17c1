"""NumPy's own functions on Tensors: two explicit tables, and an error for the rest.

`np.exp(tensor)`, `array * tensor` and `np.concatenate([tensor, array])` are recorded like the
functions of this package. A NumPy function that is in no table raises and names the nearest one
that is; it never builds an object array and never drops the graph silently.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import DTypeError, GraphError
from tinygrad_cnn.graph import MODE, Traced
from tinygrad_cnn.tensors.numpy_functions import MORE_FUNCTIONS
from tinygrad_cnn.tensors.numpy_numbers import OF_EACH

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
    "exp2": F.exp2,
    "logaddexp": F.logaddexp,
    "logaddexp2": F.logaddexp2,
    "hypot": F.hypot,
    "copysign": F.copysign,
    "fmod": F.fmod,
    "fmax": F.fmax,
    "fmin": F.fmin,
    "arcsinh": F.arcsinh,
    "arccosh": F.arccosh,
    "arctanh": F.arctanh,
    "trunc": F.trunc,
    "deg2rad": F.deg2rad,
    "rad2deg": F.rad2deg,
    "radians": F.deg2rad,
    "degrees": F.rad2deg,
    "log": F.log,
    "tanh": F.tanh,
    "absolute": F.abs,
    "arccos": F.arccos,
    "arcsin": F.arcsin,
    "arctan": F.arctan,
    "arctan2": F.arctan2,
    "ceil": F.ceil,
    "cos": F.cos,
    "cosh": F.cosh,
    "expm1": F.expm1,
    "fabs": F.abs,
    "floor": F.floor,
    "floor_divide": F.floor_divide,
    "log10": F.log10,
    "log1p": F.log1p,
    "log2": F.log2,
    "maximum": F.maximum,
    "minimum": F.minimum,
    "positive": F.identity,
    "reciprocal": F.reciprocal,
    "remainder": F.remainder,
    "rint": F.round,
    "sign": F.sign,
    "sin": F.sin,
    "sinh": F.sinh,
    "sqrt": F.sqrt,
    "square": F.square,
    "tan": F.tan,
    "vecdot": F.vecdot,
    **OF_EACH,
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
        "bitwise_and",  # what & means between a bool array and a bool Tensor
        "bitwise_or",
        "bitwise_xor",
        "left_shift",
        "right_shift",
        "signbit",
        "invert",
    ]
)


def _clip(a: Any, a_min: Any = None, a_max: Any = None, **bounds: Any) -> Any:
    """`np.clip`, which has two names for each bound."""
    return F.clip(a, bounds.pop("min", a_min), bounds.pop("max", a_max), **bounds)


def _einsum(subscripts: Any, *operands: Any, optimize: Any = True) -> Any:
    """`np.einsum`; the order of the products is always optimised."""
    return F.einsum(subscripts, *operands)


def _linalg_norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """`np.linalg.norm` where it is a norm of vectors: a matrix has the Frobenius norm only."""
    pair = np.ndim(x) == 2 if axis is None else isinstance(axis, tuple) and len(axis) == 2
    if ord not in (None, "fro") and (pair or (axis is None and np.ndim(x) != 1)):
        raise DTypeError(
            f"np.linalg.norm: norm {ord!r} of matrices is not defined for Tensors; "
            "functional.norm takes all elements as one vector"
        )
    return F.norm(x, 2 if ord in (None, "fro") else ord, axis, keepdims)


#: NumPy's other functions that are recorded, by name.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "amax": F.max,
    "around": F.round,
    "fix": F.trunc,
    "atleast_1d": F.atleast_1d,
    "atleast_2d": F.atleast_2d,
    "atleast_3d": F.atleast_3d,
    "column_stack": F.column_stack,
    "corrcoef": F.corrcoef,
    "cov": F.cov,
    "cross": F.cross,
    "linalg.cross": F.cross,
    "diag": F.diag,
    "diff": F.diff,
    "dstack": F.dstack,
    "hstack": F.hstack,
    "vstack": F.vstack,
    "fliplr": F.fliplr,
    "flipud": F.flipud,
    "inner": F.inner,
    "kron": F.kron,
    "linalg.cholesky": F.cholesky,
    "linalg.det": F.det,
    "linalg.inv": F.inv,
    "linalg.solve": F.solve,
    "linalg.pinv": F.pinv,
    "linalg.matrix_power": F.matrix_power,
    "linalg.multi_dot": F.multi_dot,
    "linalg.slogdet": F.slogdet,
    "linalg.svdvals": F.svdvals,
    "linalg.eigvalsh": F.eigvalsh,
    "linalg.eigh": F.eigh,
    "linalg.qr": F.qr,
    "matrix_transpose": F.matrix_transpose,
    "linalg.matrix_transpose": F.matrix_transpose,
    "median": F.median,
    "nanmax": F.nanmax,
    "nanmean": F.nanmean,
    "nanmin": F.nanmin,
    "nansum": F.nansum,
    "nan_to_num": F.nan_to_num,
    "percentile": F.percentile,
    "quantile": F.quantile,
    "ptp": F.ptp,
    "rot90": F.rot90,
    "sinc": F.sinc,
    "take": F.take,
    "unstack": F.unstack,
    "broadcast_arrays": F.broadcast_arrays,
    "bincount": F.bincount,
    "amin": F.min,
    "broadcast_to": F.broadcast_to,
    "clip": _clip,
    "concatenate": F.concatenate,
    "convolve": F.convolve1d,
    "correlate": F.correlate1d,
    "cumprod": F.cumprod,
    "cumsum": F.cumsum,
    "diagonal": F.diagonal,
    "dot": F.dot,
    "einsum": _einsum,
    "expand_dims": F.expand_dims,
    "flip": F.flip,
    "linalg.norm": _linalg_norm,
    "linalg.vector_norm": F.norm,
    "max": F.max,
    "mean": F.mean,
    "min": F.min,
    "moveaxis": F.moveaxis,
    "outer": F.outer,
    "pad": F.pad,
    "prod": F.prod,
    "ravel": F.flatten,
    "repeat": F.repeat,
    "reshape": F.reshape,
    "roll": F.roll,
    "round": F.round,
    "sort": F.sort,
    "split": F.split,
    "squeeze": F.squeeze,
    "stack": F.stack,
    "std": F.std,
    "sum": F.sum,
    "swapaxes": F.swapaxes,
    "take_along_axis": F.take_along_axis,
    "tensordot": F.tensordot,
    "tile": F.tile,
    "trace": F.trace,
    "transpose": F.transpose,
    "tril": F.tril,
    "triu": F.triu,
    "var": F.var,
    "where": F.where,
    **MORE_FUNCTIONS,
}

#: Questions about values, answered in plain NumPy: their answers carry no gradient.
QUERIES = frozenset(
    [
        "all",
        "allclose",
        "any",
        "argmax",
        "argmin",
        "argsort",
        "argwhere",
        "array2string",
        "array_equal",
        "array_repr",
        "array_str",
        "can_cast",
        "count_nonzero",
        "digitize",
        "flatnonzero",
        "histogram",
        "histogram_bin_edges",
        "array_equiv",
        "isclose",
        "iscomplexobj",
        "isin",
        "isrealobj",
        "may_share_memory",
        "ndim",
        "nonzero",
        "result_type",
        "save",
        "savetxt",
        "savez",
        "searchsorted",
        "shape",
        "shares_memory",
        "size",
        "unique",
        "unravel_index",
        "linalg.matrix_rank",
        "intersect1d",
        "iscomplex",
        "isneginf",
        "isposinf",
        "isreal",
        "lexsort",
        "nanargmax",
        "nanargmin",
        "setdiff1d",
        "setxor1d",
        "union1d",
        "unique_all",
        "unique_counts",
        "unique_inverse",
        "unique_values",
        "histogram2d",
        "histogramdd",
        "argpartition",
    ]
)


def apply_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer `Tensor.__array_ufunc__`.

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
    """Answer `Tensor.__array_function__`.

    Raises:
        DTypeError: the function is in no table.
    """
    module = function.__module__.removeprefix("numpy").lstrip(".")  # np.trace is not np.linalg.trace
    name = f"{module}.{function.__name__}" if module else function.__name__
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
    from difflib import get_close_matches  # here: it is wanted where something went wrong

    near = get_close_matches(name, known, n=1, cutoff=0.7)
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
