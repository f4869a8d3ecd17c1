"""Tensors: an array that remembers how it was computed, its operators and methods, and `grad`.

`tensor_class` holds values, node and recording; `methods` what follows from them, by families;
`exchange` takes other libraries' arrays over; `gradient` what `grad` and `backward` share;
`numpy_protocol` what NumPy's own functions do.
"""

from tinygrad_cnn.tensors.exchange import from_dlpack
from tinygrad_cnn.tensors.gradient import grad
from tinygrad_cnn.tensors.tensor_class import Tensor, tensor

__all__ = ["Tensor", "from_dlpack", "grad", "tensor"]
