"""The places that each tap of a convolution reads, as tables that a compiled kernel follows.

A convolution and its adjoint in the image are the same work: each position of the result is a sum over
taps of (a matrix of weights) × (the source at some position). A `Plan` says which taps, and where,
for runs of positions that share the answer. It is made from the `Grid` once, so that the kernel knows
nothing of strides, padding or dilation: taps that fall on padding are not in the plan at all.

    source (H = 4, W = 4), kernel 3×3, padding 1:
                                    columns 0 | 1 2 | 3
      row 0 of the result: taps of kernel rows 1, 2        a run, its taps in one piece each kernel row
      rows 1, 2:           taps of kernel rows 0, 1, 2
      row 3:               taps of kernel rows 0, 1

Where a stride S along the rows would make neighbours read S pixels apart, the pixels of that side are
stored phase by phase (columns 0, S, 2S, ..; then 1, S+1, ..): then neighbours read neighbours again.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels.compiled.base.compiling import inlined

if TYPE_CHECKING:
    from tinygrad_cnn.grid import Grid

#: Per output index along an axis: (tap, index read) for each tap that reads.
Reads = list[list[tuple[int, int]]]


class Layout(NamedTuple):
    """The layout of the pixels of one channel: pixel (h, w) at `place(w) + h * pitch`.

    Attributes:
        height, width: of the image.   pitch: places from one row to the next.
        before: places kept free before each row.   phases: the stride whose phases are apart.
        size: places in all.
    """

    height: int
    width: int
    pitch: int
    before: int
    phases: int
    size: int

    def place(self, w: int) -> int:
        """Where column w of row 0 is stored; w may lie outside the image, on the border."""
        lap, phase = divmod(w + self.before, self.phases)
        return phase * self.height * self.pitch + lap


@inlined
def layout_of(numbers: Any) -> Any:
    """The numbers of a `Layout` by name."""
    n = numbers
    return Layout(n[0], n[1], n[2], n[3], n[4], n[5])


class Segment(NamedTuple):
    """A run of places of the result that have the same sums.

    Attributes:
        place, places: the first in the result, and how many.   first, sums: its first sum, and how many.
        base: the place of the source that its sums count from.
    """

    place: int
    places: int
    first: int
    sums: int
    base: int


class Sum(NamedTuple):
    """Neighbouring taps with one base: the first tap, how many, the base relative to the segment's."""

    first: int
    taps: int
    base: int


class Plan(NamedTuple):
    """The sums of each run of positions.

    Attributes:
        source, result: how both sides are stored.
        layouts: (2, 6), int64: both, in the order of `Layout`.
        taps: (taps,) places from the base of a sum to what each tap reads.
        segments: (runs, 5), in the order of `Segment` and of their places: a run may write over the
            beginning of the next.
        sums: (sums, 3), in the order of `Sum`.
        rows: (KH, 2): the rows [start, stop) of the result in which each row of the kernel reads the
            image.
    """

    source: Layout
    result: Layout
    layouts: NDArray[np.int64]
    taps: NDArray[np.int64]
    segments: NDArray[np.int64]
    sums: NDArray[np.int64]
    rows: NDArray[np.int64]


@lru_cache(maxsize=256)
def plan(grid: Grid, adjoint: bool, bordered: bool, joined: bool) -> Plan:
    """The plan of a convolution, or of its adjoint in the image.

    Args:
        grid: with two axes.
        adjoint: the source is the gradient, the result the image.
        bordered: store the source with a border of zeros at the sides, so that all columns have the
            same taps; else taps on the border are left out.
        joined: store the result with the pitch of the source, so that one run spans many rows;
            some places of it are then nobody's. Only with `bordered`, and where strides permit.
    """
    (h, w), (oh, ow), (sh, sw) = grid.image, grid.output, grid.stride
    rows, columns = _reads(grid, 0, adjoint, False), _reads(grid, 1, adjoint, bordered)
    read = [at for one in columns for _, at in one] or [0]
    height, width = (oh, ow) if adjoint else (h, w)
    before, after = max(0, -min(read)), max(0, max(read) - width + 1)
    source = _layout(
        height, width, before, after, 1 if adjoint else sw, (w if adjoint else ow) if joined else 0
    )
    joined = joined and bordered and sh == sw == 1
    height, width = (h, w) if adjoint else (oh, ow)
    result = _layout(height, width, 0, 0, sw if adjoint else 1, source.pitch if joined else 0)
    taps = _taps(grid, adjoint, source)
    segments, sums = _segments(rows, columns, grid.kernel[1], source, result, taps)
    if joined:
        segments = _join(segments)
    ranges = [
        [o for o, one in enumerate(rows) if any(u == v for u, _ in one)] for v in range(grid.kernel[0])
    ]
    spans = [(min(found), max(found) + 1) if found else (0, 0) for found in ranges]
    table: Any = ((source, result), taps, segments, sums or [Sum(0, 0, 0)], spans)
    return Plan(source, result, *(np.array(one, np.int64) for one in table))


