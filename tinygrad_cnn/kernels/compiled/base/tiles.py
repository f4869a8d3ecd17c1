"""Products of small tiles kept in registers: what all fast kernels spend their time in.

A plain loop that compiles from Python cannot keep a tile of sums in registers, so these few functions
are written as vector code of LLVM, which every processor's instructions are made from. `LANES` floats
are one vector. An outer product keeps `ROWS` × `VECTORS` vectors of sums, and reads per step one
number for each row and one vector for each column of vectors:

                 B[off[t]] : LANES | LANES | LANES
      A[t]  0   .------------------------------
            1   |  sums of C: ROWS × VECTORS vectors, all in registers
            ..  |
         ROWS-1 |

Both operands of a step lie anywhere: `off` says where. So a convolution needs no matrix of columns:
`off` holds where each tap reads.

Arrays are flat, contiguous float32 (`off`: int64), sizes and places int64, counted in elements; no
place needs to be aligned. All functions are called from compiled code only:

    outer1, outer2, outer3   C[m, j] (+)= sum_t A[t, m] * B[off[t] + j], j < 1, 2, 3 × LANES
    tile                     the same for 1 .. VECTORS vectors, decided when it runs
    panel                    the same for any number of rows and columns: the loop around `tile`
    dot                      C[m, r] += sum_i sum_q A[m, i, q] * B[off[r], i, q], DOT_ROWS × DOT_COLUMNS
    transpose                LANES × LANES floats, rows to columns
    copy_row                 one row with a number added, in overlapping vectors
    copy_spaced              the same for floats that do not lie side by side
    pick_rows                ROWS such floats, without a loop

Source: Goto & van de Geijn 2008, "Anatomy of high-performance matrix multiplication"; Georganas et al.
2018, arXiv:1808.05567, for the offsets.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types

from tinygrad_cnn.kernels.compiled.base.compiling import inlined
from tinygrad_cnn.kernels.compiled.base.vectors import FLOAT as FLOAT
from tinygrad_cnn.kernels.compiled.base.vectors import INT, SHORT, ZERO, Code, instruction
from tinygrad_cnn.kernels.compiled.base.vectors import LANES as LANES
from tinygrad_cnn.kernels.compiled.base.vectors import ROWS as ROWS
from tinygrad_cnn.kernels.compiled.base.vectors import VECTORS as VECTORS

#: Rows and columns of a `dot` tile.
DOT_ROWS, DOT_COLUMNS = (4, 5) if LANES == 16 else (2, 5)


def _make_outer(vectors: int) -> Any:
    """An outer product on a tile of ROWS × `vectors` vectors; see `tile` for the arguments."""

    @instruction
    def outer(context, a, ia, b, ib, off, t0, count, c, ic, ldc, add):  # type: ignore[no-untyped-def]
        i = types.int64
        signature = types.void(a, i, b, i, off, i, i, c, i, i, i)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            code = Code(context, builder, signature, args)
            a, b, off, c = (code.at(k, args[k + 1]) for k in (0, 2, 4, 7))
            count, ldc, add = args[6], args[9], args[10]
            sums = code.variables(ROWS, vectors)
            spots = [
                [builder.add(builder.mul(ldc, INT(m)), INT(v * LANES)) for v in range(vectors)]
                for m in range(ROWS)
            ]
            with builder.if_else(builder.icmp_signed("!=", add, INT(0))) as (then, otherwise):
                with then:
                    for m in range(ROWS):
                        for v in range(vectors):
                            builder.store(code.load(c, spots[m][v]), sums[m][v])
                with otherwise:
                    for m in range(ROWS):
                        for v in range(vectors):
                            builder.store(ZERO, sums[m][v])
            with code.times(count) as loop:
                from_b = code.number(off, loop.index)
                bs = [code.load(b, builder.add(from_b, INT(v * LANES))) for v in range(vectors)]
                from_a = builder.mul(loop.index, INT(ROWS))
                for m in range(ROWS):
                    one = code.spread(code.number(a, builder.add(from_a, INT(m))))
                    for v in range(vectors):
                        code.add_product(sums[m][v], one, bs[v])
            for m in range(ROWS):
                for v in range(vectors):
                    code.store(builder.load(sums[m][v]), c, spots[m][v])
            return context.get_dummy_value()

        return signature, generate

    return outer


outer1, outer2, outer3 = _make_outer(1), _make_outer(2), _make_outer(3)

if VECTORS == 3:

    @inlined
    def tile(a, ia, b, ib, off, t0, count, c, ic, ldc, vectors, add):  # type: ignore[no-untyped-def]
        """C[m, j] (+)= sum_t A[t, m] * B[off[t0 + t] + j], m < ROWS, j < vectors * LANES, t < count.

        Args:
            a, ia: A[t, m] is a[ia + t*ROWS + m].   b, ib: B[k] is b[ib + k].
            off, t0, count: places in B, and which of them.   vectors: 1 .. VECTORS.
            c, ic, ldc: C[m, j] is c[ic + m*ldc + j].   add: 1 to add to C, 0 to write over it.
        """
        if vectors == 3:
            outer3(a, ia, b, ib, off, t0, count, c, ic, ldc, add)
        elif vectors == 2:
            outer2(a, ia, b, ib, off, t0, count, c, ic, ldc, add)
        else:
            outer1(a, ia, b, ib, off, t0, count, c, ic, ldc, add)

else:

    @inlined
    def tile(a, ia, b, ib, off, t0, count, c, ic, ldc, vectors, add):  # type: ignore[no-untyped-def]
        """As above, where the registers hold two vectors in a row."""
        if vectors == 2:
            outer2(a, ia, b, ib, off, t0, count, c, ic, ldc, add)
        else:
            outer1(a, ia, b, ib, off, t0, count, c, ic, ldc, add)


@inlined
def panel(a, ia, lda, b, ib, off, t0, count, c, ic, ldc, blocks, vectors, add):  # type: ignore[no-untyped-def]
    """`tile` over blocks of ROWS rows and any number of vectors; a tile of B stays in cache.

    Args:
        lda: elements from one block of rows of A to the next: block k starts at a[ia + k*lda].
        blocks: how many blocks of ROWS rows.   vectors: columns / LANES, rounded up: what lies after
            the columns of B is read, and after those of C written.
        Others: see `tile`.
    """
    v = 0
    while v < vectors:
        left = vectors - v
        # 4 left are 2 + 2, not 3 + 1: narrow tiles wait for their operands.
        wide = 2 if left == 4 and VECTORS == 3 else min(left, VECTORS)
        for k in range(blocks):
            tile(
                a, ia + k * lda, b, ib + v * LANES, off, t0, count,
                c, ic + k * ROWS * ldc + v * LANES, ldc, wide, add,
            )  # fmt: skip
        v += wide


@instruction
def dot(context, a, ia, lda, b, ib, off, r0, count, step_a, step_b, length, c, ic, ldc):  # type: ignore[no-untyped-def]
    """C[m, r] += sum_i sum_q A[m, i, q] * B[off[r0 + r], i, q], on DOT_ROWS × DOT_COLUMNS numbers.

    Args:
        a, ia, lda, step_a: A[m, i, q] is a[ia + m*lda + i*step_a + q].
        b, ib, off, r0, step_b: B[o, i, q] is b[ib + o + i*step_b + q].
        count, length: i < count, q < length; length is at least LANES, not always a multiple: the
            last vector then ends with the row and counts only what is new.
        c, ic, ldc: C[m, r] is c[ic + m*ldc + r].
    """
    i = types.int64
    signature = types.void(a, i, i, b, i, off, i, i, i, i, i, c, i, i)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        code = Code(context, builder, signature, args)
        a, b, off, c = code.at(0, args[1]), code.at(3, args[4]), code.at(5, args[6]), code.at(11, args[12])
        lda, count, step_a, step_b, length, ldc = (args[k] for k in (2, 7, 8, 9, 10, 13))
        sums = code.variables(DOT_ROWS, DOT_COLUMNS)
        for row in sums:
            for one in row:
                builder.store(ZERO, one)
        rows = [builder.mul(lda, INT(m)) for m in range(DOT_ROWS)]
        columns = [code.number(off, INT(r)) for r in range(DOT_COLUMNS)]
        whole = builder.udiv(length, INT(LANES))
        rest = builder.sub(length, builder.mul(whole, INT(LANES)))
        lanes = ir.Constant(ir.VectorType(SHORT, LANES), list(range(LANES)))
        old = builder.sub(INT(LANES), rest)  # lanes of the last vector that were counted before
        flat = builder.bitcast(code.spread(builder.bitcast(builder.trunc(old, SHORT), FLOAT)), lanes.type)
        new = builder.icmp_signed(">=", lanes, flat)

        def step(from_a: Any, from_b: Any, only: Any) -> None:
            def read(base: Any, place: Any) -> Any:
                vector = code.load(base, place)
                return vector if only is None else builder.select(only, vector, ZERO)

            ones = [read(a, builder.add(row, from_a)) for row in rows]
            for r, column in enumerate(columns):
                other = read(b, builder.add(column, from_b))
                for m in range(DOT_ROWS):
                    code.add_product(sums[m][r], ones[m], other)

        with code.times(count) as outer:
            from_a, from_b = builder.mul(outer.index, step_a), builder.mul(outer.index, step_b)
            with code.times(whole) as inner:
                q = builder.mul(inner.index, INT(LANES))
                step(builder.add(from_a, q), builder.add(from_b, q), None)
            with builder.if_then(builder.icmp_signed("!=", rest, INT(0))):
                q = builder.sub(length, INT(LANES))
                step(builder.add(from_a, q), builder.add(from_b, q), new)
        totals = iter(code.sums([builder.load(one) for row in sums for one in row]))
        for m in range(DOT_ROWS):
            for r in range(DOT_COLUMNS):
                spot = builder.gep(c, [builder.add(builder.mul(ldc, INT(m)), INT(r))])
                builder.store(builder.fadd(builder.load(spot), next(totals)), spot)
        return context.get_dummy_value()

    return signature, generate


@instruction
def transpose(context, a, ia, lda, c, ic, ldc, number):  # type: ignore[no-untyped-def]
    """c[ic + j*ldc + i] = a[ia + i*lda + j] + number, i and j < LANES."""
    i = types.int64
    signature = types.void(a, i, i, c, i, i, types.float32)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        code = Code(context, builder, signature, args)
        a, c, lda, ldc = code.at(0, args[1]), code.at(3, args[4]), args[2], args[5]
        added = code.spread(args[6])
        rows = [code.load(a, builder.mul(lda, INT(m))) for m in range(LANES)]
        # Exchange single lanes of neighbours, then pairs, then fours: each swap transposes 2×2 blocks.
        width = 1
        while width < LANES:
            low = [(k & ~width) + LANES if k & width else k for k in range(LANES)]
            high = [k + LANES if k & width else k + width for k in range(LANES)]
            for m in range(LANES):
                if not m & width:
                    x, y = rows[m], rows[m | width]
                    for target, order in ((m, low), (m | width, high)):
                        mask = ir.Constant(ir.VectorType(SHORT, LANES), order)
                        rows[target] = builder.shuffle_vector(x, y, mask)
            width *= 2
        for m in range(LANES):
            code.store(builder.fadd(rows[m], added), c, builder.mul(ldc, INT(m)))
        return context.get_dummy_value()

    return signature, generate


@instruction
def move(context, c, ic, a, ia, number):  # type: ignore[no-untyped-def]
    """c[ic + k] = a[ia + k] + number, k < LANES."""
    i = types.int64
    signature = types.void(c, i, a, i, types.float32)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        code = Code(context, builder, signature, args)
        vector = builder.fadd(code.load(code.at(2, args[3]), INT(0)), code.spread(args[4]))
        code.store(vector, code.at(0, args[1]), INT(0))
        return context.get_dummy_value()

    return signature, generate


@instruction
def copy_spaced(context, c, ic, step_c, a, ia, step_a, length, number):  # type: ignore[no-untyped-def]
    """c[ic + k * step_c] = a[ia + k * step_a] + number, k < length.

    Single floats, but without the question in each step whether a place counts from the end.
    """
    i = types.int64
    signature = types.void(c, i, i, a, i, i, i, types.float32)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        code = Code(context, builder, signature, args)
        c, a = code.at(0, args[1]), code.at(3, args[4])
        with code.times(args[6]) as loop:
            value = builder.fadd(code.number(a, builder.mul(loop.index, args[5])), args[7])
            builder.store(value, builder.gep(c, [builder.mul(loop.index, args[2])]))
        return context.get_dummy_value()

    return signature, generate


@instruction
def pick_rows(context, c, ic, a, ia, step):  # type: ignore[no-untyped-def]
    """c[ic + m] = a[ia + m * step], m < ROWS: one step of the left operand of `tile`."""
    i = types.int64
    signature = types.void(c, i, a, i, i)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        code = Code(context, builder, signature, args)
        c, a = code.at(0, args[1]), code.at(2, args[3])
        for m in range(ROWS):
            value = code.number(a, builder.mul(args[4], INT(m)))
            builder.store(value, builder.gep(c, [INT(m)]))
        return context.get_dummy_value()

    return signature, generate


@inlined
def copy_row(c, ic, a, ia, length, number):  # type: ignore[no-untyped-def]
    """c[ic + k] = a[ia + k] + number, k < length; `number` is float32. `a` and `c` do not overlap.

    The last vector ends with the row, over what the one before it wrote: no loop over single floats.
    """
    if length >= LANES:
        for k in range(0, length - LANES + 1, LANES):
            move(c, ic + k, a, ia + k, number)
        if length % LANES:
            move(c, ic + length - LANES, a, ia + length - LANES, number)
    else:
        for k in range(length):
            c[ic + k] = a[ia + k] + number
