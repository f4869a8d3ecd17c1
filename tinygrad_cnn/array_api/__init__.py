"""The Python array API standard, version 2024.12: what `Tensor.__array_namespace__()` gives.

Libraries that are written against the standard, such as einops, work on Tensors unaided, and what they
compute of floats is recorded. Types are bool, integers, float32 (the default) and float64: complex
numbers and with them the extension `fft` are left out. `linalg` is there.

>>> from tinygrad_cnn import Tensor
>>> x = Tensor([1.0, 4.0], requires_grad=True)
>>> xp = x.__array_namespace__()
>>> xp.sum(xp.sqrt(x)).backward(); x.grad
Tensor([0.5 , 0.25])
"""

from math import e as e
from math import inf as inf
from math import nan as nan
from math import pi as pi

from tinygrad_cnn.array_api import linalg as linalg
from tinygrad_cnn.array_api.arrays import DTYPES as _DTYPES
from tinygrad_cnn.array_api.creation_functions import arange as arange
from tinygrad_cnn.array_api.creation_functions import asarray as asarray
from tinygrad_cnn.array_api.creation_functions import astype as astype
from tinygrad_cnn.array_api.creation_functions import empty as empty
from tinygrad_cnn.array_api.creation_functions import empty_like as empty_like
from tinygrad_cnn.array_api.creation_functions import eye as eye
from tinygrad_cnn.array_api.creation_functions import from_dlpack as from_dlpack
from tinygrad_cnn.array_api.creation_functions import full as full
from tinygrad_cnn.array_api.creation_functions import full_like as full_like
from tinygrad_cnn.array_api.creation_functions import linspace as linspace
from tinygrad_cnn.array_api.creation_functions import meshgrid as meshgrid
from tinygrad_cnn.array_api.creation_functions import ones as ones
from tinygrad_cnn.array_api.creation_functions import ones_like as ones_like
from tinygrad_cnn.array_api.creation_functions import tril as tril
from tinygrad_cnn.array_api.creation_functions import triu as triu
from tinygrad_cnn.array_api.creation_functions import zeros as zeros
from tinygrad_cnn.array_api.creation_functions import zeros_like as zeros_like
from tinygrad_cnn.array_api.elementwise import abs as abs
from tinygrad_cnn.array_api.elementwise import acos as acos
from tinygrad_cnn.array_api.elementwise import acosh as acosh
from tinygrad_cnn.array_api.elementwise import add as add
from tinygrad_cnn.array_api.elementwise import asin as asin
from tinygrad_cnn.array_api.elementwise import asinh as asinh
from tinygrad_cnn.array_api.elementwise import atan as atan
from tinygrad_cnn.array_api.elementwise import atan2 as atan2
from tinygrad_cnn.array_api.elementwise import atanh as atanh
from tinygrad_cnn.array_api.elementwise import bitwise_and as bitwise_and
from tinygrad_cnn.array_api.elementwise import bitwise_invert as bitwise_invert
from tinygrad_cnn.array_api.elementwise import bitwise_left_shift as bitwise_left_shift
from tinygrad_cnn.array_api.elementwise import bitwise_or as bitwise_or
from tinygrad_cnn.array_api.elementwise import bitwise_right_shift as bitwise_right_shift
from tinygrad_cnn.array_api.elementwise import bitwise_xor as bitwise_xor
from tinygrad_cnn.array_api.elementwise import ceil as ceil
from tinygrad_cnn.array_api.elementwise import clip as clip
from tinygrad_cnn.array_api.elementwise import conj as conj
from tinygrad_cnn.array_api.elementwise import copysign as copysign
from tinygrad_cnn.array_api.elementwise import cos as cos
from tinygrad_cnn.array_api.elementwise import cosh as cosh
from tinygrad_cnn.array_api.elementwise import divide as divide
from tinygrad_cnn.array_api.elementwise import equal as equal
from tinygrad_cnn.array_api.elementwise import exp as exp
from tinygrad_cnn.array_api.elementwise import expm1 as expm1
from tinygrad_cnn.array_api.elementwise import floor as floor
from tinygrad_cnn.array_api.elementwise import floor_divide as floor_divide
from tinygrad_cnn.array_api.elementwise import greater as greater
from tinygrad_cnn.array_api.elementwise import greater_equal as greater_equal
from tinygrad_cnn.array_api.elementwise import hypot as hypot
from tinygrad_cnn.array_api.elementwise import imag as imag
from tinygrad_cnn.array_api.elementwise import isfinite as isfinite
from tinygrad_cnn.array_api.elementwise import isinf as isinf
from tinygrad_cnn.array_api.elementwise import isnan as isnan
from tinygrad_cnn.array_api.elementwise import less as less
from tinygrad_cnn.array_api.elementwise import less_equal as less_equal
from tinygrad_cnn.array_api.elementwise import log as log
from tinygrad_cnn.array_api.elementwise import log1p as log1p
from tinygrad_cnn.array_api.elementwise import log2 as log2
from tinygrad_cnn.array_api.elementwise import log10 as log10
from tinygrad_cnn.array_api.elementwise import logaddexp as logaddexp
from tinygrad_cnn.array_api.elementwise import logical_and as logical_and
from tinygrad_cnn.array_api.elementwise import logical_not as logical_not
from tinygrad_cnn.array_api.elementwise import logical_or as logical_or
from tinygrad_cnn.array_api.elementwise import logical_xor as logical_xor
from tinygrad_cnn.array_api.elementwise import maximum as maximum
from tinygrad_cnn.array_api.elementwise import minimum as minimum
from tinygrad_cnn.array_api.elementwise import multiply as multiply
from tinygrad_cnn.array_api.elementwise import negative as negative
from tinygrad_cnn.array_api.elementwise import nextafter as nextafter
from tinygrad_cnn.array_api.elementwise import not_equal as not_equal
from tinygrad_cnn.array_api.elementwise import positive as positive
from tinygrad_cnn.array_api.elementwise import pow as pow
from tinygrad_cnn.array_api.elementwise import real as real
from tinygrad_cnn.array_api.elementwise import reciprocal as reciprocal
from tinygrad_cnn.array_api.elementwise import remainder as remainder
from tinygrad_cnn.array_api.elementwise import round as round
from tinygrad_cnn.array_api.elementwise import sign as sign
from tinygrad_cnn.array_api.elementwise import signbit as signbit
from tinygrad_cnn.array_api.elementwise import sin as sin
from tinygrad_cnn.array_api.elementwise import sinh as sinh
from tinygrad_cnn.array_api.elementwise import sqrt as sqrt
from tinygrad_cnn.array_api.elementwise import square as square
from tinygrad_cnn.array_api.elementwise import subtract as subtract
from tinygrad_cnn.array_api.elementwise import tan as tan
from tinygrad_cnn.array_api.elementwise import tanh as tanh
from tinygrad_cnn.array_api.elementwise import trunc as trunc
from tinygrad_cnn.array_api.inspection import __array_namespace_info__ as __array_namespace_info__
from tinygrad_cnn.array_api.inspection import can_cast as can_cast
from tinygrad_cnn.array_api.inspection import finfo as finfo
from tinygrad_cnn.array_api.inspection import iinfo as iinfo
from tinygrad_cnn.array_api.inspection import isdtype as isdtype
from tinygrad_cnn.array_api.inspection import result_type as result_type
from tinygrad_cnn.array_api.linalg import matmul as matmul
from tinygrad_cnn.array_api.linalg import matrix_transpose as matrix_transpose
from tinygrad_cnn.array_api.linalg import tensordot as tensordot
from tinygrad_cnn.array_api.linalg import vecdot as vecdot
from tinygrad_cnn.array_api.manipulation import broadcast_arrays as broadcast_arrays
from tinygrad_cnn.array_api.manipulation import broadcast_shapes as broadcast_shapes
from tinygrad_cnn.array_api.manipulation import broadcast_to as broadcast_to
from tinygrad_cnn.array_api.manipulation import concat as concat
from tinygrad_cnn.array_api.manipulation import expand_dims as expand_dims
from tinygrad_cnn.array_api.manipulation import flip as flip
from tinygrad_cnn.array_api.manipulation import moveaxis as moveaxis
from tinygrad_cnn.array_api.manipulation import permute_dims as permute_dims
from tinygrad_cnn.array_api.manipulation import repeat as repeat
from tinygrad_cnn.array_api.manipulation import reshape as reshape
from tinygrad_cnn.array_api.manipulation import roll as roll
from tinygrad_cnn.array_api.manipulation import squeeze as squeeze
from tinygrad_cnn.array_api.manipulation import stack as stack
from tinygrad_cnn.array_api.manipulation import take as take
from tinygrad_cnn.array_api.manipulation import take_along_axis as take_along_axis
from tinygrad_cnn.array_api.manipulation import tile as tile
from tinygrad_cnn.array_api.manipulation import unstack as unstack
from tinygrad_cnn.array_api.reductions import all as all
from tinygrad_cnn.array_api.reductions import any as any
from tinygrad_cnn.array_api.reductions import argmax as argmax
from tinygrad_cnn.array_api.reductions import argmin as argmin
from tinygrad_cnn.array_api.reductions import argsort as argsort
from tinygrad_cnn.array_api.reductions import count_nonzero as count_nonzero
from tinygrad_cnn.array_api.reductions import cumulative_prod as cumulative_prod
from tinygrad_cnn.array_api.reductions import cumulative_sum as cumulative_sum
from tinygrad_cnn.array_api.reductions import diff as diff
from tinygrad_cnn.array_api.reductions import isin as isin
from tinygrad_cnn.array_api.reductions import max as max
from tinygrad_cnn.array_api.reductions import mean as mean
from tinygrad_cnn.array_api.reductions import min as min
from tinygrad_cnn.array_api.reductions import nonzero as nonzero
from tinygrad_cnn.array_api.reductions import prod as prod
from tinygrad_cnn.array_api.reductions import searchsorted as searchsorted
from tinygrad_cnn.array_api.reductions import sort as sort
from tinygrad_cnn.array_api.reductions import std as std
from tinygrad_cnn.array_api.reductions import sum as sum
from tinygrad_cnn.array_api.reductions import unique_all as unique_all
from tinygrad_cnn.array_api.reductions import unique_counts as unique_counts
from tinygrad_cnn.array_api.reductions import unique_inverse as unique_inverse
from tinygrad_cnn.array_api.reductions import unique_values as unique_values
from tinygrad_cnn.array_api.reductions import var as var
from tinygrad_cnn.array_api.reductions import where as where

