"""Tensors made of a shape or a range, with NumPy's names: zeros, arange, eye and others.

Where no `dtype` is given they are float32, the default type; `like` functions keep the other's.
`requires_grad=True` makes a leaf that gets a gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn.errors import ArgumentError, DTypeError, TinygradCnnError
from tinygrad_cnn.functional.arguments import DEFAULT_DTYPE, flag, integer, is_several
from tinygrad_cnn.functional.storage import real_type, within_memory
from tinygrad_cnn.signal_handlers import let_through
from tinygrad_cnn.tensors import Tensor

Shape = Any


def zeros(shape: Shape, dtype: DTypeLike | None = None, *, requires_grad: bool = False) -> Tensor:
    """Zeros.

    Args:
        shape: int or ints.   dtype: a dtype of real numbers.   requires_grad: whether it is learnt.
    Raises:
        DTypeError: a shape that is not of integers, or another dtype.
    Source: NumPy's `zeros`.

    >>> zeros(2)
    Tensor([0., 0.])
    """
    return make_tensor("zeros", lambda kind: np.zeros(shape_of("zeros", shape), kind), dtype, requires_grad)


def ones(shape: Shape, dtype: DTypeLike | None = None, *, requires_grad: bool = False) -> Tensor:
    """Ones; arguments as `zeros`.

    >>> ones((1, 2))
    Tensor([[1., 1.]])
    """
    return make_tensor("ones", lambda kind: np.ones(shape_of("ones", shape), kind), dtype, requires_grad)


def empty(shape: Shape, dtype: DTypeLike | None = None, *, requires_grad: bool = False) -> Tensor:
    """A Tensor to be written to; arguments as `zeros`. It holds zeros, so that results repeat.

    >>> empty((3, 0)).shape
    (3, 0)
    """
    return zeros(shape, dtype, requires_grad=requires_grad)


def full(
    shape: Shape, fill_value: Any, dtype: DTypeLike | None = None, *, requires_grad: bool = False
) -> Tensor:
    """One value everywhere; arguments as `zeros`.

    >>> full(2, 7.0)
    Tensor([7., 7.])
    """
    return make_tensor(
        "full", lambda k: np.full(shape_of("full", shape), fill_value, k), dtype, requires_grad
    )


def arange(
    start: float,
    stop: float | None = None,
    step: float = 1,
    dtype: DTypeLike | None = None,
    *,
    requires_grad: bool = False,
) -> Tensor:
    """start, start + step, and so on, below stop; `arange(n)` counts from 0 to n - 1.

    Args:
        start, stop, step: numbers.   dtype: int64 for integers and float32 for others, if None.
        requires_grad: whether it is learnt.
    Source: NumPy's `arange`.

    >>> arange(3), arange(0.0, 1.0, 0.5)
    (Tensor([0, 1, 2]), Tensor([0. , 0.5]))
    """
    range_: tuple[Any, Any, Any] = (0, start, step) if stop is None else (start, stop, step)
    whole = all(isinstance(x, (int, np.integer)) for x in range_)
    kind = np.int64 if dtype is None and whole else dtype
    numbers: Any = np.arange  # its stubs do not take any number in each place
    return make_tensor("arange", lambda k: numbers(*range_, k), kind, requires_grad)


def linspace(
    start: float, stop: float, num: int = 50, endpoint: bool = True, dtype: DTypeLike | None = None, *,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`num` numbers at equal distances from start to stop, which is the last if `endpoint`.

    Source: NumPy's `linspace`.

    >>> linspace(0, 1, 3)
    Tensor([0. , 0.5, 1. ])
    """
    count, last = integer("linspace", "num", num, 0), flag("linspace", "endpoint", endpoint)
    return make_tensor(
        "linspace", lambda k: np.linspace(start, stop, count, last, dtype=k), dtype, requires_grad
    )


