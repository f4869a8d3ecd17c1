"""Nested inputs and results (tuples, lists, dicts, dataclasses) as a flat list of arrays, and back."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

IsLeaf = Callable[[Any], bool]


def leaves(value: Any, is_leaf: IsLeaf, path: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of a nested value, each with its path.

    Args:
        value: a leaf, or tuples, lists, dicts and dataclasses of leaves; anything else has none.
        is_leaf: what counts as a leaf.   path: where `value` itself is.

    >>> list(leaves({"a": (1.0, "x"), "b": [2.0]}, lambda x: isinstance(x, float), "input 0"))
    [("input 0['a'][0]", 1.0), ("input 0['b'][0]", 2.0)]
    """
    if is_leaf(value):
        yield path, value
    else:
        for step, part in _parts(value):
            yield from leaves(part, is_leaf, path + step)


def replaced(value: Any, is_leaf: IsLeaf, new: Iterator[Any]) -> Any:
    """A nested value with its leaves replaced, in the order of `leaves`; the value stays as it is.

    >>> replaced({"a": (1.0, "x")}, lambda x: isinstance(x, float), iter([5.0]))
    {'a': (5.0, 'x')}
    """
    if is_leaf(value):
        return next(new)
    if isinstance(value, Mapping):
        made = {key: replaced(part, is_leaf, new) for key, part in value.items()}
        return made if type(value) is dict else _same_kind(value, made)
    if isinstance(value, (tuple, list)):
        parts = [replaced(part, is_leaf, new) for part in value]
        if hasattr(value, "_make"):  # a named tuple
            return value._make(parts)
        return parts if isinstance(value, list) else tuple(parts)
    if _is_record(value):
        record = copy.copy(value)
        for field in fields(value):
            part = replaced(getattr(value, field.name), is_leaf, new)
            object.__setattr__(record, field.name, part)  # frozen ones too
        return record
    return value


def _same_kind(value: Any, made: dict[Any, Any]) -> Any:
    """A dict as the mapping that was given: an OrderedDict, a defaultdict."""
    try:
        kind = copy.copy(value)
        kind.update(made)
        return kind
    except Exception:
        return made


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """The parts of a container, each with the step that leads there."""
    if isinstance(value, Mapping):
        yield from ((f"[{key!r}]", part) for key, part in value.items())
    elif isinstance(value, (tuple, list)):
        names = getattr(value, "_fields", None)
        for k, part in enumerate(value):
            yield f".{names[k]}" if names else f"[{k}]", part
    elif _is_record(value):
        yield from ((f".{field.name}", getattr(value, field.name)) for field in fields(value))


def _is_record(value: Any) -> bool:
    return is_dataclass(value) and not isinstance(value, type)
