"""`torch.nn.utils`: norms of gradients, vectors of parameters, packed sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch.nn.utils import parametrizations as parametrizations
from tinygrad_cnn.torch.nn.utils import parametrize as parametrize
from tinygrad_cnn.torch.nn.utils import prune as prune
from tinygrad_cnn.torch.nn.utils import rnn as rnn
from tinygrad_cnn.torch.nn.utils import stateless as stateless
from tinygrad_cnn.torch.nn.utils.parametrizations import spectral_norm as spectral_norm
from tinygrad_cnn.torch.nn.utils.parametrizations import weight_norm as weight_norm
from tinygrad_cnn.torch.refusals import guard as _guard
from tinygrad_cnn.torch.tensors import Tensor

__all__ = [
    "clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm",
    "parameters_to_vector", "parametrizations", "parametrize", "prune", "remove_weight_norm", "rnn", "skip_init",
    "spectral_norm", "stateless", "vector_to_parameters", "weight_norm",
]  # fmt: skip


def _gradients(parameters: Any) -> list[Any]:
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [p.grad for p in given if p.grad is not None]


def get_total_norm(
    tensors: Any, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Any:
    """The norm of the norms of tensors.

    >>> get_total_norm([Tensor([3.0]), Tensor([4.0])])
    tensor(5.)
    """
    sizes = [np.linalg.norm(t._array.ravel(), float(norm_type)) for t in tensors]
    total = np.asarray(
        np.linalg.norm(np.asarray(sizes, np.float32), float(norm_type)) if sizes else 0.0, np.float32
    )
    if error_if_nonfinite and not np.isfinite(total):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients is non-finite, so it cannot be clipped."
        )
    return Tensor.detached(total)


def clip_grad_norm_(
    parameters: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Any:
    """Scale gradients so that their norm is at most `max_norm`; their norm before.

    >>> clip_grad_norm_([], 1.0)
    tensor(0.)
    """
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    total = get_total_norm(_gradients(given), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(given, max_norm, total)
    return total


def clip_grads_with_norm_(
    parameters: Any, max_norm: float, total_norm: Any, foreach: bool | None = None
) -> None:
    """Scale gradients whose norm is known so that it is at most `max_norm`.

    >>> clip_grads_with_norm_([], 1.0, Tensor([2.0]))
    """
    factor = np.float32(max_norm) / (total_norm._array + np.float32(1e-6))
    if not factor >= 1:  # also NaN, as in PyTorch
        for g in _gradients(parameters):
            g._writable()[...] *= factor


def skip_init(module_cls: Any, *args: Any, **kwargs: Any) -> Any:
    """A module whose parameters the program will set; here they have the values that they always start with.

    >>> from tinygrad_cnn.torch import nn
    >>> skip_init(nn.Linear, 2, 1)
    Linear(in_features=2, out_features=1, bias=True)
    """
    return module_cls(*args, **kwargs)


clip_grad_norm = clip_grad_norm_


def clip_grad_value_(parameters: Any, clip_value: float, foreach: bool | None = None) -> None:
    """Keep each element of the gradients between -clip_value and clip_value.

    >>> clip_grad_value_([], 1.0)
    """
    for g in _gradients(parameters):
        np.clip(g._array, -clip_value, clip_value, out=g._writable())


def parameters_to_vector(parameters: Any) -> Any:
    """All parameters in one row.

    >>> parameters_to_vector([Tensor([[1.0]]), Tensor([2.0])])
    tensor([1., 2.])
    """
    return F.concatenate([F.reshape(p, (-1,)) for p in parameters])


def vector_to_parameters(vec: Any, parameters: Any) -> None:
    """Parts of one row written into parameters.

    >>> p = Tensor([0.0]); vector_to_parameters(Tensor([2.0]), [p]); p
    tensor([2.])
    """
    start = 0
    for p in parameters:
        size = p._array.size
        p._writable()[...] = vec._array[start : start + size].reshape(p._array.shape)
        start += size


def remove_weight_norm(module: Any, name: str = "weight") -> Any:
    """Let a weight be an ordinary parameter again.

    >>> from tinygrad_cnn.torch import nn
    >>> sorted(remove_weight_norm(weight_norm(nn.Linear(2, 1))).state_dict())
    ['bias', 'weight']
    """
    return parametrize.remove_parametrizations(module, name)


remove_spectral_norm = remove_weight_norm

__getattr__ = _guard("torch.nn.utils", globals())
