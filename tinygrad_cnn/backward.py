"""The one walk over the graph, newest node first, for first and higher order.

Gradients are plain arrays, or Tensors when the walk itself is to be recorded; the ops' derivatives
are the same lines for both. A gradient is popped when its node is reached, so it lives only as
long as it is needed; broadcasting, element type and 0-d arrays are put right here and nowhere else.

Leaves come last, being oldest, and their gradients are all there at the end. Those of leaves with
`grad_hooks` are handed over as soon as they are complete, so that nobody has to hold them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.errors import GraphError
from tinygrad_cnn.graph import MODE, OUT, Node, Op, is_stale, last_stamp
from tinygrad_cnn.half_precision import has_half, widened
from tinygrad_cnn.ops.elementwise import Cast
from tinygrad_cnn.ops.shape import SumTo

_SERIAL = attrgetter("serial")
_FLOAT32 = np.dtype(np.float32)

#: Makes a Tensor at a node from an array; given to the walk when it is to be recorded.
Wrap = Callable[[Any, Node | None], Any]
#: Takes the gradient of a leaf, as a Tensor, before the walk goes on.
Deliver = Callable[[Node, Any], None]


def gradients(
    seeds: Mapping[Node, Any],
    targets: Iterable[Node] | None = None,
    *,
    wrap: Wrap,
    record: bool = False,
    retain_graph: bool = False,
    as_leaves: bool = False,
    deliver: Deliver | None = None,
) -> dict[Node, Any]:
    """Gradients of sum(seed * output) for leaves, for nodes that retain theirs, or for `targets`.

    Nothing is changed, and no derivative has run, when the graph turns out to be unusable.

    Args:
        seeds: per output node, the gradient that flows in; arrays, or Tensors to `record`.
        targets: the nodes whose gradients are wanted; the walk visits only what lies between them
            and the outputs. None: every node that retains its gradient.
        wrap: makes a Tensor, from an array and its node.
        record: run the derivatives on Tensors, so that the result has a graph of its own.
        retain_graph: keep what the derivatives read, for another walk.
        as_leaves: go no further than the targets: partial derivatives, as if nothing made them.
        deliver: called with each leaf that has `grad_hooks` and its gradient, as soon as that is
            complete; such gradients are not among the results, and need not all be there at once.
    Returns:
        The gradient of each wanted node that the outputs depend on, by node.
    Raises:
        GraphError: part of the graph was freed by an earlier walk, an array that it needs was
            written over, or an op's derivative gave gradients that fit no operand.
    """
    wanted = None if targets is None else set(targets)
    order, ends = plan(seeds, wanted, wanted if as_leaves and wanted else set())
    eager = {node for node in order if node.grad_hooks} if deliver is not None else set()
    pending, found, observers = dict(seeds), {}, MODE.get().observers
    for node in soonest(order, eager) if eager else order:
        g = pending.pop(node, None)
        if g is None:  # only derivatives that are None lead here
            continue
        if node.hooks:
            g = run_hooks(node, g, wrap, record)
        if eager:
            if node in eager:
                g = g if record else wrap(g, None)  # now nobody but this Tensor holds the array
                deliver(node, g)  # type: ignore[misc]  # there are eager leaves only for somebody
                continue
            refuse_stale(node)  # a leaf may have been written over since
        if node in wanted if wanted is not None else node.retains_grad:
            found[node] = g
        op = node.op
        if op is None or node in ends:
            continue
        if observers:  # to see that there is none is quicker than to go through none
            for observer in observers:
                observer.step_starts(node, g)
        kept: Any = rewrap(node, op, wrap) if record else node.kept
        needs = node.needs
        results: Any
        try:
            # The most frequent case is written out: a call, and a call with *, would take 0.3 µs more.
            if len(kept) != 2 or node.residual is not None or node.dtype is not _FLOAT32:
                results = derivative(node, op, g, kept)
            elif op._backward_needs:
                results = op.backward(g, kept[0], kept[1], needs=needs)
            else:
                results = op.backward(g, kept[0], kept[1])
        except FloatingPointError:  # see `without_underflow`
            with np.errstate(under="ignore"):
                results = derivative(node, op, g, kept)
        if not isinstance(results, tuple) or len(results) != len(needs):
            raise misfit(op, node, results)
        shares: Any = [None] * len(needs) if observers else None
        for k, parent in enumerate(node.parents):
            share = results[k]
            if share is None or not needs[k]:
                continue
            shape, dtype = parent.shape, parent.dtype
            try:  # types are mostly one object, which is quicker to see than that they are equal
                if share.shape != shape or (share.dtype is not dtype and share.dtype != dtype):
                    share = fitted(share, op, parent)
            except AttributeError:  # a number or a list
                share = fitted(devices.as_array(share), op, parent)
            if record and isinstance(share, devices.CLASSES):
                share = constant(share, op, wrap)
            if observers:
                shares[k] = share
            held = pending.get(parent)
            if held is not None:
                share = held + share
            # NumPy's results without axes are scalars.
            pending[parent] = share if shape or record else devices.as_array(share)
        if eager:
            results = share = held = None  # else they would hold a gradient that was delivered
        if observers:
            for observer in observers:
                observer.stepped(node, g, tuple(shares))
        if not retain_graph and (node.kept or node in seeds or not is_light(node.residual)):
            node.kept = node.residual = None
    return found


def derivative(node: Node, op: Op, g: Any, kept: Any) -> Any:
    """Call the op's `backward` with the gradient `g` of its result, what it kept, and its residual."""
    if op.wide and node.dtype is not _FLOAT32 and has_half(g, kept):
        g, *kept = widened((g, *kept))
    if node.residual is not None:
        kept = (*kept, node.residual)
    if op._backward_needs:
        return op.backward(g, *kept, needs=node.needs)
    if len(kept) == 1:
        return op.backward(g, kept[0])
    return op.backward(g, *kept)


