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
from tinygrad_cnn.testing.stand_in import capsules, otherwise
from tinygrad_cnn.testing.stand_in.cupy_names import ELEMENTWISE, FUNCTIONS

__all__ = ["TRANSFERS", "StandInArray"]

#: What went between host and device: how often, by the name of what caused it.
TRANSFERS: Counter[str] = Counter()

#: Who owns the memory of a NumPy array that is nobody's view, by its id.
_owners: weakref.WeakValueDictionary[int, StandInArray] = weakref.WeakValueDictionary()

#: What CuPy's elementwise functions take by name, and those of products; `where=` is not among them.
_OPTIONS = frozenset(["out", "dtype", "casting"])
_SCALARS = (bool, int, float, complex, np.generic)


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

    def item(self) -> Any:
        if self.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        TRANSFERS["item"] += 1
        return self._held.item()

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

    def __complex__(self) -> complex:
        TRANSFERS["complex"] += 1
        return complex(self._held)

    def __repr__(self) -> str:
        TRANSFERS["repr"] += 1
        return repr(self._held)

    def __format__(self, how: str) -> str:
        TRANSFERS["format"] += 1
        return format(self._held, how)

    def tobytes(self, order: Any = "C") -> bytes:
        TRANSFERS["tobytes"] += 1
        return self._held.tobytes(order)

    def __reduce__(self) -> Any:
        """By way of the host: the copy lies on the device that is current then."""
        TRANSFERS["pickle"] += 1
        return _unpickled, (self._held.copy("A"),)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a "
            "NumPy array explicitly."
        )

    # ------------------------------------------------------------------ NumPy's protocols
    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        name = ufunc.__name__
        if name not in ELEMENTWISE:
            return NotImplemented
        out = options.pop("out", (None,))
        if len(out) != 1:
            raise ValueError("The 'out' parameter must have exactly one array value")
        for x in (*inputs, *(o for o in out if o is not None)):
            if not isinstance(x, (StandInArray, np.ndarray)) and not is_number(x):
                return NotImplemented
        if method != "__call__":
            return self._by_method(ufunc, method, inputs, {**options, "out": out[0]})
        if unknown := options.keys() - _OPTIONS:
            raise TypeError(f"Wrong arguments {sorted(unknown)} for {name}")
        index = one_device([*inputs, *out])
        held, target = map(bare, inputs), out[0]
        with np.errstate(all="ignore"):
            if target is None:
                result = ufunc(*held, order="C", **options)  # CuPy's results lie row by row
                return each(lambda value: wrapped(value, index), result)
            ufunc(*held, out=bare(target), **options)
        return target

    def _by_method(self, ufunc: Any, method: str, inputs: Any, options: Any) -> Any:
        """`np.add.reduce(x)` and its kin, of which CuPy has a few."""
        one_device([*inputs, options["out"]])
        if ufunc.__name__ not in otherwise.UFUNC_METHODS[method]:
            raise NotImplementedError(f"`cupy_{ufunc.__name__}.{method}` is not supported yet")
        if method == "at":
            target, key, *values = inputs
            getattr(ufunc, method)(bare(target), target._key(key), *map(bare, values))
            return None
        kept = {name: bare(value) for name, value in options.items() if value is not None}
        return wrapped(getattr(ufunc, method)(*map(bare, inputs), **kept), self.index)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        module = function.__module__.removeprefix("numpy").lstrip(".")
        name = f"{module}.{function.__name__}" if module else function.__name__
        if name not in FUNCTIONS or not all(t in (StandInArray, np.ndarray) for t in types):
            return NotImplemented
        if (wrong := FUNCTIONS[name].refuses(len(args), set(kwargs))) is not None:
            raise TypeError(f"{name}() {wrong}")
        otherwise.refuse_values(name, kwargs)
        if name in otherwise.QUESTIONS:
            return function(*each(_held, args), **{k: each(_held, v) for k, v in kwargs.items()})
        if name in otherwise.WAITS and (name != "where" or len(args) == 1):
            TRANSFERS[name] += 1
        values = [self, *args, *kwargs.values()]  # itself: what `like=` named
        index = self.index if name in otherwise.VIEWS else one_device(values)
        computed = otherwise.FUNCTIONS.get(name, function)
        with np.errstate(all="ignore"):
            result = computed(*each(bare, args), **{k: each(bare, v) for k, v in kwargs.items()})
        return each(lambda value: wrapped(as_array(value), index), result)

    # ------------------------------------------------------------------ as a sequence
    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        found = self._key(key)
        if any(isinstance(part, np.ndarray) for part in _parts(found)):
            one_device([self])
            self._count_masks(found)
        return wrapped(self._held[found], self.index)

    def __setitem__(self, key: Any, value: Any) -> None:
        one_device([self, value])
        key = self._key(key)
        self._count_masks(key)
        arrays = [part for part in _parts(key) if isinstance(part, np.ndarray)]
        if not arrays and not isinstance(value, StandInArray) and np.ndim(value):
            raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
        held = bare(value) if arrays else _held(value)
        if isinstance(held, np.ndarray):
            held = otherwise.cast(held, self.dtype)
        if any(part.dtype != bool for part in arrays):
            self._set_in_reverse(key, held)
        else:
            self._held[key] = held

    def _count_masks(self, key: Any) -> None:
        """Bools as an index: CuPy asks the device how many are true."""
        if any(isinstance(part, np.ndarray) and part.dtype == bool for part in _parts(key)):
            TRANSFERS["mask"] += 1

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


def is_number(value: Any) -> bool:
    """Whether CuPy takes a value as a number: Python's, and NumPy's of the types that a device has."""
    if isinstance(value, np.generic):
        return value.dtype.kind in "biufc" and value.dtype.itemsize <= 8 * (1 + (value.dtype.kind == "c"))
    return isinstance(value, _SCALARS)


def as_array(value: Any) -> Any:
    """What NumPy gives as a Python number, as an array without axes: nothing waits for the device."""
    return np.asarray(value) if isinstance(value, (bool, int, float)) else value


def _unpickled(held: Any) -> StandInArray:
    TRANSFERS["upload"] += 1
    array: StandInArray = wrapped(held.copy(), current_index())
    return array


def _held(value: Any) -> Any:
    return value._held if isinstance(value, StandInArray) else value


def each(function: Callable[[Any], Any], value: Any) -> Any:
    """A function on each element of tuples and lists, however deep."""
    if isinstance(value, (tuple, list)):
        parts = [each(function, part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return function(value)


def _parts(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


def _axes_taken(part: Any) -> int:
    """Count the axes that a part of an index takes."""
    if part is None or part is Ellipsis:
        return 0
    return int(part.ndim) if isinstance(part, StandInArray) and part.dtype == bool else 1


_current = [0]


def current_index() -> int:
    """The number of the device that is current, on which everything is computed."""
    return _current[0]


def make_current(index: int) -> None:
    """Compute on a device from now on."""
    _current[0] = index


def one_device(values: Any) -> int:
    """The number of the current device, on which all arrays lie.

    Raises:
        ValueError: one lies on another, and these devices do not read each other's memory.
    """

    def look(value: Any) -> None:
        if isinstance(value, StandInArray) and value.index != _current[0]:
            raise ValueError(
                f"The device where the array resides ({value.index}) is different from the current device "
                f"({_current[0]}). Peer access is unavailable between these devices."
            )

    each(look, list(values))
    return _current[0]
