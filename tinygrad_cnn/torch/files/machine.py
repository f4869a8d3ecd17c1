"""A small interpreter of pickles that makes tensors and plain containers, and nothing else.

Python's own parser splits the opcodes; this machine knows what few of them do. A name in the file chooses
from a fixed list of makers. Nothing is imported, and no function of the file's choice is called.
"""

from __future__ import annotations

import pickle
import pickletools
import sys
import types
from argparse import Namespace
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn import nn as native_nn
from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.tensors import Tensor as NativeTensor
from tinygrad_cnn.torch import dtypes, nn
from tinygrad_cnn.torch.files.containers import check_key, told
from tinygrad_cnn.torch.files.makers import CLASSES, MAKERS, Name, UnfinishedArray, unread
from tinygrad_cnn.torch.files.storages import TYPES

_MARK = object()
#: Makers copy what they get. Together they may copy so many times what the file holds, and so much more.
_COPIES, _COPIES_MORE = 8, 10_000


class RefusedNameError(FormatError, pickle.UnpicklingError):
    """A file names something else than tensors and plain containers.

    >>> issubclass(RefusedNameError, (FormatError, pickle.UnpicklingError))
    True
    """


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
        self.left = 0

    def run(self, data: bytes) -> Any:
        """Make what the pickle describes.

        Raises:
            FormatError: it is corrupt, or describes something else than tensors and containers.
        """
        self.left = _COPIES * len(data) + _COPIES_MORE
        try:
            for opcode, argument, _ in pickletools.genops(data):
                if opcode.name == "STOP":
                    if len(self.stack) != 1:
                        raise FormatError("load: the description ends in the middle of something")
                    result = self.pop()
                    check_contents(result)
                    return result
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

    def finished(self, value: Any) -> Any:
        """A value; for arrays of NumPy's the array that was filled in."""
        if not isinstance(value, UnfinishedArray):
            return value
        if value.array is None:
            raise FormatError("load: an array without contents")
        return value.array

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
            called, module = _of(self.pop(), str), _of(self.pop(), str)
            self.stack.append(self.named(module, called))
        elif name in ("APPEND", "APPENDS"):
            values = self.marked() if name == "APPENDS" else [self.pop()]
            _of(self.stack[-1], (list, deque)).extend(values)
        elif name in ("SETITEM", "SETITEMS"):
            values = self.marked() if name == "SETITEMS" else [self.pop(), self.pop()][::-1]
            for key in values[::2]:
                check_key(key)
            _of(self.stack[-1], dict).update(zip(values[::2], values[1::2], strict=True))
        elif name == "ADDITEMS":
            values = self.marked()
            for value in values:
                check_key(value)
            _of(self.stack[-1], set).update(values)
        elif name == "BINPERSID":
            self.stack.append(self.persistent(self.pop()))
        elif name == "REDUCE":
            arguments, maker = self.pop(), self.pop()
            if not isinstance(maker, Name) or maker.make is None or not isinstance(arguments, tuple):
                raise FormatError(
                    f"load: {_called(maker)} is called; only tensors and plain containers are made"
                )
            self.copied(arguments)
            self.stack.append(maker.make(*arguments))
        elif name == "NEWOBJ":
            arguments, maker = self.pop(), self.pop()
            if not isinstance(maker, Name) or maker.cls is None or arguments != ():
                raise FormatError(
                    f"load: an object of {_called(maker)} is made; only tensors and plain containers are"
                )
            self.stack.append(object.__new__(maker.cls))
        elif name == "BUILD":
            self.build(self.pop())
        else:
            raise FormatError(f"load: the opcode {name} does not belong into a file of tensors")

    def copied(self, parts: Any) -> None:
        """Count what a maker is about to copy: a file may name one long text a million times."""
        self.left -= sum(len(part) for part in parts if isinstance(part, (str, bytes, tuple, list)))
        if self.left < 0:
            raise FormatError("load: the description copies its contents more often than fits")

    def named(self, module: str, name: str) -> Any:
        """Find what a name of the file stands for."""
        key = module, name
        if key in MAKERS:
            return Name(module, name, MAKERS[key])
        if module in ("torch", "torch.storage") and (name in TYPES or name == "UntypedStorage"):
            return Name(module, name)
        if module == "torch" and name in dtypes.NAMES:
            return dtypes.NAMES[name]
        if key in CLASSES:
            return Name(module, name)
        if key == ("argparse", "Namespace"):
            return Name(module, name, cls=Namespace)
        allowed = self.allowed.get(key)
        if allowed is None and self.modules:
            allowed = _of_program(module, name)
        if isinstance(allowed, type):
            return Name(module, name, cls=allowed)
        if allowed is not None:
            return allowed
        if why := unread(module, name):
            raise RefusedNameError(f"load: the file names {module}.{name[:80]}: {why}")
        raise RefusedNameError(
            f"load: the file names {module[:80]}.{name[:80]}; tensors, numbers, text, lists, tuples, dicts and sets are read. "
            "Save model.state_dict() instead of the model, or name your classes in torch.serialization.safe_globals"
        )

    def persistent(self, key: Any) -> Any:
        """A storage."""
        if not (
            isinstance(key, tuple) and len(key) == 5 and key[0] == "storage" and isinstance(key[1], Name)
        ):
            raise FormatError(f"load: {told(key)} is not a storage")
        if not isinstance(key[2], str) or "/" in key[2] or "\\" in key[2]:
            raise FormatError("load: a storage whose name is not a plain word")
        return self.storage(key[1].name, key[2], key[4])

    def build(self, state: Any) -> None:
        """Give an object its attributes: a Module of the program, an array, or nothing for a dict."""
        top = self.stack[-1]
        if isinstance(top, UnfinishedArray):
            self.copied(_of(state, tuple))
            top.fill(state)
        elif isinstance(top, native_nn.Module):
            _set_attributes(top, _of(state, dict))
        elif isinstance(top, Namespace):
            _fill(top, _of(state, dict))
        elif isinstance(top, np.dtype):
            if not isinstance(state, tuple) or len(state) < 2 or state[1] not in ("<", "=", "|"):
                raise FormatError("load: an array whose numbers are not written from the lowest byte on")
        elif not isinstance(top, OrderedDict):  # those have attributes such as a state dict's _metadata
            raise FormatError(f"load: attributes of {told(top)} are set")


