"""Types of elements as objects with PyTorch's names, and PyTorch's rule for mixing them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np


class dtype:
    """The type of a tensor's elements, such as `torch.float32`.

    It equals NumPy's type of the same name, and stands for it wherever NumPy wants one.

    >>> float32.itemsize, float32 == np.dtype("float32"), float32.is_floating_point
    (4, True, True)
    """

    def __init__(self, name: str, numpy_name: str | None = None, refused: str = "") -> None:
        self.dtype = np.dtype(numpy_name or name)
        self.name, self.refused = name, refused
        self.kind, self.itemsize, self.type, self.char = (
            self.dtype.kind, self.dtype.itemsize, self.dtype.type, self.dtype.char,
        )  # fmt: skip
        self.is_floating_point = self.kind == "f"
        self.is_complex = self.kind == "c"
        self.is_signed = self.kind in "if"
        self.newbyteorder = self.dtype.newbyteorder

    def __eq__(self, other: object) -> bool:
        if isinstance(other, dtype):
            return self.dtype == other.dtype and self.refused == other.refused
        return other is not None and not self.refused and self.dtype == other

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> Any:
        return (named, (self.name,))

    def to_real(self) -> dtype:
        """The type itself, for what is real.

        >>> float64.to_real()
        torch.float64
        """
        return self


bool_ = dtype("bool")
uint8 = dtype("uint8")
int8 = dtype("int8")
int16 = dtype("int16")
int32 = dtype("int32")
int64 = dtype("int64")
float16 = dtype("float16")
float32 = dtype("float32")
float64 = dtype("float64")

#: PyTorch's names of each type.
NAMES: dict[str, dtype] = {
    "bool": bool_, "uint8": uint8, "int8": int8, "int16": int16, "short": int16, "int32": int32,
    "int": int32, "int64": int64, "long": int64, "float16": float16, "half": float16,
    "float32": float32, "float": float32, "float64": float64, "double": float64,
}  # fmt: skip
_of_numpy = {d.dtype: d for d in NAMES.values()}
#: NumPy has no such type: what is asked for in it is computed in float32, which holds all of its numbers.
bfloat16 = dtype("bfloat16", "float32")
NAMES["bfloat16"] = bfloat16
#: Types that programs name, in tables and comparisons; no tensor has them.
_REAL = "tensors hold real numbers; complex ones are left out"
_FLOAT = "numbers are computed in the types that NumPy has; quantised ones are left out"
for _name, _like, _why in (
    ("complex32", "complex64", _REAL), ("complex64", "complex64", _REAL), ("complex128", "complex128", _REAL),
    ("qint8", "int8", _FLOAT), ("quint8", "uint8", _FLOAT), ("qint32", "int32", _FLOAT),
    ("float8_e4m3fn", "uint8", _FLOAT), ("float8_e5m2", "uint8", _FLOAT), ("float8_e4m3fnuz", "uint8", _FLOAT),
    ("float8_e5m2fnuz", "uint8", _FLOAT),
):  # fmt: skip
    NAMES[_name] = dtype(_name, _like, _why)
NAMES.update(chalf=NAMES["complex32"], cfloat=NAMES["complex64"], cdouble=NAMES["complex128"])
_ORDER = [bool_, uint8, int8, int16, int32, int64, float16, float32, float64]
_default = float32


def named(name: str) -> dtype:
    """The type of a name.

    >>> named("long")
    torch.int64
    """
    return NAMES[name]


def of_numpy(kind: np.dtype[Any]) -> dtype:
    """The object for NumPy's type.

    Raises:
        TypeError: it holds no real numbers.

    >>> of_numpy(np.dtype("int32"))
    torch.int32
    """
    found = _of_numpy.get(kind)
    if found is None:
        turned = kind.newbyteorder("=") in _of_numpy
        raise (ValueError if turned else TypeError)(
            f"torch: elements of type {kind} have no counterpart here"
        )
    return found


def to_numpy(kind: Any) -> np.dtype[Any]:
    """NumPy's type for what a `dtype` argument takes: an object of here, NumPy's, or Python's float, int, bool.

    Raises:
        TypeError: no tensor has such elements here.

    >>> to_numpy(float16), to_numpy(float)
    (dtype('float16'), dtype('float64'))
    """
    if kind is bfloat16:
        warnings.warn("bfloat16 is computed in float32 here: NumPy has no such type", stacklevel=3)
    if isinstance(kind, dtype):
        if kind.refused:
            raise TypeError(f"{kind} is left out: {kind.refused}")
        return kind.dtype
    return np.dtype(kind)


def get_default_dtype() -> dtype:
    """The type of tensors made from Python floats.

    >>> get_default_dtype()
    torch.float32
    """
    return _default


def set_default_dtype(d: dtype) -> None:
    """Choose the type of tensors made from Python floats.

    >>> set_default_dtype(float32)
    """
    global _default
    if not (isinstance(d, dtype) and d.is_floating_point):
        raise TypeError(f"set_default_dtype: only floating-point types are supported, got {d}")
    _default = d


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest type that holds both, by PyTorch's lattice.

    >>> promote_types(int64, float16), promote_types(uint8, int8)
    (torch.float16, torch.int16)
    """
    if type1 == type2:
        return type1
    a, b = sorted((type1, type2), key=lambda d: _ORDER.index(d))
    if b.is_floating_point or a == bool_:
        return b
    if a == uint8 and b == int8:
        return int16
    return b


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether a type may become another without a loss of its kind.

    >>> can_cast(float64, float32), can_cast(float32, int64)
    (True, False)
    """
    ranks = {"b": 0, "u": 1, "i": 1, "f": 2}
    return ranks[to.kind] >= ranks[from_.kind]


def finfo(type: dtype | None = None) -> Any:
    """Limits of a float type: `eps`, `max`, `min`, `tiny`, `bits`.

    >>> finfo(float32).bits, finfo(float32).eps > 1e-7
    (32, True)
    """
    if type is bfloat16:
        return Limits(np.finfo(np.float32), bits=16, dtype="bfloat16", eps=2.0**-7, max=(2 - 2.0**-7) * 2.0**127,
                      min=-(2 - 2.0**-7) * 2.0**127, tiny=2.0**-126, smallest_normal=2.0**-126,
                      resolution=0.01)  # fmt: skip
    found = np.finfo(to_numpy(type or _default))
    return Limits(found, eps=float(found.eps), tiny=float(found.tiny), smallest_normal=float(found.tiny),
                  resolution=10.0**-found.precision)  # fmt: skip


def iinfo(type: dtype) -> Any:
    """Limits of an integer type: `max`, `min`, `bits`.

    >>> iinfo(int8).max
    127
    """
    return Limits(np.iinfo(to_numpy(type)))


class Limits:
    """Limits of a type as Python numbers."""

    def __init__(self, found: Any, **more: Any) -> None:
        number = float if isinstance(found, np.finfo) else int
        self.bits, self.dtype = found.bits, str(found.dtype)
        self.max, self.min = number(found.max), number(found.min)
        vars(self).update(more)

    def __repr__(self) -> str:
        if not hasattr(self, "eps"):
            return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return f"finfo({', '.join(f'{k}={vars(self)[k]:g}' for k in names)}, dtype={self.dtype})"
