"""Where arrays lie: in the host's memory, or on a device such as a GPU. This is the one place that knows.

An array on a device is of another class than NumPy's, and answers NumPy's protocols: `np.exp(x)` of it is
computed where it lies. So ops need no argument that says where to compute. What they need is here:

- `CLASSES`: the classes of arrays there are, for `isinstance`;
- `as_array`, `zeros`, `ones`, `full`, `arange`, `eye`, `empty`: NumPy's, with `like=` an array that lies
  where the result should;
- `beside`: a constant of the host, moved to where an array lies;
- `add_at`, `max_at`: adding and comparing at positions that may repeat, out of reach of the protocols.

Until a device is asked for, these are NumPy's own functions, or pass over `like`, so that a program that
stays on the host pays nothing for devices. `admit` binds the others.

Call them by way of this module (`devices.zeros(...)`): a name imported from it would stay what it was.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np

from tinygrad_cnn.errors import DeviceError

__all__ = [
    "CLASSES",
    "CUDA_MEMORY",
    "ON_DEVICES",
    "Backend",
    "Device",
    "Launch",
    "add_at",
    "admit",
    "arange",
    "as_array",
    "backend_of",
    "backend_speaking",
    "beside",
    "device_of",
    "dismiss",
    "empty",
    "eye",
    "full",
    "max_at",
    "mixed",
    "moved",
    "ones",
    "to_host",
    "when_admitted",
    "zeros",
]


class Device(str):
    """Where arrays lie: 'cpu', 'cuda:0', ...; a text with its two parts.

    Attributes:
        type: what kind of device it is.   index: which of that kind, None for the host.

    >>> Device("cuda:1").type, Device("cuda:1").index, Device("cpu") == "cpu"
    ('cuda', 1, True)
    """

    __slots__ = ()

    @property
    def type(self) -> str:
        return self.partition(":")[0]

    @property
    def index(self) -> int | None:  # type: ignore[override]  # as in PyTorch; nobody searches in it
        number = self.partition(":")[2]
        return int(number) if number else None


HOST = Device("cpu")

#: What DLPack calls CUDA's memory.
CUDA_MEMORY = 2


class Launch(Protocol):
    """Starts a kernel of `kernels.device.sources` on a device."""

    def __call__(self, name: str, blocks: int, *arguments: Any) -> None:
        """Start it.

        Args:
            name: the kernel's.   blocks: how many blocks of threads.
            arguments: arrays of the device, whole numbers, and floats in the kernel's type.
        """


class Backend(Protocol):
    """The interface of a kind of device. One object for each kind.

    Attributes:
        kind: its name, such as 'cuda'.   array: the class of its arrays.
        dlpack: the number by which DLPack calls its memory.
    """

    kind: str
    dlpack: int

    @property
    def array(self) -> Any: ...

    def count(self) -> int:
        """Count the devices of this kind."""

    def upload(self, array: Any, index: int) -> Any:
        """A copy of a NumPy array, or of one that lies on another device of this kind."""

    def download(self, array: Any) -> Any:
        """A copy as a NumPy array."""

    def from_dlpack(self, x: Any) -> Any:
        """An array over the memory of another library's array."""

    def index_of(self, array: Any) -> int:
        """Find the device that an array lies on."""

    def current(self, array: Any) -> AbstractContextManager[Any]:
        """In the block, what is created lies where an array does."""

    def synchronize(self) -> None:
        """Wait until all that was asked for is done, before a clock is read."""

    def launcher(self, like: Any) -> Launch | None:
        """Find what starts our kernels for arrays like one; None where the device has no compiler."""

    def add_at(self, target: Any, key: Any, values: Any) -> None:
        """target[key] += values, where each of repeated positions counts."""

    def max_at(self, target: Any, key: Any, values: Any) -> None:
        """target[key] = max(target[key], values), over all values of repeated positions."""


#: All classes of arrays: NumPy's, and those of the devices that were asked for.
CLASSES: tuple[Any, ...] = (np.ndarray,)
#: Those of devices alone.
ON_DEVICES: tuple[Any, ...] = ()

