"""Makers of plain containers of Python's, which check what a file gives them."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn.errors import FormatError

#: Key of a dict: no longer number, no longer tuple. Their hashes could be made to collide, or take for ever.
_LARGEST_KEY, _LONGEST_KEY = 2**60, 100
_PLAIN_KEYS = (str, bytes, int, float, bool, type(None), np.generic, np.dtype)
_BUILTIN = ("__builtin__", "builtins")
#: Makers of what a `defaultdict` has for a key that is missing.
FACTORIES: dict[tuple[str, str], Callable[[], Any]] = {
    (module, made.__name__): made
    for module in _BUILTIN
    for made in (list, dict, set, tuple, int, float, str)
}


def told(value: Any) -> str:
    """A value of a file in an error: numbers and short texts as they are, else only the type.

    A tuple can hold itself many times over, and its text would fill the memory.

    >>> told("a" * 100), told(((1,),))
    ("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...", 'a tuple')
    """
    if isinstance(value, (str, bytes)):
        text = repr(value[:40])
        return text if len(value) <= 40 else text[:40] + "..."
    if value is None or isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) < 2**64):
        return repr(value)
    return f"a {type(value).__name__}"


def check_key(value: Any) -> None:
    """Check that something is fit for a key: a plain value, or a small tuple of them.

    Raises:
        FormatError: it is not.
    """
    if type(value) is str:
        return
    todo, count = [value], 0
    while todo:
        item = todo.pop()
        if isinstance(item, tuple):
            count += len(item)
            if count > _LONGEST_KEY:
                raise FormatError("load: a tuple of more than 100 parts is a key")
            todo.extend(item)
        elif isinstance(item, int) and abs(item) > _LARGEST_KEY:
            raise FormatError("load: a number of more than 60 bits is a key")
        elif not isinstance(item, _PLAIN_KEYS):
            raise FormatError(f"load: {told(item)} is a key")


def _ordered(*given: Any) -> Any:
    if given:
        raise FormatError("load: an OrderedDict with arguments")
    return OrderedDict()


def _values(values: Any) -> Any:
    if not isinstance(values, (list, tuple)):
        raise FormatError("load: a set of something else than a list")
    for value in values:
        check_key(value)
    return values


def _set(values: Any = ()) -> Any:
    return set(_values(values))


def _frozen(values: Any = ()) -> Any:
    return frozenset(_values(values))


def _counter(counts: Any = None) -> Any:
    counts = {} if counts is None else counts
    if not isinstance(counts, dict) or not all(type(n) is int for n in counts.values()):
        raise FormatError("load: a Counter of something else than numbers")
    return Counter(counts)


def _with_default(factory: Any = None) -> Any:
    made = FACTORIES.get((getattr(factory, "module", ""), getattr(factory, "name", "")))
    if factory is not None and made is None:
        raise FormatError(
            f"load: a defaultdict that makes {told(factory)}; list, dict, set and numbers fit"
        )
    return defaultdict(made)


def _deque(values: Any = (), longest: Any = None) -> Any:
    if not isinstance(values, (list, tuple)) or not (longest is None or type(longest) is int):
        raise FormatError("load: a deque of something else than a list, or without a number for its length")
    return deque(values, longest)


def _bytes(*given: Any) -> Any:
    if given:
        raise FormatError("load: bytes with arguments; only empty ones are made so")
    return b""


def _bytearray(*given: Any) -> Any:
    if len(given) > 1 or not all(isinstance(data, bytes) for data in given):
        raise FormatError("load: a bytearray of something else than bytes")
    return bytearray(*given)


CONTAINERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("collections", "OrderedDict"): _ordered,
    ("collections", "Counter"): _counter,
    ("collections", "defaultdict"): _with_default,
    ("collections", "deque"): _deque,
    **{(module, "set"): _set for module in _BUILTIN},
    **{(module, "frozenset"): _frozen for module in _BUILTIN},
    **{(module, "bytes"): _bytes for module in _BUILTIN},
    **{(module, "bytearray"): _bytearray for module in _BUILTIN},
}
