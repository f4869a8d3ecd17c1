"""Cases: arithmetic and functions of each element by itself."""

from __future__ import annotations

import math

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import Case, each, elementwise, pairs
from tinygrad_cnn.testing.cases.rounding import kinked

CASES: dict[type[Op], Case] = {
    ops.Add: Case(pairs(ops.Add, (-2, 2), (-2, 2)), elementwise(lambda a, b: a + b)),
    ops.Sub: Case(pairs(ops.Sub, (-2, 2), (-2, 2)), elementwise(lambda a, b: a - b)),
    ops.Mul: Case(pairs(ops.Mul, (-2, 2), (-2, 2)), elementwise(lambda a, b: a * b), (0, 1)),
    ops.Div: Case(pairs(ops.Div, (-2, 2), (0.5, 2)), elementwise(lambda a, b: a / b), (0,)),
    ops.Neg: Case(each(ops.Neg), elementwise(lambda x: -x), (0,)),
    ops.Pow: Case(pairs(ops.Pow, (0.5, 2), (-2, 2)), elementwise(lambda a, b: a**b)),
    ops.Exp: Case(each(ops.Exp), elementwise(math.exp)),
    ops.Log: Case(each(ops.Log, 0.5, 3), elementwise(math.log)),
    ops.Expm1: Case(each(ops.Expm1), elementwise(math.expm1)),
    ops.Log1p: Case(each(ops.Log1p, -0.5, 3), elementwise(math.log1p)),
    ops.Log2: Case(each(ops.Log2, 0.5, 3), elementwise(math.log2)),
    ops.Log10: Case(each(ops.Log10, 0.5, 3), elementwise(math.log10)),
    ops.Erf: Case(each(ops.Erf, -3, 3), elementwise(math.erf)),
    ops.Abs: Case(kinked(ops.Abs), elementwise(abs)),
    ops.Square: Case(each(ops.Square), elementwise(lambda x: x * x)),
    ops.Sqrt: Case(each(ops.Sqrt, 0.5, 3), elementwise(math.sqrt)),
    ops.Reciprocal: Case(each(ops.Reciprocal, 0.5, 3), elementwise(lambda x: 1 / x)),
    ops.Cast: Case(each(lambda: ops.Cast("float64")), elementwise(float), (0,)),
}
