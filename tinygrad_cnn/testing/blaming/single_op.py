"""Inspecting one recorded op by itself: does it write where it must not, is its derivative right?

The derivative is called directly, and broadcasting is undone here and not by the engine's walk, so
that a fault of the walk is never blamed on an op.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.tensors.gradient import grad
from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.testing.blaming.recorded_steps import Run, Step, copied, same
from tinygrad_cnn.testing.check.comparisons import Comparer, Finding

Array = NDArray[Any]


@dataclass(frozen=True)
class Fault:
    """What is wrong with one op.

    Attributes:
        kind: 'derivative', 'shape', 'error' or 'write'.   reason: in words.
        operand: which operand's gradient it is; None for all.   index: the entry, if one was found.
        finding: the comparison that failed, if one did.
    """

    kind: str
    reason: str
    operand: int | None = None
    index: tuple[int, ...] | None = None
    finding: Finding | None = None


def inspect(step: Step, seed: int = 0) -> Fault | None:
    """What is wrong with the first derivative of an op at the arrays that it was given; None if nothing.

    An op that gives another result when it runs again cannot be judged, and passes.
    """
    fault = _writes_forward(step)
    if fault is not None:
        return fault
    with np.errstate(all="ignore"):
        if not _repeats(step):
            return None
        rng = np.random.default_rng(seed)
        g = rng.uniform(-1, 1, step.result.shape).astype(step.result.dtype)
        return _backward_fault(step, g) or _wrong(_compare(step, seed), 1)


def inspect_second(step: Step, seed: int = 0) -> Fault | None:
    """What is wrong with the derivative of an op's derivative; None if nothing."""
    with np.errstate(all="ignore"):
        if not _repeats(step):
            return None
        try:
            return _wrong(_compare(step, seed), 2)
        except Exception as error:
            return Fault("error", f"its derivative fails when it is recorded: {_told(error)}")


def inspect_forward(step: Step, seed: int = 0) -> Fault | None:
    """Whether forward and reverse mode of an op differ; None if they agree, or cannot be compared."""
    with np.errstate(all="ignore"):
        if not _repeats(step):
            return None
        check = _compare(step, seed)
        finding = check.forward("all operands", check.random())
    return Fault("derivative", finding.reason, finding=finding) if finding.status == "fail" else None


def _repeats(step: Step) -> bool:
    """Whether the op gives the same result again; those that hold a state or draw numbers do not."""
    try:
        return same(step.run().y, step.result)
    except Exception:
        return False


def shares(run: Run, g: Array) -> list[Array | None]:
    """The gradients that an op's derivative gives, summed to the shapes of the operands.

    >>> from tinygrad_cnn import observe
    >>> from tinygrad_cnn.testing.blaming.recorded_steps import Witness
    >>> with observe(Witness()) as seen:
    ...     y = Tensor(np.ones((2, 3)), requires_grad=True) + Tensor(np.ones(3), requires_grad=True)
    >>> shares(seen.steps[0].run(), np.ones((2, 3)))[1]
    array([2., 2., 2.])
    """
    pairs = zip(run.backward(g), run.step.operands, run.step.needs, strict=True)
    return [None if d is None or not need else summed(np.asarray(d), np.shape(x)) for d, x, need in pairs]


def summed(d: Array, shape: tuple[int, ...]) -> Array:
    """A gradient summed over the axes that broadcasting added or stretched.

    >>> summed(np.ones((4, 2, 3)), (2, 1))
    array([[12.],
           [12.]])
    """
    lead = d.ndim - len(shape)
    stretched = [lead + i for i, n in enumerate(shape) if n == 1 and d.shape[lead + i] != 1]
    return d.sum(axis=(*range(lead), *stretched), keepdims=True).reshape(shape)


def _writes_forward(step: Step) -> Fault | None:
    if step.written:
        k = step.written[0]
        return Fault("write", f"its forward writes to operand {k}, which is not its own", k)
    return None


def _backward_fault(step: Step, g: Array) -> Fault | None:
    """An error, a gradient of a wrong shape, or a write where others read."""
    run = step.run()
    kept = run.kept
    g_before, kept_before = copied(g), [copied(x) for x in kept]
    try:
        results = run.backward(g)
    except Exception as error:
        return Fault("error", f"its backward raises {_told(error)}")
    if not isinstance(results, tuple) or len(results) != len(step.operands):
        got = f"{len(results)} of them" if isinstance(results, tuple) else type(results).__name__
        count = len(step.operands)
        return Fault("shape", f"its backward must return a tuple of {count} gradients, and returned {got}")
    for k, (d, x) in enumerate(zip(results, step.operands, strict=True)):
        if step.needs[k] and d is not None and not _fits(np.shape(d), np.shape(x)):
            reason = f"its backward gave shape {np.shape(d)} for operand {k}, whose shape is {np.shape(x)}"
            return Fault("shape", reason, k)
    if not same(g, g_before):
        reason = "its backward writes to the gradient that comes in, which others read too; write to a copy"
        return Fault("write", reason)
    for x, before in zip(kept, kept_before, strict=True):
        if not same(x, before):
            reason = (
                "its backward writes to an array that was kept for it, so that a second walk goes wrong"
            )
            return Fault("write", reason)
    first = [copied(d) for d in results]
    run.backward(-2 * g)
    if not all(same(d, before) for d, before in zip(results, first, strict=True)):
        reason = "its backward returns the same buffer at each call, and so overwrites what it gave before"
        return Fault("write", reason)
    return None


