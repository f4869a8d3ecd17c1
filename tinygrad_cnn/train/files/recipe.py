"""The recipe of a training: optimizer, loss, metrics and callbacks as plain data."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from tinygrad_cnn import optim
from tinygrad_cnn.errors import DTypeError, FormatError, TinygradCnnError
from tinygrad_cnn.nn import Module
from tinygrad_cnn.nn.rebuild import Builder
from tinygrad_cnn.nn.structure import Writer
from tinygrad_cnn.optim import Optimizer
from tinygrad_cnn.rng import generator
from tinygrad_cnn.train.callbacks.base import Callback
from tinygrad_cnn.train.files.checkpoints import write_checkpoint
from tinygrad_cnn.train.files.first_format import upgraded_recipe
from tinygrad_cnn.train.metrics_over_batches import NAMED, Metric, TopK, as_metric

if TYPE_CHECKING:
    from tinygrad_cnn.train.trainer import Trainer

#: The text of a checkpoint that tells how its training was put together, and the version written.
TRAINING, VERSION = "training", 2

#: The classes that a file may name: those of `optim`, and no others.
OPTIMIZERS = {n: c for n, c in vars(optim).items() if isinstance(c, type) and issubclass(c, Optimizer)}


# --------------------------------------------------------------------------- writing
def write_training(
    path: str | os.PathLike[str], trainer: Trainer, metrics: list[Metric], notes: Mapping[str, Any]
) -> None:
    """Write a training to a file: its parts, their states, and how they were put together.

    Args:
        path: as `save_checkpoint`.   metrics: those of the trainer.   notes: plain values.
    """
    parts = {"model": trainer.model, "trainer": trainer, "optimizer": trainer.optimizer, **notes}
    how = recipe_of(trainer.model, trainer.optimizer, trainer.loss, metrics, trainer.callbacks)
    write_checkpoint(path, parts, {TRAINING: json.dumps(how, separators=(",", ":"), allow_nan=False)})


def recipe_of(
    model: Module, optimizer: Optimizer, loss: Any, metrics: list[Metric], callbacks: list[Callback]
) -> dict[str, Any]:
    """The parts of a training as plain data; a part that cannot be written says why under 'missing'.

    >>> from tinygrad_cnn import functional as F, nn
    >>> model = nn.Linear(2, 1)
    >>> recipe_of(model, optim.SGD(model.parameters(), lr=0.1), F.mse_loss, [], [])["loss"]
    {'$function': 'mse_loss'}
    """
    described = [_or_missing(partial(_callback, one)) for one in callbacks]
    return {
        "version": VERSION,
        "optimizer": _or_missing(lambda: _optimizer(model, optimizer)),
        "loss": _or_missing(lambda: Writer("").value(loss, "loss")),
        "metrics": [_or_missing(partial(_metric, metric)) for metric in metrics],
        "callbacks": [one for one in described if one is not None],
    }


def _or_missing(write: Callable[[], Any]) -> Any:
    try:
        return write()
    except TinygradCnnError as error:
        return {"missing": str(error)}


def _optimizer(model: Module, optimizer: Optimizer) -> dict[str, Any]:
    """Class, options and the paths of the parameters of each group."""
    name = type(optimizer).__name__
    if OPTIMIZERS.get(name) is not type(optimizer):
        raise DTypeError(f"the optimizer is a {name}, a class of your own")
    paths = {id(p): path for path, p in model.named_parameters()}
    groups = [[paths.get(id(p)) for p in group["params"]] for group in optimizer.param_groups]
    if any(path is None for group in groups for path in group):
        raise DTypeError("the optimizer has parameters that are not of the model")
    options = Writer("").value(optimizer.defaults, "optimizer")
    return {"class": name, "options": options, "groups": groups}


def _metric(metric: Metric) -> Any:
    if type(metric) is TopK:
        return {"top": metric._k}
    named = NAMED.get(metric.name)
    if named is None or not _same(metric, named()):
        raise DTypeError(f"the metric {metric.name!r} is a function or a class of your own")
    return metric.name


def _same(metric: Metric, other: Metric) -> bool:
    """Whether a metric is the one that its name stands for."""
    return type(metric) is type(other) and getattr(metric, "_function", 0) is getattr(other, "_function", 1)


def _callback(callback: Callback) -> dict[str, Any] | None:
    described = callback.describe()
    return None if described is None else {"class": type(callback).__name__, **described}


# --------------------------------------------------------------------------- reading
class Recipe(Builder):
    """Makes the parts of a training anew from what `recipe_of` gave.

    Args:
        where: what an error begins with.   tree: the plain data.

    >>> Recipe("a.npz", {"loss": {"$function": "mse_loss"}}).loss().__name__
    'mse_loss'
    """

    def __init__(self, where: str, tree: Any) -> None:
        super().__init__(where, generator(0), 2**30)
        if not isinstance(tree, Mapping):
            self.refuse("training", "expected an object")
        self._tree = tree

    @classmethod
    def read(cls, where: str, text: str) -> Recipe:
        """The recipe of a text, of this version or an earlier one.

        Raises:
            FormatError: no JSON, or another version.

        >>> Recipe.read("a.npz", '{"version": 2, "metrics": ["accuracy"]}').metrics()
        ['accuracy']
        """
        try:
            tree = json.loads(text)
            if isinstance(tree, dict) and "version" not in tree:
                tree = upgraded_recipe(tree)
        except (ValueError, RecursionError) as error:
            raise FormatError(f"{where}: a training that cannot be read: {str(error)[:400]}") from error
        recipe = cls(where, tree)
        if tree["version"] != VERSION:
            recipe.refuse("training", f"expected version 1 to {VERSION}, found {str(tree['version'])[:40]}")
        return recipe

    def loss(self) -> Any:
        """The loss function.

        >>> Recipe("a.npz", {"loss": {"missing": "the loss is a function"}}).loss()
        Traceback (most recent call last):
        tinygrad_cnn.errors.FormatError: a.npz: the loss is a function; pass loss=
        """
        value = self.value(self._there(self._tree.get("loss"), "loss="), "loss")
        return value if callable(value) else self.refuse("loss", "no function")

    def metrics(self) -> list[Any]:
        """The metrics.

        >>> Recipe("a.npz", {"metrics": ["accuracy", {"top": 3}]}).metrics()[0]
        'accuracy'
        """
        found: list[Any] = []
        for given in self.list(self._tree.get("metrics"), "metrics"):
            tree = self._there(given, "metrics=") if isinstance(given, dict) else given
            if isinstance(tree, dict) and tree.keys() == {"top"}:
                found.append(self.tried("metrics", "metric", partial(TopK, tree["top"])))
            elif isinstance(tree, str) and tree in NAMED:
                found.append(tree)
            else:
                self.refuse("metrics", f"unknown metric {str(tree)[:40]!r}")
        names = [as_metric(one).name for one in found]
        if len(set(names)) < len(names):
            self.refuse("metrics", f"two of one name among {str(names)[:80]}")
        return found

    def optimizer(self, model: Module) -> Optimizer:
        """The optimizer, over the parameters of a model of the same structure; without its state.

        >>> from tinygrad_cnn import nn
        >>> tree = {"class": "SGD", "options": {"lr": 0.5}, "groups": [["weight", "bias"]]}
        >>> Recipe("a.npz", {"optimizer": tree}).optimizer(nn.Linear(2, 1)).defaults["lr"]
        0.5
        """
        tree = self._there(self._tree.get("optimizer"), "an optimizer of your own to Trainer, and load()")
        self.keys("optimizer", tree, ("class", "options", "groups"))
        cls = self.known_class(OPTIMIZERS, tree["class"], "optimizer")
        parameters = dict(model.named_parameters())
        groups = []
        for group in self.list(tree["groups"], "optimizer.groups"):
            paths = self.list(group, "optimizer.groups")
            unknown = [path for path in paths if not isinstance(path, str) or path not in parameters]
            if unknown:
                self.refuse("optimizer.groups", f"there is no parameter {str(unknown[0])[:40]!r}")
            groups.append({"params": [parameters[path] for path in paths]})
        options = self.value(tree["options"], "optimizer.options")
        return self.tried("optimizer", "optimizer", lambda: cls(groups, **options))

    def callbacks(self, optimizer: Optimizer) -> list[Callback]:
        """The callbacks that describe themselves.

        >>> Recipe("a.npz", {"callbacks": []}).callbacks(None)
        []
        """
        known = {c.__name__: c for c in _describing(Callback)}
        found: list[Callback] = []
        for given in self.list(self._tree.get("callbacks"), "callbacks"):
            tree = self._there(given, "a LearningRate to a Trainer of your own, and load()")
            cls = self.known_class(known, tree.get("class"), "callbacks")
            options = {name: value for name, value in tree.items() if name != "class"}
            make = partial(cls.made_from, options, self, optimizer)
            found.append(self.tried("callbacks", "callback", make))
        return found

    def _there(self, tree: Any, instead: str) -> Any:
        """A part, or an error that says what to pass in its place."""
        if isinstance(tree, dict) and "missing" in tree:
            raise FormatError(f"{self.where}: {str(tree['missing'])[:400]}; pass {instead}")
        return tree if isinstance(tree, dict) else self.refuse(instead, "expected an object")


def _describing(cls: type[Callback]) -> list[type[Callback]]:
    """The library's callbacks that can be made from a file."""
    below = [found for sub in cls.__subclasses__() for found in [sub, *_describing(sub)]]
    return [c for c in below if c.__module__.startswith("tinygrad_cnn.") and "made_from" in vars(c)]
