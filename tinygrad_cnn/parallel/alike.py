"""Checks that ranks are alike: parameters, their values, the state and options of optimizers."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.optim import Optimizer
from tinygrad_cnn.parallel.worlds import UnlikeRanksError, World
from tinygrad_cnn.tensors import Tensor

Array = NDArray[Any]


def same_everywhere(world: World, parameters: list[Tensor]) -> None:
    """Insist that all ranks have parameters of the same names, shapes and types, in the same order.

    >>> same_everywhere(World(), [Tensor([1.0])])
    """
    text = "; ".join(f"{p.name} {p.shape} {p.dtype}" for p in parameters)
    if different := unlike(world, text):
        raise UnlikeRanksError(
            f"average_gradients: the parameters of ranks {different} are not those of rank 0 "
            f"(rank {world.rank} has {len(parameters)}: {text[:300]})"
        )


def same_values(world: World, parameters: list[Tensor], state: Mapping[int, Any]) -> None:
    """Insist that parameters have the same values on all ranks, and the optimizer the same state.

    >>> same_values(World(), [Tensor([1.0])], {})
    """
    if different := unlike(world, [p.array for p in parameters]):
        raise UnlikeRanksError(
            f"average_gradients: the parameters of ranks {different} have other values than those of "
            "rank 0; call world.share_state(model) first"
        )
    if different := unlike(world, state):
        raise UnlikeRanksError(
            f"average_gradients: the optimizers of ranks {different} have another state than that of "
            "rank 0; all ranks must load the same checkpoint, or none"
        )


def options_of(optimizer: Optimizer) -> str:
    """The learning rates and other options that decide a step.

    >>> from tinygrad_cnn import optim
    >>> options_of(optim.SGD([Tensor([1.0], requires_grad=True)], lr=0.5))[:8]
    'lr=0.5, '
    """
    plain = (bool, int, float, str, tuple, type(None))
    return "; ".join(
        ", ".join(f"{key}={value}" for key, value in group.items() if isinstance(value, plain))
        for group in optimizer.param_groups
    )


def unlike(world: World, value: Any) -> list[int]:
    """The ranks whose plain values or arrays are not those of rank 0; empty in a world of one.

    >>> unlike(World(), [1.0])
    []
    """
    if world.size == 1:
        return []
    found = world.each(digest(value))
    return [rank for rank in range(world.size) if not np.array_equal(found[rank], found[0])]


def digest(value: Any) -> Array:
    """32 bytes that stand for plain values and arrays.

    >>> bool((digest([1, 2.0]) == digest([1, 2.5])).all())
    False
    """
    found = sha256()

    def add(one: Any) -> None:
        if isinstance(one, Mapping):
            for key, part in one.items():
                found.update(repr(key).encode())
                add(part)
        elif isinstance(one, (list, tuple)):
            found.update(str(len(one)).encode())
            for part in one:
                add(part)
        elif hasattr(one, "tobytes"):
            array = np.asarray(one)
            found.update(f"{array.shape} {array.dtype}".encode() + array.tobytes())
        else:
            found.update((type(one).__name__ if callable(one) else repr(one)).encode())

    add(value)
    return np.frombuffer(found.digest(), np.uint8).copy()
