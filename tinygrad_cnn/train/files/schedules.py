"""Schedulers of the learning rate as plain data, and made anew from it."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import optim
from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.nn.rebuild import Builder
from tinygrad_cnn.nn.structure import Writer
from tinygrad_cnn.optim import LRScheduler, Optimizer, ReduceLROnPlateau
from tinygrad_cnn.optim.scheduler import PerGroup
from tinygrad_cnn.restoring import Restoring

#: The classes that a file may name: those of `optim` but for the ones made of functions, and no others.
SCHEDULERS = {
    n: c for n, c in vars(optim).items()
    if isinstance(c, type) and issubclass(c, (LRScheduler, ReduceLROnPlateau))
    and n not in {"LambdaLR", "MultiplicativeLR"}
}  # fmt: skip


def scheduler_tree(scheduler: Any) -> dict[str, Any]:
    """A scheduler as plain data: class and attributes; those of the schedulers inside it, too.

    Raises:
        DTypeError: a class of the user's, or one that holds functions.

    >>> from tinygrad_cnn import nn
    >>> scheduler_tree(optim.StepLR(optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1), 3))["class"]
    'StepLR'
    """
    name = type(scheduler).__name__
    if SCHEDULERS.get(name) is not type(scheduler):
        raise DTypeError(f"the schedule is a {name}, which is made of functions of your own")
    plain, inner = {}, []
    for key, value in vars(scheduler).items():
        if key == "schedulers":
            inner = [scheduler_tree(one) for one in value]
        elif key != "optimizer":
            if isinstance(value, PerGroup):
                value = value.plain(scheduler.optimizer.param_groups)
            plain[key] = Writer("").value(value, f"{name}.{key}")
    return {"class": name, "attributes": plain, "schedulers": inner}


def made_scheduler(builder: Builder, tree: Any, optimizer: Optimizer, depth: int = 0) -> Any:
    """A scheduler of what `scheduler_tree` gave.

    Args:
        builder: makes the values.   tree: the plain data.   optimizer: whose rates it sets.
        depth: how many schedulers it is inside of.
    Raises:
        FormatError: an unknown class, or attributes with which it cannot take a step.

    >>> from tinygrad_cnn import nn
    >>> from tinygrad_cnn.rng import generator
    >>> optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1)
    >>> tree = scheduler_tree(optim.StepLR(optimizer, 3))
    >>> made_scheduler(Builder("a.npz", generator(0), 0), tree, optimizer).step_size
    3
    """
    if depth > 10:
        builder.refuse("scheduler", "nested more than 10 deep")
    builder.keys("scheduler", tree, ("class", "attributes", "schedulers"))
    cls = builder.known_class(SCHEDULERS, tree["class"], "scheduler")
    made = cls.__new__(cls)
    made.optimizer = optimizer
    attributes = tree["attributes"]
    builder.keys("scheduler", attributes, (), tuple(attributes) if isinstance(attributes, dict) else ())
    for name, value in attributes.items():
        if not name.isidentifier() or name.startswith("__") or callable(getattr(cls, name, None)):
            builder.refuse("scheduler", f"{name[:40]!r} cannot be the name of an attribute")
        setattr(made, name, builder.value(value, f"scheduler.{name}"))
    if issubclass(cls, LRScheduler):
        for group in optimizer.param_groups:  # as the constructor does; the optimizer's state follows
            group.setdefault("initial_lr", group["lr"])
    inner = builder.list(tree["schedulers"], "scheduler.schedulers")
    if inner:
        made.schedulers = [made_scheduler(builder, one, optimizer, depth + 1) for one in inner]
    if depth == 0:
        _try_out(builder, made, optimizer)
    return made


def _try_out(builder: Builder, scheduler: Any, optimizer: Optimizer) -> None:
    """Take a step and go back: an attribute that is missing or of another kind shows now."""
    held = [(one, dict(vars(one))) for one in _all_within(scheduler)]
    groups = [dict(group) for group in optimizer.param_groups]
    measure = (0.5,) if isinstance(scheduler, ReduceLROnPlateau) else ()

    def end() -> None:
        for one, before in held:
            vars(one).clear()
            vars(one).update(before)
        for group, old in zip(optimizer.param_groups, groups, strict=True):
            group.clear()
            group.update(old)

    with Restoring(lambda: None, end):
        builder.tried("scheduler", "schedule", lambda: (scheduler.state_dict(), scheduler.step(*measure)))
        rates = [group["lr"] for group in optimizer.param_groups]
        if not all(isinstance(rate, (int, float)) and abs(rate) < 1e300 for rate in rates):
            builder.refuse("scheduler", f"it gives the rates {str(rates)[:80]}")


def _all_within(scheduler: Any) -> list[Any]:
    """A scheduler, and those inside it."""
    inner = getattr(scheduler, "schedulers", [])
    return [scheduler, *(found for one in inner for found in _all_within(one))]
