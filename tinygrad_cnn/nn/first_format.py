"""Structures and values as version 1 wrote them, turned into what is written today.

In version 1 a bare list was a tuple, and every object in the place of a value was a mark: {"list": [...]},
{"dict": {...}}, {"float": "inf"}, {"function": name}, {"class": ...}, {"array": ..., "shape": ..., "dtype":
...}, {"generator": ..., "number": ...}. Nothing is judged here: what version 1 did not know becomes a mark
that the reader refuses.
"""

from __future__ import annotations

from typing import Any


def upgraded_module(tree: Any) -> Any:
    """A module, and all below it.

    >>> upgraded_module({"class": "Unflatten", "arguments": {"dim": 1, "sizes": [2, 3]}})
    {'class': 'Unflatten', 'arguments': {'dim': 1, 'sizes': {'$tuple': [2, 3]}}}
    """
    if not isinstance(tree, dict):
        return tree
    made = dict(tree)
    for part, change in (
        ("arguments", upgraded_value), ("attributes", upgraded_value), ("modules", upgraded_module),
    ):  # fmt: skip
        if isinstance(tree.get(part), dict):
            made[part] = {name: change(value) for name, value in tree[part].items()}
    return made


def upgraded_value(tree: Any) -> Any:
    """A value.

    >>> upgraded_value([1, {"list": [2.5]}, {"dict": {"bound": {"float": "inf"}}}])
    {'$tuple': [1, [2.5], {'bound': {'$float': 'inf'}}]}
    """
    if isinstance(tree, list):
        return {"$tuple": [upgraded_value(value) for value in tree]}
    if not isinstance(tree, dict):
        return tree
    mark = next(iter(tree), "")
    inner = tree.get(mark)
    if mark == "list" and isinstance(inner, list):
        return [upgraded_value(value) for value in inner]
    if mark == "dict" and isinstance(inner, dict):
        if any(key.startswith("$") for key in inner):
            return {"$items": [[key, upgraded_value(value)] for key, value in inner.items()]}
        return {key: upgraded_value(value) for key, value in inner.items()}
    if mark in ("class", "same"):
        return {"$module": upgraded_module(tree)}
    if mark == "array" and isinstance(inner, list):
        rest = {key: value for key, value in tree.items() if key != "array"}
        return {"$array": {"of": [upgraded_value(value) for value in inner], **rest}}
    if mark == "generator":
        return {"$generator": {"kind" if key == "generator" else key: value for key, value in tree.items()}}
    if mark in ("parameter", "buffer"):
        return {f"${mark}": {"shape" if key == mark else key: value for key, value in tree.items()}}
    return {f"${mark}": inner} if len(tree) == 1 else {"$unknown": str(tree)[:40]}