def logspace(
    start: float, stop: float, num: int = 50, endpoint: bool = True, base: float = 10.0,
    dtype: DTypeLike | None = None, *, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """base to the powers that `linspace` gives.

    Source: NumPy's `logspace`.

    >>> logspace(0, 2, 3)
    Tensor([  1.,  10., 100.])
    """
    count, last = integer("logspace", "num", num, 0), flag("logspace", "endpoint", endpoint)
    return make_tensor(
        "logspace", lambda k: np.logspace(start, stop, count, last, base, k), dtype, requires_grad
    )


def eye(
    n: int, m: int | None = None, k: int = 0, dtype: DTypeLike | None = None, *, requires_grad: bool = False
) -> Tensor:
    """Ones on a diagonal of an n × m matrix, the k-th above the main one; zeros elsewhere.

    Source: NumPy's `eye`.

    >>> eye(2)
    Tensor([[1., 0.],
            [0., 1.]])
    """
    rows, columns = integer("eye", "n", n, 0), None if m is None else integer("eye", "m", m, 0)
    return make_tensor("eye", lambda kind: np.eye(rows, columns, k, kind), dtype, requires_grad)


def tri(
    n: int, m: int | None = None, k: int = 0, dtype: DTypeLike | None = None, *, requires_grad: bool = False
) -> Tensor:
    """Ones on and below a diagonal of an n × m matrix, the k-th above the main one; zeros above it.

    Source: NumPy's `tri`.

    >>> tri(2)
    Tensor([[1., 0.],
            [1., 1.]])
    """
    rows, columns = integer("tri", "n", n, 0), None if m is None else integer("tri", "m", m, 0)
    return make_tensor("tri", lambda kind: np.tri(rows, columns, k, kind), dtype, requires_grad)


def zeros_like(x: Any, dtype: DTypeLike | None = None, *, requires_grad: bool = False) -> Tensor:
    """Zeros in the shape of x, and in its dtype unless another is given.

    >>> zeros_like(Tensor([1.0, 2.0]))
    Tensor([0., 0.])
    """
    return zeros(np.shape(x), _kind(x, dtype), requires_grad=requires_grad)


def ones_like(x: Any, dtype: DTypeLike | None = None, *, requires_grad: bool = False) -> Tensor:
    """Ones in the shape of x, and in its dtype unless another is given.

    >>> ones_like(np.zeros(2))
    Tensor([1., 1.], dtype=float64)
    """
    return ones(np.shape(x), _kind(x, dtype), requires_grad=requires_grad)


def empty_like(x: Any, dtype: DTypeLike | None = None, *, requires_grad: bool = False) -> Tensor:
    """`empty` in the shape of x, and in its dtype unless another is given.

    >>> empty_like(Tensor([1.0, 2.0])).shape
    (2,)
    """
    return empty(np.shape(x), _kind(x, dtype), requires_grad=requires_grad)


def full_like(
    x: Any, fill_value: Any, dtype: DTypeLike | None = None, *, requires_grad: bool = False
) -> Tensor:
    """One value in the shape of x, and in its dtype unless another is given.

    >>> full_like(Tensor([1.0, 2.0]), 5)
    Tensor([5., 5.])
    """
    return full(np.shape(x), fill_value, _kind(x, dtype), requires_grad=requires_grad)


def _kind(x: Any, dtype: Any) -> Any:
    """The dtype that is asked for, or that of an array or a Tensor, or None."""
    return getattr(x, "dtype", None) if dtype is None else dtype


def shape_of(function: str, shape: Any) -> tuple[int, ...]:
    several = shape if is_several(shape) else (shape,)
    return within_memory(function, tuple(integer(function, "shape", n, 0) for n in several))


def make_tensor(function: str, make: Callable[[Any], Any], dtype: Any, requires_grad: bool) -> Tensor:
    """A Tensor over what NumPy makes."""
    wanted = flag(function, "requires_grad", requires_grad)
    kind = DEFAULT_DTYPE if dtype is None else real_type(function, dtype)
    try:
        array = make(kind)
    except TinygradCnnError:
        raise
    except (ValueError, ArithmeticError, TypeError) as error:
        let_through(error)
        kind_of_error = DTypeError if isinstance(error, TypeError) else ArgumentError
        raise kind_of_error(f"{function}: {error}") from None
    made = Tensor.detached(array)
    return made.requires_grad_() if wanted else made
