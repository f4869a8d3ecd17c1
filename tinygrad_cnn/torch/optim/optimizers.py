"""PyTorch's Optimizer over the native one, and classes made from native optimizers."""

from __future__ import annotations

import inspect
from collections import defaultdict
from typing import Any

import numpy as np

from tinygrad_cnn import optim as native_optim
from tinygrad_cnn.mode import enable_grad
from tinygrad_cnn.tensors import Tensor as NativeTensor
from tinygrad_cnn.torch.methods import Removable
from tinygrad_cnn.torch.tensors import Tensor

#: Options of PyTorch that choose between implementations of the same step.
_SAME = ("foreach", "fused", "capturable", "differentiable")


class Base:
    """The methods that PyTorch's optimizers have in addition to their step."""

    param_groups: Any

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the gradients of all parameters to None, or to 0."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    if p._node is not None:
                        p._node.grad = None
                elif p.grad is not None:
                    p.grad = Tensor.detached(np.zeros(p._array.shape, p._array.dtype))

    def step(self, closure: Any = None) -> Any:
        """Update every parameter that has a gradient; a closure computes the loss first."""
        self._call("_step_before")
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        super().step()  # type: ignore[misc]
        self._call("_step_after")
        return loss

    def _call(self, when: str) -> None:
        if hooks := vars(self).get(when):
            for hook in list(hooks.values()):
                hook(self, (), {})

    def _register(self, when: str, hook: Any) -> Any:
        hooks, key = vars(self).setdefault(when, {}), object()
        hooks[key] = hook
        return Removable(lambda: (hooks.pop(key, None), None)[1])

    def state_dict(self) -> Any:
        """Options and state, arrays as tensors."""
        found = super().state_dict()  # type: ignore[misc]
        return {
            **found,
            "state": {k: _exchanged(own, np.ndarray, Tensor.detached) for k, own in found["state"].items()},
        }

    def load_state_dict(self, state_dict: Any) -> None:
        """Take over the options and state of an optimizer, PyTorch's included."""
        state = {k: _exchanged(own, NativeTensor, _plain) for k, own in state_dict["state"].items()}
        known = self.param_groups[0].keys()
        groups = [
            {k: v for k, v in g.items() if k in known or k == "initial_lr"}
            for g in state_dict["param_groups"]
        ]
        super().load_state_dict({**state_dict, "state": state, "param_groups": groups})  # type: ignore[misc]

    def register_step_pre_hook(self, hook: Any) -> Any:
        """Call a function before each step."""
        return self._register("_step_before", hook)

    def register_step_post_hook(self, hook: Any) -> Any:
        """Call a function after each step."""
        return self._register("_step_after", hook)

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for k, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {k}")
            lines += [f"    {key}: {value}" for key, value in sorted(group.items()) if key != "params"]
        return "\n".join([*lines, ")"])


def of_native(native: Any) -> Any:
    """The class of a native optimizer for `torch.optim`."""
    parameters = inspect.signature(native).parameters
    own_step = native.__name__ == "LBFGS"

    def __init__(self: Any, params: Any, *args: Any, **kwargs: Any) -> None:
        for key in _SAME:
            if key not in parameters:
                kwargs.pop(key, None)
        if "maximize" in kwargs and "maximize" not in parameters and not kwargs["maximize"]:
            kwargs.pop("maximize")
        args = tuple(a.item() if isinstance(a, NativeTensor) else a for a in args)
        kwargs = {
            k: v.item() if isinstance(v, NativeTensor) and v.size == 1 else v for k, v in kwargs.items()
        }
        native.__init__(self, _named(params), *args, **kwargs)

    space: dict[str, Any] = {
        "__init__": __init__,
        "__doc__": f"See `optim.{native.__name__}`.",
        "__module__": __name__,
    }
    if own_step:
        space["step"] = native.step
    return type(native.__name__, (Base, native, Optimizer), space)


def _exchanged(own: Any, kind: type, change: Any) -> Any:
    """A parameter's state with values of one kind changed."""
    if not isinstance(own, dict):
        return own
    return {key: change(value) if isinstance(value, kind) else value for key, value in own.items()}


def _plain(tensor: Any) -> Any:
    """The array of a tensor; a count of steps as a number."""
    return int(tensor.item()) if tensor._array.ndim == 0 else tensor._array


def _named(params: Any) -> Any:
    """Parameters without the names that PyTorch lets come with them."""
    if isinstance(params, NativeTensor):
        raise TypeError(
            "params argument given to the optimizer should be an iterable of Tensors or dicts, but got torch.FloatTensor"
        )
    given = list(params)
    if given and isinstance(given[0], tuple):
        return [p for _, p in given]
    return given


class Optimizer(native_optim.Optimizer):
    """Base of optimizers; a program's own one overrides `step` and finds `param_groups` and `state`.

    >>> class Descent(Optimizer):
    ...     def __init__(self, params): super().__init__(params, {"lr": 0.5})
    ...     def step(self):
    ...         for group in self.param_groups:
    ...             for p in group["params"]:
    ...                 p.data.add_(p.grad, alpha=-group["lr"])
    >>> from tinygrad_cnn import torch
    >>> w = torch.ones(1, requires_grad=True); (w * 2).sum().backward(); Descent([w]).step(); w
    tensor([0.], requires_grad=True)
    """

    def __init__(self, params: Any, defaults: Any, **options: Any) -> None:
        super().__init__(_named(params), defaults, **options)
        if type(self).update is native_optim.Optimizer.update:  # a program's own optimizer
            self.state = defaultdict(dict)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the gradients of all parameters to None, or to 0."""
        Base.zero_grad(self, set_to_none)  # type: ignore[arg-type]
