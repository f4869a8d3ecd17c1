"""How a training was put together, as plain data: optimizer, loss, metrics and schedules of the rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from tinygrad_cnn import optim
from tinygrad_cnn.errors import DTypeError, FormatError, TinygradCnnError
from tinygrad_cnn.nn import Module
from tinygrad_cnn.nn.rebuild import Builder
from tinygrad_cnn.nn.structure import Writer
from tinygrad_cnn.optim import LRScheduler, Optimizer, ReduceLROnPlateau
from tinygrad_cnn.rng import generator
from tinygrad_cnn.train.callback import Callback
from tinygrad_cnn.train.rate import LearningRate
from tinygrad_cnn.train.running import NAMED, Metric, TopK

#: The classes that a file may name: those of `optim`, and no others.
OPTIMIZERS = {n: c for n, c in vars(optim).items() if isinstance(c, type) and issubclass(c, Optimizer)}
SCHEDULERS = {
    n: c for n, c in vars(optim).items()
    if isinstance(c, type) and issubclass(c, (LRScheduler, ReduceLROnPlateau)) and n != "LambdaLR"
}  # fmt: skip


# --------------------------------------------------------------------------- writing
def described(
    model: Module, optimizer: Optimizer, loss: Any, metrics: list[Metric], callbacks: list[Callback]
) -> dict[str, Any]:
    """The parts of a training as plain data; a part that cannot be written says why under 'missing'.

    >>> from tinygrad_cnn import functional as F, nn
    >>> model = nn.Linear(2, 1)
    >>> described(model, optim.SGD(model.parameters(), lr=0.1), F.mse_loss, [], [])["loss"]
    {'function': 'mse_loss'}
    """
    rates = [callback for callback in callbacks if isinstance(callback, LearningRate)]
    return {
        "optimizer": _or_missing(lambda: _optimizer(model, optimizer)),
        "loss": _or_missing(lambda: Writer("").value(loss, "loss")),
        "metrics": [_or_missing(lambda: _metric(metric)) for metric in metrics],  # noqa: B023, called at once
        "rates": [_or_missing(lambda: _rate(rate)) for rate in rates],  # noqa: B023
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
    return {
        "class": name,
        "options": Writer("").value(optimizer.defaults, "optimizer"),
        "groups": groups,
    }


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


def _rate(rate: LearningRate) -> dict[str, Any]:
    kept = {"every": rate.every, "monitor": rate.monitor, "record": rate.record}
    return {**kept, "scheduler": _scheduler(rate.scheduler)}


def _scheduler(scheduler: Any) -> dict[str, Any]:
    """Class and attributes; those of the schedulers inside it, too."""
    name = type(scheduler).__name__
    if SCHEDULERS.get(name) is not type(scheduler):
        raise DTypeError(f"the schedule is a {name}, which is made of functions of your own")
    plain, inner = {}, []
    for key, value in vars(scheduler).items():
        if key == "schedulers":
            inner = [_scheduler(one) for one in value]
        elif key != "optimizer":
            plain[key] = Writer("").value(value, f"{name}.{key}")
    return {"class": name, "attributes": plain, "schedulers": inner}


# --------------------------------------------------------------------------- reading
class Compiled:
    """Makes the parts of a training anew from what `described` wrote.

    Args:
        where: what an error begins with.   tree: the plain data.

    >>> Compiled("a.npz", {"loss": {"function": "mse_loss"}}).loss().__name__
    'mse_loss'
    """

    def __init__(self, where: str, tree: Any) -> None:
        self._where, self._tree = where, tree
        self._builder = Builder(where, generator(0), 2**30)
        if not isinstance(tree, Mapping):
            self._refuse("training", "expected an object")

    def loss(self) -> Any:
        """The loss function.

        >>> Compiled("a.npz", {"loss": {"missing": "the loss is a function"}}).loss()
        Traceback (most recent call last):
        tinygrad_cnn.errors.FormatError: a.npz: the loss is a function; pass loss=
        """
        value = self._builder.value(self._there(self._tree.get("loss"), "loss="), "loss")
        return value if callable(value) else self._refuse("loss", "no function")

    def metrics(self) -> list[Any]:
        """The metrics.

        >>> Compiled("a.npz", {"metrics": ["accuracy", {"top": 3}]}).metrics()[0]
        'accuracy'
        """
        found: list[Any] = []
        for given in self._list(self._tree.get("metrics"), "metrics"):
            tree = self._there(given, "metrics=") if isinstance(given, dict) else given
            if isinstance(tree, dict) and tree.keys() == {"top"}:
                found.append(self._tried("metrics", lambda: TopK(tree["top"])))  # noqa: B023, called at once
            elif isinstance(tree, str) and tree in NAMED:
                found.append(tree)
            else:
                self._refuse("metrics", f"unknown metric {str(tree)[:40]!r}")
        return found

    def optimizer(self, model: Module) -> Optimizer:
        """The optimizer, over the parameters of a model of the same structure; without its state.

        >>> from tinygrad_cnn import nn
        >>> tree = {"class": "SGD", "options": {"dict": {"lr": 0.5}}, "groups": [["weight", "bias"]]}
        >>> Compiled("a.npz", {"optimizer": tree}).optimizer(nn.Linear(2, 1)).defaults["lr"]
        0.5
        """
        tree = self._there(self._tree.get("optimizer"), "an optimizer of your own to Trainer, and load()")
        self._builder.keys("optimizer", tree, ("class", "options", "groups"))
        cls = self._class(OPTIMIZERS, tree["class"], "optimizer")
        parameters = dict(model.named_parameters())
        groups = []
        for group in self._list(tree["groups"], "optimizer.groups"):
            paths = self._list(group, "optimizer.groups")
            unknown = [path for path in paths if not isinstance(path, str) or path not in parameters]
            if unknown:
                self._refuse("optimizer.groups", f"there is no parameter {str(unknown[0])[:40]!r}")
            groups.append({"params": [parameters[path] for path in paths]})
        options = self._builder.value(tree["options"], "optimizer.options")
        return self._tried("optimizer", lambda: cls(groups, **options))

    def rates(self, optimizer: Optimizer) -> list[Callback]:
        """The callbacks that drive schedules of the rate.

        >>> Compiled("a.npz", {"rates": []}).rates(None)
        []
        """
        found: list[Callback] = []
        for given in self._list(self._tree.get("rates"), "rates"):
            tree = self._there(given, "a LearningRate to a Trainer of your own, and load()")
            self._builder.keys("rates", tree, ("every", "monitor", "record", "scheduler"))
            scheduler = self._scheduler(tree["scheduler"], optimizer)
            options = {name: tree[name] for name in ("every", "monitor", "record")}
            found.append(self._tried("rates", lambda: LearningRate(scheduler, **options)))  # noqa: B023
        return found

    def _scheduler(self, tree: Any, optimizer: Optimizer, depth: int = 0) -> Any:
        if depth > 10:
            self._refuse("scheduler", "nested more than 10 deep")
        self._builder.keys("scheduler", tree, ("class", "attributes", "schedulers"))
        cls = self._class(SCHEDULERS, tree["class"], "scheduler")
        made = cls.__new__(cls)
        made.optimizer = optimizer
        self._builder.keys("scheduler", tree["attributes"], (), tuple(tree["attributes"]))
        for name, value in tree["attributes"].items():
            if not name.isidentifier() or name.startswith("__") or callable(getattr(cls, name, None)):
                self._refuse("scheduler", f"{name[:40]!r} cannot be the name of an attribute")
            setattr(made, name, self._builder.value(value, f"scheduler.{name}"))
        if issubclass(cls, LRScheduler):
            for group in optimizer.param_groups:  # as the constructor does; the optimizer's state follows
                group.setdefault("initial_lr", group["lr"])
        inner = self._list(tree["schedulers"], "scheduler.schedulers")
        if inner:
            made.schedulers = [self._scheduler(one, optimizer, depth + 1) for one in inner]
        return made

    def _class(self, known: Mapping[str, Any], name: Any, part: str) -> Any:
        if not isinstance(name, str) or name not in known:
            self._refuse(part, f"unknown class {str(name)[:40]!r}")
        return known[name]

    def _list(self, given: Any, part: str) -> list[Any]:
        return given if isinstance(given, list) else self._refuse(part, "expected a list")

    def _there(self, tree: Any, instead: str) -> Any:
        """A part, or an error that says what to pass in its place."""
        if isinstance(tree, dict) and "missing" in tree:
            raise FormatError(f"{self._where}: {tree['missing']}; pass {instead}")
        return tree if isinstance(tree, dict) else self._refuse(instead, "expected an object")

    def _refuse(self, part: str, problem: str) -> NoReturn:
        self._builder.refuse(part, problem)

    def _tried(self, part: str, make: Callable[[], Any]) -> Any:
        try:
            return make()
        except (TinygradCnnError, TypeError, ValueError) as error:
            self._refuse(part, str(error))
