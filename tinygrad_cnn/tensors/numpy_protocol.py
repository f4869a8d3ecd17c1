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
from tinygrad_cnn.tensors.numpy_reductions import ACCUMULATE, REDUCE, accumulate, outer, reduce
from tinygrad_cnn.tensors.numpy_series import PAIRS_OF_PARTS

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
    "conjugate": F.identity,  # of real numbers
    **OF_EACH,
    **PAIRS_OF_PARTS,
}

#: Elementwise functions of truth, bits, whole numbers and neighbours, whose results carry no gradient.
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
        "bitwise_count",
        "gcd",
        "lcm",
        "nextafter",
        "spacing",
    ]
)


def _clip(a: Any, a_min: Any = None, a_max: Any = None, **bounds: Any) -> Any:
    """`np.clip`, which has two names for each bound."""
    return F.clip(a, bounds.pop("min", a_min), bounds.pop("max", a_max), **bounds)


#: NumPy's other functions that are recorded, by name.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "around": F.round,
    "fix": F.trunc,
    "column_stack": F.column_stack,
    "corrcoef": F.corrcoef,
    "cov": F.cov,
    "cross": F.cross,
    "linalg.cross": F.cross,
    "diag": F.diag,
    "diff": F.diff,
    "dstack": F.dstack,
    "hstack": F.hstack,
    "i0": F.i0,
    "vstack": F.vstack,
    "fliplr": F.fliplr,
    "flipud": F.flipud,
    "inner": F.inner,
    "kron": F.kron,
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
    "unstack": F.unstack,
    "broadcast_arrays": F.broadcast_arrays,
    "bincount": F.bincount,
    "broadcast_to": F.broadcast_to,
    "clip": _clip,
    "convolve": F.convolve1d,
    "correlate": F.correlate1d,
    "cumprod": F.cumprod,
    "cumsum": F.cumsum,
    "diagonal": F.diagonal,
    "dot": F.dot,
    "expand_dims": F.expand_dims,
    "flip": F.flip,
    "linalg.vector_norm": F.norm,
    "moveaxis": F.moveaxis,
    "outer": F.outer,
    "repeat": F.repeat,
    "roll": F.roll,
    "round": F.round,
    "sort": F.sort,
    "split": F.split,
    "squeeze": F.squeeze,
    "stack": F.stack,
    "real": F.identity,  # of real numbers
    "swapaxes": F.swapaxes,
    "take_along_axis": F.take_along_axis,
    "tensordot": F.tensordot,
    "tile": F.tile,
    "trace": F.trace,
    "transpose": F.transpose,
    "tril": F.tril,
    "triu": F.triu,
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
        "common_type",
        "count_nonzero",
        "diag_indices_from",
        "digitize",
        "einsum_path",
        "flatnonzero",
        "histogram",
        "histogram_bin_edges",
        "array_equiv",
        "isclose",
        "iscomplexobj",
        "isin",
        "isrealobj",
        "may_share_memory",
        "min_scalar_type",
        "packbits",
        "ravel_multi_index",
        "tril_indices_from",
        "triu_indices_from",
        "unpackbits",
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
        "ix_",
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
    if method != "__call__":
        return apply_method(ufunc, method, inputs, kwargs)
    if name not in UFUNCS and name not in PREDICATES:
        raise DTypeError(unknown(name, (*UFUNCS, *PREDICATES, *FUNCTIONS)))
    out, dtype = kwargs.pop("out", None), kwargs.pop("dtype", None)
    if dtype is not None and name in UFUNCS and out is None:
        inputs = tuple(F.astype(x, dtype) if hasattr(x, "dtype") else x for x in inputs)
    if kwargs:
        raise DTypeError(f"np.{name}: {', '.join(kwargs)} is not supported for Tensors")
    if out is not None:
        return write_out(ufunc, inputs, out)
    if name in UFUNCS:
        return UFUNCS[name](*inputs)
    return wrap_like(inputs)(ufunc(*map(plain, inputs)))


def apply_method(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`np.add.reduce` and so on.

    Raises:
        DTypeError: a method, or a ufunc of it, that is in no table.
    """
    name = ufunc.__name__
    if method == "reduce" and name in REDUCE:
        return reduce(name, *inputs, **kwargs)
    if method == "accumulate" and name in ACCUMULATE:
        return accumulate(name, *inputs, **kwargs)
    if method == "outer" and (name in UFUNCS or name in PREDICATES) and not kwargs:
        return outer(ufunc, *inputs)
    raise DTypeError(unknown(f"{name}.{method}", (*UFUNCS, *PREDICATES, *FUNCTIONS)))


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
