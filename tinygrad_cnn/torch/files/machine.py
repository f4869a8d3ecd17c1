"""A small interpreter of pickles that makes tensors and plain containers, and nothing else.

Python's own parser splits the opcodes; this machine knows what few of them do. A name in the file chooses
from a fixed list of makers. Nothing is imported, and no function of the file's choice is called.
"""

from __future__ import annotations

import pickletools
import sys
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn import nn as native_nn
from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.torch import devices, dtypes, nn
from tinygrad_cnn.torch.files.storages import TYPES
from tinygrad_cnn.torch.shapes import Size
from tinygrad_cnn.torch.tensors import Parameter, Tensor

_MARK = object()


class Name:
    """A name that the file uses, and what stands for it here."""

    def __init__(
        self, module: str, name: str, make: Callable[..., Any] | None = None, cls: Any = None
    ) -> None:
        self.module, self.name, self.make, self.cls = module, name, make, cls

    def __repr__(self) -> str:
        return f"{self.module}.{self.name}"


def rebuilt(storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any = False, *_: Any) -> Any:
    """The tensor that shows a part of a storage.

    >>> rebuilt(np.arange(4.0, dtype="f4"), 1, (2,), (2,))
    tensor([1., 3.])
    """
    if not isinstance(storage, np.ndarray) or not isinstance(size, tuple) or not isinstance(stride, tuple):
        raise FormatError("load: a tensor without a storage, sizes and strides")
    numbers = (offset, *size, *stride)
    if (
        len(size) != len(stride)
        or len(size) > 64
        or not all(type(n) is int and 0 <= n < 2**62 for n in numbers)
    ):
        raise FormatError(f"load: a tensor of sizes {size}, strides {stride}, offset {offset}")
    if all(size):
        last = offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
        if last >= storage.size:
            raise FormatError(
                f"load: a tensor of sizes {size} reaches beyond its storage of {storage.size} elements"
            )
        if np.prod([float(n) for n, s in zip(size, stride, strict=True) if s == 0]) > 2**40:
            raise FormatError(f"load: a tensor of sizes {size} repeats elements more often than fits")
        item = storage.itemsize
        array = np.lib.stride_tricks.as_strided(storage[offset:], size, tuple(s * item for s in stride))
    else:
        array = np.zeros(size, storage.dtype)
    made = Tensor.detached(array)
    return made.requires_grad_() if requires_grad is True and array.dtype.kind == "f" else made


def _parameter(data: Any, requires_grad: Any = True, *_: Any) -> Any:
    if not isinstance(data, Tensor):
        raise FormatError("load: a parameter without a tensor")
    return Parameter(data, bool(requires_grad))


def _size(values: Any = ()) -> Any:
    if not isinstance(values, (tuple, list)) or not all(type(n) is int for n in values):
        raise FormatError("load: a torch.Size of something else than numbers")
    return Size(values)


def _device(kind: Any, index: Any = None) -> Any:
    if not isinstance(kind, str):
        raise FormatError("load: a device without a name")
    return devices.CPU


def _ordered(*given: Any) -> Any:
    if given:
        raise FormatError("load: an OrderedDict with arguments")
    return OrderedDict()


def _set(values: Any = ()) -> Any:
    if not isinstance(values, (list, tuple)):
        raise FormatError("load: a set of something else than a list")
    return set(values)


# Arrays of NumPy: made empty, then given type and bytes.
class _Array:
    array: Any = None


def _numpy_dtype(code: Any = None, *_: Any) -> Any:
    if not isinstance(code, str) or np.dtype(code).kind not in "biufUS":
        raise FormatError(f"load: an array of type {code!r}")
    return np.dtype(code)


def _numpy_scalar(kind: Any, data: Any) -> Any:
    if not isinstance(kind, np.dtype) or not isinstance(data, bytes) or len(data) != kind.itemsize:
        raise FormatError("load: a number of NumPy's without type and bytes")
    return np.frombuffer(data, kind)[0]


def _encoded(text: Any, coding: Any = "latin1") -> Any:
    if not isinstance(text, str) or coding != "latin1":
        raise FormatError("load: bytes in another coding than latin1")
    return text.encode("latin1")