def plan(
    outputs: Iterable[Node], wanted: set[Node] | None, ends: set[Node]
) -> tuple[list[Node], set[Node]]:
    """The nodes to visit, newest first, after checking that each can still give its derivative.

    The walk goes no further than `ends`, nor than wanted nodes that lead to no other: the second result.
    Their own derivatives are not needed.
    """
    found, stack = set(outputs), list(outputs)
    while stack:
        node = stack.pop()
        if ends and node in ends:
            continue
        if node.kept is None and wanted is None:
            refuse_freed(node)
        for parent in node.parents:
            if parent.requires_grad and parent not in found:
                found.add(parent)
                stack.append(parent)
    order = sorted(found, key=_SERIAL)
    if wanted is not None:
        ends = set(ends)
        leading: set[Node] = set()  # nodes that depend on a wanted one, oldest first
        for node in order:
            if not leading.isdisjoint(node.parents):
                leading.add(node)
            elif node in wanted:
                leading.add(node)
                ends.add(node)
        order = [node for node in order if node in leading]
        for node in order:
            if node.kept is None and node not in ends:
                refuse_freed(node)
    latest = last_stamp()
    for node in order:  # oldest first
        if node.serial > latest:
            break
        if node.kept and node not in ends:
            refuse_stale(node)
    order.reverse()
    return order, ends


def soonest(order: list[Node], leaves: set[Node]) -> list[Node]:
    """The same nodes, newest first, but each of these leaves right after the last node that uses it.

    >>> w = Node.leaf((), np.dtype(float), requires_grad=True, role="parameter")
    >>> x = Node.leaf((), np.dtype(float), requires_grad=True, role="input")
    >>> y = Node(Op(), (x,), (), (), np.dtype(float)); z = Node(Op(), (w, y), (), (), np.dtype(float))
    >>> soonest([z, y, x, w], {w}) == [z, w, y, x]
    True
    """
    last: dict[Node, Node] = {}
    for node in order:
        last.update({parent: node for parent in node.parents if parent in leaves})
    following: dict[Node, list[Node]] = {}
    for leaf, node in last.items():
        following.setdefault(node, []).append(leaf)
    moved = [[node, *following.get(node, ())] for node in order if node not in last]
    return [node for group in moved for node in group]


