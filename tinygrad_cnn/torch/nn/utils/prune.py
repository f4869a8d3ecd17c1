"""`torch.nn.utils.prune`: weights set to 0 by a mask, which a module applies before each call."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.torch.generators import of
from tinygrad_cnn.torch.refusals import guard as _guard
from tinygrad_cnn.torch.tensors import Buffer, Parameter, Tensor

__all__ = [
    "BasePruningMethod", "CustomFromMask", "Identity", "L1Unstructured", "LnStructured", "RandomStructured",
    "RandomUnstructured", "custom_from_mask", "global_unstructured", "identity", "is_pruned", "l1_unstructured",
    "ln_structured", "random_structured", "random_unstructured", "remove",
]  # fmt: skip


class BasePruningMethod:
    """Base of the methods: `compute_mask` says which elements stay.

    `apply` moves the parameter to `name_orig`, puts the mask into `name_mask`, and lets the module compute
    `name` as their product before each call.
    """

    #: 'unstructured' where elements are chosen, 'structured' where slices of a dimension are, 'global' for all.
    PRUNING_TYPE = "unstructured"

    _tensor_name = ""

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask of a tensor of which some elements may be 0 already; written by each method."""
        raise NotImplementedError(f"{type(self).__name__} has no compute_mask")

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    def apply_mask(self, module: Any) -> Any:
        """The product of the original and the mask."""
        mask, original = (getattr(module, f"{self._tensor_name}_{end}") for end in ("mask", "orig"))
        return mask.to(original.dtype) * original

    @classmethod
    def apply(
        cls, module: Any, name: str, *args: Any, importance_scores: Any = None, **kwargs: Any
    ) -> BasePruningMethod:
        """Prune a parameter of a module, or prune it further."""
        method = cls(*args, **kwargs)
        method._tensor_name = name
        hooks = _hooks(module)
        again = name in hooks
        whole = getattr(module, f"{name}_orig") if again else getattr(module, name)
        before = getattr(module, f"{name}_mask") if again else Tensor.detached(np.ones_like(whole._array))
        scores = whole if importance_scores is None else importance_scores
        mask = method.compute_mask(scores.detach(), before.detach())
        if not again:
            delattr(module, name)
            setattr(module, f"{name}_orig", whole)
        setattr(module, f"{name}_mask", Buffer(mask.detach()))
        setattr(module, name, method.apply_mask(module))
        if again:
            hooks[name][1].remove()
        hooks[name] = method, module.register_forward_pre_hook(method)
        return method

    def prune(self, t: Any, default_mask: Any = None, importance_scores: Any = None) -> Any:
        """A tensor, its pruned elements 0; no module is needed."""
        mask = Tensor.detached(np.ones_like(t._array)) if default_mask is None else default_mask
        return t * self.compute_mask(t if importance_scores is None else importance_scores, mask)

    def remove(self, module: Any) -> None:
        """Let the parameter stay as it was pruned."""
        remove(module, self._tensor_name)


def _hooks(module: Any) -> dict[str, Any]:
    found: dict[str, Any] = vars(module).setdefault("_pruned", {})
    return found


def _count(amount: float, size: int) -> int:
    if amount < 0 or (isinstance(amount, float) and amount > 1):
        raise ValueError(f"amount={amount} should be a share from 0 to 1, or a number of elements")
    if not isinstance(amount, float) and amount > size:
        raise ValueError(f"amount={amount} should be smaller than the number of parameters to prune={size}")
    return round(amount * size) if isinstance(amount, float) else int(amount)


class Identity(BasePruningMethod):
    """Prune nothing; it makes the names that pruning needs."""

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask as it is."""
        return default_mask


class _Elements(BasePruningMethod):
    def __init__(self, amount: float) -> None:
        _count(amount, 2**62)
        self.amount = amount

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask, with the elements that `_order` puts first at 0."""
        mask = default_mask._array.copy()
        open_ = np.flatnonzero(mask)
        chosen = self._order(t._array.ravel()[open_])[: _count(self.amount, open_.size)]
        mask.reshape(-1)[open_[chosen]] = 0
        return Tensor.detached(mask)

    def _order(self, values: Any) -> Any:
        raise NotImplementedError


class RandomUnstructured(_Elements):
    """Prune elements at random: a share, or a number of them."""

    def _order(self, values: Any) -> Any:
        return np.argsort(-of(None).uniform(values.size, np.float32), kind="stable")


class L1Unstructured(_Elements):
    """Prune the elements of the smallest absolute value."""

    def _order(self, values: Any) -> Any:
        return np.argsort(np.abs(values), kind="stable")


