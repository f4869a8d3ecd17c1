"""Parameter and Buffer: the Tensors of a model, learnt or not."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from numpy.typing import DTypeLike

from tinygrad_cnn.kernels.serving import foresee
from tinygrad_cnn.tensors.tensor_class import Tensor

#: Told the data and the dtype of each parameter before it is made, to refuse it; see `from_json`.
ROOM: ContextVar[Callable[[Any, Any], None] | None] = ContextVar("room", default=None)


class Parameter(Tensor):
    """A Tensor that a model learns: a leaf that requires grad, and that drawings mark as parameter.

    Args:
        data: its values; copied.   requires_grad: False for a frozen one.
        dtype: another float type.   name: 'weight', say; an attribute of a Module names itself.

    >>> Parameter([1.0, 2.0]).requires_grad
    True
    """

    __slots__ = ()

    def __init__(
        self,
        data: Any,
        requires_grad: bool = True,
        *,
        dtype: DTypeLike | None = None,
        name: str | None = None,
    ) -> None:
        if (room := ROOM.get()) is not None:
            room(data, dtype)
        super().__init__(data, requires_grad, dtype=dtype, name=name)
        self.node.role = "parameter"
        foresee(self.size)


class Buffer(Tensor):
    """A Tensor that belongs to a model's state but is not learnt, such as a running mean.

    >>> Buffer([0.0]).requires_grad
    False
    """

    __slots__ = ()

    def __init__(self, data: Any, *, dtype: DTypeLike | None = None, name: str | None = None) -> None:
        super().__init__(data, False, dtype=dtype, name=name)
