"""Writing `.pt` and `.pth` files that PyTorch reads too."""

from __future__ import annotations

import io
import struct
import types
import zipfile
from argparse import Namespace
from collections import Counter, OrderedDict, deque
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_cnn import nn as native_nn
from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.graph import owner
from tinygrad_cnn.serial.atomic import writing
from tinygrad_cnn.serial.paths import path_of
from tinygrad_cnn.tensors import Tensor as NativeTensor
from tinygrad_cnn.torch import devices, dtypes
from tinygrad_cnn.torch.files.storages import NAMES
from tinygrad_cnn.torch.generators import DRAWS
from tinygrad_cnn.torch.shapes import Size

_DEEPEST = 200


def save(
    obj: Any,
    f: Any,
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
) -> None:
    """Write tensors and plain containers as PyTorch does.

    Args:
        obj: tensors, state dicts, numbers, text, bytes, lists, tuples, dicts, sets, options; whole Modules, which only
            a program with the same classes can load.
        f: a path, or an open file in binary mode.
    Raises:
        DTypeError: something else is inside.

    >>> import io
    >>> from tinygrad_cnn import torch
    >>> file = io.BytesIO(); save([torch.arange(2)], file); torch.load(file)
    [tensor([0, 1])]
    """
    if not hasattr(f, "write"):
        f = Path(path_of("torch.save", f))
    writer = _Writer()
    writer.put(obj, 0)
    name = "archive" if hasattr(f, "write") else f.stem.encode("utf-8", "replace").decode() or "archive"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{name}/data.pkl", b"\x80\x02" + b"".join(writer.parts) + b".")
        archive.writestr(f"{name}/byteorder", b"little")
        for key, array in writer.storages.values():
            archive.writestr(
                f"{name}/data/{key}", array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
            )
        archive.writestr(f"{name}/version", b"3\n")
    if hasattr(f, "write"):
        f.write(content.getvalue())
        return
    with writing(f) as temporary:
        Path(temporary).write_bytes(content.getvalue())


