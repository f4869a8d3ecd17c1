"""T and Operand as mypy takes them; see `operand_types.py`, which has those of pyright."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import TypeVar

    from tinygrad_cnn.functional.operand_types import Numbers
    from tinygrad_cnn.tensors.tensor_class import Tensor

    T = TypeVar("T", Tensor, NDArray[Any], default=NDArray[Any])
    Operand: TypeAlias = T | Numbers
