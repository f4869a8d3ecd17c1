"""The world: the processes that train together, and what they do at the same time."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError, DTypeError, MissingExtraError, StateError
from tinygrad_cnn.functional.arguments import integer, values
from tinygrad_cnn.kernels.threads import get_num_threads, set_num_threads
from tinygrad_cnn.nn.module import Module
from tinygrad_cnn.rng import manual_seed

Array = NDArray[Any]

#: What the launchers of MPICH, Open MPI and Slurm set in each process.
LAUNCHERS = ("PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK")


class UnlikeRanksError(StateError):
    """The ranks do or have different things. Every rank has this error, and rank 0 tells it."""


class Pending(Protocol):
    """A sum that is under way."""

    def result(self) -> Array:
        """Wait for the sum."""
        ...


class Done:
    """The sum over a world of one."""

    def __init__(self, total: Array) -> None:
        self._total = total

    def result(self) -> Array:
        """The sum."""
        return self._total


class World:
    """One process alone; `MPIWorld` has the same methods for several.

    Attributes:
        rank: number of this process, 0 to size - 1.   size: number of processes.

    >>> alone = World()
    >>> alone.rank, alone.size, alone.sum(np.array([1.0, 2.0])).tolist()
    (0, 1, [1.0, 2.0])
    """

    rank = 0
    size = 1

    # ------------------------------------------------------------------ what all processes do together
    def sum(self, array: Any) -> Array:
        """The sum over the ranks, ((r0 + r1) + r2) + ...: the same bits on every rank and network.

        Args:
            array: of the same shape and dtype on every rank; truths are counted, and small integers
                widened, as `numpy.sum` does.
        Raises:
            StateError: the ranks do not all sum arrays of this shape and dtype, or one has ended.
            DTypeError: no numbers.

        >>> World().sum(np.ones(2)).tolist()
        [1.0, 1.0]
        >>> World().sum(np.array([True, False])).tolist()
        [1, 0]
        """
        array = numbers("sum", array)
        if array.dtype.kind in "biu":
            array = array.astype(np.result_type(array, np.uint if array.dtype.kind == "u" else np.int_))
        flat = np.array(array, order="C").ravel()
        self.agree("sum", flat.nbytes, f"{array.dtype} {array.shape}")
        return self.start_sum(flat).result().reshape(array.shape)

    def start_sum(self, flat: Array) -> Pending:
        """Begin the sum of a vector, which goes on while the program does.

        >>> World().start_sum(np.ones(2)).result().tolist()
        [1.0, 1.0]
        """
        return Done(flat)

    def channel(self) -> World:
        """A world whose `start_sum` goes a way of its own: the order among other sums does not matter.

        All ranks must ask for it together.

        >>> World().channel().start_sum(np.ones(1)).result().tolist()
        [1.0]
        """
        return self

    def close(self, running: list[Pending]) -> None:
        """End a `channel`, which has sums under way that nobody waits for.

        >>> World().channel().close([])
        """

    def broadcast(self, array: Any) -> Array:
        """Rank 0's array, on every rank.

        Args:
            array: of the same shape and dtype on every rank.

        >>> World().broadcast(np.ones(2)).tolist()
        [1.0, 1.0]
        """
        return np.array(numbers("broadcast", array))

    def each(self, array: Any) -> Array:
        """The arrays of all ranks, stacked: (size, *array.shape).

        >>> World().each(np.ones(2)).shape
        (1, 2)
        """
        return np.array(numbers("each", array))[None]

    def agree(self, what: str, number: int = 0, detail: str = "", told: int = 0) -> Array:
        """Insist that every rank is at the same place of the program, with the same number and detail.

        Args:
            what: one of `PLACES`.   number: of bytes.   detail: such as the element type and shape.
            told: what this rank tells the others; it may differ.
        Returns:
            What each rank tells.
        Raises:
            StateError: another rank does something else, or has ended; the message says which and what.

        >>> World().agree("sum", 8).tolist()
        [0]
        """
        return np.array([told], np.int64)

    # ------------------------------------------------------------------ models, data, random numbers
    def share_state(self, model: Module) -> None:
        """Give every rank rank 0's parameters and buffers.

        >>> from tinygrad_cnn import nn
        >>> World().share_state(nn.Linear(2, 1))
        """
        for tensor in (*model.parameters(), *model.buffers()):
            tensor._writable()[...] = self.broadcast(tensor.array)

    def shard(self, *arrays: Any) -> Any:
        """This rank's share of a batch: consecutive rows, as even as can be.

        Args:
            arrays: with the same first size.
        Returns:
            The rows of each array; one array if one was given. It may have no rows.

        >>> World().shard(np.arange(3)).tolist()
        [0, 1, 2]
        """
        if not arrays or len({len(array) for array in arrays}) != 1:
            raise ArgumentError(f"shard: arrays of one length fit, got {[len(a) for a in arrays]}")
        count = len(arrays[0])
        rows = slice(self.rank * count // self.size, (self.rank + 1) * count // self.size)
        parts = tuple(array[rows] for array in arrays)
        return parts[0] if len(parts) == 1 else parts

    def weighted(self, loss: Any, samples: int) -> Any:
        """A loss, the mean over this rank's samples, with its weight where shares are uneven.

        Averaged over the ranks, loss · samples · size / (samples of all ranks) is the mean over all
        samples. All ranks must call it.

        >>> World().weighted(0.5, 10)
        0.5
        """
        count = integer("weighted", "samples", samples, 0)
        total = int(self.sum(np.array(count)))
        return loss if count * self.size == total or not total else loss * (count * self.size / total)

    def manual_seed(self, seed: int) -> np.random.Generator:
        """Seed the default generator with the seed and the rank: each rank draws numbers of its own.

        Rank 0 draws what a single process with this seed draws. Dropout and augmentation therefore
        depend on how many ranks there are; weights do not, after `share_state`.

        >>> World().manual_seed(3).integers(10) == manual_seed(3).integers(10)
        np.True_
        """
        if self.rank:
            seed = int(np.random.SeedSequence([seed, self.rank]).generate_state(1, np.uint64)[0])
        return manual_seed(seed)

    def __repr__(self) -> str:
        return f"<World: rank {self.rank} of {self.size}>"


def numbers(function: str, array: Any) -> Array:
    """An array of numbers, as processes can send to each other.

    Raises:
        DTypeError: anything else.

    >>> numbers("sum", [1, 2]).tolist()
    [1, 2]
    """
    found = np.asarray(values(array))
    if found.dtype.kind not in "biufc":
        raise DTypeError(f"{function}: got {found.dtype}; numbers and truths fit")
    return found


_world: World | None = None


def world() -> World:
    """The world that this process belongs to: that of `mpiexec`, or one of its own.

    The first call under `mpiexec` loads MPI, divides the machine's cores among its ranks, and sees to
    it that an exception on one rank ends all of them.

    Raises:
        MissingExtraError: started by `mpiexec`, and mpi4py is not installed.

    >>> world().size
    1
    """
    global _world
    if _world is None:
        _world = _launched() if any(name in os.environ for name in LAUNCHERS) else World()
    return _world


def _launched() -> World:
    """The world of several processes, ready for use."""
    try:
        mpi = import_module("tinygrad_cnn.parallel.mpi")  # the one module that needs the extra
    except (ImportError, RuntimeError) as error:  # RuntimeError: mpi4py finds no library of MPI
        raise MissingExtraError(
            f"world: started by mpiexec, but MPI cannot be loaded ({error}); "
            "pip install 'tinygrad-cnn[mpi]'"
        ) from error
    made: World = mpi.MPIWorld()
    variables = ("MPI_LOCALNRANKS", "OMPI_COMM_WORLD_LOCAL_SIZE")
    neighbours = max(int(os.environ.get(name, 1)) for name in variables)
    if neighbours > 1:
        set_num_threads(max(1, get_num_threads() // neighbours))
    return made