def _reads(grid: Grid, axis: int, adjoint: bool, bordered: bool) -> Reads:
    """(tap, index read) per output index; indices outside the image only if `bordered`."""
    n, out, s = grid.image[axis], grid.output[axis], grid.stride[axis]
    k, d, before = grid.kernel[axis], grid.dilation[axis], grid.padding[axis][0]
    found: Reads = []
    for o in range(n if adjoint else out):
        if adjoint:
            steps = [(u, divmod(o + before - u * d, s)) for u in range(k)]
            pairs = [(u, at) for u, (at, rest) in steps if not rest]
        else:
            pairs = [(u, o * s + u * d - before) for u in range(k)]
        found.append([(u, at) for u, at in pairs if bordered or 0 <= at < (out if adjoint else n)])
    return found


def _layout(height: int, width: int, before: int, after: int, phases: int, least: int) -> Layout:
    if phases == 1:
        # What lies after a row is what lies before the next.
        pitch = max(width + max(before, after), least)
        return Layout(height, width, pitch, before, 1, height * pitch + before + after)
    pitch = -(-(before + width + after) // phases)
    return Layout(height, width, pitch, before, phases, phases * height * pitch)


def _taps(grid: Grid, adjoint: bool, source: Layout) -> list[int]:
    (kh, kw), (dh, dw), left = grid.kernel, grid.dilation, grid.padding[1][0]
    if not adjoint:
        return [u * dh * source.pitch + source.place(v * dw - left) for u in range(kh) for v in range(kw)]
    if grid.stride == (1, 1):
        return [-u * dh * source.pitch - v * dw for u in range(kh) for v in range(kw)]
    return [0] * (kh * kw)


def _segments(
    rows: Reads, columns: Reads, kw: int, source: Layout, result: Layout, taps: list[int]
) -> tuple[list[Segment], list[Sum]]:
    runs = [_runs(columns[p :: result.phases], source) for p in range(result.phases)]
    segments: list[Segment] = []
    sums: list[Sum] = []
    known: dict[Any, tuple[int, int]] = {}
    for phase in range(result.phases):
        for h, row in enumerate(rows):
            first = row[0][1] if row else 0
            shape = tuple((u, at - first) for u, at in row)
            for r, (start, count, pairs) in enumerate(runs[phase]):
                if (shape, phase, r) not in known:
                    made = _sums(shape, pairs, kw, source.pitch, taps)
                    known[shape, phase, r] = (len(sums), len(made))
                    sums.extend(made)
                place = result.place(phase) + h * result.pitch + start
                segments.append(Segment(place, count, *known[shape, phase, r], first * source.pitch))
    return segments, sums


def _runs(columns: Reads, source: Layout) -> list[tuple[int, int, list[tuple[int, int]]]]:
    """(start, count, (tap, place) of its first) for runs of columns that read side by side."""
    runs: list[tuple[int, int, list[tuple[int, int]]]] = []
    for j, column in enumerate(columns):
        pairs = [(v, source.place(at)) for v, at in column]
        if runs:
            start, count, first = runs[-1]
            if [(v, at + count) for v, at in first] == pairs:
                runs[-1] = (start, count + 1, first)
                continue
        runs.append((j, 1, pairs))
    return runs


def _sums(
    rows: tuple[tuple[int, int], ...], columns: list[tuple[int, int]], kw: int, pitch: int, taps: list[int]
) -> list[Sum]:
    """The sums of a run, neighbouring taps with the same base in one."""
    sums: list[Sum] = []
    for u, down in rows:
        for v, right in columns:
            tap = u * kw + v
            base = down * pitch + right - taps[tap]
            if sums and sums[-1].first + sums[-1].taps == tap and sums[-1].base == base:
                sums[-1] = sums[-1]._replace(taps=sums[-1].taps + 1)
            else:
                sums.append(Sum(tap, 1, base))
    return sums


def _join(segments: list[Segment]) -> list[Segment]:
    """Rows with the same sums, each one run, as one run."""
    joined: list[Segment] = []
    for one in segments:
        last = joined[-1] if joined else None
        if (
            last is not None
            and (last.first, last.sums) == (one.first, one.sums)
            and one.base - last.base == one.place - last.place
        ):
            joined[-1] = last._replace(places=one.place - last.place + one.places)
        else:
            joined.append(one)
    return joined