_MULTIARRAY = ("numpy.core.multiarray", "numpy._core.multiarray")
MAKERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("torch._utils", "_rebuild_tensor_v2"): rebuilt,
    ("torch._utils", "_rebuild_tensor"): rebuilt,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch", "Size"): _size,
    ("torch", "device"): _device,
    ("collections", "OrderedDict"): _ordered,
    ("builtins", "set"): _set,
    ("__builtin__", "set"): _set,
    ("_codecs", "encode"): _encoded,
    ("numpy", "dtype"): _numpy_dtype,
    **{(m, "_reconstruct"): lambda *_: _Array() for m in _MULTIARRAY},
    **{(m, "scalar"): _numpy_scalar for m in _MULTIARRAY},
}


class Machine:
    """One run over a pickle.

    Args:
        storage: gives the elements of a storage by the name of its type, its key and its count.
        allowed: classes and functions of the program that may be named.
        modules: whether all Modules of the running program may be named.
    """

    def __init__(self, storage: Callable[[str, str, int], Any], allowed: list[Any], modules: bool) -> None:
        self.storage, self.modules = storage, modules
        self.allowed: dict[tuple[str, str], Any] = {}
        for item in allowed:
            value, name = item if isinstance(item, tuple) else (item, None)
            module, _, called = (
                name.rpartition(".") if name else (value.__module__, ".", value.__qualname__)
            )
            self.allowed[module, called] = value
            if module.startswith("tinygrad_cnn.") and not isinstance(value, type):
                module, called = "torch.nn.functional", value.__name__
            self.allowed[module.replace("tinygrad_cnn.torch", "torch"), called] = value
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self, data: bytes) -> Any:
        """What the pickle describes.

        Raises:
            FormatError: it is corrupt, or describes something else than tensors and containers.
        """
        try:
            for opcode, argument, _ in pickletools.genops(data):
                if opcode.name == "STOP":
                    if len(self.stack) != 1 or isinstance(self.stack[0], Name) or self.stack[0] is _MARK:
                        raise FormatError("load: the description ends in the middle of something")
                    return self.finished(self.stack[0])
                self.step(opcode.name, argument)
        except FormatError:
            raise
        except (
            ValueError,
            TypeError,
            IndexError,
            KeyError,
            AttributeError,
            MemoryError,
            OverflowError,
        ) as error:
            raise FormatError(
                f"load: the description of the contents is corrupt: {type(error).__name__}: {error}"
            ) from None
        raise FormatError("load: the description of the contents has no end")

    def finished(self, value: Any) -> Any:
        """The array that a maker was filled with, for arrays of NumPy's."""
        return value.array if isinstance(value, _Array) else value

    def pop(self) -> Any:
        """The top of the stack, which must be a value."""
        value = self.stack.pop()
        if value is _MARK:
            raise FormatError("load: a mark where a value belongs")
        return self.finished(value)

    def marked(self) -> list[Any]:
        """The values since the last mark."""
        for k in range(len(self.stack) - 1, -1, -1):
            if self.stack[k] is _MARK:
                values = [self.finished(v) for v in self.stack[k + 1 :]]
                del self.stack[k:]
                return values
        raise FormatError("load: a mark is missing")

    def step(self, name: str, argument: Any) -> None:
        """Do what one opcode says."""
        stack = self.stack
        if name in ("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
                    "SHORT_BINBYTES", "BINBYTES", "SHORT_BINSTRING", "BINSTRING"):  # fmt: skip
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _FRESH:
            stack.append(_FRESH[name]())
        elif name == "MARK":
            stack.append(_MARK)
        elif name == "TUPLE":
            values = self.marked()
            stack.append(tuple(values))
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            values = [self.pop() for _ in range(int(name[-1]))]
            stack.append(tuple(reversed(values)))
        elif name in ("BINPUT", "LONG_BINPUT"):
            self.memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(self.memo[argument])
        elif name in ("PROTO", "FRAME"):
            pass
        else:
            self.compound(name, argument)

    def compound(self, name: str, argument: Any) -> None:
        """Opcodes that work on containers and names."""
        if name == "GLOBAL":
            self.stack.append(self.named(*argument.split(" ", 1)))
        elif name == "STACK_GLOBAL":
            called, module = self.pop(), self.pop()
            self.stack.append(self.named(str(module), str(called)))
        elif name in ("APPEND", "APPENDS"):
            values = self.marked() if name == "APPENDS" else [self.pop()]
            _of(self.stack[-1], list).extend(values)
        elif name in ("SETITEM", "SETITEMS"):
            values = self.marked() if name == "SETITEMS" else [self.pop(), self.pop()][::-1]
            _of(self.stack[-1], dict).update(zip(values[::2], values[1::2], strict=True))
        elif name == "ADDITEMS":
            values = self.marked()
            _of(self.stack[-1], set).update(values)
        elif name == "BINPERSID":
            self.stack.append(self.persistent(self.pop()))
        elif name == "REDUCE":
            arguments, maker = self.pop(), self.pop()
            if not isinstance(maker, Name) or maker.make is None or not isinstance(arguments, tuple):
                raise FormatError(f"load: {maker!r} is called; only tensors and plain containers are made")
            self.stack.append(maker.make(*arguments))
        elif name == "NEWOBJ":
            arguments, maker = self.pop(), self.pop()
            if not isinstance(maker, Name) or maker.cls is None or arguments != ():
                raise FormatError(
                    f"load: an object of {maker!r} is made; only tensors and plain containers are"
                )
            self.stack.append(object.__new__(maker.cls))
        elif name == "BUILD":
            self.build(self.pop())
        else:
            raise FormatError(f"load: the opcode {name} does not belong into a file of tensors")

    def named(self, module: str, name: str) -> Any:
        """What a name of the file stands for."""
        key = module, name
        if key in MAKERS:
            return Name(module, name, MAKERS[key])
        if module in ("torch", "torch.storage") and (name in TYPES or name == "UntypedStorage"):
            return Name(module, name)
        if module == "torch" and name in dtypes.NAMES:
            return dtypes.NAMES[name]
        if key == ("numpy", "ndarray"):
            return Name(module, name)
        allowed = self.allowed.get(key)
        if allowed is None and self.modules:
            allowed = _of_program(module, name)
        if isinstance(allowed, type):
            return Name(module, name, cls=allowed)
        if allowed is not None:
            return allowed
        raise FormatError(
            f"load: the file names {module}.{name}; tensors, numbers, text, lists, tuples, dicts and sets are read. "
            "Save model.state_dict() instead of the model, or name your classes in torch.serialization.safe_globals"
        )

    def persistent(self, key: Any) -> Any:
        """A storage."""
        if not (
            isinstance(key, tuple) and len(key) == 5 and key[0] == "storage" and isinstance(key[1], Name)
        ):
            raise FormatError(f"load: {str(key)[:60]} is not a storage")
        if not isinstance(key[2], str) or "/" in key[2] or "\\" in key[2]:
            raise FormatError("load: a storage whose name is not a plain word")
        return self.storage(key[1].name, key[2], key[4])

    def build(self, state: Any) -> None:
        """Give an object its attributes: a Module of the program, an array, or nothing for a dict."""
        top = self.stack[-1]
        if isinstance(top, _Array):
            _version, shape, kind, _fortran, data = state
            if not isinstance(kind, np.dtype) or not isinstance(data, bytes):
                raise FormatError("load: an array without type and bytes")
            top.array = np.frombuffer(bytearray(data), kind).reshape(shape, order="F" if _fortran else "C")
        elif isinstance(top, native_nn.Module) and isinstance(state, dict):
            for part in ("_parameters", "_buffers", "_modules"):
                for name, value in state.pop(part, {}).items():
                    setattr(top, str(name), value)
            for name, value in state.items():
                if isinstance(name, str) and not name.endswith("_hooks"):
                    object.__setattr__(top, name, value)
        elif isinstance(top, (OrderedDict, np.dtype)):
            pass  # attributes such as a state dict's _metadata, the order of bytes
        else:
            raise FormatError(f"load: attributes of a {type(top).__name__} are set")


def _of_program(module: str, name: str) -> Any:
    """A Module's class that the running program has, or a function of the layers; nothing is imported."""
    found: Any = sys.modules.get(module)
    if module.startswith("torch.nn"):  # layers are here by their names
        found = nn
    for part in name.split("."):
        found = vars(found).get(part) if found is not None and hasattr(found, "__dict__") else None
    return found if isinstance(found, type) and issubclass(found, native_nn.Module) else None


def _of(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise FormatError(f"load: a {kind.__name__} was expected, found {type(value).__name__}")
    return value


_CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_FRESH: dict[str, Any] = {"EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_SET": set, "EMPTY_TUPLE": tuple}