def is_light(residual: Any) -> bool:
    """Whether a residual is None or sizes: a node that keeps no more has nothing to free.

    Other outputs that were computed by way of it can then be walked after this one.

    >>> is_light((3, 4)), is_light(np.zeros(3))
    (True, False)
    """
    return residual is None or (
        type(residual) in (tuple, list) and all(type(size) is int for size in residual)
    )


def refuse_freed(node: Node) -> None:
    """Raise GraphError: an earlier walk let go of what the derivative of a node reads."""
    raise GraphError(
        f"backward: the graph was freed by an earlier backward() or grad() (at {node}); "
        "call that one with retain_graph=True to walk it again, or compute the result anew"
    )


def refuse_stale(node: Node) -> None:
    """Raise GraphError if an array that the derivative of a node needs was written over."""
    if is_stale(node):
        raise GraphError(
            f"backward: an array that the derivative of {node} needs was written over after the "
            "result was computed; write to a copy, or compute the result again after writing"
        )


def constant(share: Any, op: Op, wrap: Wrap) -> Any:
    """A gradient that is no Tensor where the walk is recorded: zeros, which have no derivative.

    Raises:
        GraphError: it is not zero: it was computed outside the graph, and would be taken for a constant.
    """
    if share.any():
        raise GraphError(
            f"backward: {op.name}.backward gave an array, and the walk is recorded (create_graph=True); "
            "a Tensor that is computed from the gradient that came in fits, without .numpy() on the way"
        )
    return wrap(share, None)


def rewrap(node: Node, op: Op, wrap: Wrap) -> tuple[Any, ...]:
    """Turn what the op kept into Tensors at the nodes that the arrays belong to."""
    pairs = zip(op.keep, node.kept or (), strict=True)
    return tuple(
        wrap(value, node if i == OUT else node.parents[i]) if isinstance(value, devices.CLASSES) else value
        for i, value in pairs
    )


def run_hooks(node: Node, g: Any, wrap: Wrap, record: bool) -> Any:
    """The gradient after the node's hooks, each of which may replace it."""
    for hook in tuple((node.hooks or {}).values()):
        before = g if record else wrap(g, None)
        after = hook(before)
        if after is None:
            continue
        if np.shape(after) != node.shape:
            raise GraphError(
                f"backward: a hook on {node} returned a gradient of shape {np.shape(after)}, "
                f"{node.shape} fits; return None to leave it as it is"
            )
        array = getattr(after, "array", after)
        g = after if record and hasattr(after, "array") else devices.as_array(array)
        refuse_unreal(f"a hook on {node} returned", g)
        g = g if g.dtype == node.dtype else g.astype(node.dtype)
        g = wrap(g, None) if record and isinstance(g, devices.CLASSES) else g
    return g


def misfit(op: Op, node: Node, results: Any) -> GraphError:
    """An error that a writer of ops can act on: not one gradient or None per operand."""
    count = len(results) if isinstance(results, tuple) else None
    got = f"{count} of them" if count is not None else f"a {type(results).__name__}"
    return GraphError(
        f"backward: {op.name}.backward must return a tuple with one gradient (or None) for each "
        f"of its {len(node.parents)} operands, and returned {got}"
    )


def fitted(share: Any, op: Op, parent: Node) -> Any:
    """A gradient in its operand's shape and element type: broadcasting undone, cast back."""
    if share.shape != parent.shape:
        lead = share.ndim - len(parent.shape)
        pairs = zip(share.shape[lead:] if lead >= 0 else (), parent.shape, strict=False)
        if lead < 0 or any(want not in (1, have) for have, want in pairs):
            raise GraphError(
                f"backward: {op.name}.backward gave a gradient of shape {share.shape} for an operand "
                f"of shape {parent.shape}; the operand's shape, or one it broadcasts to, fits"
            )
        share = SumTo(parent.shape)(share)
    if share.dtype == parent.dtype:
        return share
    refuse_unreal(f"{op.name}.backward gave", share)
    return Cast(parent.dtype)(share)


def refuse_unreal(who: str, g: Any) -> None:
    """Raise if a gradient holds anything but real numbers: a cast would drop the imaginary part.

    >>> refuse_unreal("Op.backward gave", np.ones(2))
    """
    if g.dtype.kind not in "biuf":
        raise GraphError(f"backward: {who} a gradient of type {g.dtype}; real numbers fit")
