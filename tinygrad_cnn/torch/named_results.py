"""Results of several parts: named tuples that print as PyTorch's."""

from __future__ import annotations

from collections import namedtuple
from functools import cache
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import ops
from tinygrad_cnn.torch.tensors import Tensor


@cache
def named_result(kind: str, *fields: str) -> Any:
    """A class of named tuples.

    >>> named_result("qr", "Q", "R")(1, 2)
    torch.return_types.qr(
    Q=1,
    R=2)
    """
    made = namedtuple(kind, fields)  # type: ignore[misc]

    def text(self: Any) -> str:
        parts = ",\n".join(f"{f}={v!r}" for f, v in zip(fields, self, strict=True))
        return f"torch.return_types.{kind}(\n{parts})"

    made.__repr__ = text  # type: ignore[method-assign]
    return made


#: Elements and where they stand, by the function that gives them.
VALUES_AND_INDICES = {
    kind: named_result(kind, "values", "indices")
    for kind in (
        "max",
        "min",
        "sort",
        "topk",
        "median",
        "nanmedian",
        "mode",
        "kthvalue",
        "cummax",
        "cummin",
    )
}


def at_places(kind: str, input: Any, places: Any, dim: int, keepdim: bool = True) -> Any:
    """The elements at some places along a dimension, and the places.

    >>> at_places("sort", Tensor([2.0, 1.0]), np.array([1, 0]), 0).values
    tensor([1., 2.])
    """
    if input._array.dtype.kind == "f":
        taken = ops.TakeAlongAxis(places, dim % input._array.ndim)(input)
    else:
        taken = Tensor.detached(np.take_along_axis(input._array, places, dim))
    found = Tensor.detached(places)
    if not keepdim:
        taken, found = F.squeeze(taken, dim), F.squeeze(found, dim)
    return VALUES_AND_INDICES[kind](taken, found)
