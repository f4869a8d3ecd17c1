"""Blame: which op of a composed function has the wrong derivative, and where it was called.

The function runs once under an observer that keeps every op with the arrays that it was given.
Then each op is inspected by itself, oldest first, so that the first one found is the cause and not
a consequence. If all are right, the sums that the engine's walk makes are compared with sums made
here; and if these agree too, something of the function is computed outside the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional import concatenate
from tinygrad_cnn.graph import OUT, Node, ancestors, observe
from tinygrad_cnn.mode import enable_grad
from tinygrad_cnn.tensors.gradient import grad
from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.testing.blaming.blame_report import Blame
from tinygrad_cnn.testing.blaming.recorded_steps import Run, Step, Witness, fetched, same
from tinygrad_cnn.testing.blaming.single_op import (
    Fault,
    inspect,
    inspect_forward,
    inspect_second,
    inspect_types,
    shares,
)
from tinygrad_cnn.testing.check.comparisons import Comparer
from tinygrad_cnn.testing.check.findings import Finding
from tinygrad_cnn.testing.check.subjects import Subject
from tinygrad_cnn.testing.check.worst_entries import weak_entries
from tinygrad_cnn.testing.frameworks.own_tensors import OwnTensors

Array = NDArray[Any]


def blame(
    fn: Callable[..., Any], *inputs: Any, order: int = 1, seed: int = 0,
    kwargs: Mapping[str, Any] | None = None,
) -> Blame:  # fmt: skip
    """The first op of `fn` whose derivative is wrong at `inputs`, or what else spoils the gradient.

    Args:
        fn: from Tensors to a Tensor.   inputs: Tensors or arrays, or containers of them, as `gradcheck`.
        order: 1, or 2 to look at second derivatives too.   seed: of directions.
        kwargs: keyword arguments of `fn`.
    Returns:
        A `Blame`, false if nothing is wrong; printed, it explains itself.
    Raises:
        ArgumentError: order is neither 1 nor 2.   DTypeError: no float input, or no Tensor returned.

    >>> from tinygrad_cnn import Op
    >>> class Twice(Op):
    ...     def forward(self, x): return 2 * x
    ...     def backward(self, g): return (g,)
    >>> found = blame(lambda x: (Twice()(x.tanh()) ** 2).sum(), np.array([0.5, 1.0]))
    >>> found.op, found.kind, found.reason
    ('Twice', 'derivative', 'too small by a factor of 2: a term missing?')
    """
    if order not in (1, 2):
        raise ArgumentError(f"blame: order must be 1 or 2, got {order!r}")
    subject = Subject(OwnTensors(), fn, inputs, kwargs, "blame")
    return _Trial(subject, order, seed).verdict()


class _Trial:
    """One run of the function under watch, and what is looked at, one thing after the other."""

    def __init__(self, subject: Subject, order: int, seed: int) -> None:
        self.subject, self.order, self.seed = subject, order, seed
        self.leaves, self.y, self.steps = self.run(subject.points)
        self.roots = (self.y.node,) if self.y.requires_grad else ()
        self.weight = np.random.default_rng(seed).uniform(-1, 1, self.y.shape).astype(self.y.dtype)

    def run(self, points: Sequence[Array]) -> tuple[list[Tensor], Tensor, list[Step]]:
        """The leaves, the result and the steps at some point; several results are joined to a vector."""
        tensors = self.subject.made(points)
        with observe(Witness()) as seen, enable_grad(), self.subject.same_draws():
            results = self.subject.flat(tensors)
            y = results[0] if len(results) == 1 else concatenate([y.reshape(-1) for y in results])
        assert isinstance(seen, Witness)
        return [tensors[k] for k in self.subject.active], y, seen.steps

    def verdict(self) -> Blame:
        """The first thing found, in the order in which one fault would hide the next."""
        looks = (self.ops, self.kept, self.walk, self.derivatives, self.cuts, self.forward, self.types)
        for look in looks:
            for found in look():
                return replace(found, roots=found.roots or self.roots)
        return Blame("nothing", "every op is right by itself and the walk adds up", roots=self.roots)

    def ops(self) -> Iterator[Blame]:
        """Each op by itself, first order, oldest first."""
        steps = {step.node: step for step in self.steps}
        for step in self.steps:
            for k in step.stale:
                reason = f"its result was written over before {step.op.name} read it"
                yield Blame("write", reason, steps[step.node.parents[k]])
            fault = inspect(step, self.seed)
            if fault is not None:
                yield _of(step, fault)

    def kept(self) -> Iterator[Blame]:
        """Arrays kept for a derivative and written over since."""
        for step in self.steps:
            copies = [step.result if k == OUT else step.operands[k] for k in step.op.keep]
            for place, x, before in zip(step.op.keep, step.node.kept or (), copies, strict=False):
                if not same(x, before):
                    what = "its result" if place == OUT else f"its operand {place}"
                    yield Blame(
                        "write", f"{what}, which its derivative reads, was written over later", step
                    )

    def walk(self) -> Iterator[Blame]:
        """The engine's sums against sums made here, newest node first."""
        if not self.roots:
            return
        try:
            with observe(Witness()) as seen:
                weight = devices.beside(self.weight, self.y)
                found = grad(self.y, self.leaves, weight, retain_graph=True, allow_unused=True)
        except Exception as error:
            yield Blame("walk", f"the walk stops with {type(error).__name__}: {error}")
            return
        assert isinstance(seen, Witness)
        order = ancestors(self.y.node)
        if any(node.hooks for node in order):  # hooks may change gradients, as they are meant to
            return
        leading = {leaf.node for leaf in self.leaves}  # the walk visits what depends on the inputs
        for node in order:
            if not leading.isdisjoint(node.parents):
                leading.add(node)
        expected = {node: g for node, g in self.sums(order).items() if node in leading}
        pairs = zip(self.leaves, found, strict=True)
        actual = seen.gradients | {x.node: devices.to_host(g.array) for x, g in pairs if g is not None}
        steps = {step.node: step for step in self.steps}
        for node in reversed(order):
            want = expected.get(node)
            if want is None or _close(actual.get(node), want):
                continue
            uses = sum(parent is node for child in order for parent in child.parents)
            reason = (
                "every op is right by itself, but the walk gathered another gradient here than the sum "
                f"of what its {uses} uses give: a share was lost, counted twice or overwritten"
            )
            if node not in steps:
                reason = f"at {self._input(node)}: {reason}"
            yield Blame("walk", reason, steps.get(node))

    def sums(self, order: list[Node]) -> dict[Node, Array]:
        """The gradient of each node, added up without the engine."""
        steps = {step.node: step for step in self.steps}
        gathered: dict[Node, Array] = {self.y.node: self.weight}
        for node in reversed(order):
            if node not in gathered or node not in steps or node.kept is None:
                continue
            kept = [devices.to_host(x) for x in node.kept]
            run = Run(steps[node], steps[node].result, kept, fetched(node.residual))
            found = shares(run, gathered[node].copy())
            for parent, share in zip(node.parents, found, strict=True):
                if share is not None:
                    share = share.astype(parent.dtype)
                    gathered[parent] = gathered[parent] + share if parent in gathered else share
        return gathered

    def _input(self, node: Node) -> str:
        nodes = [leaf.node for leaf in self.leaves]
        paths = [self.subject.paths[k] for k in self.subject.active]
        return paths[nodes.index(node)] if node in nodes else str(node)

    def derivatives(self) -> Iterator[Blame]:
        """Second order: the ops that the derivatives call, then each op's derivative as a whole."""
        if self.order == 1 or not self.roots:
            return
        weight = Tensor(devices.beside(self.weight, self.y))
        try:
            with observe(Witness()) as seen:
                slopes = grad(self.y, self.leaves, weight, create_graph=True, allow_unused=True)
        except Exception as error:
            yield Blame("walk", f"the recorded walk stops with {type(error).__name__}: {error}", order=2)
            return
        assert isinstance(seen, Witness)
        steps = {step.node: step for step in self.steps}
        roots = tuple(s.node for s in slopes if s is not None and s.requires_grad)
        for step in seen.steps:
            fault = inspect(step, self.seed)
            if fault is not None:
                inside = steps.get(step.derives) if step.derives is not None else None
                yield replace(_of(step, fault), order=2, inside=inside, roots=roots)
        for step in self.steps:
            fault = inspect_second(step, self.seed)
            if fault is not None:
                yield replace(_of(step, fault), order=2, roots=roots)

    def cuts(self) -> Iterator[Blame]:
        """The whole function against numerical derivatives, when everything recorded is right."""
        check = Comparer(self.subject, 1e-7, 0.0, np.random.default_rng(self.seed))
        if not check.repeats():
            return
        for order in range(1, self.order + 1):
            looks = (check.random(), check.relative())
            findings = [check.along(order, "all inputs", direction) for direction in looks]
            if order == 1:
                findings += weak_entries(check)
            failed = next((f for f in findings if f.status == "fail"), None)
            if failed is None:
                continue
            moved = self.run(check.moved(1e-3, check.random()))[2]
            yield from self.constants(moved, order, failed)
            reason = "every recorded op is right, so something is computed outside the graph, where no "
            yield Blame("cut", f"{reason}gradient can follow: .numpy(), .data, a cache?", order=order)

    def forward(self) -> Iterator[Blame]:
        """Each op's forward mode, which is made of its recorded derivative, against its reverse mode."""
        for step in self.steps:
            fault = inspect_forward(step, self.seed)
            if fault is not None:
                yield _of(step, fault)

    def types(self) -> Iterator[Blame]:
        """Derivatives of wider types than their operands."""
        for step in self.steps:
            fault = inspect_types(step)
            if fault is not None:
                yield _of(step, fault)

    def constants(self, moved: list[Step], order: int, failed: Finding) -> Iterator[Blame]:
        """Operands taken for constants that change with the inputs."""
        for step, other in zip(self.steps, moved, strict=False):
            if step.op.name != other.op.name:
                return
            for k, need in enumerate(step.needs):
                if not need and not same(step.operands[k], other.operands[k]):
                    reason = f"operand {k} is a constant here, yet it changes with the inputs: "
                    reason += "was it taken out of the graph by .detach(), .numpy() or .data?"
                    yield Blame("cut", reason, step, order, operand=k, finding=None)


def _of(step: Step, fault: Fault) -> Blame:
    return Blame(
        fault.kind, fault.reason, step, operand=fault.operand, index=fault.index, finding=fault.finding
    )


def _close(have: Any, want: Array) -> bool:
    """Whether two gradients agree but for rounding."""
    if have is None:
        return not want.any()
    scale = float(np.abs(want).max(initial=0.0))
    room = 1e4 * float(np.finfo(want.dtype).eps) * scale
    return have.shape == want.shape and bool(np.allclose(have, want, rtol=0, atol=room, equal_nan=True))
