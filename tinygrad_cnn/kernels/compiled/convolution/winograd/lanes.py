"""Sixteen floats at once: the sums of `winograd`'s transforms as vector code.

The transforms do the same few sums for every channel. Written as functions of `Lanes`, one channel per
lane, they are the formulas of the paper, and `line` makes an instruction sequence of each, which
needs no luck with a vectorizer. LLVM splits the sixteen lanes for processors with shorter vectors.
Images have their pixels side by side and not their channels; `gather` and `scatter` turn 16 rows of
16 floats around in registers on the way in and out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic as numba_intrinsic

from tinygrad_cnn.kernels.compiled.base.compiling import kernel
from tinygrad_cnn.kernels.compiled.base.tiles import ROWS

#: Untyped: the first argument of what it decorates is Numba's own, and callers leave it out.
intrinsic: Any = numba_intrinsic

#: Floats in a vector.
LANES = 16

_FLOAT = ir.FloatType()
_VECTOR = ir.VectorType(_FLOAT, LANES)
_INT = ir.IntType(64)
_INDEX = ir.IntType(32)
#: A product may be fused with the sum that it goes to; nothing else is reordered.
_FLAGS = ("contract",)


class Lanes:
    """Sixteen floats while code is written: sums, differences, and products with a constant."""

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder, self.value = builder, value

    def __add__(self, other: Lanes) -> Lanes:
        return Lanes(self.builder, self.builder.fadd(self.value, other.value, flags=_FLAGS))

    def __sub__(self, other: Lanes) -> Lanes:
        return Lanes(self.builder, self.builder.fsub(self.value, other.value, flags=_FLAGS))

    def __rmul__(self, number: float) -> Lanes:
        factor = ir.Constant(_VECTOR, [number] * LANES)
        return Lanes(self.builder, self.builder.fmul(self.value, factor, flags=_FLAGS))


def _at(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """The address of array[index], as that of a vector."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), _VECTOR.as_pointer())


def line(function: Callable[..., tuple[Lanes, ...]], inputs: int) -> Any:
    """Compiled code for a function of some Lanes that gives others.

    It is called with (source, i, gap, target, j, jump): input n is the vector at source[i + gap * n],
    result n goes to target[j + jump * n].
    """

    @intrinsic
    def apply(typing, source, i, gap, target, j, jump):  # type: ignore[no-untyped-def]
        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            source, i, gap, target, j, jump = args
            given = []
            for n in range(inputs):
                place = builder.add(i, builder.mul(gap, _INT(n)))
                vector = builder.load(_at(context, builder, sig.args[0], source, place), align=4)
                given.append(Lanes(builder, vector))
            for n, result in enumerate(function(*given)):
                place = builder.add(j, builder.mul(jump, _INT(n)))
                builder.store(result.value, _at(context, builder, sig.args[3], target, place), align=4)
            return context.get_dummy_value()

        integer = types.int64
        return types.void(source, integer, integer, target, integer, integer), code

    return apply


@intrinsic
def clear(typing, target, j):  # type: ignore[no-untyped-def]
    """target[j : j + 16] = 0."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        builder.store(
            ir.Constant(_VECTOR, [0.0] * LANES), _at(context, builder, sig.args[0], *args), align=4
        )
        return context.get_dummy_value()

    return types.void(target, types.int64), code


@intrinsic
def finish(typing, target, count, bias, k, seen):  # type: ignore[no-untyped-def]
    """target[16*p : 16*p + 16] += bias[k : k + 16] for p < count; seen gets NaN if one is not finite."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        target, count, bias, k, seen = args
        zero = ir.Constant(_VECTOR, [0.0] * LANES)
        added = builder.load(_at(context, builder, sig.args[2], bias, k), align=4)
        mark = _at(context, builder, sig.args[4], seen, _INT(0))
        total = cgutils.alloca_once_value(builder, builder.load(mark, align=4))  # type: ignore[no-untyped-call]
        with cgutils.for_range(builder, count, intp=_INT) as loop:
            place = _at(context, builder, sig.args[0], target, builder.mul(loop.index, _INT(LANES)))
            value = builder.fadd(builder.load(place, align=4), added)
            builder.store(value, place, align=4)
            # 0 * value is 0, or NaN where the value is NaN or infinite.
            builder.store(builder.fadd(builder.load(total), builder.fmul(value, zero)), total)
        builder.store(builder.load(total), mark, align=4)
        return context.get_dummy_value()

    return types.void(target, types.int64, bias, types.int64, seen), code


