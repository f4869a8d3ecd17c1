"""`torch.utils._pytree`: nested lists, tuples and dicts taken apart, and put together again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

__all__ = [
    "tree_all",
    "tree_any",
    "tree_flatten",
    "tree_leaves",
    "tree_map",
    "tree_map_only",
    "tree_unflatten",
]


class TreeSpec:
    """The shape of a tree: what holds its leaves.

    >>> tree_flatten({"a": [1, 2]})[1].num_leaves
    2
    """

    def __init__(self, whole: Any, parts: list[TreeSpec]) -> None:
        self.whole, self.children_specs = whole, parts
        self.num_leaves: int = 1 if whole is None else sum(part.num_leaves for part in parts)

    def is_leaf(self) -> bool:
        """Whether it is one leaf."""
        return self.whole is None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TreeSpec) and (self.whole, self.children_specs) == (
            other.whole,
            other.children_specs,
        )

    __hash__ = None  # type: ignore[assignment]


def tree_flatten(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> tuple[list[Any], TreeSpec]:
    """The leaves of a tree in a list, and its shape.

    >>> tree_flatten([1, (2, {"a": 3})])[0]
    [1, 2, 3]
    """
    if not isinstance(tree, (list, tuple, dict)) or (is_leaf is not None and is_leaf(tree)):
        return [tree], TreeSpec(None, [])
    keys = tuple(tree) if isinstance(tree, dict) else None
    kind, parts = type(tree), tree.values() if isinstance(tree, dict) else tree
    found = [tree_flatten(part, is_leaf) for part in parts]
    return [leaf for leaves, _ in found for leaf in leaves], TreeSpec((kind, keys), [s for _, s in found])


def tree_unflatten(leaves: Any, treespec: TreeSpec) -> Any:
    """Leaves put into a shape.

    >>> tree_unflatten([4, 5], tree_flatten({"a": 1, "b": (2,)})[1])
    {'a': 4, 'b': (5,)}
    """
    leaves = list(leaves)
    if len(leaves) != treespec.num_leaves:
        raise ValueError(f"tree_unflatten: {treespec.num_leaves} leaves fit, got {len(leaves)}")
    if treespec.whole is None:
        return leaves[0]
    parts = []
    for part in treespec.children_specs:
        parts.append(tree_unflatten(leaves[: part.num_leaves], part))
        del leaves[: part.num_leaves]
    kind, keys = treespec.whole
    if keys is not None:
        pairs = zip(keys, parts, strict=True)
        return OrderedDict(pairs) if issubclass(kind, OrderedDict) else dict(pairs)
    return kind(*parts) if hasattr(kind, "_fields") else kind(parts)


def tree_leaves(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> list[Any]:
    """The leaves of a tree.

    >>> tree_leaves({"a": 1, "b": [2]})
    [1, 2]
    """
    return tree_flatten(tree, is_leaf)[0]


def tree_map(func: Any, tree: Any, *rests: Any, is_leaf: Any = None) -> Any:
    """A tree of the results of a function of each leaf, and of the leaves at its place in other trees.

    >>> tree_map(lambda a, b: a + b, [1, (2,)], [10, (20,)])
    [11, (22,)]
    """
    leaves, spec = tree_flatten(tree, is_leaf)
    others = [tree_leaves(rest, is_leaf) for rest in rests]
    return tree_unflatten([func(*xs) for xs in zip(leaves, *others, strict=True)], spec)


def tree_map_only(kind: Any, func: Any, tree: Any, is_leaf: Any = None) -> Any:
    """As `tree_map`, for the leaves of a class.

    >>> tree_map_only(int, lambda n: -n, [1, "a"])
    [-1, 'a']
    """
    return tree_map(lambda x: func(x) if isinstance(x, kind) else x, tree, is_leaf=is_leaf)


def tree_all(pred: Callable[[Any], bool], tree: Any, is_leaf: Any = None) -> bool:
    """Whether something holds for all leaves.

    >>> tree_all(bool, [1, 0])
    False
    """
    return all(map(pred, tree_leaves(tree, is_leaf)))


def tree_any(pred: Callable[[Any], bool], tree: Any, is_leaf: Any = None) -> bool:
    """Whether something holds for a leaf.

    >>> tree_any(bool, [1, 0])
    True
    """
    return any(map(pred, tree_leaves(tree, is_leaf)))