def _fill(options: Namespace, state: dict[Any, Any]) -> None:
    """Give options of a command line their values."""
    for name, value in state.items():
        if not isinstance(name, str) or name.startswith("__"):
            raise FormatError(f"load: {told(name)} is the name of an option")
        vars(options)[name] = value


def _set_attributes(module: Any, state: dict[Any, Any]) -> None:
    """Give a Module of the program its parameters, buffers, parts and other attributes."""
    for part in ("_parameters", "_buffers", "_modules"):
        for name, value in _of(state.pop(part, {}), dict).items():
            if not isinstance(value, (NativeTensor, native_nn.Module, type(None))):
                raise FormatError(
                    f"load: {told(value)} is the parameter or the part {told(name)} of a Module"
                )
            setattr(module, _of(name, str), value)
    check_contents(state)
    for name, value in state.items():
        if isinstance(name, str) and not name.endswith("_hooks") and not name.startswith("__"):
            object.__setattr__(module, name, value)


def check_contents(value: Any) -> None:
    """Check that containers hold values, not names of the file that stand for makers.

    Raises:
        FormatError: one holds such a name.
    """
    todo, seen = [value], set()
    while todo:
        item = todo.pop()
        if isinstance(item, Name):
            raise FormatError(f"load: the contents hold the name {_called(item)}, which is no value")
        if isinstance(item, Namespace):
            item = vars(item)
        if isinstance(item, (list, tuple, dict, deque)) and id(item) not in seen:
            seen.add(id(item))
            todo.extend(item.values() if isinstance(item, dict) else item)


def _called(maker: Any) -> str:
    return f"{maker!r}"[:160] if isinstance(maker, Name) else told(maker)


def _of_program(module: str, name: str) -> Any:
    """A Module's class that the running program has, or a function of the layers; nothing is imported."""
    found: Any = sys.modules.get(module)
    if module == "torch.nn.functional":  # an activation that a module holds; it is a value, and not called
        function = vars(nn.functional).get(name)
        return function if isinstance(function, types.FunctionType) else None
    if module.startswith("torch.nn"):  # layers are here by their names
        found = nn
    for part in name.split("."):
        found = vars(found).get(part) if found is not None and hasattr(found, "__dict__") else None
    return found if isinstance(found, type) and issubclass(found, native_nn.Module) else None


def _of(value: Any, kind: type | tuple[type, ...]) -> Any:
    """The value, which must be of a kind."""
    if not isinstance(value, kind):
        wanted = kind if isinstance(kind, type) else kind[0]
        raise FormatError(f"load: a {wanted.__name__} was expected, found {told(value)}")
    return value


_CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_FRESH: dict[str, Any] = {"EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_SET": set, "EMPTY_TUPLE": tuple}
