"""Writing vector code of LLVM: which vectors the processor has, and the few instructions needed.

Functions made with `instruction` are parts of compiled kernels (`tiles` and others); they receive
LLVM's builder and write their instructions with it.
"""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from llvmlite import binding, ir
from numba.core import cgutils, config
from numba.extending import intrinsic

#: NUMBA_CPU_FEATURES, such as "+avx2,+fma": what to compile for, instead of this processor.
_asked: str | None = vars(config).get("CPU_FEATURES")


def _features() -> set[str]:
    """Find what the processor can do that code is compiled for, such as "avx512f"."""
    if _asked is not None:
        found = {name[1:] for name in _asked.split(",") if name.startswith("+")}
    else:
        found = {name for name, has in binding.get_host_cpu_features().items() if has}
    # Every 64-bit ARM has NEON, whether or not LLVM can tell: an older one does not on a Mac.
    target = binding.get_default_triple().split("-")[0]
    return found | {"neon"} if target in ("aarch64", "arm64") else found


def _shape(features: set[str]) -> tuple[int, int, int]:
    """LANES, ROWS, VECTORS such that sums, one row of vectors and a spare fit into the registers."""
    if "avx512f" in features:
        return 16, 8, 3  # 24 of 32 registers
    if "avx" in features:
        return 8, 6, 2  # 12 of 16
    if "neon" in features:
        return 4, 8, 2  # 16 of 32
    return 4, 4, 2  # 8 of 16


#: Floats in a vector; rows and vectors of a tile. They depend on the processor compiled for.
LANES, ROWS, VECTORS = _shape(_features())
FLOAT, INT, SHORT = ir.FloatType(), ir.IntType(64), ir.IntType(32)
VECTOR = ir.VectorType(FLOAT, LANES)
ZERO = ir.Constant(VECTOR, [0.0] * LANES)


def instruction(generator: Any) -> Any:
    """A function of compiled code that is written in LLVM's terms: `numba.extending.intrinsic`."""
    return intrinsic(generator)


class Code:
    """Writes vector instructions at a builder's place, with the arguments of an intrinsic."""

    def __init__(self, context: Any, builder: Any, signature: Any, args: Any) -> None:
        self.b = builder
        self._context, self._types, self.args = context, signature.args, args

    def at(self, argument: int, place: Any) -> Any:
        """Address of an element of the array in `argument`."""
        made = self._context.make_array(self._types[argument])
        return self.b.gep(made(self._context, self.b, self.args[argument]).data, [place])

    def load(self, base: Any, place: Any) -> Any:
        """The vector that starts `place` elements after an address."""
        return self.b.load(self._vector(base, place), align=4)

    def store(self, vector: Any, base: Any, place: Any) -> None:
        """Write a vector `place` elements after an address."""
        self.b.store(vector, self._vector(base, place), align=4)

    def number(self, base: Any, place: Any) -> Any:
        """The single element `place` elements after an address."""
        return self.b.load(self.b.gep(base, [place]))

    def spread(self, number: Any) -> Any:
        """A vector with the same number in all lanes."""
        undefined = ir.Constant(VECTOR, ir.Undefined)
        first = self.b.insert_element(undefined, number, SHORT(0))
        lanes = ir.Constant(ir.VectorType(SHORT, LANES), [0] * LANES)
        return self.b.shuffle_vector(first, undefined, lanes)

    def add_product(self, total: Any, x: Any, y: Any) -> None:
        """total += x * y in one instruction where there is one; `total` is a variable."""
        kind = ir.FunctionType(VECTOR, [VECTOR] * 3)
        fused = cgutils.get_or_insert_function(self.b.module, kind, f"llvm.fmuladd.v{LANES}f32")
        self.b.store(self.b.call(fused, [x, y, self.b.load(total)]), total)

    def sums(self, vectors: list[Any]) -> list[Any]:
        """The sum over the lanes of each vector, four of them at a time.

        Neighbours are added twice, so that each four lanes hold a part of each of the four sums; then
        these parts are. That takes a third of the instructions that one sum after the other takes.
        """
        found: list[Any] = []
        for k in range(0, len(vectors), 4):
            first, second, third, fourth = (*vectors[k : k + 4], ZERO, ZERO, ZERO)[:4]
            parts = self._neighbours(self._neighbours(first, second), self._neighbours(third, fourth))
            width = LANES
            while width > 4:
                width //= 2
                halves = [self._chosen(parts, parts, range(at, at + width)) for at in (0, width)]
                parts = self.b.fadd(*halves)
            found += [self.b.extract_element(parts, SHORT(i)) for i in range(4)]
        return found[: len(vectors)]

    def _neighbours(self, x: Any, y: Any) -> Any:
        """Of each four lanes (x0, x1, x2, x3) and (y0, ...): x0 + x1, x2 + x3, y0 + y1, y2 + y3."""
        even = [lane for k in range(0, LANES, 4) for lane in (k, k + 2, LANES + k, LANES + k + 2)]
        return self.b.fadd(self._chosen(x, y, even), self._chosen(x, y, [lane + 1 for lane in even]))

    def _chosen(self, x: Any, y: Any, lanes: Iterable[int]) -> Any:
        """The vector of these lanes of x followed by y."""
        chosen = list(lanes)
        mask = ir.Constant(ir.VectorType(SHORT, len(chosen)), chosen)
        return self.b.shuffle_vector(x, y, mask)

    def variables(self, rows: int, columns: int) -> list[list[Any]]:
        """Vectors that LLVM keeps in registers, being only loaded and stored."""
        return [[cgutils.alloca_once(self.b, VECTOR) for _ in range(columns)] for _ in range(rows)]

    def times(self, count: Any) -> Any:
        """A loop, as a context; its `.index` counts from 0."""
        return cgutils.for_range(self.b, count, intp=INT)

    def _vector(self, base: Any, place: Any) -> Any:
        return self.b.bitcast(self.b.gep(base, [place]), VECTOR.as_pointer())
