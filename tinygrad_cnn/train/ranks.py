"""Messages between the processes of a training; none, where there is one alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.data import DataLoader
from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.nn import Module
from tinygrad_cnn.optim import Optimizer
from tinygrad_cnn.parallel import World, average_gradients
from tinygrad_cnn.parallel.alike import digest, same_everywhere, unlike
from tinygrad_cnn.parallel.worlds import UnlikeRanksError
from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.rng import find_generators, generator
from tinygrad_cnn.train.batches import parts_of
from tinygrad_cnn.train.metrics_over_batches import Running, sums_of

Array = NDArray[Any]


class Ranks:
    """The processes that train one model together, each on its shares of the batches.

    Args:
        function: whose name errors begin with.   world: `parallel.world()`, or None for one process.
    Attributes:
        world: as given.   alone: whether there is one process only.

    >>> Ranks("Trainer", None).alone
    True
    """

    def __init__(self, function: str, world: World | None) -> None:
        if world is not None and not isinstance(world, World):
            raise DTypeError(
                f"{function}: world must be a World, such as parallel.world(), got {world!r:.80}"
            )
        self.world = World() if world is None else world
        self.alone = self.world.size == 1

    # ------------------------------------------------------------------ before the first step
    def together(self, model: Module, optimizer: Optimizer, place: tuple[int, int]) -> Restoring[None]:
        """Inside, all ranks have rank 0's weights and buffers, and steps use the mean gradients.

        Args:
            place: epochs and batches done.
        Raises:
            StateError: the ranks have different parameters, states of optimizers, or places.
        """
        averages: list[Any] = []

        def begin() -> None:
            if self.alone:
                return
            same_everywhere(self.world, list(model.parameters()))
            if different := unlike(self.world, place):
                raise UnlikeRanksError(
                    f"fit: ranks {different} are at another place than rank 0; all ranks must load the "
                    "same checkpoint, or none"
                )
            self.world.share_state(model)
            averages.append(average_gradients(optimizer, self.world))

        def end() -> None:
            for average in averages:
                average.remove()

        return Restoring(begin, end)

    def parts(self, function: str, batch: Any, data: Any) -> tuple[tuple[Any, ...], Any]:
        """Inputs and targets of this rank's rows of a batch, as `parts_of`; perhaps no rows.

        What a DataLoader gives are shares already.

        >>> Ranks("fit", None).parts("fit", ([1.0], [0]), [])
        (([1.0],), [0])
        """
        if not self.alone and isinstance(batch, (tuple, list)) and len(batch) > 1:
            if not isinstance(data, DataLoader):
                parts_of(function, batch, data)  # all ranks see what is wrong with it
                batch = self.world.shard(*batch)
            if not len(batch[-1]):
                return tuple(batch[:-1]), batch[-1]
        return parts_of(function, batch, data)

    # ------------------------------------------------------------------ in each step
    def meet(self, more: bool, interrupted: bool, stop: bool) -> tuple[bool, bool, bool]:
        """Whether there is another batch; whether any rank was interrupted, or wants to stop.

        Raises:
            StateError: some ranks have another batch, and others have none.

        >>> Ranks("fit", None).meet(True, False, False)
        (True, False, False)
        """
        if self.alone:
            return more, interrupted, stop
        seen = self.world.each(np.array([more, interrupted, stop]))
        if len(set(seen[:, 0].tolist())) > 1 and not seen[:, 1:].any():
            ended = np.flatnonzero(~seen[:, 0]).tolist()
            raise UnlikeRanksError(
                f"fit: the data of ranks {ended} has ended, the others' goes on; each rank needs as many "
                "batches, as DataLoader(shard=world) gives them"
            )
        return more, bool(seen[:, 1].any()), bool(seen[:, 2].any())

    def seed(self, model: Module) -> None:
        """Let the other ranks draw numbers, for dropout say, that follow from rank 0's state and the rank.

        So each rank draws numbers of its own, rank 0 those of a single process, and what rank 0 saves is
        all that a training needs to go on bit by bit.
        """
        if self.alone:
            return
        held = list({id(g): g for g in (generator(), *find_generators(model=model).values())}.values())
        words = self.world.broadcast(digest([g.bit_generator.state for g in held])).view(np.uint32)
        for k, one in enumerate(held if self.world.rank else ()):
            seeds = np.random.SeedSequence([*words.tolist(), self.world.rank, k])
            one.bit_generator.state = type(one.bit_generator)(seeds).state

    def mean(self, loss: float, samples: int) -> tuple[float, float]:
        """The loss over the samples of all ranks, and this rank's factor.

        Args:
            loss: the mean over this rank's samples.   samples: how many; perhaps none.
        Returns:
            sum of samples · loss / N over the ranks; and samples · size / N, with which a rank's loss
            has its weight in the mean of the gradients.

        >>> Ranks("fit", None).mean(0.5, 3)
        (0.5, 1.0)
        """
        if self.alone:
            return loss, 1.0
        seen = self.world.each(np.array([loss if samples else 0.0, samples], np.float64))
        N = seen[:, 1].sum()
        if not N:
            raise ArgumentError("fit: a batch without samples on all ranks")
        return float((seen[:, 0] * seen[:, 1]).sum() / N), samples * self.world.size / float(N)

    def all(self, yes: bool) -> bool:
        """Whether all ranks say so.

        >>> Ranks("fit", None).all(True)
        True
        """
        return yes if self.alone else bool(self.world.each(np.array(yes)).all())

    # ------------------------------------------------------------------ measures and files
    def share_buffers(self, model: Module) -> None:
        """Give every rank rank 0's buffers, such as the running statistics of batch norm.

        >>> from tinygrad_cnn import nn
        >>> Ranks("fit", None).share_buffers(nn.ReLU())
        """
        if not self.alone:
            for buffer in model.buffers():
                buffer._writable()[...] = self.world.broadcast(buffer.array)

    def summed(self, running: Running) -> Running:
        """The measures over the batches of all ranks: their sums are added.

        Raises:
            ArgumentError: a metric whose sums are neither numbers nor arrays.

        >>> running = Running([]); Ranks("fit", None).summed(running) is running
        True
        """
        if self.alone:
            return running
        found = running.fresh()
        found.loss, found.count = self._sum(running.loss, "loss"), self._sum(running.count, "count")
        for mine, metric in zip(running.metrics, found.metrics, strict=True):
            for name, value in sums_of(mine).items():
                setattr(metric, name, self._sum(value, f"{metric.name}.{name}"))
        return found

    def _sum(self, value: Any, name: str) -> Any:
        """A sum of all ranks; None where it is None, as no rank has had a batch."""
        if value is not None and not isinstance(value, (int, float, np.ndarray, np.generic)):
            raise ArgumentError(
                f"Trainer: {name} is {type(value).__name__}; the sums of several processes are added, so "
                "numbers and arrays fit"
            )
        array = None if value is None else np.asarray(value)
        kind = np.zeros(8, np.int64) - 1  # element type and shape; a rank without samples has neither
        if array is not None:
            kind[: 2 + array.ndim] = ord(array.dtype.char), array.ndim, *array.shape
        kinds = [row for row in self.world.each(kind) if row[0] >= 0]
        if not kinds:
            return None
        if any(not np.array_equal(row, kinds[0]) for row in kinds):
            raise ArgumentError(f"Trainer: {name} has another shape or type on another rank")
        if array is None:
            array = np.zeros(kinds[0][2 : 2 + kinds[0][1]], np.dtype(chr(kinds[0][0])))
        total = self.world.sum(array)
        return type(value)(total) if isinstance(value, (int, float)) else total
