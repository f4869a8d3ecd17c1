"""Find the wrong entries of a gradient: one by one where they are few, else by halving."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tinygrad_cnn.testing.check.comparisons import Comparer
from tinygrad_cnn.testing.check.findings import Finding

#: With so many elements or fewer, each entry is looked at.
FEW = 64

#: Near kinks, so many entries are looked at, and where each evaluation takes long so many.
SOME, SOME_IF_HUGE = 16, 3

#: An input is weak whose slopes are less than such a share of the largest; single entries where among
#: so many it is rare by chance, for each is weighed by a random number. Ever weaker groups are looked at.
WEAK, CHANCE, GROUPS = 1e-5, 1e-3, 3

#: Entries that are looked for among many.
MOST = 5

#: The step, of the scale of an input, of a central difference that has to show a large error alone.
CENTRAL_STEP = 2.0**-12

#: Looks at halves, at most: the time does not grow with the size.
LOOKS = 120


def entries_of(check: Comparer, failed: bool) -> Iterator[Finding]:
    """Comparisons entry by entry: all of them where there are few, else wrong ones, found by halving.

    Args:
        check: the function at its point.   failed: whether a random direction showed an error.
    """
    many = sum(check.points[k].size for k in check.active) > FEW
    if failed and check.huge:
        found = worst_entry(check)
        if found is not None:
            yield check.along(1, entry_name(check, *found), unit(check, *found))
        return
    for place, k in enumerate(check.active):
        shape = check.points[k].shape
        every = list(np.ndindex(shape)) if not many else []
        chosen = _by_halving(check, place) if many and failed else every
        for index in chosen:
            yield check.along(1, entry_name(check, place, index), unit(check, place, index))


def kinked_entries(check: Comparer) -> Iterator[Finding]:
    """Comparisons of single entries near a kink: all where there are few, else some at random."""
    shapes = [check.points[k].shape for k in check.active]
    starts = np.cumsum([0, *map(math.prod, shapes)])
    chosen: Iterable[int] = range(starts[-1])
    if starts[-1] > SOME:
        count = SOME_IF_HUGE if check.huge else SOME
        chosen = np.sort(np.random.default_rng(0).choice(starts[-1], count, replace=False))
    for number in chosen:
        place = int(np.searchsorted(starts, number, side="right")) - 1
        found = np.unravel_index(number - starts[place], shapes[place]) if shapes[place] else ()
        index = tuple(int(i) for i in found)
        yield check.along(1, entry_name(check, place, index), unit(check, place, index))


def weak_entries(check: Comparer) -> Iterator[Finding]:
    """Comparisons of what is too weak to be seen beside the rest, ever weaker.

    A direction that moves everything shows no error of an entry whose slope is a millionth of the
    largest: it is less than the tolerance of their sum. So those entries are moved alone.
    """
    with np.errstate(all="ignore"):
        gradients = zip(check.gradients(), check.active, check.scales, strict=True)
        slopes = [
            np.zeros(check.points[k].shape)
            if g is None
            else np.abs(np.multiply(g, scale, dtype=np.float64))
            for g, k, scale in gradients
        ]
        rare = CHANCE / max(1, sum(s.size for s in slopes))
        if _none_is_weak(slopes, rare):
            return
        weak = [np.isfinite(s) for s in slopes]
    for _ in range(GROUPS):
        most = [float(s.max(initial=0.0, where=w)) for s, w in zip(slopes, weak, strict=True)]
        limit = max(most) * WEAK
        whole = [w.size > 0 and bool(w.all()) and m < limit for w, m in zip(weak, most, strict=True)]
        weak = [
            w & (s < (limit if all_of_it else min(limit, rare * max(most))))
            for s, w, all_of_it in zip(slopes, weak, whole, strict=True)
        ]
        # That some slopes are 0 among others is usual, and says nothing; that of a whole input does.
        if not any(whole) and not any((w & (s > 0)).any() for s, w in zip(slopes, weak, strict=True)):
            return
        moved = [v * w for v, w in zip(check.random(), weak, strict=True)]
        paths = [check.subject.paths[k] for k, w in zip(check.active, weak, strict=True) if w.any()]
        yield check.along(1, f"{' and '.join(paths)}, the weakest entries alone", moved)


def _none_is_weak(slopes: list[np.ndarray], rare: float) -> bool:
    """Whether a quick look finds no weak input and no weak entry, as is usual."""
    tops = [float(s.max(initial=0.0)) for s in slopes]
    top = max(tops)
    if not np.isfinite(top) or any(s.size and t < top * WEAK for s, t in zip(slopes, tops, strict=True)):
        return False
    few = min(WEAK, rare) * top
    below = (s[s < few] for s in slopes if s.size and s.min() < few)
    return not any(b.any() for b in below)


def unit(check: Comparer, place: int, index: tuple[int, ...]) -> list[np.ndarray]:
    """The direction in which one entry moves, by 1."""
    vectors = [np.zeros(check.points[k].shape) for k in check.active]
    vectors[place][index] = 1
    return vectors


def entry_name(check: Comparer, place: int, index: tuple[int, ...]) -> str:
    """Name an entry for a report."""
    path = check.subject.paths[check.active[place]]
    return f"{path}, entry {index}" if index else path


def worst_entry(check: Comparer, places: Sequence[int] | None = None) -> tuple[int, tuple[int, ...]] | None:
    """An input and an index where the gradient is wrong, by two evaluations for each halving.

    What the numerical slope differs by adds up over the elements that move: of two halves, that with the
    larger share is wrong.

    Args:
        places: of the active inputs to look at; all of them.
    Returns:
        Their place and index; None if a share is not finite.
    """
    rng, chosen = np.random.default_rng(1), range(len(check.active)) if places is None else places
    sizes = {k: rng.uniform(0.5, 1, check.points[check.active[k]].size) * check.scales[k] for k in chosen}
    rows = {k: check.points[check.active[k]].flatten() for k in chosen}
    shares = {k: _share(check, k, rows[k], sizes[k], slice(0, len(sizes[k]))) for k in chosen}
    if not shares or not np.isfinite(list(shares.values())).all():
        return None
    place = max(shares, key=lambda k: abs(shares[k]))
    start, end, total = 0, len(sizes[place]), shares[place]
    while end - start > 1:
        middle = (start + end) // 2
        part = _share(check, place, rows[place], sizes[place], slice(start, middle))
        if abs(part) >= abs(total - part):
            end, total = middle, part
        else:
            start, total = middle, total - part
    index = np.unravel_index(start, check.points[check.active[place]].shape) if end > start else ()
    return place, tuple(int(i) for i in index)


def _share(check: Comparer, place: int, moved: np.ndarray, sizes: np.ndarray, part: slice) -> float:
    """How far the slope along a part of the elements, in one row, is from what the gradient says.

    Args:
        moved: a copy of the input, in a row, which is put back: to copy it each time took longest.
    """
    k, changes = check.active[place], []
    x, gradient = check.points[k], check.gradients()[place]
    before = moved[part].copy()
    with np.errstate(all="ignore"):
        for step in (CENTRAL_STEP, -CENTRAL_STEP):
            arrays = list(check.points)
            moved[part] = before + step * sizes[part]
            arrays[k] = moved.reshape(x.shape)
            changes.append(check._value_change(arrays, spare=[] if any(check.written) else [k]))
        moved[part] = before
        told = 0.0 if gradient is None else float(np.vdot(gradient.reshape(-1)[part], sizes[part]))
    return (changes[0] - changes[1]) / (2 * CENTRAL_STEP) - told


def _by_halving(check: Comparer, place: int) -> list[tuple[int, ...]]:
    """Some entries of an input whose gradient is wrong; halves that look right are left out."""
    shape = check.points[check.active[place]].shape
    sizes = np.random.default_rng(1).uniform(0.5, 1, shape)
    found: list[tuple[int, ...]] = []
    stack = [np.arange(int(np.prod(shape)))]
    looks = 0
    while stack and len(found) < MOST and looks < LOOKS:
        within = stack.pop()
        looks += 1
        chosen = np.zeros(shape, bool)
        chosen.flat[within] = True
        if not len(within) or not check.looks_wrong(check.only(place, chosen, sizes)):
            continue
        if len(within) == 1:
            found.append(tuple(int(i) for i in np.unravel_index(within[0], shape)))
        else:
            middle = len(within) // 2
            stack += [within[middle:], within[:middle]]
    return found
