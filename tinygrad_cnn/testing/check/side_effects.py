"""Checks that a derivative does not damage, remember, mix up, or depend on the layout.

Each check compares evaluations with evaluations, so there is no numerical derivative in it. A check
that cannot be made (another point is outside the domain, a random draw) says nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.testing.check.comparisons import Comparer
from tinygrad_cnn.testing.check.findings import Finding
from tinygrad_cnn.testing.check.layouts import laid_out
from tinygrad_cnn.testing.check.magnitudes import largest
from tinygrad_cnn.testing.check.slopes import weights
from tinygrad_cnn.testing.check.subjects import Subject

Array = NDArray[Any]
Gradients = Sequence[Array | None]

#: Relative differences that a gradient may have in narrow types: rounding along a chain of operations.
NARROW_RTOL = {"float32": 1e-3, "float16": 5e-2}

#: What a second walk over the same recording shows.
BUFFER = "writes to the gradient that the first one gave: a buffer is used again"
CHANGED = "over the same recording gives another gradient: something that is kept for it was changed"

#: How far away another call is made, as a share of each element.
ELSEWHERE = 2.0**-4

#: It is made at so many elements at most: what a function keeps does not depend on their number.
SMALL = 4096

#: Points at which a narrow gradient must be off in the same way, so that it is no rounding.
NARROW_POINTS = 8

#: What it is off by may vary from point to point by this share: rounding varies more.
STEADY = 0.3


def side_effects(check: Comparer) -> Iterator[Finding]:
    """Find what is wrong besides the numbers, as findings that fail.

    Args:
        check: the function at its point; `check.repeats()` was asked.
    """
    looks = (_damage, _walks, _remembered, _aliased, _layouts, _narrow)
    with np.errstate(all="ignore"):
        for look in looks:
            yield from look(check)


def _said(what: str, reason: str) -> Finding:
    nan = float("nan")
    return Finding("fail", 1, what, nan, nan, nan, reason, against="itself")


def _damage(check: Comparer) -> Iterator[Finding]:
    """Whether a call writes to its inputs."""
    for path, written in zip(check.subject.paths, check.written, strict=True):
        if written:
            yield _said(path, "the function writes to this input: work on a copy")


def _walks(check: Comparer) -> Iterator[Finding]:
    """Several walks over one recording: the same again, and in proportion to what comes in."""
    check = check.wider() or check if check.eps > np.finfo(np.float64).eps else check
    far, w = check.far, check._weights()
    large, small = check.scaled_gradients()
    right = check.gradients()
    for k, path in enumerate(_active_paths(check.subject)):
        first, second = large[k], small[k]
        reused = first is not None and second is not None and np.shares_memory(first, second)
        for g, factor in ((first, -far), (second, 1 / far)):
            if g is None:
                alike = _close(g, right[k], check.eps)
            else:  # below the smallest normal number there are few digits
                lost = float(np.finfo(g.dtype).tiny) / min(abs(factor), 1.0)
                alike = _close(g / g.dtype.type(factor), right[k], check.eps, lost)
            if alike:
                continue
            _, again = check.subject.gradients(check.points, [w, w])
            if reused and g is first:
                yield _said(path, f"a second walk {BUFFER}")
                return
            if not _close(again[k], right[k], check.eps):
                yield _said(path, f"a second walk {CHANGED}")
                return
            if g is None or np.isfinite(g).all():
                said = f"with {factor:g} times the incoming gradient it is not {factor:g} times as large"
                yield _said(path, f"not in proportion: {said} (clipped, or rounded?)")
                return


def _remembered(check: Comparer) -> Iterator[Finding]:
    """Another call between recording and walk: what is kept outside the recording is overwritten."""
    subject, w, active = check.subject, check._weights(), [check.points[k] for k in check.active]
    if not subject.framework.records or sum(x.size for x in active) > SMALL:
        return
    shifts = [weights(x.shape, 1) * np.abs(x.astype(np.float64)) for x in active]
    elsewhere = check.moved(ELSEWHERE, shifts)

    def twice(given: list[Any]) -> list[Any]:
        results = subject.flat(given)
        subject.flat(subject.made(elsewhere))
        return results

    try:
        with subject.same_draws():
            made = subject.made(check.points)
            (found,) = subject.framework.gradients(twice, made, subject.active, [w])
    except Exception:  # elsewhere is outside the domain
        return
    for path, g, right in zip(_active_paths(subject), found, check.gradients(), strict=True):
        if not _close(g, right, check.eps):
            yield _said(
                path, "another call before the walk changes it: an operand is kept outside the graph"
            )
            return


def _aliased(check: Comparer) -> Iterator[Finding]:
    """One array as two inputs: its gradient is the sum of theirs."""
    subject, active = check.subject, check.active
    kinds = [(check.points[k].shape, check.points[k].dtype) for k in active]
    pair = next(((i, j) for j in range(len(active)) for i in range(j) if kinds[i] == kinds[j]), None)
    if pair is None or not subject.framework.records:
        return
    seen = _apart(check, *pair, check.points)
    if seen is None or not seen[1].any():
        return
    # Where the two gradients cancel, rounding is left of them: it varies from point to point.
    off = [seen[0]]
    for number in range(1, NARROW_POINTS):
        other = _apart(check, *pair, check.moved(number * 8 * check.eps, check.relative()))
        off += [] if other is None else [other[0]]
    steady = np.std(off, axis=0) <= STEADY * np.abs(np.mean(off, axis=0))
    if (seen[1] & steady).any():
        names = " and ".join(subject.paths[active[place]] for place in pair)
        yield _said(names, "one array as both: its gradient is not the sum of the two gradients")


def _apart(check: Comparer, first: int, second: int, point: Sequence[Array]) -> tuple[Array, Array] | None:
    """The gradient of one array as two inputs less the sum of theirs, and where that is too much."""
    subject, active = check.subject, check.active
    one, two = active[first], active[second]
    arrays = list(point)
    arrays[two] = arrays[one]

    def shared(given: list[Any]) -> list[Any]:
        return subject.flat([given[one] if k == two else x for k, x in enumerate(given)])

    try:
        values, (apart,) = subject.valued(arrays, [check._weights()])
        if [y.shape for y in values] != [y.shape for y in check.values]:
            return None
        rest = [k for k in active if k != two]
        (joined,) = subject.framework.gradients(shared, subject.made(arrays), rest, [check._weights()])
    except Exception:  # the point with both alike may be outside the domain
        return None
    want = _sum(apart[first], apart[second])
    have = joined[rest.index(one)]
    if not all(np.isfinite(y).all() for y in values) or want is None or not np.isfinite(want).all():
        return None
    room = 1e4 * check.eps * max(largest(g) for g in (apart[first], apart[second]) if g is not None)
    off = (np.zeros(want.shape) if have is None else have) - want
    return off, np.full(want.shape, have is None and room > 0) | ~(np.abs(off) <= room)


def _sum(a: Array | None, b: Array | None) -> Array | None:
    if a is None or b is None:
        return b if a is None else a
    return a + b


def _layouts(check: Comparer) -> Iterator[Finding]:
    """The same values in memory that is transposed, spread out, or backwards."""
    subject = check.subject
    size = max(1.0, *(largest(x) for x in check.points if x.dtype.kind == "f")) ** 2
    for layout in ("transposed", "strided", "reversed"):
        odd = copy.copy(subject)
        odd.points = [laid_out(x, layout) if x.dtype.kind == "f" else x for x in check.points]
        if all(x.flags.c_contiguous for x in odd.points):
            continue
        weights = [laid_out(w, layout) for w in check._weights()]
        values, (found,) = odd.valued(odd.points, [weights], spare=check.active)
        if not all(_near(y, z, check.eps, size) for y, z in zip(values, check.values, strict=True)):
            yield _said(f"{layout} memory", "the result depends on how the inputs lie in memory (strides)")
            return
        for path, g, right in zip(_active_paths(subject), found, check.gradients(), strict=True):
            if not _near(g, right, check.eps, size):
                yield _said(
                    f"{path}, {layout} memory", "the gradient depends on how arrays lie in memory (strides)"
                )
                return


def _narrow(check: Comparer) -> Iterator[Finding]:
    """A gradient in float16 or float32 against the same in float64, at several points close by."""
    kinds = {check.points[k].dtype.name for k in check.active}
    rtol = max((NARROW_RTOL.get(kind, 0.0) for kind in kinds), default=0.0)
    wider = check.wider() if rtol and check.eps > np.finfo(np.float64).eps else None
    if wider is None or check.unresolved():
        return
    rtol = max(rtol, check.rtol)
    off: list[list[Array]] = [[] for _ in check.active]
    wrong = [np.ones(check.points[k].shape, bool) for k in check.active]
    for number in range(NARROW_POINTS):
        point = check.moved(number * 8 * check.eps, check.relative())
        wide = [x.astype(np.float64) if x.dtype.kind == "f" else x for x in point]
        try:
            (have,) = check.subject.gradients(point, [check._weights()])
            (want,) = wider.subject.gradients(wide, [wider._weights()])
        except Exception:  # that point is outside the domain
            return
        for place, (g, right) in enumerate(zip(have, want, strict=True)):
            g = np.zeros(wrong[place].shape) if g is None else g.astype(np.float64)
            right = np.zeros(wrong[place].shape) if right is None else right
            top = float(np.abs(right[np.isfinite(right)]).max(initial=0.0))
            room = rtol * (np.abs(right) + 0.1 * top) + 16 * check.eps
            representable = np.abs(right) < float(np.finfo(check.values[0].dtype).max) / 16
            # Cancellation spoils small entries in right functions; an error of the rule, all of them.
            alike = bool(np.linalg.norm(g - right) <= rtol * np.linalg.norm(right))
            finite = np.isfinite(right) & np.isfinite(
                g
            )  # what overflows on the way is no error of the rule
            wrong[place] &= representable & finite & ~(np.abs(g - right) <= room) & (not alike)
            off[place].append(g - right)
        if not any(bad.any() for bad in wrong):  # as usual, at once
            return
    for path, bad, differences, k in zip(
        _active_paths(check.subject), wrong, off, check.active, strict=True
    ):
        steady = np.std(differences, axis=0) <= STEADY * np.abs(np.mean(differences, axis=0))
        persistent = bad & steady
        if persistent.any():
            first = tuple(int(i) for i in np.argwhere(persistent)[0])
            kind = check.points[k].dtype.name
            entries = f"at {persistent.sum()} of {persistent.size} entries, {first} is the first"
            yield _said(path, f"in {kind} the gradient is off by more than rounding, {entries}")
            return


def _active_paths(subject: Subject) -> list[str]:
    return [subject.paths[k] for k in subject.active]


def _close(a: Array | None, b: Array | None, eps: float, lost: float = 0.0) -> bool:
    """Whether two gradients agree to rounding, and to `lost`; None is a gradient of zeros."""
    if a is None or b is None:
        other = b if a is None else a
        return other is None or not other.any()
    if a.shape != b.shape:
        return False
    if np.array_equal(a, b):  # as most are; quick
        return True
    top = largest(b)
    return bool(np.allclose(a, b, rtol=1e3 * eps, atol=1e2 * eps * top + lost, equal_nan=True))


def _near(a: Array | None, b: Array | None, eps: float, size: float) -> bool:
    """Whether two arrays agree as far as another order of summing terms of some size allows."""
    if a is None or b is None:
        return _close(a, b, eps)
    if np.array_equal(a, b):
        return True
    top = largest(b)
    room = eps**0.5 * top + 1e3 * eps * size
    if a.shape == b.shape and float(np.abs(a - b).max(initial=0.0)) <= room:
        return True
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=eps**0.5, atol=room, equal_nan=True))
