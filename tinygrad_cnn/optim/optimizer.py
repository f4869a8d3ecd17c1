"""What optimizers share: parameter groups, the step over all parameters, and their state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError, DTypeError, GraphError, StateError
from tinygrad_cnn.tensors.tensor_class import Tensor

Array = NDArray[Any]
Group = dict[str, Any]


class Optimizer:
    """Base of all optimizers: a subclass writes `update`, the step of one parameter.

    Args:
        params: the parameters, or dicts with 'params' and options of their own.
        defaults: the options of groups that give none.
    Raises:
        ArgumentError: no parameter, or one given twice.   DTypeError: not Tensors.
        GraphError: a Tensor that is no leaf, or does not require grad.

    >>> from tinygrad_cnn import nn
    >>> SGDLike = type("SGDLike", (Optimizer,), {"update": lambda self, p, g, state, group: None})
    >>> len(SGDLike(nn.Linear(2, 1).parameters(), {"lr": 0.1}).param_groups)
    1
    """

    def __init__(self, params: Iterable[Any], defaults: Group) -> None:
        given = list(params)
        groups = given if given and isinstance(given[0], dict) else [{"params": given}]
        self.defaults = defaults
        self.param_groups: list[Group] = []
        self.state: dict[int, dict[str, Any]] = {}
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
        members = group["params"]
        tensors = [members] if isinstance(members, Tensor) else list(members)
        unknown = group.keys() - self.defaults.keys() - {"params"}
        if unknown:
            raise ArgumentError(f"{name}: unknown option {sorted(unknown)}; has {sorted(self.defaults)}")
        if not tensors:
            raise ArgumentError(f"{name}: got no parameters; pass model.parameters() of a model with some")
        known = {id(p) for other in self.param_groups for p in other["params"]}
        for k, p in enumerate(tensors):
            if not isinstance(p, Tensor):
                raise DTypeError(f"{name}: parameter {k} is a {type(p).__name__}, a Tensor fits")
            if not p.is_leaf or p.dtype.kind != "f":
                raise GraphError(f"{name}: parameter {k} {p.shape} is no float leaf of the graph")
            if id(p) in known:
                raise ArgumentError(f"{name}: parameter {k} {p.name or ''} {p.shape} is given twice")
            known.add(id(p))
        made = {**self.defaults, **group, "params": tensors}
        self.check(made)
        self.param_groups.append(made)

    def check(self, group: Group) -> None:
        """Raise ArgumentError if an option of a group is out of its range; for subclasses."""

    def zero_grad(self) -> None:
        """Set the `grad` of all parameters to None.

        >>> from tinygrad_cnn import nn, optim
        >>> optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1).zero_grad()
        """
        for _, p, _ in self._members():
            p.grad = None

    def step(self) -> None:
        """Update every parameter that has a gradient, in place.

        >>> from tinygrad_cnn import nn, optim
        >>> optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1).step()
        """
        for k, p, group in self._members():
            self._update(k, p, group)

    def step_in_backward(self) -> Callable[[], None]:
        """From now on, let `backward()` update each parameter as soon as its gradient is complete.

        The gradient is then dropped, so a large model's gradients are never in memory all at once:
        with `checkpoint`, a step of VGG-11 takes half of it. `step()` finds nothing left to do. Each
        `backward()` is a step, so gradients are neither accumulated over several of them, nor
        clipped by their common norm.

        Returns:
            A function that ends it.

        >>> from tinygrad_cnn import optim
        >>> w = Tensor([1.0], requires_grad=True)
        >>> end = optim.SGD([w], lr=0.5).step_in_backward()
        >>> (w * w).backward(); w, w.grad
        (Tensor([0.], requires_grad=True), None)
        """

        def updating(k: int, group: Group) -> Callable[[Tensor], None]:
            def hook(p: Tensor) -> None:
                self._update(k, p, group)
                p.grad = None

            return hook

        ends = [
            p.register_post_accumulate_grad_hook(updating(k, group))
            for k, p, group in self._members()
            if p.requires_grad
        ]

        def end() -> None:
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
        number = {id(p): k for k, p, _ in self._members()}
        groups = [{**g, "params": [number[id(p)] for p in g["params"]]} for g in self.param_groups]
        state = {k: {key: _copy(v) for key, v in own.items()} for k, own in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over the options and state of an optimizer over parameters of the same shapes.

        Raises:
            StateError: another number or other sizes of groups, or other shapes; nothing changed.

        >>> from tinygrad_cnn import nn, optim
        >>> optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1)
        >>> optimizer.load_state_dict(optimizer.state_dict())
        """
        name = type(self).__name__
        groups = state_dict["param_groups"]
        have, got = [len(g["params"]) for g in self.param_groups], [len(g["params"]) for g in groups]
        if have != got:
            raise StateError(f"{name}: the state has parameter groups of sizes {got}, this one has {have}")
        shapes = {k: p.shape for k, p, _ in self._members()}
        state = {int(k): {n: _copy(v) for n, v in own.items()} for k, own in state_dict["state"].items()}
        for k, own in state.items():
            for key, value in own.items():
                if isinstance(value, np.ndarray) and value.ndim and value.shape != shapes.get(k):
                    raise StateError(
                        f"{name}: {key} of parameter {k} has shape {value.shape}, expected {shapes.get(k)}"
                    )
        loaded = [
            {**group, **other, "params": group["params"]}
            for group, other in zip(self.param_groups, groups, strict=True)
        ]
        for group in loaded:
            self.check(group)
        for group, new in zip(self.param_groups, loaded, strict=True):
            group.update(new)
        self.state = state

    def _update(self, k: int, p: Tensor, group: Group) -> None:
        """Update one parameter, the k-th, if it has a gradient."""
        g = p.grad
        if g is not None:
            self.update(p._writable(), g._array, self.state.setdefault(k, {}), group)

    def _members(self) -> Iterable[tuple[int, Tensor, Group]]:
        """(number, parameter, group) of all parameters, in order."""
        k = 0
        for group in self.param_groups:
            for p in group["params"]:
                yield k, p, group
                k += 1


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value
