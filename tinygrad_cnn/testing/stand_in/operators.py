"""The methods and operators of the stand-in's arrays, as CuPy's arrays have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn.testing.stand_in import otherwise
from tinygrad_cnn.testing.stand_in.array import (
    TRANSFERS,
    StandInArray,
    bare,
    each,
    is_number,
    one_device,
    wrapped,
)
from tinygrad_cnn.testing.stand_in.cupy_names import METHODS

__all__: list[str] = []


def _method(name: str) -> Callable[..., Any]:
    """A method that NumPy's arrays have, with the arguments that CuPy's takes."""
    taken = METHODS[name]

    def method(self: StandInArray, *args: Any, **kwargs: Any) -> Any:
        if (wrong := taken.refuses(len(args), set(kwargs))) is not None:
            raise TypeError(f"{name}() {wrong}")
        otherwise.refuse_values(name, kwargs)
        if name not in otherwise.VIEWS:
            one_device([self, *args, *kwargs.values()])
        if name in otherwise.WAITS:
            TRANSFERS[name] += 1
        given = {key: each(bare, value) for key, value in kwargs.items()}
        if name == "astype":
            wanted = np.dtype(args[0] if args else given["dtype"])
            if wanted == self.dtype and given.get("copy") is False:
                return self
        computed = otherwise.METHODS.get(name) or getattr(type(self._held), name)
        with np.errstate(all="ignore"):
            result = computed(self._held, *each(bare, args), **given)
        return each(lambda value: wrapped(value, self.index), result)

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
        if not isinstance(other, StandInArray) and not is_number(other):
            raise TypeError(f"Unsupported type {type(other)}")
        with np.errstate(all="ignore"):
            ufunc(self._held, bare(other), out=self._held, casting="same_kind")
        return self

    return method


for _name in METHODS:
    setattr(StandInArray, _name, _method(_name))
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