class _Slices(BasePruningMethod):
    PRUNING_TYPE = "structured"

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask, with slices of a dimension at 0."""
        axis, mask = self.dim % t._array.ndim, default_mask._array.copy()  # type: ignore[attr-defined]
        rows = np.moveaxis(mask, axis, 0).reshape(mask.shape[axis], -1)
        open_ = np.flatnonzero(rows.sum(1))
        values = np.moveaxis(t._array, axis, 0).reshape(mask.shape[axis], -1)[open_]
        chosen = self._order(values)[: _count(self.amount, open_.size)]  # type: ignore[attr-defined]
        np.moveaxis(mask, axis, 0)[open_[chosen]] = 0
        return Tensor.detached(mask)

    def _order(self, values: Any) -> Any:
        raise NotImplementedError


class RandomStructured(_Slices):
    """Prune slices of a dimension at random."""

    def __init__(self, amount: float, dim: int = -1) -> None:
        self.amount, self.dim = amount, dim

    def _order(self, values: Any) -> Any:
        return np.argsort(of(None).uniform(len(values), np.float32), kind="stable")


class LnStructured(_Slices):
    """Prune the slices of a dimension whose n-norm is the smallest."""

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        self.amount, self.n, self.dim = amount, n, dim

    def _order(self, values: Any) -> Any:
        order = 2 if self.n == "fro" else float(self.n)
        return np.argsort(np.linalg.norm(values, order, axis=1), kind="stable")


class CustomFromMask(BasePruningMethod):
    """Prune by a mask that is given."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Any) -> None:
        self.mask = mask

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The product of both masks."""
        return default_mask * self.mask.to(default_mask.dtype)


def identity(module: Any, name: str) -> Any:
    """Make the names of pruning, and prune nothing."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: Any, name: str, amount: float) -> Any:
    """Prune elements at random; which ones differs from PyTorch's."""
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: Any, name: str, amount: float, importance_scores: Any = None) -> Any:
    """Prune the elements of the smallest absolute value.

    >>> from tinygrad_cnn.torch import nn
    >>> layer = l1_unstructured(nn.Linear(4, 2), "weight", 0.5)
    >>> int((layer.weight == 0).sum()), sorted(layer.state_dict())
    (4, ['bias', 'weight_mask', 'weight_orig'])
    """
    L1Unstructured.apply(module, name, amount, importance_scores=importance_scores)
    return module


def random_structured(module: Any, name: str, amount: float, dim: int) -> Any:
    """Prune slices of a dimension at random; which ones differs from PyTorch's."""
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: Any, name: str, amount: float, n: Any, dim: int, importance_scores: Any = None
) -> Any:
    """Prune the slices of a dimension whose n-norm is the smallest."""
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: Any, name: str, mask: Any) -> Any:
    """Prune by a mask."""
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(
    parameters: Any, pruning_method: Any, importance_scores: Any = None, **kwargs: Any
) -> None:
    """Prune elements of several parameters, pairs of a module and a name, as if they were one."""
    given, scores = list(parameters), importance_scores or {}
    values, masks = [], []
    for module, name in given:
        whole = getattr(module, f"{name}_orig") if name in _hooks(module) else getattr(module, name)
        values.append(scores.get((module, name), whole)._array.ravel())
        known = getattr(module, f"{name}_mask", None)
        masks.append(np.ones_like(values[-1]) if known is None else known._array.ravel())
    method = pruning_method(**kwargs)
    mask = method.compute_mask(
        Tensor.detached(np.concatenate(values)), Tensor.detached(np.concatenate(masks))
    )._array
    start = 0
    for (module, name), part in zip(given, values, strict=True):
        shape = getattr(module, name)._array.shape
        custom_from_mask(module, name, Tensor.detached(mask[start : start + part.size].reshape(shape)))
        start += part.size


def remove(module: Any, name: str) -> Any:
    """Let a parameter be an ordinary one again, with the value that pruning gave it.

    Raises:
        ValueError: it is not pruned.
    """
    if name not in _hooks(module):
        raise ValueError(
            f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed"
        )
    method, hook = _hooks(module).pop(name)
    value, original = method.apply_mask(module).detach()._array, getattr(module, f"{name}_orig")
    hook.remove()
    for called in (name, f"{name}_orig", f"{name}_mask"):
        delattr(module, called)
    original._writable()[...] = value
    setattr(module, name, original if isinstance(original, Parameter) else Parameter(original))
    return module


def is_pruned(module: Any) -> bool:
    """Whether a parameter of a module, or of its parts, is pruned.

    >>> from tinygrad_cnn.torch import nn
    >>> is_pruned(nn.Linear(1, 1)), is_pruned(identity(nn.Linear(1, 1), "weight"))
    (False, True)
    """
    return any(bool(vars(part).get("_pruned")) for part in module.modules())


__getattr__ = _guard("torch.nn.utils.prune", globals())