class _Writer:
    """The opcodes of one pickle, and the storages that it names."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.storages: dict[int, tuple[str, Any]] = {}

    def put(self, value: Any, depth: int) -> None:
        """Write one value."""
        if depth > _DEEPEST:
            raise DTypeError("save: containers are nested too deeply, or contain themselves")
        if value is None or isinstance(value, (bool, np.bool_)):
            self.parts.append(b"N" if value is None else b"\x88" if value else b"\x89")
        elif isinstance(value, Size):
            self.call("torch", "Size", (tuple(value),), depth)
        elif isinstance(value, (int, np.integer)):
            self.parts.append(_integer(int(value)))
        elif isinstance(value, (float, np.floating)):
            self.parts.append(b"G" + struct.pack(">d", float(value)))
        elif isinstance(value, str):
            text = value.encode("utf-8", "surrogatepass")
            self.parts.append(b"X" + struct.pack("<I", len(text)) + text)
        elif isinstance(value, NativeTensor):
            self.tensor(value, depth)
        elif isinstance(value, np.ndarray):
            self.array(value, depth)
        elif isinstance(value, (dict, list, tuple, set, frozenset, deque)):
            self.container(value, depth)
        elif isinstance(value, (bytes, bytearray)):
            self.bytes(value, depth)
        else:
            self.other(value, depth)

    def container(self, value: Any, depth: int) -> None:
        """Write a dict, list, tuple or set."""
        if isinstance(value, Counter):
            self.call("collections", "Counter", (dict(value),), depth)
        elif isinstance(value, dict):
            if isinstance(value, OrderedDict):
                self.call("collections", "OrderedDict", (), depth)
            else:
                self.parts.append(b"}")
            self.parts.append(b"(")
            for key, item in value.items():
                self.put(key, depth + 1)
                self.put(item, depth + 1)
            self.parts.append(b"u")
        elif isinstance(value, (set, frozenset)):
            kind = "set" if isinstance(value, set) else "frozenset"
            self.call("__builtin__", kind, (list(value),), depth)
        elif isinstance(value, deque):
            self.call("collections", "deque", (list(value), value.maxlen), depth)
        else:
            self.parts.append(b"](" if isinstance(value, list) else b"(")
            for item in value:
                self.put(item, depth + 1)
            self.parts.append(b"e" if isinstance(value, list) else b"t")

    def bytes(self, value: Any, depth: int) -> None:
        """Write bytes, as pickles of the protocol 2 have them."""
        if isinstance(value, bytearray):
            self.call("__builtin__", "bytearray", (bytes(value),), depth)
        else:
            self.call("_codecs", "encode", (value.decode("latin1"), "latin1"), depth)

    def call(self, module: str, name: str, arguments: tuple[Any, ...], depth: int) -> None:
        """Write that a maker is called."""
        self.name(module, name)
        self.put(arguments, depth + 1)
        self.parts.append(b"R")

    def name(self, module: str, name: str) -> None:
        """Write a name."""
        self.parts.append(f"c{module}\n{name}\n".encode())

    def tensor(self, tensor: Any, depth: int) -> None:
        """Write a tensor: its storage, and which part of it."""
        if isinstance(tensor, native_nn.Parameter):
            self.name("torch._utils", "_rebuild_parameter")
            self.parts.append(b"(")
            self.storage(tensor._array, False, depth)
            self.put(tensor.requires_grad, depth)
            self.put(OrderedDict(), depth + 1)
            self.parts.append(b"tR")
        else:
            self.storage(tensor._array, tensor.requires_grad and tensor.is_leaf, depth)

    def storage(self, array: Any, requires_grad: bool, depth: int) -> None:
        """Write the tensor of an array; arrays that share memory share a storage."""
        base = owner(array)
        item = array.itemsize
        offset = array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
        whole = base.flags.c_contiguous or base.flags.f_contiguous
        if (
            not whole
            or base.dtype != array.dtype
            or offset % item
            or any(s < 0 or s % item for s in array.strides)
        ):
            base = array = np.ascontiguousarray(array).reshape(array.shape)
            offset = 0
        if id(base) not in self.storages:
            flat = base.reshape(-1, order="C" if base.flags.c_contiguous else "F")
            self.storages[id(base)] = (str(len(self.storages)), flat)
        key, flat = self.storages[id(base)]
        self.kept = [*getattr(self, "kept", []), base]  # ids stay theirs until the end
        self.name("torch._utils", "_rebuild_tensor_v2")
        self.parts.append(b"((")
        self.put("storage", depth)
        self.name("torch", NAMES[array.dtype.newbyteorder("<")])
        for part in (key, "cpu", flat.size):
            self.put(part, depth)
        self.parts.append(b"tQ")
        strides = tuple(s // item for s in array.strides)
        for part in (offset // item, tuple(array.shape), strides, bool(requires_grad), OrderedDict()):
            self.put(part, depth + 1)
        self.parts.append(b"tR")

    def array(self, array: Any, depth: int) -> None:
        """Write an array of NumPy's, as NumPy pickles it."""
        if array.dtype.kind not in "biuf":
            raise DTypeError(f"save: an array with elements of type {array.dtype} is not written")
        self.name("numpy.core.multiarray", "_reconstruct")
        self.parts.append(b"(")
        self.name("numpy", "ndarray")
        self.put((0,), depth)
        self.call("_codecs", "encode", ("b", "latin1"), depth)
        self.parts.append(b"tR(")
        self.put(1, depth)
        self.put(tuple(array.shape), depth)
        self.call("numpy", "dtype", (array.dtype.str[1:], False, True), depth)
        self.parts.append(b"(")
        for part in (3, array.dtype.newbyteorder("<").str[0], None, None, None, -1, -1, 0):
            self.put(part, depth)
        self.parts.append(b"tb")
        self.put(False, depth)
        data = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes().decode("latin1")
        self.call("_codecs", "encode", (data, "latin1"), depth)
        self.parts.append(b"tb")

    def other(self, value: Any, depth: int) -> None:
        """Write a type, a device, a Module, a function of a module."""
        if isinstance(value, dtypes.dtype):
            self.name("torch", value.name)
        elif isinstance(value, devices.device):
            self.call("torch", "device", (value.type,), depth)
        elif isinstance(value, Namespace):
            self.name("argparse", "Namespace")
            self.parts.append(b")\x81")
            self.put(vars(value), depth + 1)
            self.parts.append(b"b")
        elif isinstance(value, native_nn.Module):
            cls = type(value)
            self.name(_public(cls.__module__), cls.__qualname__)
            self.parts.append(b")\x81")
            state = {k: v for k, v in vars(value).items() if not k.startswith("_hook") and v is not DRAWS}
            self.put(state, depth + 1)
            self.parts.append(b"b")
        elif isinstance(value, types.FunctionType) and value.__module__.startswith("tinygrad_cnn."):
            self.name("torch.nn.functional", value.__name__)  # an activation
        elif isinstance(value, types.FunctionType) and "<" not in value.__qualname__:
            self.name(value.__module__, value.__qualname__)
        else:
            raise DTypeError(
                f"save: a {type(value).__name__} is not written; tensors, numbers, text, lists, tuples, dicts, "
                "sets and Modules fit"
            )


def _public(module: str) -> str:
    return (
        module.replace("tinygrad_cnn.torch", "torch", 1)
        if module.startswith("tinygrad_cnn.torch")
        else module
    )


def _integer(value: int) -> bytes:
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data
