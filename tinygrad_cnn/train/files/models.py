"""One file that holds a whole model, or a whole training: structure, numbers, and what was settled."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tinygrad_cnn.errors import ArgumentError, DTypeError, FormatError, StateError
from tinygrad_cnn.nn import Module, from_json, to_json
from tinygrad_cnn.nn.rebuild import LIMIT
from tinygrad_cnn.parallel import World
from tinygrad_cnn.rng import find_generators, set_states
from tinygrad_cnn.serial.paths import path_of
from tinygrad_cnn.train.callbacks import Callback
from tinygrad_cnn.train.files.checkpoints import Saved, read_checkpoint, restore, write_checkpoint
from tinygrad_cnn.train.files.recipe import TRAINING, Recipe
from tinygrad_cnn.train.trainer import Trainer

Path = str | os.PathLike[str]


def save_model(path: Path, model: Module | Trainer, **notes: Any) -> None:
    """Write a model, or a whole training, to one file from which `load_model` makes it anew.

    The file holds the structure as JSON, all parameters and buffers, and the states of generators.
    Of a Trainer also the optimizer and its state, loss, metrics, schedules of the rate, callbacks'
    states, history, and the place in the data: `load_trainer` goes on bit by bit. Checkpoints are
    files of the same kind.

    Args:
        path: a `.safetensors` (or `.npz`) file in a folder that exists; written whole or not at all.
        model: of classes of this library, or registered ones (`nn.register`); or a Trainer of one.
        notes: plain values to save with it, for `load_notes`; `classes=["cat", "dog"]`, say. The
            examples read `classes`, `size`, `channels`, `mean` and `std` of images.
    Raises:
        ArgumentError: a class that is not registered, or a note named as a part of the file.
        DTypeError: something that a file cannot hold.   FormatError: another suffix.

    >>> import tempfile; from tinygrad_cnn import nn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(f"{folder}/net.npz", nn.Sequential(nn.Linear(2, 3)), classes=["a", "b", "c"])
    ...     load_model(f"{folder}/net.npz"), load_notes(f"{folder}/net.npz")
    (Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
    ), {'classes': ['a', 'b', 'c']})
    """
    path = path_of("save_model", path)
    taken = notes.keys() & {"model", "trainer", "optimizer"}
    if taken:
        raise ArgumentError(f"save_model: notes cannot be named {sorted(taken)}, as parts of the file are")
    if isinstance(model, Trainer):
        to_json(model.model)  # its error, if a class is not registered
        model.save(path, **notes)
    elif isinstance(model, Module):
        to_json(model)
        write_checkpoint(path, {"model": model, **notes}, {})
    else:
        raise DTypeError(f"save_model: a Module or a Trainer fits, got {type(model).__name__}")


def load_model(path: Path, name: str = "model") -> Module:
    """Make the model of a file anew: no class but the library's and registered ones, no code of the file.

    Args:
        path: what `save_model`, `Trainer.save`, `Checkpoint` or `save_checkpoint` wrote.
        name: under which `save_checkpoint` was given the module.
    Returns:
        The model, in training mode; `.eval()` changes that. The default generator is left as it is.
    Raises:
        FormatError: a truncated, altered or foreign file, or one without the structure; the message
            names the file, and the place in the structure.   FileNotFoundError: no such file.

    >>> import tempfile; from tinygrad_cnn import nn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(f"{folder}/net.npz", nn.Linear(2, 3))
    ...     load_model(f"{folder}/net.npz")
    Linear(in_features=2, out_features=3, bias=True)
    """
    path = path_of("load_model", path)
    return _model(path, read_checkpoint(path), name)


def load_notes(path: Path) -> dict[str, Any]:
    """The plain values that were saved with a model.

    Args:
        path: as `load_model`.
    Returns:
        name -> value.
    Raises:
        As `load_model`.

    >>> import tempfile; from tinygrad_cnn import nn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(f"{folder}/net.npz", nn.ReLU(), size=(64, 64))
    ...     load_notes(f"{folder}/net.npz")
    {'size': (64, 64)}
    """
    path = path_of("load_notes", path)
    return {n: entry["value"] for n, entry in read_checkpoint(path).parts.items() if "value" in entry}


def load_trainer(
    path: Path, *, callbacks: Iterable[Callback] = (), loss: Callable[[Any, Any], Any] | None = None,
    metrics: Iterable[Any] | None = None, world: World | None = None,
) -> Trainer:  # fmt: skip
    """Make the training of a file anew: `fit` with the same data goes on bit by bit.

    Args:
        path: what `save_model` of a Trainer, `Trainer.save` or `Checkpoint` wrote.
        callbacks: all but `LearningRate`, which the file brings; those that keep a state must be
            here, of the same kinds and in the same order.
        loss, metrics: needed only where the file could not hold them: functions of your own.
        world: as `Trainer`; the number of processes may be another than before.
    Returns:
        The Trainer, with model, optimizer, schedules, history and place.
    Raises:
        FormatError: as `load_model`, or a part that must be passed.   StateError: callbacks that are
            not here.   FileNotFoundError: no such file.

    >>> import tempfile; from tinygrad_cnn import nn, optim
    >>> model = nn.Linear(2, 2); trainer = Trainer(model, optim.Adam(model.parameters(), lr=0.5))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(f"{folder}/run.npz", trainer)
    ...     load_trainer(f"{folder}/run.npz").optimizer.param_groups[0]["lr"]
    0.5
    """
    where = path_of("load_trainer", path)
    saved = read_checkpoint(where)
    if TRAINING not in saved.texts or "trainer" not in saved.parts:
        raise FormatError(f"{where}: holds no training; it holds {', '.join(saved.parts)}")
    model = _model(path, saved, "model")
    recipe = Recipe.read(where, saved.texts[TRAINING])
    optimizer = recipe.optimizer(model)
    trainer = Trainer(
        model, optimizer,
        recipe.loss() if loss is None else loss,
        recipe.metrics() if metrics is None else metrics,
        [*recipe.callbacks(optimizer), *callbacks],
        world=world,
    )  # fmt: skip
    restore(f"load_trainer: {where}", saved, {"model": model, "trainer": trainer, "optimizer": optimizer})
    return trainer


def _model(path: Path, saved: Saved, name: str) -> Module:
    """The module of a name, with its numbers and its generators' states."""
    where = os.fspath(path)
    entry = saved.parts.get(name, {})
    if "structure" not in entry:
        raise FormatError(
            f"{where}: holds no structure of {name!r}; make the model in your code, and use load_checkpoint"
        )
    text = saved.texts.get(f"structure.{name}")
    if text is None:
        raise FormatError(f"{where}: holds no structure of {name!r}, since {entry['structure']}")
    state = entry.get("state")
    if not isinstance(state, dict):
        raise FormatError(f"{where}: holds no state of {name!r}")
    held = sum(np.size(value) for value in state.values() if isinstance(value, np.ndarray))
    model = from_json(text, rng=0, limit=max(LIMIT, 4 * held), where=where)
    own = find_generators(**{name: model})
    try:
        restore(where, saved, {name: model})
        set_states(where, own, {key: saved.random[key] for key in saved.random if key in own})
    except StateError as error:  # structure and numbers of one file that do not belong together
        raise FormatError(str(error)) from error
    return model