#: The version of the standard.
__array_api_version__ = "2024.12"
newaxis = None

bool = _DTYPES["bool"]
int8 = _DTYPES["int8"]
int16 = _DTYPES["int16"]
int32 = _DTYPES["int32"]
int64 = _DTYPES["int64"]
uint8 = _DTYPES["uint8"]
uint16 = _DTYPES["uint16"]
uint32 = _DTYPES["uint32"]
uint64 = _DTYPES["uint64"]
float32 = _DTYPES["float32"]
float64 = _DTYPES["float64"]

__all__ = [
    "__array_api_version__",
    "__array_namespace_info__",
    "abs",
    "acos",
    "acosh",
    "add",
    "all",
    "any",
    "arange",
    "argmax",
    "argmin",
    "argsort",
    "asarray",
    "asin",
    "asinh",
    "astype",
    "atan",
    "atan2",
    "atanh",
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "bool",
    "broadcast_arrays",
    "broadcast_shapes",
    "broadcast_to",
    "can_cast",
    "ceil",
    "clip",
    "concat",
    "conj",
    "copysign",
    "cos",
    "cosh",
    "count_nonzero",
    "cumulative_prod",
    "cumulative_sum",
    "diff",
    "divide",
    "e",
    "empty",
    "empty_like",
    "equal",
    "exp",
    "expand_dims",
    "expm1",
    "eye",
    "finfo",
    "flip",
    "float32",
    "float64",
    "floor",
    "floor_divide",
    "from_dlpack",
    "full",
    "full_like",
    "greater",
    "greater_equal",
    "hypot",
    "iinfo",
    "imag",
    "inf",
    "int8",
    "int16",
    "int32",
    "int64",
    "isdtype",
    "isfinite",
    "isin",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "linalg",
    "linspace",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "matmul",
    "matrix_transpose",
    "max",
    "maximum",
    "mean",
    "meshgrid",
    "min",
    "minimum",
    "moveaxis",
    "multiply",
    "nan",
    "negative",
    "newaxis",
    "nextafter",
    "nonzero",
    "not_equal",
    "ones",
    "ones_like",
    "permute_dims",
    "pi",
    "positive",
    "pow",
    "prod",
    "real",
    "reciprocal",
    "remainder",
    "repeat",
    "reshape",
    "result_type",
    "roll",
    "round",
    "searchsorted",
    "sign",
    "signbit",
    "sin",
    "sinh",
    "sort",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "subtract",
    "sum",
    "take",
    "take_along_axis",
    "tan",
    "tanh",
    "tensordot",
    "tile",
    "tril",
    "triu",
    "trunc",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
    "unstack",
    "var",
    "vecdot",
    "where",
    "zeros",
    "zeros_like",
]