@intrinsic
def transposed(typing, source, i, row, target, j, column):  # type: ignore[no-untyped-def]
    """target[j + column * c + r] = source[i + row * r + c], for r and c in range(16)."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        _, i, row, _, j, column = args
        vectors = []
        for r in range(LANES):
            index = builder.add(i, builder.mul(row, _INT(r)))
            vectors.append(builder.load(_at(context, builder, sig.args[0], args[0], index), align=4))
        for c, vector in enumerate(_turned(builder, vectors)):
            index = builder.add(j, builder.mul(column, _INT(c)))
            builder.store(vector, _at(context, builder, sig.args[3], args[3], index), align=4)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(source, integer, integer, target, integer, integer), code


@intrinsic
def interleaved(typing, source, i, target, j):  # type: ignore[no-untyped-def]
    """target[j + ROWS * c + r] = source[i + 16 * r + c], for r in range(ROWS) and c in range(16)."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vectors = [ir.Constant(_VECTOR, ir.Undefined)] * LANES
        for r in range(ROWS):
            index = builder.add(args[1], _INT(LANES * r))
            vectors[r] = builder.load(_at(context, builder, sig.args[0], args[0], index), align=4)
        narrow = ir.VectorType(_FLOAT, ROWS)
        first = ir.Constant(ir.VectorType(_INDEX, ROWS), list(range(ROWS)))
        for c, vector in enumerate(_turned(builder, vectors)):
            index = builder.add(args[3], _INT(ROWS * c))
            place = _at(context, builder, sig.args[2], args[2], index)
            value = builder.shuffle_vector(vector, vector, first)
            builder.store(value, builder.bitcast(place, narrow.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(source, types.int64, target, types.int64), code


def _turned(builder: Any, rows: list[Any]) -> list[Any]:
    """16 vectors as columns: each step is one shuffle instruction of x86, and short vectors halve it."""

    def shuffle(a: Any, b: Any, pick: list[int]) -> Any:
        return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(_INDEX, LANES), pick))

    def pairs(a: Any, b: Any, width: int, high: int) -> Any:
        """Runs of `width` lanes of a and b in turn, from the low or high half of each four lanes."""
        pick = []
        for four in range(0, LANES, 4):
            for k in range(0, 2, width):
                start = four + 2 * high + k
                pick += [*range(start, start + width), *range(LANES + start, LANES + start + width)]
        return shuffle(a, b, pick)

    def fours(a: Any, b: Any, first: int, step: int) -> Any:
        """Two groups of four lanes of a, then the same two of b."""
        starts = (4 * first, 4 * (first + step))
        pick = [side + start + k for side in (0, LANES) for start in starts for k in range(4)]
        return shuffle(a, b, pick)

    groups = []  # groups[g][k]: lanes 4b..4b+3 hold column 4b+k of rows 4g..4g+3
    for g in range(0, LANES, 4):
        a, b, c, d = rows[g : g + 4]
        low, low2 = pairs(a, b, 1, 0), pairs(c, d, 1, 0)
        high, high2 = pairs(a, b, 1, 1), pairs(c, d, 1, 1)
        groups.append([pairs(low, low2, 2, 0), pairs(low, low2, 2, 1),
                       pairs(high, high2, 2, 0), pairs(high, high2, 2, 1)])  # fmt: skip
    columns: list[Any] = [None] * LANES
    for k in range(4):
        a, b, c, d = (group[k] for group in groups)
        for half in (0, 2):
            left, right = fours(a, b, half, 1), fours(c, d, half, 1)
            for which in (0, 1):
                columns[4 * (half + which) + k] = fours(left, right, which, 2)
    return columns


@kernel("void(float32[::1], int64, int64, int64, int64, float32[::1], int64)")
def gather(source: Any, i: int, rows: int, row: int, columns: int, target: Any, j: int) -> None:
    """target[j + 16 * c + r] = source[i + row * r + c]; lanes r >= rows get 0."""
    if rows >= 16 and columns >= 16:
        for c in range(0, columns, 16):
            c = min(c, columns - 16)  # the last block overlaps the one before it
            transposed(source, i + c, row, target, j + 16 * c, 16)
    else:
        for c in range(columns):
            clear(target, j + 16 * c)
            for r in range(min(rows, 16)):
                target[j + 16 * c + r] = source[i + row * r + c]


@kernel("void(float32[::1], int64, float32[::1], int64, int64, int64, int64)")
def scatter(source: Any, j: int, target: Any, i: int, rows: int, row: int, columns: int) -> None:
    """target[i + row * r + c] = source[j + 16 * c + r] for r < rows: the way back of `gather`."""
    if rows >= 16 and columns >= 16:
        for c in range(0, columns, 16):
            c = min(c, columns - 16)
            transposed(source, j + 16 * c, 16, target, i + c, row)
    else:
        for r in range(min(rows, 16)):
            for c in range(columns):
                target[i + row * r + c] = source[j + 16 * c + r]
