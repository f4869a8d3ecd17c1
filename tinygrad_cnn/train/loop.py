"""The epochs of one call of `fit`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError, TinygradCnnError
from tinygrad_cnn.train.batches import for_metrics
from tinygrad_cnn.train.evaluation import check_labels
from tinygrad_cnn.train.interrupt import Interrupts
from tinygrad_cnn.train.position import END, Source
from tinygrad_cnn.train.progress import Progress
from tinygrad_cnn.train.train_step import Learner
from tinygrad_cnn.train.validation import Validation

if TYPE_CHECKING:
    from tinygrad_cnn.train.trainer import Trainer

Array = NDArray[Any]


#: Why a rank stops that has no reason of its own.
OTHER_STOPPED = "another rank has stopped"


class Loop:
    """Takes step after step, tells the callbacks, and measures after each epoch.

    Args:
        trainer: what callbacks are told; it says when to end.   learner: takes the steps.
        progress: counts them.   source: gives the batches.
        sets: validation data by name.   steps: batches an epoch; None for a pass over the data.
        labels: all labels of the data that knows them, by name; checked with the first outputs.
        validation: after which epochs, and how much of the sets, is measured.
        has_weights: whether batches are (inputs, targets, weights of the samples).
    """

    def __init__(
        self, trainer: Trainer, learner: Learner, progress: Progress, source: Source,
        sets: Mapping[str, Any], steps: int | None, labels: dict[str, Array],
        validation: Validation, has_weights: bool = False,
    ) -> None:  # fmt: skip
        self._trainer, self._learner, self._progress = trainer, learner, progress
        self._source, self._sets, self._steps, self._unchecked = source, sets, steps, labels
        self._validation, self._has_weights = validation, has_weights
        self._ranks = learner.evaluator.ranks
        self._running, self._interrupts = learner.evaluator.running, Interrupts(noted=not self._ranks.alone)

    def run(self) -> None:
        """Take all epochs, until they are done, a callback stops them, or something ends them."""
        trainer, progress, ending = self._trainer, self._progress, "failed"
        with self._interrupts:
            try:
                self._ranks.summed(self._running.fresh())  # refuses, before the first step, what has no sum
                self._tell("on_train_begin")
                while progress.epoch < trainer.epochs and trainer.stop_reason is None:
                    self._one_epoch()
                    self._meet(True)
                ending = "finished"
            except KeyboardInterrupt:
                if self._interrupts.torn:
                    raise
                ending = "interrupted"
                self._tell("on_interrupt")
            finally:
                trainer.ending = ending
                progress.place, progress.source = self._source.state(), None
                self._tell("on_train_end")

    def _one_epoch(self) -> None:
        """One epoch, or the rest of it."""
        trainer, progress, source = self._trainer, self._progress, self._source
        if not progress.batch:
            self._running.reset()
        self._tell("on_epoch_begin")
        ended = False
        while not ended and (self._steps is None or progress.batch < self._steps):
            batch = source.fetch()
            with self._interrupts.hold:
                more = self._meet(batch is not END)
                if trainer.stop_reason is not None:  # of another rank
                    return
                if not more:
                    ended = self._pass_over()
                elif not self._one_batch(batch):
                    return
            if self._ranks.alone and trainer.stop_reason is not None:
                return
        self._ranks.share_buffers(trainer.model)
        measured = self._ranks.summed(self._running).values()
        logs = {f"train_{key}": value for key, value in measured.items()}
        for name, data in self._sets.items() if self._validation.after(progress.epoch + 1) else ():
            measured = self._learner.evaluator.measure(f"fit: {name}", data, self._validation.steps)
            logs |= {f"{name}_{key}": value for key, value in measured.items()}
        with self._interrupts.hold:
            if ended:
                source.restart()
            progress.epoch, progress.batch = progress.epoch + 1, 0
            self._tell("on_epoch_end", logs, last=False)
            progress.history.append(logs)
            self._tell("on_epoch_end", logs, last=True)

    def _meet(self, more: bool) -> bool:
        """Agree with the other ranks whether there is another batch, and stop if one of them does.

        Raises:
            KeyboardInterrupt: any rank was interrupted.
        """
        trainer, asked = self._trainer, self._interrupts.hold.asked
        if self._ranks.alone:
            return more
        more, interrupted, stop = self._ranks.meet(more, asked, trainer.stop_reason is not None)
        if interrupted:
            raise KeyboardInterrupt
        if stop and trainer.stop_reason is None:
            trainer.stop(OTHER_STOPPED)
        return more

    def _pass_over(self) -> bool:
        """The data has come to its end: whether the epoch has, too."""
        source, batch = self._source, self._progress.batch
        if not (source.taken if source.replays else batch):
            raise ArgumentError("fit: the data is empty, it gives no batch")
        if self._steps is None:  # the place stays at the end of the pass until the epoch is judged
            return True
        if not source.replays:
            raise ArgumentError(f"fit: the generator ended after {batch} of {self._steps} batches")
        source.restart()
        return False

    def _one_batch(self, batch: Any) -> bool:
        """A step of the optimizer, and what is told of it; False if it shall not be taken."""
        progress = self._progress
        where = f"in batch {progress.batch + 1} of epoch {progress.epoch + 1}"
        try:
            self._ranks.seed(self._trainer.model)
            inputs, targets = self._ranks.parts("fit", batch, self._source.data)
            weights = None
            if self._has_weights:
                inputs, targets, weights = inputs[:-1], inputs[-1], targets
            loss, outputs = self._learner.step(
                "fit", inputs, targets, seen=self._see, judged=self._judge_loss, where=f" {where}",
                sample_weight=weights,
            )  # fmt: skip
        except TinygradCnnError as error:
            error.add_note(f"{where} of fit")
            raise
        if self._trainer.stop_reason is not None:
            return False
        if outputs is not None:  # this rank has samples of the batch
            self._running.update(loss, outputs, for_metrics(targets))
        self._source.count()
        progress.batch += 1
        self._tell("on_batch_end", loss)
        return True

    def _see(self, outputs: Any) -> None:
        """Check all labels of the data when the number of outputs is known for the first time."""
        unchecked, self._unchecked = self._unchecked, {}
        for name, labels in unchecked.items():
            check_labels(name, labels, outputs, self._learner.loss)

    def _judge_loss(self, loss: float) -> bool:
        """Tell the callbacks; whether the step shall be taken."""
        self._tell("on_loss", loss)
        goes_on = self._ranks.all(self._trainer.stop_reason is None)
        if not goes_on and self._trainer.stop_reason is None:
            self._trainer.stop(OTHER_STOPPED)
        return goes_on

    def _tell(self, event: str, *values: Any, last: bool | None = None) -> None:
        self._trainer.callbacks.tell(event, self._trainer, *values, last=last)
