"""Starting values of parameters, written in place; each function returns the tensor itself."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, prod, sqrt
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.errors import ShapeError
from tinygrad_cnn.functional.arguments import choice, number
from tinygrad_cnn.other_names import guard
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.tensors.tensor_class import Tensor

T = TypeVar("T", bound=Tensor)

#: How many elements are drawn at once.
_PART = 2**18


def constant_(tensor: T, value: float) -> T:
    """All elements equal to `value`.

    >>> constant_(Tensor([1.0, 2.0]), 0)
    Tensor([0., 0.])
    """
    tensor._writable()[...] = number("constant_", "value", value, -inf, inf)
    return tensor


def zeros_(tensor: T) -> T:
    """All elements 0.

    >>> zeros_(Tensor([1.0, 2.0]))
    Tensor([0., 0.])
    """
    return constant_(tensor, 0)


def ones_(tensor: T) -> T:
    """All elements 1.

    >>> ones_(Tensor([0.0, 2.0]))
    Tensor([1., 1.])
    """
    return constant_(tensor, 1)


def uniform_(tensor: T, low: float = 0.0, high: float = 1.0, *, rng: Seed = None) -> T:
    """Elements uniform in [low, high).

    Args:
        tensor: what to fill.   low, high: the bounds.
        rng: seed or generator; None draws from the default generator.

    >>> bool((uniform_(Tensor([0.0] * 9), 2, 3, rng=0) >= 2).all())
    True
    """
    number("uniform_", "high", high, low, inf)
    draws = generator(rng)
    return _filled(tensor, lambda shape: draws.uniform(low, high, shape))


def normal_(tensor: T, mean: float = 0.0, std: float = 1.0, *, rng: Seed = None) -> T:
    """Elements normal with the given mean and standard deviation.

    Args:
        tensor: what to fill.   mean, std: of the distribution, std at least 0.
        rng: seed or generator; None draws from the default generator.

    >>> normal_(Tensor([0.0]), 5.0, 0.0, rng=0)
    Tensor([5.])
    """
    number("normal_", "std", std, 0, inf)
    draws = generator(rng)
    return _filled(tensor, lambda shape: draws.normal(mean, std, shape))


def _filled(tensor: T, draw: Callable[[Any], Any]) -> T:
    """Draws in place of all elements; of a large tensor in parts, since NumPy draws in float64."""
    array = tensor._writable()
    if array.size <= _PART or not array.flags.c_contiguous:
        array[...] = devices.beside(draw(array.shape), array)
        return tensor
    flat = array.reshape(-1)
    for start in range(0, flat.size, _PART):
        part = flat[start : start + _PART]
        part[...] = devices.beside(draw(part.shape), part)
    return tensor


def xavier_uniform_(tensor: T, gain: float = 1.0, *, rng: Seed = None) -> T:
    """Elements uniform in ±gain · sqrt(6 / (fan_in + fan_out)): also called Glorot's.

    Args:
        tensor: weights (out, in, *kernel).   gain: see `calculate_gain`.
        rng: seed or generator; None draws from the default generator.
    Raises:
        ShapeError: fewer than 2 axes.
    Source: Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural
        networks".

    >>> w = xavier_uniform_(Tensor(np.zeros((2, 4))), rng=0)
    >>> bool((abs(w.numpy()) <= 1).all())
    True
    """
    fan_in, fan_out = fans("xavier_uniform_", tensor)
    bound = number("xavier_uniform_", "gain", gain, 0, inf) * _inverse_root((fan_in + fan_out) / 6)
    return uniform_(tensor, -bound, bound, rng=rng)


def xavier_normal_(tensor: T, gain: float = 1.0, *, rng: Seed = None) -> T:
    """Elements normal with mean 0 and standard deviation gain · sqrt(2 / (fan_in + fan_out)).

    Args:
        tensor: weights (out, in, *kernel).   gain: see `calculate_gain`.
        rng: seed or generator; None draws from the default generator.
    Raises:
        ShapeError: fewer than 2 axes.
    Source: Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural
        networks".

    >>> xavier_normal_(Tensor(np.zeros((2, 4))), rng=0).shape
    (2, 4)
    """
    fan_in, fan_out = fans("xavier_normal_", tensor)
    std = number("xavier_normal_", "gain", gain, 0, inf) * _inverse_root((fan_in + fan_out) / 2)
    return normal_(tensor, 0.0, std, rng=rng)


def kaiming_uniform_(
    tensor: T, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", *, rng: Seed = None
) -> T:
    """Elements uniform in ±gain · sqrt(3 / fan): also called He's.

    Args:
        tensor: weights (out, in, *kernel).   a: the slope, where nonlinearity is 'leaky_relu'.
        mode: 'fan_in' keeps the variance of results, 'fan_out' that of gradients.
        nonlinearity: what follows; see `calculate_gain`.
        rng: seed or generator; None draws from the default generator.
    Raises:
        ShapeError: fewer than 2 axes.   ArgumentError: another mode or nonlinearity.
    Source: He et al. 2015, arXiv:1502.01852.

    >>> w = kaiming_uniform_(Tensor(np.zeros((2, 6))), rng=0)
    >>> bool((abs(w.numpy()) <= 1).all())
    True
    """
    bound = sqrt(3) * _kaiming("kaiming_uniform_", tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, rng=rng)


def kaiming_normal_(
    tensor: T, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", *, rng: Seed = None
) -> T:
    """Elements normal with mean 0 and standard deviation gain / sqrt(fan).

    Args:
        tensor: weights (out, in, *kernel).   a: the slope, where nonlinearity is 'leaky_relu'.
        mode: 'fan_in' keeps the variance of results, 'fan_out' that of gradients.
        nonlinearity: what follows; see `calculate_gain`.
        rng: seed or generator; None draws from the default generator.
    Raises:
        ShapeError: fewer than 2 axes.   ArgumentError: another mode or nonlinearity.
    Source: He et al. 2015, arXiv:1502.01852.

    >>> kaiming_normal_(Tensor(np.zeros((2, 6))), mode="fan_out", rng=0).shape
    (2, 6)
    """
    return normal_(tensor, 0.0, _kaiming("kaiming_normal_", tensor, a, mode, nonlinearity), rng=rng)


def lecun_uniform_(tensor: T, *, rng: Seed = None) -> T:
    """Elements uniform in ±sqrt(3 / fan_in): results keep the variance of the inputs.

    Args:
        tensor: weights (out, in, *kernel).
        rng: seed or generator; None draws from the default generator.
    Raises:
        ShapeError: fewer than 2 axes.
    Source: LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp".

    >>> w = lecun_uniform_(Tensor(np.zeros((2, 3))), rng=0)
    >>> bool((abs(w.numpy()) <= 1).all())
    True
    """
    bound = sqrt(3) * _inverse_root(fans("lecun_uniform_", tensor)[0])
    return uniform_(tensor, -bound, bound, rng=rng)


def lecun_normal_(tensor: T, *, rng: Seed = None) -> T:
    """Elements normal with mean 0 and standard deviation 1 / sqrt(fan_in), not truncated.

    Args:
        tensor: weights (out, in, *kernel).
        rng: seed or generator; None draws from the default generator.
    Raises:
        ShapeError: fewer than 2 axes.
    Source: LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp"; for SELU: Klambauer et al. 2017,
        arXiv:1706.02515.

    >>> lecun_normal_(Tensor(np.zeros((2, 3))), rng=0).shape
    (2, 3)
    """
    return normal_(tensor, 0.0, _inverse_root(fans("lecun_normal_", tensor)[0]), rng=rng)


def orthogonal_(tensor: T, gain: float = 1.0, *, rng: Seed = None) -> T:
    """A random matrix whose rows (or columns, if they are fewer) are orthogonal and of length gain.

    Axes after the first count as one, so a convolution's kernels are orthogonal to each other.

    Args:
        tensor: weights (out, in, *kernel).   gain: length of each row, see `calculate_gain`.
        rng: seed or generator; None draws from the default generator.
    Raises:
        ShapeError: fewer than 2 axes.
    Source: Saxe, McClelland & Ganguli 2014, arXiv:1312.6120; uniform by the signs of the diagonal:
        Mezzadri 2007, arXiv:math-ph/0609050.

    >>> w = orthogonal_(Tensor(np.zeros((2, 5))), rng=0).numpy()
    >>> abs((w @ w.T).round(6))
    array([[1., 0.],
           [0., 1.]])
    """
    fans("orthogonal_", tensor)
    length = number("orthogonal_", "gain", gain, 0, inf)
    if not tensor.size:
        return tensor
    rows = tensor.shape[0]
    drawn = generator(rng).normal(size=(rows, tensor.size // rows))
    q, r = np.linalg.qr(drawn.T if rows < drawn.shape[1] else drawn)
    q *= np.sign(np.diag(r))  # else the distribution depends on how the factors were computed
    made = q.T if rows < drawn.shape[1] else q
    array = tensor._writable()
    array[...] = devices.beside(length * made.reshape(tensor.shape), array)
    return tensor


#: The gains that `calculate_gain` knows; that of 'leaky_relu' depends on its slope.
GAINS = {
    "linear": 1.0, "identity": 1.0, "conv1d": 1.0, "conv2d": 1.0, "conv3d": 1.0,
    "conv_transpose1d": 1.0, "conv_transpose2d": 1.0, "conv_transpose3d": 1.0,
    "sigmoid": 1.0, "tanh": 5 / 3, "relu": sqrt(2), "selu": 3 / 4,
}  # fmt: skip


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """By how much weights should be larger, so that a nonlinearity keeps the spread of its inputs.

    Args:
        nonlinearity: 'linear', 'conv2d', 'sigmoid', 'tanh', 'relu', 'leaky_relu', 'selu', ...
        param: the slope of 'leaky_relu', 0.01 if None.
    Returns:
        The gain: 1, 5/3 for tanh, √2 for relu, sqrt(2 / (1 + slope²)) for leaky_relu, 3/4 for selu.
    Raises:
        ArgumentError: another nonlinearity.
    Source: He et al. 2015, arXiv:1502.01852; the figures are PyTorch's.

    >>> round(calculate_gain("relu"), 4)
    1.4142
    """
    choice("calculate_gain", "nonlinearity", nonlinearity, (*GAINS, "leaky_relu"))
    if nonlinearity != "leaky_relu":
        return GAINS[nonlinearity]
    slope = 0.01 if param is None else number("calculate_gain", "param", param, -inf, inf)
    return sqrt(2 / (1 + slope * slope))


def fans(name: str, tensor: Tensor) -> tuple[int, int]:
    """Count the products that go into each result, and how many results each input goes into.

    Args:
        name: of the function, for the message.   tensor: weights (out, in, *kernel).
    Raises:
        ShapeError: fewer than 2 axes.

    >>> fans("xavier_normal_", Tensor(np.zeros((16, 3, 5, 5))))
    (75, 400)
    """
    if tensor.ndim < 2:
        raise ShapeError(f"{name}: needs weights of at least 2 axes (out, in, ...), got {tensor.shape}")
    kernel = prod(tensor.shape[2:])
    return tensor.shape[1] * kernel, tensor.shape[0] * kernel


def _kaiming(name: str, tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    """gain / sqrt(fan)."""
    choice(name, "mode", mode, ("fan_in", "fan_out"))
    fan_in, fan_out = fans(name, tensor)
    return calculate_gain(nonlinearity, a) * _inverse_root(fan_in if mode == "fan_in" else fan_out)


def _inverse_root(fan: float) -> float:
    """1 / sqrt(fan); 0 for weights without elements."""
    return 1 / sqrt(fan) if fan else 0.0


def default_(weight: Tensor, bias: Tensor | None, *, rng: Seed = None) -> None:
    """Fill weight and bias as Linear and Conv layers start: weight and bias uniform in ±1/sqrt(fan_in).

    fan_in is the number of products in each sum: the elements of weight[0].

    Source: He et al. 2015, arXiv:1502.01852, with the slope √5 that PyTorch's layers use.

    >>> w, b = Tensor([[0.0] * 4]), Tensor([0.0])
    >>> default_(w, b, rng=0); bool((abs(w.numpy()) <= 0.5).all())
    True
    """
    draws, bound = generator(rng), 1 / sqrt(prod(weight.shape[1:]))
    for tensor in (weight, bias):
        if tensor is not None:
            uniform_(tensor, -bound, bound, rng=draws)


if not TYPE_CHECKING:  # a checker knows the names as they are
    __getattr__ = guard(globals())
