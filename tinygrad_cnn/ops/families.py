"""Families of ops: what is known of all ops of one kind, and the colour that they have on a drawing.

An op inherits what its family says, and may say otherwise. Smaller families are in the files of their
ops: `ConvFamily`, `PoolFamily`, `Reduction` and so on.
"""

from __future__ import annotations

from tinygrad_cnn.graph import Op


class Elementwise(Op):
    """Arithmetic on each element by itself, or on elements at the same place."""

    family = "arithmetic"
    pointwise = True
    wide = True


class Activation(Op):
    """The family of what stands between layers."""

    family = "activation"
    wide = True
    pointwise = True


class Rearrangement(Op):
    """Elements chosen, moved, repeated or put among zeros, and none computed on."""

    family = "shape"


class Loss(Op):
    """The family of what training makes small."""

    family = "loss"
    wide = True


class Normalization(Op):
    """Centred and scaled by statistics."""

    family = "norm"
    wide = True


class MatrixProduct(Op):
    """Products of matrices, and rows looked up in one."""

    family = "linear"
    wide = True