_backends: dict[type, Backend] = {}
_listeners: list[Callable[[bool], None]] = []


# --------------------------------------------------------------------------- until a device is asked for
def _beside_host(value: Any, like: Any) -> Any:
    return value


def _zeros_on_host(shape: Any, dtype: Any, like: Any) -> Any:
    return np.zeros(shape, dtype)


def _ones_on_host(shape: Any, dtype: Any, like: Any) -> Any:
    return np.ones(shape, dtype)


def _empty_on_host(shape: Any, dtype: Any, like: Any) -> Any:
    return np.empty(shape, dtype)


def _full_on_host(shape: Any, value: Any, dtype: Any, like: Any) -> Any:
    return np.full(shape, value, dtype)


def _arange_on_host(start: int, stop: int, like: Any) -> Any:
    return np.arange(start, stop)


def _eye_on_host(n: int, dtype: Any, like: Any) -> Any:
    return np.eye(n, dtype=dtype)


_ON_HOST: dict[str, Callable[..., Any]] = {
    "as_array": np.asarray,
    "beside": _beside_host,
    "zeros": _zeros_on_host,
    "ones": _ones_on_host,
    "empty": _empty_on_host,
    "full": _full_on_host,
    "arange": _arange_on_host,
    "eye": _eye_on_host,
    "add_at": np.add.at,
    "max_at": np.maximum.at,
}


# --------------------------------------------------------------------------- once a device was asked for
def _as_array(value: Any) -> Any:
    return value if isinstance(value, CLASSES) else np.asarray(value)


def _beside(value: Any, like: Any) -> Any:
    """A NumPy array where `like`, an array or a Tensor, lies; anything else as it is."""
    like = getattr(like, "_array", like)
    if type(like) not in ON_DEVICES or not isinstance(value, (np.ndarray, np.generic)):
        return value
    backend = _backends[type(like)]
    return backend.upload(np.asarray(value), backend.index_of(like))


# NumPy's `ones`, `full` and `eye` hand an argument `device` on to `like`, which CuPy's do not take.
def _ones_like(shape: Any, dtype: Any, like: Any) -> Any:
    return _full_like(shape, 1, dtype, like)


def _full_like(shape: Any, value: Any, dtype: Any, like: Any) -> Any:
    found = np.empty(shape, dtype, like=like)
    found.fill(value)
    return found


def _eye_like(n: int, dtype: Any, like: Any) -> Any:
    numbers = np.arange(n, like=like)
    return (numbers.reshape(-1, 1) == numbers).astype(dtype)


_BY_LIKE: dict[str, Callable[..., Any]] = {
    "zeros": np.zeros, "empty": np.empty, "arange": np.arange,
    "ones": _ones_like, "full": _full_like, "eye": _eye_like,
}  # fmt: skip


def _creating(on_host: Callable[..., Any], by_like: Callable[..., Any]) -> Callable[..., Any]:
    """The function that makes an array where `like` lies."""

    def create(*args: Any, like: Any) -> Any:
        like = getattr(like, "_array", like)
        if type(like) not in ON_DEVICES:
            return on_host(*args, like)
        with _backends[type(like)].current(like):
            return by_like(*args, like=like)

    return create


def _add_at(target: Any, key: Any, values: Any) -> None:
    backend = _backends.get(type(target))
    (np.add.at if backend is None else backend.add_at)(target, key, values)


def _max_at(target: Any, key: Any, values: Any) -> None:
    backend = _backends.get(type(target))
    (np.maximum.at if backend is None else backend.max_at)(target, key, values)


_ANYWHERE: dict[str, Callable[..., Any]] = {
    name: _creating(_ON_HOST[name], by_like) for name, by_like in _BY_LIKE.items()
} | {"as_array": _as_array, "beside": _beside, "add_at": _add_at, "max_at": _max_at}

