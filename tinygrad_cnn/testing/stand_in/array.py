"""An array that behaves as one on a GPU does, and lies in the host's memory: for tests without a GPU.

It wraps a NumPy array and speaks NumPy's protocols, as CuPy's arrays do. What CuPy refuses it refuses
(`refusals`), and it counts each transfer between host and device.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn.devices import CUDA_MEMORY
from tinygrad_cnn.testing.stand_in import capsules
from tinygrad_cnn.testing.stand_in.refusals import (
    LACKING,
    METHOD_OPTIONS,
    MISSING_FUNCTIONS,
    MISSING_UFUNCS,
    UFUNC_OPTIONS,
)  # fmt: skip

__all__ = ["TRANSFERS", "StandInArray"]

#: What went between host and device: how often, by the name of what caused it.
TRANSFERS: Counter[str] = Counter()

#: Who owns the memory of a NumPy array that is nobody's view, by its id.
_owners: weakref.WeakValueDictionary[int, StandInArray] = weakref.WeakValueDictionary()

_SCALARS = (bool, int, float, complex, np.generic)
#: NumPy's functions that only ask an array for its shape or its type.
_QUESTIONS = frozenset(
    ["shape", "ndim", "size", "result_type", "can_cast", "shares_memory", "may_share_memory"]
)


class StandInArray:
    """An array of the stand-in device; made by the device's `upload`, or from others of its kind."""

    __slots__ = ("__weakref__", "_base", "_held", "index")

    __array_priority__ = 100
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, held: Any, index: int = 0, base: StandInArray | None = None) -> None:
        if held.dtype.kind not in "biufc" or held.dtype.itemsize > 8 * (1 + (held.dtype.kind == "c")):
            raise TypeError(f"Unsupported dtype {held.dtype}")
        self._held, self.index, self._base = held, index, base

    # ------------------------------------------------------------------ what it is
    shape = property(lambda self: self._held.shape)
    dtype = property(lambda self: self._held.dtype)
    ndim = property(lambda self: self._held.ndim)
    size = property(lambda self: self._held.size)
    nbytes = property(lambda self: self._held.nbytes)
    itemsize = property(lambda self: self._held.itemsize)
    strides = property(lambda self: self._held.strides)
    base = property(lambda self: self._base)
    T = property(lambda self: wrapped(self._held.T, self.index))

    @property
    def flags(self) -> _Flags:
        return _Flags(self._held.flags)

    # ------------------------------------------------------------------ to the host
    def get(self) -> Any:
        """A copy as a NumPy array."""
        TRANSFERS["get"] += 1
        return self._held.copy()

    def item(self, *args: Any) -> Any:
        TRANSFERS["item"] += 1
        return self._held.item(*args)

    def tolist(self) -> Any:
        TRANSFERS["tolist"] += 1
        return self._held.tolist()

    def __bool__(self) -> bool:
        TRANSFERS["bool"] += 1
        return bool(self._held)

    def __float__(self) -> float:
        TRANSFERS["float"] += 1
        return float(self._held)

    def __int__(self) -> int:
        TRANSFERS["int"] += 1
        return int(self._held)

    def __repr__(self) -> str:
        TRANSFERS["repr"] += 1
        return repr(self._held)

    def __reduce__(self) -> Any:
        raise TypeError("an array of the stand-in device is not pickled: .get() it")

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a "
            "NumPy array explicitly."
        )

    # ------------------------------------------------------------------ NumPy's protocols
    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        name = ufunc.__name__
        if method != "__call__" or name in MISSING_UFUNCS:
            return NotImplemented
        out = options.pop("out", (None,))
        for x in (*inputs, *(o for o in out if o is not None)):
            if not isinstance(x, (StandInArray, np.ndarray, *_SCALARS)):
                return NotImplemented
        if unknown := options.keys() - UFUNC_OPTIONS:
            raise TypeError(f"Wrong arguments {sorted(unknown)} for {name}")
        index = one_device([*inputs, *out])
        target = out[0]
        if target is None:
            return wrapped(ufunc(*map(bare, inputs), **options), index)
        ufunc(*map(bare, inputs), out=bare(target), **options)
        return target

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        module = function.__module__.removeprefix("numpy").lstrip(".")
        name = f"{module}.{function.__name__}" if module else function.__name__
        if name in MISSING_FUNCTIONS or not all(t in (StandInArray, np.ndarray) for t in types):
            return NotImplemented
        if refused := [key for key in kwargs if key in LACKING.get(name, ())]:
            raise TypeError(f"{name}() got an unexpected keyword argument {refused[0]!r}")
        if name in _QUESTIONS:
            return function(*_each(_held, args), **{k: _each(_held, v) for k, v in kwargs.items()})
        index = one_device([self, *args, *kwargs.values()])  # itself: what `like=` named
        result = function(*_each(bare, args), **{k: _each(bare, v) for k, v in kwargs.items()})
        return _each(lambda value: wrapped(value, index), result)

    # ------------------------------------------------------------------ as a sequence
    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        return wrapped(self._held[self._key(key)], self.index)

    def __setitem__(self, key: Any, value: Any) -> None:
        one_device([self, value])
        key = self._key(key)
        if any(isinstance(part, np.ndarray) and part.dtype != bool for part in _parts(key)):
            self._set_in_reverse(key, bare(value))
        else:
            self._held[key] = bare(value)

    def _set_in_reverse(self, key: Any, value: Any) -> None:
        """x[places] = value, where of repeated places the first stays: nothing may build on the last."""
        where = np.arange(self.size).reshape(self.shape)[key]
        values = np.broadcast_to(value, where.shape)
        flat = np.empty(self.size, self.dtype)
        flat[...] = self._held.reshape(-1)
        flat[where.reshape(-1)[::-1]] = values.reshape(-1)[::-1]
        self._held[...] = flat.reshape(self.shape)

    def _key(self, key: Any) -> Any:
        """An index with NumPy arrays in it, whose integers wrap around as CuPy's do."""
        if not isinstance(key, tuple):
            return self._part(key, 0)
        found, axis = [], 0
        left = self.ndim - sum(_axes_taken(part) for part in key)
        for part in key:
            found.append(self._part(part, axis))
            axis += left if part is Ellipsis else _axes_taken(part)
        return tuple(found)

    def _part(self, part: Any, axis: int) -> Any:
        if isinstance(part, (np.ndarray, list)):
            raise TypeError(f"an index of the host ({type(part).__name__}) on an array of the device")
        if not isinstance(part, StandInArray):
            return part
        one_device([self, part])
        held = part._held
        return held if held.dtype == bool or axis >= self.ndim else held % max(self.shape[axis], 1)

    # ------------------------------------------------------------------ DLPack
    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: Any = None
    ) -> Any:
        """A capsule that says CUDA, as CuPy's does: who reads the processor's memory refuses it."""
        return capsules.exported(self, stream, max_version, dl_device, copy)

    def __dlpack_device__(self) -> tuple[int, int]:
        return CUDA_MEMORY, self.index

    def __abs__(self) -> Any:
        return np.absolute(self)

    def __neg__(self) -> Any:
        return np.negative(self)

    def __pos__(self) -> Any:
        return np.positive(self)

    def __invert__(self) -> Any:
        return np.invert(self)

    def __copy__(self) -> Any:
        return self.copy()  # type: ignore[attr-defined]

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()  # type: ignore[attr-defined]


