"""Callback: is told of the steps of a training, and may stop it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad_cnn.errors import ArgumentError, DTypeError, StateError

if TYPE_CHECKING:
    from tinygrad_cnn.nn.rebuild import Builder
    from tinygrad_cnn.train.trainer import Trainer


class Callback:
    """Base of callbacks: a subclass writes the methods that it needs.

    Each method gets the Trainer, whose `model`, `optimizer`, `history`, `epoch` (epochs done),
    `batch` (batches done in this epoch), `epochs` and `steps` (planned; steps None if not known) tell
    where it is; `running()` gives the means so far, `stop(reason)` ends the training.

    Attributes:
        last: called after all others, when the epoch is in the history; for what writes files.
        everywhere: told on every rank of a `Trainer(world=)`; False for rank 0 alone, for what prints or
            writes. `Trainer.save` must be called on every rank.

    >>> class Say(Callback):
    ...     def on_epoch_end(self, trainer, logs): print(trainer.epoch, sorted(logs))
    >>> from tinygrad_cnn import nn, optim
    >>> from tinygrad_cnn.train import Trainer
    >>> model = nn.Linear(2, 2)
    >>> trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1), callbacks=[Say()])
    >>> _ = trainer.fit(np.zeros((4, 2), "float32"), [0, 1, 0, 1], epochs=1)
    1 ['train_accuracy', 'train_loss']
    """

    last: bool = False
    everywhere: bool = True

    def on_train_begin(self, trainer: Trainer) -> None:
        """`fit` begins."""

    def on_epoch_begin(self, trainer: Trainer) -> None:
        """An epoch begins, or goes on after an interruption."""

    def on_loss(self, trainer: Trainer, loss: float) -> None:
        """The loss of a batch is known; the weights are not changed yet."""

    def on_batch_end(self, trainer: Trainer, loss: float) -> None:
        """The weights have been changed by a batch."""

    def on_epoch_end(self, trainer: Trainer, logs: dict[str, float]) -> None:
        """An epoch is over; what is added to `logs` goes to the history."""

    def on_interrupt(self, trainer: Trainer) -> None:
        """Ctrl-C was pressed; the training ends between two steps."""

    def on_train_end(self, trainer: Trainer) -> None:
        """`fit` ends; `trainer.ending` is 'finished', 'interrupted' or 'failed'."""

    def state_dict(self) -> dict[str, Any]:
        """Give what a checkpoint keeps of it; plain values and arrays.

        >>> Callback().state_dict()
        {}
        """
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave.

        >>> Callback().load_state_dict({})
        """

    def describe(self) -> dict[str, Any] | None:
        """Give what a saved training keeps, so that `load_trainer` makes this callback anew.

        Returns:
            Plain values by name, for `made_from`; None if the caller of `load_trainer` shall pass it.

        >>> Callback().describe()
        """
        return None

    @classmethod
    def made_from(cls, tree: Any, builder: Builder, optimizer: Any) -> Callback:
        """The callback of what `describe` gave.

        Args:
            tree: the plain values, from a file.   builder: checks and makes values.
            optimizer: that of the training.
        """
        raise NotImplementedError(f"{cls.__name__}.made_from is not written")

    def __repr__(self) -> str:
        options = ", ".join(
            f"{name}={value!r}" if isinstance(value, _SHOWN) else f"{name}={type(value).__name__}"
            for name, value in vars(self).items()
            if not name.startswith("_")
        )
        return f"{type(self).__name__}({options})"


#: Options that a repr shows in full.
_SHOWN = (str, int, float, bool, type(None), Path)


class Callbacks(list[Callback]):
    """The callbacks of a training, told in their order; those with `last` after all others.

    >>> Callbacks([Callback()]).named()
    {'Callback.0': Callback()}
    """

    def tell(self, event: str, trainer: Trainer, *values: Any, last: bool | None = None) -> None:
        """Call a method of each.

        Args:
            event: the name of the method.   trainer, values: its arguments.
            last: only those with this `last`; None tells all.

        >>> Callbacks([]).tell("on_train_begin", None)
        """
        for when in (False, True) if last is None else (last,):
            for callback in self:
                if callback.last == when and (callback.everywhere or not trainer.world.rank):
                    getattr(callback, event)(trainer, *values)

    def named(self) -> dict[str, Callback]:
        """Each by its class, and its number within the class.

        >>> list(Callbacks([Callback(), Callback()]).named())
        ['Callback.0', 'Callback.1']
        """
        named: dict[str, Callback] = {}
        for callback in self:
            kind = type(callback).__name__
            named[f"{kind}.{sum(key.split('.')[0] == kind for key in named)}"] = callback
        return named

    def state_dict(self) -> dict[str, Any]:
        """The states of those that have one, by name.

        >>> Callbacks([Callback()]).state_dict()
        {}
        """
        return {name: state for name, one in self.named().items() if (state := one.state_dict())}

    def check_state(self, state: Any) -> None:
        """See that each callback of a state is here.

        Raises:
            StateError: one is not; the message says how to go on.

        >>> Callbacks([]).check_state({"Checkpoint.0": {"best": None}})
        Traceback (most recent call last):
        tinygrad_cnn.errors.StateError: Trainer: the state has callbacks that are not here: Checkpoint.0; \
pass callbacks=[Checkpoint(...)] of the same kinds in the same order
        """
        if not isinstance(state, Mapping):
            raise StateError("Trainer: the state of the callbacks is not an object")
        named = self.named()
        missing = [str(name)[:40] for name in state if name not in named][:10]
        if missing:
            needed = ", ".join(f"{name.split('.')[0]}(...)" for name in missing)
            raise StateError(
                f"Trainer: the state has callbacks that are not here: {', '.join(missing)}; "
                f"pass callbacks=[{needed}] of the same kinds in the same order"
            )

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave; `check_state` comes first.

        >>> Callbacks([]).load_state_dict({})
        """
        named = self.named()
        for name, own in state.items():
            named[name].load_state_dict(own)


def as_callbacks(name: str, given: Any) -> Callbacks:
    """A list of callbacks.

    Args:
        name: of the class that errors begin with.   given: callbacks.
    Raises:
        DTypeError: something else among them.

    >>> as_callbacks("Trainer", [Callback()])
    [Callback()]
    """
    if isinstance(given, Callback) or not isinstance(given, Iterable):
        raise DTypeError(f"{name}: callbacks is a list such as [ProgressBar()], got {given!r}")
    found = Callbacks(given)
    for callback in found:
        if not isinstance(callback, Callback):
            raise DTypeError(f"{name}: a callback must be a Callback, got {callback!r}")
    return found


def direction(function: str, monitor: str, mode: str | None) -> str:
    """'min' or 'max': as given, or by the name of what is watched.

    Raises:
        ArgumentError: another mode.

    >>> direction("EarlyStopping", "val_loss", None), direction("EarlyStopping", "val_accuracy", None)
    ('min', 'max')
    """
    if mode not in (None, "min", "max"):
        raise ArgumentError(f"{function}: mode must be 'min', 'max' or None, got {mode!r}")
    return mode or ("min" if any(word in monitor for word in ("loss", "error")) else "max")


def check_monitor(function: str, monitor: str, names: list[str]) -> None:
    """Refuse to watch what the training will not measure, before it begins.

    Raises:
        ArgumentError: the name is not among those of the epoch's measures.

    >>> check_monitor("EarlyStopping", "val_loss", ["train_loss", "val_loss"])
    """
    if monitor not in names:
        raise ArgumentError(f"{function}: {monitor!r} is not measured here; {', '.join(names)} are")