#: `np.asarray` that leaves an array of a device as it is.
as_array: Callable[..., Any] = np.asarray
#: beside(value, like): a constant of the host where `like` lies.
beside: Callable[..., Any] = _beside_host
#: zeros(shape, dtype, like=x) and its relatives: an array where x lies.
zeros: Callable[..., Any] = _zeros_on_host
ones: Callable[..., Any] = _ones_on_host
empty: Callable[..., Any] = _empty_on_host
#: full(shape, value, dtype, like=x).
full: Callable[..., Any] = _full_on_host
#: arange(start, stop, like=x).
arange: Callable[..., Any] = _arange_on_host
#: eye(n, dtype, like=x).
eye: Callable[..., Any] = _eye_on_host
#: add_at(target, key, values): target[key] += values where each of repeated positions counts.
add_at: Callable[..., Any] = np.add.at
#: max_at(target, key, values): target[key] = max(target[key], values), over all of repeated positions.
max_at: Callable[..., Any] = np.maximum.at


def admit(backend: Backend) -> None:
    """Take arrays of a kind of device from now on, everywhere in this process."""
    if backend.array not in _backends:
        _backends[backend.array] = backend
        _bind()


def dismiss(backend: Backend) -> None:
    """Take them no longer: what was `admit`ted for a test."""
    if _backends.pop(backend.array, None) is not None:
        _bind()


def when_admitted(listener: Callable[[bool], None]) -> None:
    """Call `listener` whenever devices come or go, with whether there are any."""
    _listeners.append(listener)


def _bind() -> None:
    """Put the functions in place that fit what there is."""
    global CLASSES, ON_DEVICES
    ON_DEVICES = tuple(_backends)
    CLASSES = (np.ndarray, *ON_DEVICES)
    globals().update(_ANYWHERE if ON_DEVICES else _ON_HOST)
    for listener in _listeners:
        listener(bool(ON_DEVICES))


# --------------------------------------------------------------------------- from one to another
def backend_of(array: Any) -> Backend | None:
    """The backend of an array's device, None for the host."""
    return _backends.get(type(array))


def backend_named(kind: str) -> Backend | None:
    """The admitted kind of device of a name."""
    return next((b for b in _backends.values() if b.kind == kind), None)


def backend_speaking(dlpack: int) -> Backend | None:
    """The admitted kind of device whose memory DLPack calls by a number."""
    return next((b for b in _backends.values() if b.dlpack == dlpack), None)


def device_of(array: Any) -> Device:
    """Where an array lies.

    >>> device_of(np.zeros(2))
    'cpu'
    """
    backend = _backends.get(type(array))
    return HOST if backend is None else Device(f"{backend.kind}:{backend.index_of(array)}")


def to_host(array: Any) -> Any:
    """A NumPy array: itself, or a copy of what lies on a device."""
    backend = _backends.get(type(array))
    return array if backend is None else backend.download(array)


def moved(array: Any, device: Device) -> Any:
    """An array on another device: itself where it lies there already, else a copy.

    Raises:
        DeviceError: no such kind of device was asked for.
    """
    if device_of(array) == device:
        return array
    if device == HOST:
        return to_host(array)
    backend = backend_named(device.type)
    if backend is None:
        raise DeviceError(f"device {device!s}: ask for it by tinygrad_cnn.device({str(device)!r}) first")
    ready = array if type(array) is backend.array else to_host(array)
    return backend.upload(ready, device.index or 0)


def mixed(function: str, arrays: Any) -> DeviceError | None:
    """The error for arrays that lie on different devices; None where they do not.

    Numbers, and arrays of the host without axes, do not count.
    """
    found = {device_of(a): np.shape(a) for a in arrays if isinstance(a, CLASSES)}
    if len(found) < 2:
        return None
    listed = " and ".join(f"{device!s} {shape}" for device, shape in found.items())
    return DeviceError(
        f"{function}: operands lie on different devices: {listed}; move one of them, as in "
        f"x.to({str(next(iter(found)))!r})"
    )
