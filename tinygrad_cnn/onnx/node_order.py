"""The order in which a file's nodes run: each module's nodes together, as far as they can be.

Files are often written breadth first: a module is begun, left for another and taken up again. Drawings
and errors read better when it is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tinygrad_cnn.onnx.file_graph import FileNode

#: Beyond so many nodes the file's own order stays.
MOST = 20_000


def by_modules(nodes: Sequence[FileNode]) -> tuple[FileNode, ...]:
    """The nodes in an order in which each still comes after those whose results it reads.

    Of the nodes that could run, one of the innermost module that is begun comes first, then one of a
    module whose inputs are all there, then the first in the file.

    >>> node = lambda scope, x, y: FileNode("Relu", "", 1, y, (x,), (y,), {}, scope)
    >>> mixed = [node("a", "x", "1"), node("b", "1", "2"), node("a", "1", "3"), node("b", "3", "4")]
    >>> [one.name for one in by_modules(mixed)]
    ['1', '3', '2', '4']
    """
    if len(nodes) > MOST or not any(node.scope for node in nodes):
        return tuple(nodes)
    makers = {name: k for k, node in enumerate(nodes) for name in node.outputs if name}
    parents = [sorted({makers[name] for name in node.uses if name in makers}) for node in nodes]
    children: list[list[int]] = [[] for _ in nodes]
    for k, of in enumerate(parents):
        for parent in of:
            children[parent].append(k)
    paths = [_prefixes(node.scope) for node in nodes]
    outside = _outside(parents, paths)
    missing = [len(of) for of in parents]
    ready = [k for k, count in enumerate(missing) if not count]
    order: list[int] = []
    last: tuple[str, ...] = ()
    while ready:
        chosen = min(ready, key=lambda k: _rank(paths[k], last, outside, k))
        ready.remove(chosen)
        order.append(chosen)
        last = paths[chosen]
        entered = set()
        for child in children[chosen]:
            missing[child] -= 1
            if not missing[child]:
                ready.append(child)
            entered.update(set(paths[child]) - set(last))
        outside.subtract(entered)
    return tuple(nodes[k] for k in order)


def _prefixes(scope: str) -> tuple[str, ...]:
    """'a.b' -> ('a', 'a.b')."""
    words = scope.split(".") if scope else []
    return tuple(".".join(words[: k + 1]) for k in range(len(words)))


def _outside(parents: Sequence[Sequence[int]], paths: Sequence[tuple[str, ...]]) -> Counter[str]:
    """By module, how many nodes outside make what it reads."""
    pairs = {
        (parent, prefix)
        for k, of in enumerate(parents)
        for parent in of
        for prefix in paths[k]
        if prefix not in paths[parent]
    }
    return Counter(prefix for _, prefix in pairs)


def _rank(
    path: tuple[str, ...], last: tuple[str, ...], outside: Counter[str], k: int
) -> tuple[int, int, int]:
    """The less, the sooner a node runs: stays inside, enters what is complete, stands first."""
    inside = sum(a == b for a, b in zip(path, last, strict=False))
    waits = sum(outside[prefix] > 0 for prefix in path[inside:])
    return -inside, waits, k
