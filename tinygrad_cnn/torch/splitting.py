"""Tensors cut along a dimension that has a name, and other names of cutting and joining."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn.torch import shaping
from tinygrad_cnn.torch.registry import name


@name()
def hsplit(input: Any, indices_or_sections: Any) -> tuple[Any, ...]:
    """Parts from left to right."""
    return shaping.tensor_split(input, indices_or_sections, 0 if input._array.ndim == 1 else 1)


@name()
def vsplit(input: Any, indices_or_sections: Any) -> tuple[Any, ...]:
    """Parts from top to bottom."""
    return shaping.tensor_split(input, indices_or_sections, 0)


@name()
def dsplit(input: Any, indices_or_sections: Any) -> tuple[Any, ...]:
    """Parts along the third dimension."""
    return shaping.tensor_split(input, indices_or_sections, 2)


@name(method=False)
def atleast_3d(*tensors: Any) -> Any:
    """Three dimensions at least."""
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tuple(tensors[0])
    made = []
    for x in tensors:
        n = x._array.ndim
        made.append(
            x.reshape(1, 1, 1) if n == 0 else x[None, :, None] if n == 1 else x[..., None] if n == 2 else x
        )
    return made[0] if len(made) == 1 else tuple(made)


name("unsafe_chunk")(shaping.chunk)
name("unsafe_split")(shaping.split)
name("unsafe_split_with_sizes")(shaping.split_with_sizes)
name("narrow_copy", function=False)(
    lambda input, dim, start, length: shaping.narrow(input, dim, start, length).clone()
)
name("adjoint")(lambda input: shaping.transpose(input, -2, -1))
