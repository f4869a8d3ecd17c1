"""Parameters that are computed from others each time they are read: weight and spectral norm, and your own.

A parametrization is a Module: its `forward` takes the original and gives what the layer sees. With
`right_inverse` it says from which originals a value comes. State dicts hold the originals, under
PyTorch's keys: 'parametrizations.weight.original', or 'original0', 'original1' of several.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.functional.arguments import integer, number, one_axis
from tinygrad_cnn.mode import no_grad
from tinygrad_cnn.nn.module import Buffer, Module, Parameter
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = [
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "spectral_norm",
    "weight_norm",
]

#: The module that the classes of such layers name.
_COMPUTED = "tinygrad_cnn.parametrized"


class Parametrization(Module):
    """The originals of one parameter, and the modules that compute it from them, one after the other.

    >>> from tinygrad_cnn import nn
    >>> Parametrization(Parameter([0.0]), nn.Tanh())()
    Tensor([0.], op=Tanh)
    """

    def __init__(self, value: Tensor, first: Module) -> None:
        originals = value
        with no_grad():
            if hasattr(first, "right_inverse"):
                originals = first.right_inverse(value)
        if isinstance(originals, tuple):
            for k, original in enumerate(originals):
                setattr(self, f"original{k}", Parameter(original))
        else:
            self.original = Parameter(originals)
        setattr(self, "0", first)

    def originals(self) -> list[Parameter]:
        """The Tensors that the parameter is computed from.

        >>> len(Parametrization(Parameter([[3.0, 4.0]]), WeightNorm()).originals())
        2
        """
        return [v for v in vars(self).values() if isinstance(v, Parameter)]

    def forward(self) -> Any:
        """The parameter as the layer sees it.

        >>> Parametrization(Parameter([[3.0, 4.0]]), WeightNorm()).forward().round(3)
        Tensor([[3., 4.]], op=Round)
        """
        first, *others = self.children()
        value = first(*self.originals())
        for module in others:
            value = module(value)
        return value


def register_parametrization(module: Module, name: str, parametrization: Module) -> Module:
    """Let a parameter be computed by a module whenever it is read; the original is what is learnt.

    Args:
        module: that has the parameter.   name: of the parameter.
        parametrization: takes the original (or, where its `right_inverse` gave several, all of them), and
            gives a Tensor. A second one of the same parameter takes what the first gives.
    Returns:
        The module.
    Raises:
        ArgumentError: the module has no parameter of that name.   DTypeError: not Modules.
    Source: PyTorch's `nn.utils.parametrize`.

    >>> from tinygrad_cnn import nn
    >>> layer = register_parametrization(nn.Linear(2, 1, rng=0), "weight", nn.ReLU())
    >>> list(layer.state_dict()), bool((layer.weight >= 0).all())
    (['bias', 'parametrizations.weight.original'], True)
    """
    for given in (module, parametrization):
        if not isinstance(given, Module):
            raise DTypeError(f"register_parametrization: a Module fits, got {type(given).__name__}")
    if is_parametrized(module, name):
        held = getattr(_parametrizations(module), name)
        setattr(held, str(len(list(held.children()))), parametrization)
        return module
    value = vars(module).get(name)
    if not isinstance(value, Parameter):
        raise ArgumentError(f"register_parametrization: {type(module).__name__} has no parameter {name!r}")
    delattr(module, name)
    layer: Any = module
    if not hasattr(layer, "parametrizations"):
        layer.parametrizations = Module()
    setattr(layer.parametrizations, name, Parametrization(value, parametrization))
    _let_read(module, name)
    return module


def _let_read(module: Module, name: str) -> None:
    """Let an attribute of one module be computed when it is read, by a class of its own."""
    cls = type(module)
    computed = property(lambda self: getattr(self.parametrizations, name)())
    space = {name: computed, "__doc__": cls.__doc__, "__module__": _COMPUTED}
    module.__class__ = type(cls.__name__, (cls,), space)


def _parametrizations(module: Module) -> Any:
    return vars(module).get("parametrizations")


def is_parametrized(module: Module, name: str | None = None) -> bool:
    """Whether a parameter, or any, of a module is computed.

    >>> from tinygrad_cnn import nn
    >>> is_parametrized(nn.Linear(1, 1)), is_parametrized(weight_norm(nn.Linear(1, 1)), "weight")
    (False, True)
    """
    held = _parametrizations(module)
    return held is not None and (name is None or name in vars(held))


def remove_parametrizations(module: Module, name: str) -> Module:
    """Let a parameter be an ordinary one again, with the value that it has now.

    Raises:
        ArgumentError: it is not computed.

    >>> from tinygrad_cnn import nn
    >>> layer = remove_parametrizations(weight_norm(nn.Linear(2, 1)), "weight")
    >>> type(layer) is nn.Linear, sorted(layer.state_dict())
    (True, ['bias', 'weight'])
    """
    if not is_parametrized(module, name):
        raise ArgumentError(f"remove_parametrizations: {name!r} of {type(module).__name__} is not computed")
    with no_grad():
        value = getattr(module, name)
    delattr(_parametrizations(module), name)
    if not list(_parametrizations(module).children()):
        delattr(module, "parametrizations")
    held = _parametrizations(module)
    others = [] if held is None else [other for other, _ in held.named_children()]
    module.__class__ = next(c for c in type(module).__mro__ if c.__module__ != _COMPUTED)
    for other in others:
        _let_read(module, other)
    setattr(module, name, Parameter(value))
    return module


class WeightNorm(Module):
    """Length and direction apart: g · v / |v|, the length taken over all axes but one.

    Args:
        dim: the axis along which each slice has a length of its own; None for one length of all.
    Source: Salimans & Kingma 2016, arXiv:1602.07868.

    >>> WeightNorm(0)(Tensor([[5.0]]), Tensor([[3.0, 4.0]]))
    Tensor([[3., 4.]])
    """

    def __init__(self, dim: int | None = 0) -> None:
        self.dim = dim

    def _length(self, v: Any) -> Any:
        kept = None if self.dim is None else one_axis("WeightNorm", self.dim, v.ndim)
        axes = tuple(a for a in range(v.ndim) if a != kept)
        return F.norm(v, 2, axes, kept is not None)

    def forward(self, g: Any, v: Any) -> Any:
        """g · v / |v|.

        >>> WeightNorm(None).forward(Tensor(1.0), Tensor([[3.0, 4.0]]))
        Tensor([[0.6, 0.8]])
        """
        return v * (g / self._length(v))

    def right_inverse(self, weight: Any) -> tuple[Any, Any]:
        """Length and direction of a weight.

        >>> WeightNorm(0).right_inverse(Tensor([[3.0, 4.0]]))[0]
        Tensor([[5.]])
        """
        return self._length(weight), weight


class SpectralNorm(Module):
    """A weight over its largest singular value, which power iteration follows from step to step.

    Args:
        weight: what is normalised.   n_power_iterations: how many each time it is read in training.
        eps: the least length of a vector.   dim: the axis of the matrix's rows.
        rng: of the first vectors.
    Source: Miyato, Kataoka, Koyama & Yoshida 2018, arXiv:1802.05957.

    >>> w = Tensor([[3.0, 0.0], [0.0, 4.0]])
    >>> SpectralNorm(w, rng=0).eval()(w).round(3).tolist()
    [[0.75, 0.0], [0.0, 1.0]]
    """

    def __init__(
        self,
        weight: Any,
        n_power_iterations: int = 1,
        dim: int = 0,
        eps: float = 1e-12,
        *,
        rng: Seed = None,
    ) -> None:
        self.dim = one_axis("SpectralNorm", dim, weight.ndim)
        self.eps = number("SpectralNorm", "eps", eps, 0)
        self.n_power_iterations = integer("SpectralNorm", "n_power_iterations", n_power_iterations, 1)
        matrix, draws = self._matrix(weight._array), generator(rng)
        if weight.ndim > 1:
            draw = (draws.normal(size=n).astype(matrix.dtype) for n in matrix.shape)
            u, v = (self._unit(devices.beside(one, weight)) for one in draw)
            self._u, self._v = Buffer(u), Buffer(v)
            self._iterate(matrix, 15)

    def _matrix(self, weight: Any) -> Any:
        order = (self.dim, *(a for a in range(weight.ndim) if a != self.dim))
        rows = weight.shape[self.dim]
        return F.reshape(F.permute(weight, order), (rows, prod(weight.shape) // rows))

    def _unit(self, x: Any) -> Any:
        if type(x) in devices.ON_DEVICES:  # a number would be waited for
            return x / np.maximum(np.linalg.norm(x), self.eps)
        return x / max(float(np.linalg.norm(x)), self.eps)

    def _iterate(self, matrix: Any, count: int) -> None:
        u, v = self._u._writable(), self._v._writable()
        for _ in range(count):
            u[...] = self._unit(matrix @ v)
            v[...] = self._unit(matrix.T @ u)

    def forward(self, weight: Any) -> Any:
        """The weight over its largest singular value; in training, after a step of power iteration.

        >>> w = Tensor([[2.0]])
        >>> SpectralNorm(w, rng=0).forward(w)
        Tensor([[1.]])
        """
        if weight.ndim == 1:
            return F.normalize(weight, 2.0, 0, self.eps)
        matrix = self._matrix(weight)
        if self.training:
            self._iterate(matrix._array, self.n_power_iterations)
        u, v = self._u._array.copy(), self._v._array.copy()  # the derivative reads them after later steps
        return weight / F.sum(F.matmul(matrix, v) * u)


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Learn the length and the direction of a weight apart; see `WeightNorm`.

    Args:
        module: a layer.   name: of its parameter.   dim: the axis of the lengths; None for one of all.
    Returns:
        The module, whose state dict has `parametrizations.<name>.original0` and `original1`.
    Source: Salimans & Kingma 2016, arXiv:1602.07868.

    >>> from tinygrad_cnn import nn
    >>> [p.shape for p in weight_norm(nn.Linear(3, 2, bias=False)).parameters()]
    [(2, 1), (2, 3)]
    """
    return register_parametrization(module, name, WeightNorm(dim))


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12,
    dim: int | None = None, *, rng: Seed = None,
) -> Module:  # fmt: skip
    """Keep the largest singular value of a weight at 1; see `SpectralNorm`.

    Args:
        module: a layer.   name: of its parameter.   n_power_iterations: each time it is read in training.
        eps: the least length of a vector.   dim: the axis of the matrix's rows; None for 1 in transposed
            convolutions, else 0.   rng: seed or generator of the first vectors.
    Returns:
        The module, whose state dict has `parametrizations.<name>.original`, `0._u` and `0._v`.
    Source: Miyato, Kataoka, Koyama & Yoshida 2018, arXiv:1802.05957.

    >>> from tinygrad_cnn import nn
    >>> layer = spectral_norm(nn.Linear(3, 2, rng=0), rng=0).eval()
    >>> bool(abs(np.linalg.svd(layer.weight.numpy())[1][0] - 1) < 1e-3)
    True
    """
    if dim is None:
        dim = 1 if "Transpose" in type(module).__name__ else 0
    value = vars(module).get(name)
    if not isinstance(value, Parameter):
        raise ArgumentError(f"spectral_norm: {type(module).__name__} has no parameter {name!r}")
    return register_parametrization(
        module, name, SpectralNorm(value, n_power_iterations, dim, eps, rng=rng)
    )
