"""Refusals of CuPy's arrays where NumPy's take. The stand-in refuses it too; each entry has its reason.

The lists were read from CuPy 14.2 itself, whose functions can be inspected without a GPU; a test compares
them with the CuPy that is installed, where one is.

Sources: CuPy 14.2's signatures; "Differences between CuPy and NumPy", docs.cupy.dev/en/stable/user_guide/
difference.html; `cupy.ndarray.__array_ufunc__` and `__array_function__` in cupy/_core/core.pyx.
"""

from __future__ import annotations

__all__ = [
    "DIFFERENCES",
    "LACKING",
    "METHODS",
    "METHOD_OPTIONS",
    "MISSING_FUNCTIONS",
    "MISSING_UFUNCS",
    "UFUNC_OPTIONS",
]

#: NumPy's functions that CuPy has not: `__array_function__` finds no function of the name.
MISSING_FUNCTIONS = frozenset(
    [
        "asmatrix",
        "block",
        "bmat",
        "einsum_path",
        "fromregex",
        "geomspace",
        "histogram_bin_edges",
        "insert",
        "nanpercentile",
        "nanquantile",
        "nested_iters",
        "polyder",
        "polydiv",
        "polyint",
        "unstack",
        "linalg.diagonal",
        "linalg.matrix_norm",
        "linalg.multi_dot",
        "linalg.outer",
        "linalg.svdvals",
        "linalg.tensordot",
        "linalg.trace",
        "linalg.vecdot",
        "linalg.vector_norm",
    ]
)

#: NumPy's elementwise functions that CuPy has not.
MISSING_UFUNCS = frozenset(["isnat", "matvec", "spacing", "vecdot", "vecmat"])

#: Arguments of NumPy's functions that CuPy's function of the name has not: a TypeError.
LACKING = {
    "all": ("where",),
    "amax": ("initial", "where"),
    "amin": ("initial", "where"),
    "any": ("where",),
    "argpartition": ("kind", "order"),
    "argsort": ("order", "stable"),
    "array": ("ndmax",),
    "broadcast_arrays": ("subok",),
    "broadcast_to": ("subok",),
    "clip": ("min", "max"),
    "copy": ("subok",),
    "count_nonzero": ("keepdims",),
    "max": ("initial", "where"),
    "mean": ("where",),
    "min": ("initial", "where"),
    "nanmax": ("initial", "where"),
    "nanmean": ("where",),
    "nanmin": ("initial", "where"),
    "nanprod": ("initial", "where"),
    "nanstd": ("where", "mean", "correction"),
    "nansum": ("initial", "where"),
    "nanvar": ("where", "mean", "correction"),
    "partition": ("kind", "order"),
    "percentile": ("weights",),
    "prod": ("initial", "where"),
    "quantile": ("weights",),
    "sort": ("order", "stable"),
    "std": ("where", "mean", "correction"),
    "sum": ("initial", "where"),
    "take": ("mode",),
    "unique": ("sorted",),
    "var": ("where", "mean", "correction"),
    "linalg.cholesky": ("upper",),
    "linalg.matrix_rank": ("hermitian", "rtol"),
    "linalg.pinv": ("hermitian", "rtol"),
    "linalg.svd": ("hermitian",),
}

#: The methods that a CuPy array shares with NumPy's, with the arguments that each takes by name.
METHOD_OPTIONS = {
    "all": ("axis", "out", "keepdims"),
    "any": ("axis", "out", "keepdims"),
    "argmax": ("axis", "out", "dtype", "keepdims"),
    "argmin": ("axis", "out", "dtype", "keepdims"),
    "argsort": ("axis", "kind"),
    "astype": ("dtype", "order", "casting", "subok", "copy"),
    "clip": ("min", "max", "out"),
    "copy": ("order",),
    "cumprod": ("axis", "dtype", "out"),
    "cumsum": ("axis", "dtype", "out"),
    "diagonal": ("offset", "axis1", "axis2"),
    "dot": ("b", "out"),
    "fill": ("value",),
    "flatten": ("order",),
    "max": ("axis", "out", "keepdims"),
    "mean": ("axis", "dtype", "out", "keepdims"),
    "min": ("axis", "out", "keepdims"),
    "nonzero": (),
    "prod": ("axis", "dtype", "out", "keepdims"),
    "ravel": ("order",),
    "repeat": ("repeats", "axis"),
    "reshape": ("order", "copy"),
    "round": ("decimals", "out"),
    "searchsorted": ("v", "side", "sorter"),
    "squeeze": ("axis",),
    "std": ("axis", "dtype", "out", "ddof", "keepdims"),
    "sum": ("axis", "dtype", "out", "keepdims"),
    "swapaxes": ("axis1", "axis2"),
    "take": ("indices", "axis", "out"),
    "trace": ("offset", "axis1", "axis2", "dtype", "out"),
    "transpose": (),
    "var": ("axis", "dtype", "out", "ddof", "keepdims"),
    "view": ("dtype", "type"),
}
METHODS = tuple(METHOD_OPTIONS)

#: What CuPy's elementwise functions take by name; `where=` is not among them.
UFUNC_OPTIONS = frozenset(["out", "dtype", "casting"])

#: The other differences, by what the stand-in does about each, and why.
DIFFERENCES = {
    "an array is turned into NumPy's": "TypeError: CuPy asks for .get(), so that no transfer is unseen",
    "a NumPy array beside one of the device": "TypeError: CuPy moves no array of the host by itself",
    "reduce, accumulate, reduceat, outer, at of an elementwise function": (
        "TypeError: CuPy's __array_ufunc__ answers calls alone; an array's own methods reduce"
    ),
    "an element type that is no number or bool of 1 to 8 bytes": (
        "TypeError: CuPy has no longdouble, no object, no text"
    ),
    "flags.writeable": "AttributeError: CuPy's flags are c_contiguous, f_contiguous and owndata",
    "a reduction": "an array without axes, and no scalar: reading it would wait for the device",
    "an index beyond the end in an array of integers": "it wraps around, as CuPy has no check",
    "a list or a NumPy array as an index": (
        "TypeError, which is stricter than CuPy: CuPy copies it to the device at each use, unseen"
    ),
    "an array as an index (operator.index)": "TypeError: CuPy's arrays have no __index__",
    "the largest of no elements": "ValueError, as NumPy's: CuPy has no initial=",
    "positions that repeat in x[places] = v": "the first stays here: CuPy leaves it open which one does",
    "arrays of two devices in one call": "ValueError: CuPy computes on the current device alone",
}
