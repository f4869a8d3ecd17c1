"""Shared by optimizers: parameter groups, the step over all parameters, and their state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.errors import ArgumentError, DTypeError, GraphError, StateError
from tinygrad_cnn.functional.arguments import flag
from tinygrad_cnn.functional.checks import Check
from tinygrad_cnn.half_precision import HALF
from tinygrad_cnn.mode import enable_grad
from tinygrad_cnn.optim.whole_states import check_complete, numbered
from tinygrad_cnn.tensors.tensor_class import Tensor

#: What a closure returns: the loss, as a Tensor or a number.
Loss = TypeVar("Loss")

Array = NDArray[Any]
Group = dict[str, Any]
#: What is called in a step, with the optimizer.
Hook = Callable[[Any], Any]

_numbers = count()


#: What a group may hold besides its parameters and options: schedulers note the first rate.
NOTES = frozenset({"initial_lr"})


class Optimizer:
    """Base of all optimizers: a subclass writes `update`, the step of one parameter.

    The state of a parameter belongs to it, whatever its place: groups, and the parameters in them, may
    be added, taken out and reordered, and a parameter that comes back finds its state again.
    The steps of float16 parameters are computed in float32, and so is their state.

    Args:
        params: the parameters, or dicts with 'params' and options of their own.
        defaults: the options of groups that give none.
        maximize: climb up the gradient instead of down; an option of every group.
    Attributes:
        param_groups: the groups, dicts of 'params' and options; to be read and written.
        state: the state of each parameter that has moved, by the parameter.
        steps_in_backward: whether `step_in_backward` is in force.
    Class attributes:
        checks: what checks each option, by its name.
        states: the names in a parameter's state; None does not say.
    Raises:
        ArgumentError: no parameter, or one given twice.   DTypeError: not Tensors.
        GraphError: a Tensor is not a leaf, or does not require grad.

    >>> from tinygrad_cnn import nn
    >>> SGDLike = type("SGDLike", (Optimizer,), {"update": lambda self, p, g, state, group: None})
    >>> len(SGDLike(nn.Linear(2, 1).parameters(), {"lr": 0.1}).param_groups)
    1
    """

    checks: ClassVar[Mapping[str, Check]] = {}
    states: ClassVar[frozenset[str] | None] = None

    def __init__(self, params: Iterable[Any], defaults: Group, *, maximize: bool = False) -> None:
        name = type(self).__name__
        if isinstance(params, (Tensor, set, frozenset)) or not isinstance(params, Iterable):
            fits = "model.parameters() or a list of Tensors fits"
            raise DTypeError(f"{name}: params is a {type(params).__name__}; {fits}")
        given = list(params)
        groups = given if given and isinstance(given[0], dict) else [{"params": given}]
        self.defaults = {**defaults, "maximize": maximize}
        self._before: dict[int, Hook] = {}
        self._after: dict[int, Hook] = {}
        self.steps_in_backward = False
        self.param_groups: list[Group] = []
        self.state: dict[Tensor, dict[str, Any]] = {}
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Add parameters with options of their own.

        >>> from tinygrad_cnn import nn, optim
        >>> optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1)
        >>> optimizer.add_param_group({"params": nn.Linear(1, 1).parameters(), "lr": 0.01})
        >>> [group["lr"] for group in optimizer.param_groups]
        [0.1, 0.01]
        """
        name = type(self).__name__
        if not isinstance(group, Mapping) or "params" not in group:
            raise DTypeError(f"{name}: a group is a dict with 'params', got {group!r:.80}")
        members = group["params"]
        if isinstance(members, (set, frozenset)):
            raise DTypeError(f"{name}: params is a set, which has no order; a list fits")
        tensors = [members] if isinstance(members, Tensor) else list(map(_unnamed, members))
        unknown = group.keys() - self.defaults.keys() - {"params"} - NOTES
        if unknown:
            raise ArgumentError(f"{name}: unknown option {sorted(unknown)}; has {sorted(self.defaults)}")
        if not tensors:
            raise ArgumentError(f"{name}: got no parameters; pass model.parameters() of a model with some")
        known = {id(p) for other in self.param_groups for p in other["params"]}
        for k, p in enumerate(tensors):
            if not isinstance(p, Tensor):
                raise DTypeError(f"{name}: parameter {k} is a {type(p).__name__}, a Tensor fits")
            if not p.is_leaf or p.dtype.kind != "f":
                raise GraphError(f"{name}: parameter {k} {p.shape} is not a float leaf of the graph")
            if id(p) in known:
                raise ArgumentError(f"{name}: parameter {k} {p.name or ''} {p.shape} is given twice")
            known.add(id(p))
        made = {**self.defaults, **group, "params": tensors}
        self.check(made)
        self.param_groups.append(made)

    def check(self, group: Group) -> None:
        """Check the options of a group, by `checks`; a subclass adds what joins several options.

        Raises:
            DTypeError: another type, such as text for a number.   ArgumentError: out of its range.

        >>> from tinygrad_cnn import nn, optim
        >>> group = {"lr": 1, "alpha": 0, "eps": 0, "weight_decay": 0, "momentum": 0, "centered": True}
        >>> optim.RMSprop(nn.Linear(1, 1).parameters()).check(group); group["lr"]
        1.0
        """
        for key, check in self.checks.items():
            group[key] = check(type(self).__name__, key, group[key])
        group["maximize"] = flag(type(self).__name__, "maximize", group.get("maximize", False))

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the `grad` of all parameters to None, or to zeros.

        >>> from tinygrad_cnn import nn, optim
        >>> optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1).zero_grad()
        """
        drop = flag("zero_grad", "set_to_none", set_to_none)
        for p, _ in self._members():
            if drop or p.grad is not None:
                p.grad = None if drop else p.detached(np.zeros_like(p._array))

    def step(self, closure: Callable[[], Loss] | None = None) -> Loss | None:
        """Update every parameter that has a gradient, in place.

        Args:
            closure: computes the loss and the gradients anew, and returns the loss; it runs first.
        Returns:
            What the closure returned, or None.

        >>> from tinygrad_cnn import nn, optim
        >>> optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1).step()
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for hook in tuple(self._before.values()):
            hook(self)
        with np.errstate(under="ignore"):  # a step too small for its type is 0, as results of ops are
            for p, group in self._members():
                self._update(p, group)
        for hook in tuple(self._after.values()):
            hook(self)
        return loss

    def register_step_pre_hook(self, hook: Hook) -> Callable[[], None]:
        """Call `hook(optimizer)` in every step, after the closure and before any parameter moves.

        Returns:
            A function that takes the hook out.

        >>> from tinygrad_cnn import nn, optim
        >>> optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1)
        >>> end = optimizer.register_step_pre_hook(lambda optimizer: print("before"))
        >>> optimizer.step(); end(); optimizer.step()
        before
        """
        return _registered(self._before, hook)

    def register_step_post_hook(self, hook: Hook) -> Callable[[], None]:
        """Call `hook(optimizer)` in every step, after all parameters have moved.

        Returns:
            A function that takes the hook out.

        >>> from tinygrad_cnn import nn, optim
        >>> optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1)
        >>> end = optimizer.register_step_post_hook(lambda optimizer: print("after"))
        >>> optimizer.step()
        after
        """
        return _registered(self._after, hook)

    def step_in_backward(self) -> Callable[[], None]:
        """From now on, let `backward()` update each parameter as soon as its gradient is complete.

        The gradient is then dropped, so a large model's gradients are never in memory all at once:
        with `checkpoint`, a step of VGG-11 takes half of it. `step()` finds nothing left to do. Each
        `backward()` is a step, so gradients are neither accumulated over several of them, nor
        clipped by their common norm.

        Returns:
            A function that ends it.
        Raises:
            StateError: hooks wait for a step, such as the one that averages gradients over processes;
                they would not be called.

        >>> from tinygrad_cnn import optim
        >>> w = Tensor([1.0], requires_grad=True)
        >>> end = optim.SGD([w], lr=0.5).step_in_backward()
        >>> (w * w).backward(); w, w.grad
        (Tensor([0.], requires_grad=True), None)
        """

        if self._before or self._after:
            raise StateError(
                f"{type(self).__name__}.step_in_backward: hooks that wait for step() would not be called; "
                "take them out first"
            )

        def updating(p: Tensor) -> None:
            for group in self.param_groups:
                if any(other is p for other in group["params"]):
                    self._update(p, group)
                    p.grad = None

        ends = [
            p.register_post_accumulate_grad_hook(updating) for p, _ in self._members() if p.requires_grad
        ]

        self.steps_in_backward = True

        def end() -> None:
            self.steps_in_backward = False
            for remove in ends:
                remove()

        return end

    def update(self, p: Array, g: Array, state: dict[str, Any], group: Group) -> None:
        """Move one parameter's array in place, given its gradient; written by each subclass."""
        raise NotImplementedError(f"{type(self).__name__}.update is not written")

    def state_dict(self) -> dict[str, Any]:
        """The options of the groups, and copies of the state of each parameter by its number.

        >>> from tinygrad_cnn import nn, optim
        >>> optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1).state_dict()["param_groups"][0]["params"]
        [0, 1]
        """
        number = {id(p): k for k, (p, _) in enumerate(self._members())}
        groups = [{**g, "params": [number[id(p)] for p in g["params"]]} for g in self.param_groups]
        state = {
            number[id(p)]: {key: _copy(v) for key, v in own.items()}
            for p, own in self.state.items()
            if id(p) in number
        }
        return {
            "optimizer": type(self).__name__,
            "state": dict(sorted(state.items())),
            "param_groups": groups,
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over the options and state of another optimizer of this kind and these shapes.

        Raises:
            StateError: another optimizer's state, another number or other sizes of groups, other shapes,
                or something missing or of another kind; nothing changed.

        >>> from tinygrad_cnn import nn, optim
        >>> optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1)
        >>> optimizer.load_state_dict(optimizer.state_dict())
        """
        groups, states = self._fitting(state_dict)
        have, got = [len(g["params"]) for g in self.param_groups], [len(g["params"]) for g in groups]
        if have != got:
            raise StateError(
                f"{type(self).__name__}: the state has parameter groups of sizes {got}, this one has {have}"
            )
        members = [p for p, _ in self._members()]
        loaded = [
            {**group, **other, "params": group["params"]}
            for group, other in zip(self.param_groups, groups, strict=True)
        ]
        for group in loaded:
            self.check(group)
        options = [group for group in loaded for _ in group["params"]]
        state = {members[k]: self._checked(k, members[k], own) for k, own in states.items()}
        for k, own in states.items():
            self._check_complete(
                k, state[members[k]], self._first_state(members[k], options[k]) if own else {}
            )
        for group, new in zip(self.param_groups, loaded, strict=True):
            group.update(new)
        self.state = state

    def _fitting(self, state_dict: Any) -> tuple[list[Group], dict[int, Any]]:
        """The groups and states of a state dict, if it is one of this kind of optimizer."""
        name = type(self).__name__
        if not isinstance(state_dict, Mapping) or not {"state", "param_groups"} <= state_dict.keys():
            what = sorted(state_dict) if isinstance(state_dict, Mapping) else type(state_dict).__name__
            raise StateError(f"{name}: an optimizer's state dict fits, got {what!r:.80}")
        kind, groups = state_dict.get("optimizer", name), state_dict["param_groups"]
        states = numbered(name, groups, state_dict["state"])
        if kind != name:
            raise StateError(f"{name}: the state is that of {kind}; a state of {name} fits")
        options = {key for group in groups for key in group} - {"params"} - NOTES
        names = {key for own in states.values() for key in own}
        unknown = sorted((options - self.defaults.keys()) | (names - (self.states or names)))
        if unknown:
            raise StateError(
                f"{name}: the state has {unknown}, which {name} does not know: it is another's"
            )
        count = sum(len(g["params"]) for g in groups)
        if not all(0 <= k < count for k in states):
            raise StateError(
                f"{name}: the state is of parameters {sorted(states)}, the groups have {count}"
            )
        return groups, states

    def _checked(self, k: int, p: Tensor, own: Mapping[str, Any]) -> dict[str, Any]:
        """The state of one parameter, copied."""
        for key, value in own.items():
            if isinstance(value, np.ndarray) and value.ndim and value.shape != p.shape:
                raise StateError(
                    f"{type(self).__name__}: {key} of parameter {k} has shape {value.shape}, "
                    f"expected {p.shape}"
                )
        kept = {key: _copy(value) for key, value in own.items() if value is not None}
        return {
            key: value.astype(np.float32) if getattr(value, "dtype", None) == HALF else value
            for key, value in kept.items()
        }

    def _first_state(self, p: Tensor, group: Group) -> dict[str, Any]:
        """What the first step of a parameter notes, if the class names its states."""
        state: dict[str, Any] = {}
        if self.states is not None:
            with np.errstate(all="ignore"):
                half = p._array.dtype == HALF
                start = p._array.astype(np.float32) if half else p._array.copy()
                self.update(start, start * 0, state, group)
        return state

    def _check_complete(self, k: int, own: Mapping[str, Any], first: Mapping[str, Any]) -> None:
        """Raise unless a state has what the first step makes, and numbers or arrays of numbers only."""
        check_complete(f"{type(self).__name__}: the state of parameter {k}", own, first)

    def __repr__(self) -> str:
        groups = [
            f"{len(g['params'])} parameters, "
            + ", ".join(f"{k}={v!r}" for k, v in g.items() if k != "params")
            for g in self.param_groups
        ]
        if len(groups) == 1:
            return f"{type(self).__name__}({groups[0]})"
        return f"{type(self).__name__}(\n" + "".join(f"  ({k}): {g}\n" for k, g in enumerate(groups)) + ")"

    def _update(self, p: Tensor, group: Group) -> None:
        """Update one parameter, if it has a gradient."""
        g = p.node.grad
        if g is None:
            return
        array = -g._array if group["maximize"] else g._array
        if devices.ON_DEVICES and (own := self.state.get(p)):
            for key, value in own.items():  # the state follows its parameter
                if isinstance(value, devices.CLASSES):
                    own[key] = devices.moved(value, p.device)
        target = p._writable()
        state = self.state.setdefault(p, {})
        try:
            if target.dtype != HALF:
                self.update(target, array, state, group)
                return
            moved = target.astype(np.float32)  # squares, and running means of them, need its range
            self.update(moved, array.astype(np.float32), state, group)
        except (TypeError, KeyError):
            self._check_again(group)  # somebody has written into the group
            raise
        with np.errstate(over="ignore"):
            target[...] = moved

    def _check_again(self, group: Group) -> None:
        """Say what is wrong with a group's options, if something is."""
        if lost := self.defaults.keys() - group.keys():
            raise ArgumentError(f"{type(self).__name__}: a group is without its options {sorted(lost)}")
        self.check(dict(group))

    def _members(self) -> Iterator[tuple[Tensor, Group]]:
        """(parameter, group) of all parameters, in order."""
        for group in self.param_groups:
            for p in group["params"]:
                yield p, group


def _registered(hooks: dict[int, Hook], hook: Hook) -> Callable[[], None]:
    """Keep a hook under a number of its own; the function that is returned takes it out."""
    number = next(_numbers)
    hooks[number] = hook
    return lambda: (hooks.pop(number, None), None)[1]


def _unnamed(member: Any) -> Any:
    """The parameter of a pair that `named_parameters` gives; anything else as it is."""
    named = isinstance(member, tuple) and len(member) == 2 and isinstance(member[0], str)
    return member[1] if named else member


def _copy(value: Any) -> Any:
    """A copy of an array, in the host's memory; anything else as it is."""
    return devices.to_host(value).copy() if isinstance(value, devices.CLASSES) else value