class _Flags:
    """The flags that CuPy's arrays have; `writeable` is not among them."""

    __slots__ = ("c_contiguous", "f_contiguous", "owndata")

    def __init__(self, flags: Any) -> None:
        self.c_contiguous, self.f_contiguous, self.owndata = (
            flags.c_contiguous, flags.f_contiguous, flags.owndata
        )  # fmt: skip


# --------------------------------------------------------------------------- in and out of the wrapper
def wrapped(value: Any, index: int) -> Any:
    """A NumPy array or scalar as an array of the device; a view of one knows its owner."""
    if isinstance(value, np.generic):
        value = np.asarray(value)
    if not isinstance(value, np.ndarray):
        return value
    root = value
    while isinstance(root.base, np.ndarray):
        root = root.base
    owner = _owners.get(id(root))
    if owner is None or owner._held is not root:
        owner = _owners[id(root)] = StandInArray(root, index)
    return owner if value is root else StandInArray(value, index, owner)


def bare(value: Any) -> Any:
    """The NumPy array inside.

    Raises:
        TypeError: it is a NumPy array already, which CuPy would not take.
    """
    if isinstance(value, np.ndarray):
        raise TypeError(f"Unsupported type {np.ndarray}")
    return value._held if isinstance(value, StandInArray) else value


