"""The world of several processes, by MPI; and how they end together."""

from __future__ import annotations

import atexit
import sys
import time
from copy import copy
from types import TracebackType
from typing import Any
from zlib import crc32

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from tinygrad_cnn.parallel.last_words import PATIENCE, last_words, traceback_of
from tinygrad_cnn.parallel.worlds import Pending, UnlikeRanksError, World, numbers

Array = NDArray[Any]

#: What ranks can be doing when they meet; they tell each other the number.
PLACES = ("the end of the program", "sum", "broadcast", "each", "step", "save")

#: How long, in seconds, a rank waits for rank 0 to say what all ranks have found out; rank 0 may itself
#: wait for the launcher.
SILENCE = 1.5 * PATIENCE

#: So many bytes of what a rank does are told where the ranks do different things.
LONGEST = 120
#: Sums that nobody waits for.
_abandoned: list[Any] = []


class MPIWorld(World):
    """All processes that one `mpiexec` started.

    Before each collective call the ranks tell each other what they are about to do. So a rank that
    left its loop early, or sums other parameters, is an error on every rank, and not a wait without end
    or a wrong sum.
    """

    def __init__(self) -> None:
        self.comm = MPI.COMM_WORLD
        self.rank, self.size = self.comm.Get_rank(), self.comm.Get_size()
        end_together(self)  # before anything that waits for the others
        self._sums = self.comm.Dup()  # sums under way keep their order apart from other calls

    def agree(self, what: str, number: int = 0, detail: str = "", told: int = 0) -> Array:
        """Insist that every rank is at the same place of the program, with the same number and detail."""
        mine = np.array([PLACES.index(what), number, crc32(detail.encode()), told], np.int64)
        everyones = np.empty((self.size, 4), np.int64)
        self.comm.Allgather(mine, everyones)
        if (everyones[:, :3] == mine[:3]).all():
            return everyones[:, 3]
        details = np.empty((self.size, LONGEST), np.uint8)  # no rank came to another end than this one
        own = detail.encode()[:LONGEST].ljust(LONGEST)
        self.comm.Allgather(np.frombuffer(own, np.uint8), details)
        lines = []
        for rank, (place, count, *_) in enumerate(everyones.tolist()):
            more = bytes(details[rank]).decode(errors="ignore").strip()
            words = f"rank {rank} is at {PLACES[place]}" + (f", with {count} bytes" if count else "")
            lines.append(words + (f" ({more})" if more else ""))
        raise UnlikeRanksError("the ranks are not at the same place: " + "; ".join(lines))

    def start_sum(self, flat: Array) -> OrderedSum:
        """Begin the sum of a vector, which goes on while the program does."""
        return OrderedSum(self._sums, flat)

    def channel(self) -> MPIWorld:
        """A world whose sums go a way of their own."""
        made = copy(self)
        made._sums = self.comm.Dup()
        return made

    def close(self, running: list[Pending]) -> None:
        """End a channel; MPI may still read and write the arrays of sums that are under way."""
        _abandoned.extend(running)
        self._sums.Free()

    def broadcast(self, array: Any) -> Array:
        """Rank 0's array, on every rank."""
        made = np.array(numbers("broadcast", array), order="C")
        self.agree("broadcast", made.nbytes, f"{made.dtype} {made.shape}")
        self.comm.Bcast(_bytes(made), 0)
        return made

    def each(self, array: Any) -> Array:
        """The arrays of all ranks, stacked."""
        mine = np.array(numbers("each", array), order="C")
        self.agree("each", mine.nbytes, f"{mine.dtype} {mine.shape}")
        found = np.empty((self.size, *mine.shape), mine.dtype)
        self.comm.Allgather(_bytes(mine), _bytes(found))
        return found


class OrderedSum:
    """The sum of a vector over the ranks, in their order: each rank sums a part, then all get all parts.

    MPI's own sum may add in another order for another number of ranks or another network; here the
    bits are those of one process that adds the ranks' vectors one after the other.
    """

    def __init__(self, comm: Any, flat: Array) -> None:
        self._comm, size, rank = comm, comm.Get_size(), comm.Get_rank()
        cuts = np.array([flat.size * k // size for k in range(size + 1)])
        self._counts, self._starts = np.diff(cuts) * flat.itemsize, cuts[:-1] * flat.itemsize
        self._parts = np.empty((size, cuts[rank + 1] - cuts[rank]), flat.dtype)
        mine = int(self._counts[rank])
        self._flat = flat  # MPI reads it until the exchange is done
        self._request = comm.Ialltoallv(
            [_bytes(flat), (self._counts, self._starts), MPI.BYTE],
            [_bytes(self._parts), (np.full(size, mine), np.arange(size) * mine), MPI.BYTE],
        )

    def progress(self) -> None:
        """Let MPI go on with the exchange, without waiting."""
        self._request.Test()

    def result(self) -> Array:
        """Wait for the exchange, and for the others' parts."""
        self._request.Wait()
        total = self._parts[0]
        for part in self._parts[1:]:
            total = total + part
        self._comm.Allgatherv(
            [_bytes(np.ascontiguousarray(total)), MPI.BYTE],
            [_bytes(self._flat), (self._counts, self._starts), MPI.BYTE],
        )
        return self._flat


def _bytes(array: Array) -> Array:
    """The memory of an array, as bytes: MPI has no name for every element type."""
    return array.reshape(-1).view(np.uint8)


def end_together(world: MPIWorld) -> None:
    """Let an exception on one rank end all ranks, and a rank that ends early be noticed."""

    def failed(  # pragma: no cover: the last words of a rank, which MPI ends before it can write what ran
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if isinstance(error, UnlikeRanksError) and world.rank:
            time.sleep(SILENCE)  # every rank has this error: rank 0 tells it
        last_words(traceback_of(world.rank, world.size, kind, error, trace))
        world.comm.Abort(1)

    def farewell() -> None:
        try:
            world.agree(PLACES[0])
        except UnlikeRanksError as error:  # pragma: no cover: last words too
            if world.rank:
                time.sleep(SILENCE)
            last_words(f"[rank {world.rank}] {error}\n")
            world.comm.Abort(1)

    sys.excepthook = failed
    atexit.register(farewell)
