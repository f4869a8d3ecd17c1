"""The methods of a Tensor that follow from its values, its node and its functions: methods without a state.

A Tensor itself is its array, its node and their recording (`tensor_class.py`); the rest is here by
families.
"""

from tinygrad_cnn.tensors.methods.elementwise import ElementwiseMethods
from tinygrad_cnn.tensors.methods.gradient import GradientMethods
from tinygrad_cnn.tensors.methods.in_place import InPlaceMethods
from tinygrad_cnn.tensors.methods.interchange import InterchangeMethods
from tinygrad_cnn.tensors.methods.operators import OperatorMethods
from tinygrad_cnn.tensors.methods.placement import PlacementMethods
from tinygrad_cnn.tensors.methods.reduce import ReduceMethods
from tinygrad_cnn.tensors.methods.scalar import ScalarMethods
from tinygrad_cnn.tensors.methods.shape import ShapeMethods


class TensorMethods(
    GradientMethods,
    OperatorMethods,
    InPlaceMethods,
    ElementwiseMethods,
    ReduceMethods,
    ShapeMethods,
    ScalarMethods,
    PlacementMethods,
    InterchangeMethods,
):
    """All families together."""

    __slots__ = ()
