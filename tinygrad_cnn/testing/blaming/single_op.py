"""Inspecting one recorded op by itself: does it write where it must not, is its derivative right?

The derivative is called directly, and broadcasting is undone here and not by the engine's walk, so
that a fault of the walk is never blamed on an op.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.testing.blaming.recorded_steps import Run, Step, copied, same
from tinygrad_cnn.testing.check.comparisons import Comparer
from tinygrad_cnn.testing.check.findings import Finding
from tinygrad_cnn.testing.check.layouts import laid_out
from tinygrad_cnn.testing.check.one_comparison import KINK
from tinygrad_cnn.testing.check.subjects import Subject, T
from tinygrad_cnn.testing.check.worst_entries import (
    entries_of,
    kinked_entries,
    unit,
    weak_entries,
    worst_entry,
)
from tinygrad_cnn.testing.frameworks.own_tensors import OwnTensors

Array = NDArray[Any]


#: An entry is looked for among so many.
NARROWED = 2 * 10**6

#: Incoming gradients are also tried so many times as large.
FAR = 1024.0


@dataclass(frozen=True)
class Fault:
    """A fault of one op.

    Attributes:
        kind: 'derivative', 'shape', 'error', 'write', 'layout' or 'dtype'.   reason: in words.
        operand: which operand's gradient it is; None for all.   index: the entry, if one was found.
        finding: the comparison that failed, if one did.
    """

    kind: str
    reason: str
    operand: int | None = None
    index: tuple[int, ...] | None = None
    finding: Finding | None = None


def inspect(step: Step, seed: int = 0) -> Fault | None:
    """Find what is wrong with an op's first derivative at the arrays that it was given; None if nothing.

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
        return _backward_fault(step, g) or _wrong(_compare(step, seed), 1) or _layout_fault(step, g)


def inspect_types(step: Step) -> Fault | None:
    """Whether a derivative is of a wider type than its operand, so that the walk has to cast it."""
    with np.errstate(all="ignore"):
        if not _repeats(step):
            return None
        return _dtype_fault(step, step.run().backward(np.ones_like(step.result)))


def inspect_second(step: Step, seed: int = 0) -> Fault | None:
    """Find what is wrong with the derivative of an op's derivative; None if nothing."""
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
    scaled = {factor: run.backward(factor * g) for factor in (-FAR, 1 / FAR)}
    if not all(same(d, before) for d, before in zip(results, first, strict=True)):
        reason = "its backward returns the same buffer at each call, and so overwrites what it gave before"
        return Fault("write", reason)
    faults = (_disproportionate(step, first, found, factor) for factor, found in scaled.items())
    return next(filter(None, faults), None)


def _disproportionate(
    step: Step, first: Sequence[Any], found: Sequence[Any], factor: float
) -> Fault | None:
    """A derivative that does not grow or shrink with what comes in: clipped, or rounded."""
    for k, (a, b) in enumerate(zip(first, found, strict=True)):
        if not step.needs[k] or a is None or b is None or not np.isfinite(b).all():
            continue
        if not _about(np.asarray(b) / np.asarray(b).dtype.type(factor), np.asarray(a)):
            reason = (
                f"its gradient is not in proportion to the one that comes in: {abs(factor):g} times that "
                f"does not give {abs(factor):g} times as much (clipped?)"
            )
            return Fault("derivative", reason, k)
    return None


def _layout_fault(step: Step, g: Array) -> Fault | None:
    """Whether the result or the derivative depends on how arrays lie in memory."""
    right = step.run()
    gradients = shares(right, g)
    size = max(1.0, *(_largest(x) for x in step.operands)) ** 2
    for layout in ("transposed", "strided", "reversed"):
        operands = [
            laid_out(np.array(x), layout) if isinstance(x, np.ndarray) else x for x in step.operands
        ]
        odd = step.run(operands, as_they_lie=True)
        said = f"depends on how arrays lie in memory ({layout}: strides)"
        if not _about(odd.y, right.y, size):
            return Fault("layout", f"its result {said}")
        for k, (a, b) in enumerate(zip(shares(odd, laid_out(g, layout)), gradients, strict=True)):
            if a is not None and b is not None and not _about(a, b, size):
                return Fault("layout", f"its backward {said}", k)
    return None


def _largest(x: Any) -> float:
    """The largest magnitude of an operand; 0.0 if it holds no numbers."""
    x = np.asarray(x)
    return float(np.abs(x[np.isfinite(x)]).max(initial=0.0)) if x.dtype.kind == "f" else 0.0


def _dtype_fault(step: Step, gradients: Sequence[Any]) -> Fault | None:
    """A gradient of another type than its operand's, which the walk has to cast."""
    for k, (d, x) in enumerate(zip(gradients, step.operands, strict=True)):
        kind = np.asarray(x).dtype
        if step.needs[k] and isinstance(d, np.ndarray) and d.dtype.itemsize > kind.itemsize:
            return Fault("dtype", f"its backward gives {d.dtype} for operand {k}, which is {kind}", k)
    return None


