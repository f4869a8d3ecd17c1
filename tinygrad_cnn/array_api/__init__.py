"""The Python array API standard, version 2025.12: what `Tensor.__array_namespace__()` gives.

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
from types import ModuleType as _ModuleType

from tinygrad_cnn.array_api import linalg as linalg
from tinygrad_cnn.array_api.arrays import DTYPES as _DTYPES
from tinygrad_cnn.array_api.creation_functions import *
from tinygrad_cnn.array_api.elementwise import *
from tinygrad_cnn.array_api.inspection import *
from tinygrad_cnn.array_api.inspection import __array_namespace_info__ as __array_namespace_info__
from tinygrad_cnn.array_api.linalg import matmul as matmul
from tinygrad_cnn.array_api.linalg import matrix_transpose as matrix_transpose
from tinygrad_cnn.array_api.linalg import tensordot as tensordot
from tinygrad_cnn.array_api.linalg import vecdot as vecdot
from tinygrad_cnn.array_api.manipulation import *
from tinygrad_cnn.array_api.reductions import *

#: The version of the standard.
__array_api_version__ = "2025.12"
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

#: Every name here but those of other modules, and the extension.
__all__ = sorted(
    name for name, value in vars().items() if name[0] != "_" and not isinstance(value, _ModuleType)
)
__all__ += ["__array_api_version__", "__array_namespace_info__", "linalg"]
