"""NumPy's functions that this package has under no name of its own, or with fewer options than NumPy.

They take and return what NumPy's do, are recorded, and are called through NumPy only: `np.vstack([t, u])`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional.arguments import like, operand, values
from tinygrad_cnn.tensors.numpy_linalg import MATRICES
from tinygrad_cnn.tensors.numpy_numbers import NUMBERS
from tinygrad_cnn.tensors.numpy_options import OPTIONS
from tinygrad_cnn.tensors.numpy_parts import PARTS
from tinygrad_cnn.tensors.numpy_polynomials import POLYNOMIALS
from tinygrad_cnn.tensors.numpy_reductions import REDUCTIONS
from tinygrad_cnn.tensors.numpy_series import SERIES


# --------------------------------------------------------------------------- new arrays, copies
def filled_like(name: str) -> Callable[..., Any]:
    """`np.zeros_like`, `np.ones_like` and so on: a Tensor without a graph."""
    function = getattr(np, name)

    def filled(a: Any, *args: Any, **kwargs: Any) -> Any:
        return like(a, function(values(a), *map(values_in, args), subok=False, **kwargs))

    return filled


def values_in(x: Any) -> Any:
    """The array of a Tensor; anything else as it is."""
    return getattr(x, "array", x)


def copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    """`np.copy`: the same values in memory of their own, recorded."""
    a = operand("copy", a)
    return ops.Cast(a.dtype)(a)


def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """`np.append`: joined along an axis, or flattened."""
    both = [arr, values] if axis is not None else [F.flatten(arr, 0), F.flatten(values, 0)]
    return F.concatenate(both, axis=axis or 0)


def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    """`np.meshgrid`: coordinates along each axis as grids over all of them."""
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f"np.meshgrid: indexing is 'xy' or 'ij', got {indexing!r}")
    count = len(xi)
    places = list(range(count))
    if indexing == "xy" and count > 1:
        places[:2] = 1, 0
    lines = [
        F.reshape(x, tuple(-1 if i == k else 1 for i in range(count)))
        for x, k in zip(xi, places, strict=True)
    ]
    if sparse:
        return tuple(lines)
    shape = np.broadcast_shapes(*(line.shape for line in lines))
    return tuple(F.broadcast_to(line, shape) for line in lines)


#: By NumPy's name.
MORE_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **PARTS,
    **NUMBERS,
    **MATRICES,
    **OPTIONS,
    **POLYNOMIALS,
    **REDUCTIONS,
    **SERIES,
    "append": append,
    "copy": copy,
    "empty_like": filled_like("empty_like"),
    "full_like": filled_like("full_like"),
    "meshgrid": meshgrid,
    "ones_like": filled_like("ones_like"),
    "zeros_like": filled_like("zeros_like"),
}