def _about(a: Any, b: Any, size: float = 0.0) -> bool:
    """Whether two arrays agree as far as another order of summing terms of some size allows."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        return False
    eps = float(np.finfo(b.dtype).eps) if b.dtype.kind == "f" else 0.0
    room = eps**0.5 * _largest(b) + 1e3 * eps * size
    return bool(np.allclose(a, b, rtol=eps**0.5, atol=room, equal_nan=b.dtype.kind == "f"))


def _fits(have: tuple[int, ...], want: tuple[int, ...]) -> bool:
    lead = len(have) - len(want)
    pairs = zip(have[lead:] if lead >= 0 else (), want, strict=False)
    return lead >= 0 and all(w in (1, h) for h, w in pairs)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


# --------------------------------------------------------------------------- numbers
class OpSubject(Subject):
    """One op at the operands that it was given, its derivative called without the engine's walk."""

    def __init__(self, step: Step) -> None:
        self.framework, self.fn, self.caller = OwnTensors(), step.op, "blame"
        self.generators = []  # an op that draws numbers is not judged
        self.step, self.points, self.given = step, list(step.operands), list(step.operands)
        self.paths = [f"operand {k}" for k in range(len(step.operands))]
        self.active = [k for k, need in enumerate(step.needs) if need]

    def flat(self, given: Sequence[Any]) -> list[Any]:
        """The op on Tensors, recorded."""
        return [self.step.op(*given)]

    def made(self, arrays: Sequence[Any], spare: Sequence[int] = ()) -> list[Any]:
        """The active operands as Tensors, the others as they were."""
        return [Tensor(x, True) if k in self.active else copied(x) for k, x in enumerate(arrays)]

    def outputs(self, arrays: Sequence[Any]) -> list[Array]:
        """The op's result, not recorded."""
        return [self.step.run(list(arrays)).y]

    def seen(self, arrays: Sequence[Any], look: Callable[[list[Array]], T], spare: Sequence[int]) -> T:
        """Show it to `look`."""
        return look(self.outputs(arrays))

    def gradients(
        self, arrays: Sequence[Any], cotangents: Sequence[Sequence[Array]]
    ) -> list[list[Array | None]]:
        """Its derivative called directly, after a run of its own for each cotangent."""
        rows = (shares(self.step.run(list(arrays)), weight) for (weight,) in cotangents)
        return [[found[k] for k in self.active] for found in rows]

    def widened(self) -> Subject | None:
        """The same op on wider operands."""
        kind: Any = np.float64 if self.eps > np.finfo(np.float64).eps else np.longdouble
        if np.finfo(kind).eps >= self.eps:
            return None
        made = OpSubject(self.step)
        made.points = [
            x.astype(kind) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in self.points
        ]
        return made


def _compare(step: Step, seed: int) -> Comparer:
    return Comparer(OpSubject(step), 1e-7, 0.0, np.random.default_rng(seed))


def _wrong(check: Comparer, order: int) -> Fault | None:
    """A fault of the derivative, narrowed down to an operand and an entry."""
    if not check.values[0].size or not any(np.size(check.points[k]) for k in check.active):
        return None
    kinked = False
    for direction in (check.random(), check.relative(), check.together()):
        finding = check.along(order, "all operands", direction)
        if finding.status == "fail":
            break
        kinked |= KINK in finding.reason
    else:
        weak = [f for f in weak_entries(check) if f.status == "fail"] if order == 1 else []
        if not weak:
            if order == 2:
                return None
            # An entry that is wrongly 0 is none of the weak ones, and shows nothing beside others.
            return _entry(kinked_entries(check) if kinked else entries_of(check, failed=False))
        finding = weak[0]
    for place, k in enumerate(check.active):
        if check.huge and len(check.active) == 1 and order == 1:
            return Fault("derivative", finding.reason, k, *_narrowed(check, order, place, finding))
        chosen = np.ones(np.shape(check.points[k]), bool)
        one = check.along(order, f"operand {k}", check.only(place, chosen, _some(np.shape(chosen))))
        if one.status == "fail":
            words = check.pattern(place) if order == 1 else ""
            index, one = _narrowed(check, order, place, one)
            return Fault("derivative", words or one.reason, k, index, one)
    whose = check.active[0] if len(check.active) == 1 else None
    return Fault("derivative", finding.reason, whose, None, finding)


def _entry(findings: Iterable[Finding]) -> Fault | None:
    """The first of single entries whose gradient is wrong; at a kink, outside the one-sided slopes."""
    for finding in findings:
        if finding.status == "fail":
            operand, _, index = finding.where.removeprefix("operand ").partition(", entry ")  # or 0-d
            place = tuple(int(n) for n in index.strip("(),").split(",") if n)
            return Fault("derivative", finding.reason, int(operand), place, finding)
    return None


def _some(shape: tuple[int, ...]) -> Array:
    """Draw how far each element moves: so that no two changes cancel."""
    return np.random.default_rng(1).uniform(0.5, 1, shape)


def _fails(check: Comparer, order: int, direction: list[Array]) -> bool:
    return check.along(order, "", direction).status == "fail"


def _narrowed(
    check: Comparer, order: int, place: int, finding: Finding
) -> tuple[tuple[int, ...] | None, Finding]:
    """One entry of an operand whose derivative is wrong: halve what is moved, as long as a half fails."""
    shape = np.shape(check.points[check.active[place]])
    if check.huge and order == 1:
        few = math.prod(shape) <= NARROWED
        worst = worst_entry(check, [place]) if few else None
        return _exact(check, order, place, worst[1], finding) if worst else (None, finding)
    within = np.arange(int(np.prod(shape)))
    while len(within) > 1:
        middle = len(within) // 2
        for half in (within[:middle], within[middle:]):
            chosen = np.zeros(shape, bool)
            chosen.flat[half] = True
            direction = check.only(place, chosen, _some(shape))
            if check.looks_wrong(direction) if order == 1 else _fails(check, order, direction):
                within = half
                break
        else:
            return None, finding
    index = tuple(int(i) for i in np.unravel_index(within[0], shape))
    return _exact(check, order, place, index, finding)


def _exact(
    check: Comparer, order: int, place: int, index: tuple[int, ...], finding: Finding
) -> tuple[tuple[int, ...] | None, Finding]:
    """The index, and the comparison of that entry alone if it fails."""
    direction = unit(check, place, index)
    exact = check.along(order, f"operand {check.active[place]}, entry {index}", direction)
    return index, exact if exact.status == "fail" else finding
