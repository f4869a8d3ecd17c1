"""Shares: what one of several processes takes of each batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import DTypeError

Array = NDArray[Any]


class OneOfSeveral(Protocol):
    """A process among others, such as `parallel.world()`."""

    rank: int
    size: int

    def broadcast(self, array: Any) -> Array:
        """The array of rank 0, on every rank."""
        ...


def check_shard(shard: Any) -> OneOfSeveral | None:
    """A process among others, or None where there is only one.

    Raises:
        DTypeError: something else.

    >>> check_shard(None)
    """
    if shard is None:
        return None
    if not (isinstance(getattr(shard, "size", None), int) and callable(getattr(shard, "broadcast", None))):
        raise DTypeError(f"DataLoader: shard must be a World, such as parallel.world(), got {shard!r:.80}")
    given: OneOfSeveral = shard
    return given if given.size > 1 else None


def rows_of(shard: OneOfSeveral, count: int) -> slice:
    """The consecutive rows of a batch that a rank takes: as even as can be, perhaps none.

    >>> class Second: rank, size = 1, 2
    >>> rows_of(Second(), 5)
    slice(2, 5, None)
    """
    return slice(shard.rank * count // shard.size, (shard.rank + 1) * count // shard.size)


def shares(shard: OneOfSeveral, chosen: Iterable[Any]) -> tuple[list[Array], list[bool]]:
    """The indices of this rank's share of each batch, in the order that rank 0 drew.

    A share without samples has one in its place, so that the shapes of its arrays can be made.

    Returns:
        The indices of each share, and whether its samples shall be left out again.

    >>> class Second:
    ...     rank, size = 1, 2
    ...     def broadcast(self, array): return array
    >>> shares(Second(), [[0, 1, 2], [3]])
    ([array([1, 2]), array([3])], [False, False])
    """
    batches = [np.asarray(batch, np.int64) for batch in chosen]
    ends = np.cumsum(shard.broadcast(np.array([len(batch) for batch in batches], np.int64)))
    order = shard.broadcast(np.concatenate([*batches, np.zeros(0, np.int64)]))
    whole = np.split(order, ends[:-1]) if batches else []
    mine = [batch[rows_of(shard, len(batch))] for batch in whole]
    empty = [not len(share) for share in mine]
    kept = [batch[:1] if none else share for batch, share, none in zip(whole, mine, empty, strict=True)]
    return kept, empty


def without_stand_ins(batches: Iterable[Any], empty: list[bool]) -> Iterator[Any]:
    """Made batches, those of empty shares without their rows.

    >>> list(without_stand_ins([(np.ones(2),), (np.ones(1),)], [False, True]))
    [(array([1., 1.]),), (array([], dtype=float64),)]
    """
    flags = iter(empty)
    for batch in batches:
        yield rows(batch, slice(0)) if next(flags, False) else batch


def rows(batch: Any, chosen: slice) -> Any:
    """Some rows of each field of a made batch.

    >>> rows({"x": np.arange(3)}, slice(1))
    {'x': array([0])}
    """
    if isinstance(batch, dict):
        return {name: rows(field, chosen) for name, field in batch.items()}
    return tuple(rows(field, chosen) for field in batch) if isinstance(batch, tuple) else batch[chosen]