def _held(value: Any) -> Any:
    return value._held if isinstance(value, StandInArray) else value


def _each(function: Callable[[Any], Any], value: Any) -> Any:
    """A function on each element of tuples and lists, however deep."""
    if isinstance(value, (tuple, list)):
        parts = [_each(function, part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return function(value)


def _parts(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


def _axes_taken(part: Any) -> int:
    """Count the axes that a part of an index takes."""
    if part is None or part is Ellipsis:
        return 0
    return int(part.ndim) if isinstance(part, StandInArray) and part.dtype == bool else 1


def one_device(values: Any) -> int:
    """The number of the device on which all arrays lie.

    Raises:
        ValueError: they lie on two.
    """
    found: set[int] = set()

    def look(value: Any) -> None:
        if isinstance(value, StandInArray):
            found.add(value.index)

    _each(look, list(values))
    if len(found) > 1:
        first, other = sorted(found)[:2]
        raise ValueError(f"Array device must be same as the current device: array device = {other} "
                         f"while current = {first}")  # fmt: skip
    return found.pop() if found else 0


# --------------------------------------------------------------------------- methods and operators
def _method(name: str, options: tuple[str, ...]) -> Callable[..., Any]:
    """A method that NumPy's arrays have, with the arguments that CuPy's takes."""

    def method(self: StandInArray, *args: Any, **kwargs: Any) -> Any:
        if refused := [key for key in kwargs if key not in options]:
            raise TypeError(f"{name}() got an unexpected keyword argument {refused[0]!r}")
        one_device([self, *args, *kwargs.values()])
        given = {key: _each(bare, value) for key, value in kwargs.items()}
        if name == "astype":
            args = tuple(args)
            wanted = np.dtype(args[0] if args else given["dtype"])
            if wanted == self.dtype and given.get("copy") is False:
                return self
        result = getattr(self._held, name)(*_each(bare, args), **given)
        return _each(lambda value: wrapped(value, self.index), result)

    return method


def _binary(ufunc: Any, swap: bool = False) -> Callable[[Any, Any], Any]:
    """An operator; beside what has no elementwise functions it is left to the other operand."""

    def method(self: Any, other: Any) -> Any:
        if getattr(type(other), "__array_ufunc__", True) is None:
            return NotImplemented
        return ufunc(other, self) if swap else ufunc(self, other)

    return method


def _in_place(ufunc: Any) -> Callable[[Any, Any], Any]:
    def method(self: StandInArray, other: Any) -> Any:
        one_device([self, other])
        ufunc(self._held, bare(other), out=self._held, casting="same_kind")
        return self

    return method


for _name, _options in METHOD_OPTIONS.items():
    setattr(StandInArray, _name, _method(_name, _options))
for _name, _ufunc in {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide, "pow": np.power,
    "floordiv": np.floor_divide, "mod": np.remainder, "matmul": np.matmul, "and": np.bitwise_and,
    "or": np.bitwise_or, "xor": np.bitwise_xor, "lshift": np.left_shift, "rshift": np.right_shift,
}.items():  # fmt: skip
    setattr(StandInArray, f"__{_name}__", _binary(_ufunc))
    setattr(StandInArray, f"__r{_name}__", _binary(_ufunc, swap=True))
    if _name != "matmul":  # CuPy's arrays have no __imatmul__
        setattr(StandInArray, f"__i{_name}__", _in_place(_ufunc))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    _ufunc = {"lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
              "eq": np.equal, "ne": np.not_equal}[_name]  # fmt: skip
    setattr(StandInArray, f"__{_name}__", _binary(_ufunc))
