"""Writing vector code of LLVM: which vectors the processor has, and the few instructions needed.

Functions made with `instruction` are parts of compiled kernels (`micro` and others); they receive
LLVM's builder and write their instructions with it.
"""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir
from numba.core import cgutils, config
from numba.extending import intrinsic

#: NUMBA_CPU_FEATURES, such as "+avx2,+fma": what to compile for, instead of this processor.
_asked: str | None = vars(config).get("CPU_FEATURES")


def _features() -> set[str]:
    """What the processor that code is compiled for can do, such as "avx512f"."""
    if _asked is not None:
        return {name[1:] for name in _asked.split(",") if name.startswith("+")}
    return {name for name, has in binding.get_host_cpu_features().items() if has}


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

    def sum(self, vector: Any) -> Any:
        """The sum over the lanes."""
        kind = ir.FunctionType(FLOAT, [FLOAT, VECTOR])
        reduce = cgutils.get_or_insert_function(self.b.module, kind, f"llvm.vector.reduce.fadd.v{LANES}f32")
        return self.b.call(reduce, [FLOAT(0.0), vector], fastmath=("reassoc",))

    def variables(self, rows: int, columns: int) -> list[list[Any]]:
        """Vectors that LLVM keeps in registers, being only loaded and stored."""
        return [[cgutils.alloca_once(self.b, VECTOR) for _ in range(columns)] for _ in range(rows)]

    def times(self, count: Any) -> Any:
        """A loop, as a context; its `.index` counts from 0."""
        return cgutils.for_range(self.b, count, intp=INT)

    def _vector(self, base: Any, place: Any) -> Any:
        return self.b.bitcast(self.b.gep(base, [place]), VECTOR.as_pointer())
