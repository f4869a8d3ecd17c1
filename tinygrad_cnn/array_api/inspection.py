"""The questions that the namespace answers about itself and its types."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tinygrad_cnn.array_api.arrays import DTYPES, data
from tinygrad_cnn.tensors import Tensor

__all__ = ["__array_namespace_info__", "can_cast", "finfo", "iinfo", "isdtype", "result_type"]

#: Kinds of types, by the standard's words.
KINDS = {
    "bool": "b",
    "signed integer": "i",
    "unsigned integer": "u",
    "integral": "iu",
    "real floating": "f",
    "complex floating": "c",
    "numeric": "iufc",
}


class Info:
    """The result of `__array_namespace_info__` of the array API standard.

    >>> Info().default_device(), Info().devices()
    ('cpu', ('cpu',))
    """

    def capabilities(self) -> dict[str, Any]:
        """Say whether shapes may depend on data, and how many axes there may be.

        >>> Info().capabilities()["data-dependent shapes"]
        True
        """
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """The device of new arrays.

        >>> Info().default_device()
        'cpu'
        """
        return "cpu"

    def devices(self) -> tuple[str, ...]:
        """All devices.

        >>> Info().devices()
        ('cpu',)
        """
        return ("cpu",)

    def default_dtypes(self, *, device: Any = None) -> dict[str, Any]:
        """The types where none is given; there is no complex one.

        >>> Info().default_dtypes()["real floating"]
        dtype('float32')
        """
        kinds = {"real floating": "float32", "integral": "int64", "indexing": "int64"}
        return {kind: DTYPES[name] for kind, name in kinds.items()}

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, Any]:
        """All types, or those of some kinds, by name.

        >>> list(Info().dtypes(kind="real floating"))
        ['float32', 'float64']
        """
        return {name: dtype for name, dtype in DTYPES.items() if kind is None or isdtype(dtype, kind)}


def __array_namespace_info__() -> Info:  # noqa: N807
    """`__array_namespace_info__` of the array API standard.

    >>> __array_namespace_info__().default_device()
    'cpu'
    """
    return Info()


def isdtype(dtype: Any, kind: Any) -> bool:
    """`isdtype` of the array API standard: whether a type is of a kind, or one of several.

    >>> isdtype(DTYPES["int8"], ("bool", "integral"))
    True
    """
    if isinstance(kind, tuple):
        return any(isdtype(dtype, one) for one in kind)
    if isinstance(kind, str):
        if kind not in KINDS:
            raise ValueError(f"isdtype: kind {kind!r}; {', '.join(KINDS)} fit")
        return np.dtype(dtype).kind in KINDS[kind]
    return bool(np.dtype(dtype) == np.dtype(kind))


def can_cast(from_: Any, to: Any, /) -> bool:
    """`can_cast` of the array API standard: whether a type holds all values of another.

    >>> can_cast(DTYPES["int8"], DTYPES["int16"])
    True
    """
    return bool(np.can_cast(from_.dtype if isinstance(from_, Tensor) else from_, to))


def result_type(*arrays_and_dtypes: Any) -> Any:
    """`result_type` of the array API standard.

    >>> result_type(DTYPES["int8"], DTYPES["int16"])
    dtype('int16')
    """
    return np.result_type(*(data(x) if isinstance(x, Tensor) else x for x in arrays_and_dtypes))


class FloatLimits(NamedTuple):
    """The limits of a float type."""

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: Any


class IntegerLimits(NamedTuple):
    """The limits of an integer type."""

    bits: int
    max: int
    min: int
    dtype: Any


def finfo(type: Any, /) -> FloatLimits:
    """`finfo` of the array API standard.

    >>> finfo(DTYPES["float32"]).bits
    32
    """
    kind = type.dtype if isinstance(type, Tensor) else np.dtype(type)
    found = np.finfo(kind)
    eps, most, least, normal = map(float, (found.eps, found.max, found.min, found.smallest_normal))
    return FloatLimits(found.bits, eps, most, least, normal, np.dtype(kind))


def iinfo(type: Any, /) -> IntegerLimits:
    """`iinfo` of the array API standard.

    >>> iinfo(DTYPES["int8"]).max
    127
    """
    kind = type.dtype if isinstance(type, Tensor) else np.dtype(type)
    found = np.iinfo(kind)
    return IntegerLimits(found.bits, int(found.max), int(found.min), np.dtype(kind))
