"""`torch.nn.init`: values to start from, drawn from PyTorch's stream."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cnn.nn.init import calculate_gain as calculate_gain
from tinygrad_cnn.torch.generators import of
from tinygrad_cnn.torch.refusals import guard as _guard

__all__ = [
    "calculate_gain", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_",
    "orthogonal_", "sparse_", "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip


def _write(tensor: Any, values: Any) -> Any:
    tensor._writable()[...] = values
    return tensor


def _fans(tensor: Any) -> tuple[int, int]:
    shape = tensor._array.shape
    if len(shape) < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


_calculate_fan_in_and_fan_out = _fans


def uniform_(tensor: Any, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Any:
    """Uniform numbers from a to b."""
    drawn = of(generator).uniform(tensor._array.size, tensor._array.dtype).reshape(tensor._array.shape)
    kind = drawn.dtype.type
    return _write(tensor, drawn * (kind(b) - kind(a)) + kind(a))


def normal_(tensor: Any, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Any:
    """Normal numbers of a mean and a deviation."""
    drawn = of(generator).normal(tensor._array.size, tensor._array.dtype).reshape(tensor._array.shape)
    return _write(tensor, drawn * std + mean)


def trunc_normal_(
    tensor: Any, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Any = None
) -> Any:
    """Normal numbers within bounds: those outside are drawn again.

    Where few would lie inside, numbers uniform between the bounds are drawn, and stay by their density.
    """
    shape, kind, stream = tensor._array.shape, tensor._array.dtype, of(generator)
    inside = sum(sign * math.erf((x - mean) / std / math.sqrt(2)) / 2 for sign, x in ((1, b), (-1, a)))
    top = ((max(a, min(mean, b)) - mean) / std) ** 2

    def drawn() -> tuple[Any, Any]:
        """Values, and which of them do not fit."""
        if inside > 0.3:
            values = stream.normal(tensor._array.size, kind).reshape(shape) * std + mean
            return values, (values < kind.type(a)) | (values > kind.type(b))
        values = stream.uniform(tensor._array.size, kind).reshape(shape) * (b - a) + a
        chance = stream.uniform(tensor._array.size, kind).reshape(shape)
        return values, np.log(chance) > (top - ((values - mean) / std) ** 2) / 2

    values, wrong = drawn()
    while wrong.any():
        again, still = drawn()
        values = np.where(wrong, again, values)
        wrong = wrong & still
    return _write(tensor, values)


def constant_(tensor: Any, val: float) -> Any:
    """One value."""
    return _write(tensor, val)


def zeros_(tensor: Any) -> Any:
    """Zeros."""
    return _write(tensor, 0)


def ones_(tensor: Any) -> Any:
    """Ones."""
    return _write(tensor, 1)


def eye_(tensor: Any) -> Any:
    """Ones on the diagonal."""
    return _write(tensor, np.eye(*tensor._array.shape))


def dirac_(tensor: Any, groups: int = 1) -> Any:
    """Kernels that pass their input on."""
    values = np.zeros(tensor._array.shape)
    share = values.shape[0] // groups
    middle = tuple(n // 2 for n in values.shape[2:])
    for g in range(groups):
        for i in range(min(share, values.shape[1])):
            values[(g * share + i, i, *middle)] = 1
    return _write(tensor, values)


def xavier_uniform_(tensor: Any, gain: float = 1.0, generator: Any = None) -> Any:
    """Uniform numbers of the variance 2 / (fan in + fan out)."""
    a = math.sqrt(3.0) * gain * math.sqrt(2.0 / sum(_fans(tensor)))
    return uniform_(tensor, -a, a, generator)


def xavier_normal_(tensor: Any, gain: float = 1.0, generator: Any = None) -> Any:
    """Normal numbers of the variance 2 / (fan in + fan out)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(_fans(tensor))), generator)


def _kaiming(tensor: Any, a: float, mode: str, nonlinearity: str) -> float:
    fan = _fans(tensor)[0 if mode.lower() == "fan_in" else 1]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def kaiming_uniform_(
    tensor: Any, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Any:
    """Uniform numbers of the variance gain² / fan."""
    if not tensor._array.size:
        return tensor
    bound = math.sqrt(3.0) * _kaiming(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Any, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Any:
    """Normal numbers of the variance gain² / fan."""
    if not tensor._array.size:
        return tensor
    return normal_(tensor, 0, _kaiming(tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor: Any, gain: float = 1, generator: Any = None) -> Any:
    """A matrix with orthogonal rows or columns."""
    rows = tensor._array.shape[0]
    columns = tensor._array.size // rows
    drawn = of(generator).normal(tensor._array.size, tensor._array.dtype).reshape(rows, columns)
    q, r = np.linalg.qr(drawn.T if rows < columns else drawn)
    q = q * np.sign(np.diag(r))
    return _write(tensor, (q.T if rows < columns else q).reshape(tensor._array.shape) * gain)


def sparse_(tensor: Any, sparsity: float, std: float = 0.01, generator: Any = None) -> Any:
    """Normal numbers, with a share of zeros in each column."""
    normal_(tensor, 0, std, generator)
    rows, columns = tensor._array.shape
    for j in range(columns):
        tensor._writable()[of(generator).permutation(rows)[: math.ceil(sparsity * rows)], j] = 0
    return tensor


kaiming_uniform, kaiming_normal, xavier_uniform, xavier_normal = (
    kaiming_uniform_, kaiming_normal_, xavier_uniform_, xavier_normal_,
)  # fmt: skip
normal, uniform, constant, orthogonal = normal_, uniform_, constant_, orthogonal_
dirac, eye, sparse = dirac_, eye_, sparse_

__getattr__ = _guard("torch.nn.init", globals())
