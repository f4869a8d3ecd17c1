"""Where CuPy's arrays differ from NumPy's: what the stand-in does about each, why, and the source.

The rows follow CuPy's documentation page by page; what no page names was read from CuPy 14.2 itself or
from its text. Each row has its test, in `tests/devices/test_stand_in.py`.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["DIFFERENCES", "Difference"]

_GUIDE = "docs.cupy.dev/en/stable/user_guide/"
_PAGE = _GUIDE + "difference.html#"
_REFERENCE = "docs.cupy.dev/en/stable/reference/"


class Difference(NamedTuple):
    """A row.

    Attributes:
        cupy: what CuPy does, and why.   here: what the stand-in does.   source: where CuPy says so.
    """

    cupy: str
    here: str
    source: str


#: By a word for each: first the page "Differences between CuPy and NumPy", in its order.
DIFFERENCES = {
    "floats to integers": Difference(
        "beyond the ends of the type, and at NaN, C++ leaves open what comes; a GPU stops at the ends",
        "stops at the ends; NaN gives 0",
        _PAGE + "cast-behavior-from-float-to-integer",
    ),
    "random numbers": Difference(
        "other generators, which take a dtype",
        "no part in it: all numbers are drawn on the host",
        _PAGE + "random-methods-support-dtype-argument",
    ),
    "indices beyond the end": Difference(
        "an array of integers wraps around: checking would wait for the device",
        "wraps around, in `take` too",
        _PAGE + "out-of-bounds-indices",
    ),
    "repeated indices": Difference(
        "x[places] = v leaves open which of several values stays",
        "the first stays, where NumPy's last does",
        _PAGE + "duplicate-values-in-indices",
    ),
    "reductions": Difference(
        "an array without axes, and no scalar: reading it would wait for the device",
        "the same, for `array_equal`, `allclose` and `count_nonzero` too",
        _PAGE + "zero-dimensional-array",
    ),
    "matrices of NumPy's class": Difference(
        "there is no `matrix`",
        "has none: refused as any class that it does not know",
        _PAGE + "matrix-type-numpy-matrix",
    ),
    "element types": Difference(
        "numbers and bools of 1 to 8 bytes, complex ones of 16; no text, object, longdouble",
        "TypeError",
        _PAGE + "data-types",
    ),
    "NumPy's arrays beside its own": Difference(
        "TypeError: elementwise functions take CuPy's arrays and numbers, so that no transfer is unseen",
        "TypeError",
        _PAGE + "universal-functions-only-work-with-cupy-array-or-scalar",
    ),
    "arrays as a random seed": Difference(
        "hashed to one number",
        "no part in it: all numbers are drawn on the host",
        _PAGE + "random-seed-arrays-are-hashed-to-scalars",
    ),
    "NaN in complex numbers": Difference(
        "the largest of them is another than NumPy's",
        "no part in it: Tensors hold real numbers",
        _PAGE + "nan-not-a-number-handling",
    ),
    "order in memory": Difference(
        "a result need not lie as its operands do",
        "results of elementwise functions lie row by row",
        _PAGE + "contiguity-strides",
    ),
    # ------------------------------------------------------------------ the other pages of the guide
    "conversion": Difference(
        "`np.asarray(x)` is a TypeError that names .get()", "TypeError", _REFERENCE + "ndarray.html"
    ),
    "functions": Difference(
        "those that CuPy has, with the arguments that it takes (no `where=`, `initial=`, `device=`)",
        "`cupy_names`: a TypeError for any other",
        _REFERENCE + "comparison.html",
    ),
    "methods of elementwise functions": Difference(
        "reduce and accumulate of add and multiply, reduceat of add, outer of all, at of seven",
        "the same; NotImplementedError for the others",
        _REFERENCE + "ufunc.html",
    ),
    "the current device": Difference(
        "all is computed on the current device; another's array is read with a warning, or refused",
        "ValueError, as where no GPU reads another's memory",
        _GUIDE + "basic.html#current-device",
    ),
    "DLPack": Difference(
        "streams, devices and copies", "see `capsules`", _GUIDE + "interoperability.html#dlpack"
    ),
    "waiting": Difference(
        "some functions ask the device how large their result is, or whether an index fits",
        "counted by their name; bools as an index as 'mask'",
        _REFERENCE + "routines.html",
    ),
    # ------------------------------------------------------------------ from CuPy's text
    "flags": Difference(
        "c_contiguous, f_contiguous, owndata", "AttributeError for `writeable`", "cupy/_core/flags.pyx"
    ),
    "lists and NumPy's arrays as an index": Difference(
        "copied to the device at each use, unseen",
        "TypeError: stricter than CuPy",
        "cupy/_core/_routines_indexing.pyx",
    ),
    "an array as a position": Difference(
        "no __index__: `range(3)[x]` is a TypeError", "TypeError", "cupy/_core/core.pyx"
    ),
    "x[...] = NumPy's array": Difference(
        "ValueError but for one without axes; CUPY_EXPERIMENTAL_SLICE_COPY alone allows x[:]",
        "ValueError",
        "cupy/_core/core.pyx, `__setitem__` and `fill`",
    ),
    "pickles": Difference(
        "by way of the host, back to the device that is current then",
        "the same, counted as 'pickle'",
        "cupy/_core/core.pyx, `__reduce__`",
    ),
    "item": Difference("takes no position", "TypeError for x.item(0)", "cupy/_core/core.pyx"),
    "in place": Difference(
        "no @=; the other operand is an array of CuPy or a number", "TypeError", "cupy/_core/core.pyx"
    ),
    "sorting": Difference("kind is None or 'stable'", "ValueError for others", "cupy/_core/core.pyx"),
    "astype": Difference("takes no casting= and no subok=", "TypeError", "cupy/_core/core.pyx"),
    "einsum": Difference(
        "takes dtype= and optimize= alone", "TypeError for others", "cupy/linalg/_einsum.py"
    ),
    "singular matrices": Difference(
        "`inv`, `solve` and `cholesky` give what cuSOLVER left, unless cupyx.errstate(linalg='raise')",
        "NaN, and no LinAlgError",
        "cupy/linalg/_util.py",
    ),
    "warnings": Difference(
        "a GPU raises and warns of no overflow, NaN or division by zero", "none", "cupyx/_ufunc_config.py"
    ),
    "the largest of no elements": Difference(
        "there is no initial=: ValueError", "ValueError, as NumPy's", "cupy/_core/_reduction.pyx"
    ),
}