def _fits(have: tuple[int, ...], want: tuple[int, ...]) -> bool:
    lead = len(have) - len(want)
    pairs = zip(have[lead:] if lead >= 0 else (), want, strict=False)
    return lead >= 0 and all(w in (1, h) for h, w in pairs)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


# --------------------------------------------------------------------------- numbers
class OpComparer(Comparer):
    """Comparisons of one op, its derivative called without the engine's walk."""

    def __init__(self, step: Step, active: list[int], seed: int) -> None:
        self.step = step
        super().__init__(step.op, list(step.operands), active, 1e-7, 1e-9, np.random.default_rng(seed))

    def call(self, arrays: Sequence[Any], requires_grad: bool = False) -> Tensor:
        """The op's result at some operands."""
        return Tensor.detached(self.step.run(list(arrays)).y)

    def gradients(self, arrays: list[Any], create_graph: bool = False) -> tuple[list[Tensor], list[Any]]:
        """As `Comparer.gradients`; recorded only to `create_graph`."""
        if create_graph:
            operands = [Tensor(x, True) if k in self.active else copied(x) for k, x in enumerate(arrays)]
            leaves = [operands[k] for k in self.active]
            y = self.step.op(*operands)
            w = Tensor(self.cotangent.astype(y.dtype))
            return leaves, list(grad(y, leaves, w, create_graph=True, allow_unused=True))
        run = self.step.run(arrays)
        found = shares(run, self.cotangent.astype(run.y.dtype))
        return [], [None if found[k] is None else Tensor.detached(found[k]) for k in self.active]

    def by_active(self, *leaves: Tensor) -> Tensor:
        """The op on the operands that it was given, the active ones replaced."""
        operands = [copied(x) for x in self.points]
        for k, leaf in zip(self.active, leaves, strict=True):
            operands[k] = leaf
        return self.step.op(*operands)

    def only(self, place: int, chosen: Array) -> list[Array]:
        """A direction that moves some elements (a mask) of one active operand, each by 1 or less."""
        vectors = [np.zeros(np.shape(self.points[k])) for k in self.active]
        vectors[place] = np.where(chosen, np.random.default_rng(1).uniform(0.5, 1, chosen.shape), 0)
        return vectors


def _compare(step: Step, seed: int) -> OpComparer:
    return OpComparer(step, [k for k, need in enumerate(step.needs) if need], seed)


def _wrong(check: OpComparer, order: int) -> Fault | None:
    """A fault of the derivative, narrowed down to an operand and an entry."""
    if not check.value.size or not any(np.size(check.points[k]) for k in check.active):
        return None
    together = [np.ones(np.shape(check.points[k])) for k in check.active]  # ties stay tied, no kink shows
    for direction in (check.random(), together):
        finding = check.along(order, "all operands", direction)
        if finding.status == "fail":
            break
    else:
        return None
    for place, k in enumerate(check.active):
        chosen = np.ones(np.shape(check.points[k]), bool)
        one = check.along(order, f"operand {k}", check.only(place, chosen))
        if one.status == "fail":
            words = check.pattern(place) if order == 1 else ""
            index, one = _narrowed(check, order, place, one)
            return Fault("derivative", words or one.reason, k, index, one)
    whose = check.active[0] if len(check.active) == 1 else None
    return Fault("derivative", finding.reason, whose, None, finding)


def _narrowed(
    check: OpComparer, order: int, place: int, finding: Finding
) -> tuple[tuple[int, ...] | None, Finding]:
    """One entry of an operand whose derivative is wrong: halve what is moved, as long as a half fails."""
    shape = np.shape(check.points[check.active[place]])
    within = np.arange(int(np.prod(shape)))
    while len(within) > 1:
        middle = len(within) // 2
        for half in (within[:middle], within[middle:]):
            chosen = np.zeros(shape, bool)
            chosen.flat[half] = True
            one = check.along(order, finding.where, check.only(place, chosen))
            if one.status == "fail":
                within, finding = half, one
                break
        else:
            return None, finding
    index = tuple(int(i) for i in np.unravel_index(within[0], shape))
    unit = np.zeros(shape)
    unit[index] = 1
    vectors = check.only(place, np.zeros(shape, bool))
    vectors[place] = unit
    exact = check.along(order, f"operand {check.active[place]}, entry {index}", vectors)
    return index, exact if exact.status == "fail" else finding
