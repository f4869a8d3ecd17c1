from typing import Any

from numpy.typing import NDArray
from typing_extensions import TypeVar

from tinygrad_cnn.tensors.tensor_class import Tensor


class _NoArray:
    """The type of nothing."""


ForMypy = TypeVar("ForMypy", Tensor, NDArray[Any], default=NDArray[Any])
ForPyright = TypeVar("ForPyright", Tensor, _NoArray, default=NDArray[Any])  # type: ignore[misc]
