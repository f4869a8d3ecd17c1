"""The types that functions take and return, for type checkers alone.

A function `relu(x: Operand[T]) -> T` takes Tensors, arrays, numbers and lists. It returns a Tensor where an
operand is one, else an array. T has only Tensor to match; where nothing matches, its default says array.
mypy wants a default to be a constraint, so its own T, in `mypy_types.py`, has arrays as a constraint.
pyright would settle such a T on the first operand, and refuse add(array, tensor). The imports make a
circle, for types only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from typing_extensions import TypeVar

    from tinygrad_cnn.tensors.tensor_class import Tensor

    #: What may be an operand, and is not a Tensor.
    Numbers: TypeAlias = NDArray[Any] | np.generic | float | Sequence[Any]

    class _NoArray:
        """A type without a value: a type variable has two constraints at least."""

    T = TypeVar("T", Tensor, _NoArray, default=NDArray[Any])  # type: ignore[misc]
    Operand: TypeAlias = T | Numbers

    #: A Tensor, or what makes an array: labels, a mask, places. It does not decide what the result is.
    TensorLike: TypeAlias = Tensor | Numbers
