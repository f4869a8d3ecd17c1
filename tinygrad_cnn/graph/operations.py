"""Operations: what computes a result and its derivative, and how one is run on arrays.

This module knows no particular op, no node and no Tensor.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.errors import ArgumentError, DTypeError, GraphError, ShapeError, TinygradCnnError
from tinygrad_cnn.half_precision import has_half, narrows, rounded, widened

__all__ = [
    "METHODS",
    "OUT",
    "Array",
    "Needs",
    "Op",
    "Result",
    "Shape",
    "Traced",
    "asks_for_needs",
    "in_float32",
    "real_numbers",
    "refused",
    "retold",
    "run_backward",
    "run_forward",
    "unpacked",
    "without_underflow",
]

Array = NDArray[Any]
_FLOAT32 = np.dtype(np.float32)

Shape = tuple[int, ...]

#: Per operand, whether it wants a gradient.
Needs = tuple[bool, ...]

#: What a writer of an op writes.
METHODS = ("forward", "backward")

#: In `Op.keep`, stands for the op's own result.
OUT = -1


class Traced:
    """The class that `Op.__call__` looks for among its operands: something that wants ops recorded.

    `Tensor` is the one subclass; the graph knows only that it can `record` and has an `array`.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        _array: Array
        _node: Any

        @property
        def node(self) -> Any: ...

    @classmethod
    def record(cls, op: Op, operands: tuple[Any, ...], left: list[Any] | None = None) -> Any:
        """Run `op` on the operands' arrays and note it in the graph; `left` gets its residual."""
        raise NotImplementedError

    @property
    def array(self) -> Array:
        """The values, for reading only."""
        raise NotImplementedError

    def _writable(self) -> Array:
        """The values, to be written over at once: graphs that still need the old ones are told."""
        raise NotImplementedError


class Result:
    """A value and a residual: returned where the derivative needs more than operands and result.

    Attributes:
        value: the result's array.
        residual: one object that `backward` gets after what `keep` names: a mask, places, a random
            draw, a shape; a tuple of several. It is a constant of the derivative, or a cache that only
            a kernel on arrays reads. None is the same as no residual.

    >>> Result(np.zeros(2), (3, 4)).residual
    (3, 4)
    """

    __slots__ = ("residual", "value")

    def __init__(self, value: Any, residual: Any) -> None:
        self.value = value
        self.residual = residual


class Op:
    """A differentiable function: operands are differentiated, attributes are constants.

    A subclass writes `forward` on arrays and `backward` in operations that arrays and Tensors
    share (`+ - * / ** @`, comparisons, indexing, `.sum .reshape .transpose .astype`, other ops):
    the first-order walk runs those lines on arrays, `create_graph=True` runs the same lines on
    Tensors, so every derivative has a derivative.

    An op is a value: its attributes are options and geometry, set once in `__init__`. What varies
    with the call is the residual, which `forward` returns and the node keeps. So one op may serve
    any number of calls, and none of them changes another.

    Either method may have a keyword-only parameter `needs`, and is then told which operands want a
    gradient, to leave out work for the others. `forward` gets all False, or (), where nothing is
    recorded.

    Class attributes:
        keep: what `backward` reads: positions of operands, or `OUT` for the result.
        family: the kind of thing it does, which gives its colour on a drawing: 'conv', 'linear',
            'activation', 'pool', 'norm', 'dropout', 'loss', 'shape', 'arithmetic' or 'other'.
        symbol: the sign for it between or before operands, '' for none.
        word: what users call it on drawings, '' for the class's name; subclasses do not inherit it.
        pointwise: each element of the result depends on no element of an operand but that at its place.
        rectifies: the result is exactly 0 where it passes nothing on, so that units may die.
        wide: `forward` and `backward` get float16 as float32, and the result is rounded to float16:
            for what adds up many numbers, or passes through larger or finer ones than its result.

    >>> class Cube(Op):
    ...     keep = (0,)
    ...     def forward(self, x): return x * x * x
    ...     def backward(self, g, x): return (g * 3 * x * x,)
    >>> Cube()(np.array([1.0, 2.0]))
    array([1., 8.])
    """

    keep: tuple[int, ...] = ()
    family: ClassVar[str] = "other"
    symbol: ClassVar[str] = ""
    word: ClassVar[str] = ""
    pointwise: ClassVar[bool] = False
    rectifies: ClassVar[bool] = False
    wide: ClassVar[bool] = False
    _forward_needs: ClassVar[bool] = False
    _backward_needs: ClassVar[bool] = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._forward_needs = asks_for_needs(cls.forward)
        cls._backward_needs = asks_for_needs(cls.backward)

    def forward(self, *arrays: Any, **needs: Any) -> Any:
        """The result's array (or a `Result`), from the operands' arrays, which stay as they are."""
        raise NotImplementedError(f"{type(self).__name__}.forward is not written")

    def backward(self, *g_and_kept: Any, **needs: Any) -> tuple[Any, ...]:
        """One gradient per operand (or None), from the result's gradient g and what was kept.

        A gradient may have the broadcast shape of the result: the walk sums it to the operand's.
        """
        raise NotImplementedError(f"{type(self).__name__}.backward is not written")

    def __call__(self, *operands: Any) -> Any:
        """Apply the op: recorded when a Tensor is among the operands, plain arrays otherwise."""
        for operand in operands:
            if isinstance(operand, Traced):
                return operand.record(self, operands)
        return run_forward(self, operands)[0]

    def with_residual(self, *operands: Any) -> tuple[Any, Any]:
        """As a call, and the residual, for functions whose results hold it: places, statistics.

        >>> from tinygrad_cnn import ops
        >>> ops.Sort(axis=0).with_residual(np.array([3.0, 1.0]))[1].places
        array([1, 0])
        """
        left: list[Any] = []
        for operand in operands:
            if isinstance(operand, Traced):
                y = operand.record(self, operands, left)
                return y, left[0] if left else None
        return run_forward(self, operands)

    def multiply_adds(self, result: Shape, operands: tuple[Shape, ...]) -> int:
        """Count the products that it adds up, from the shapes; 0 for what has no such sum.

        One multiply-add is what matrix products and convolutions are made of. Element-wise ops,
        pooling and normalisation count 0, as is usual in papers on networks.

        Source: V. Sze, Y.-H. Chen, T.-J. Yang, J. S. Emer 2017, "Efficient processing of deep neural
            networks: a tutorial and survey", arXiv:1703.09039, section III.

        >>> from tinygrad_cnn import ops
        >>> ops.MatMul().multiply_adds((2, 3), ((2, 5), (5, 3)))
        30
        """
        return 0

    @property
    def name(self) -> str:
        """The op's name in messages: the class's name."""
        return type(self).__name__

    @property
    def drawn_name(self) -> str:
        """The op's name on drawings: what users call it.

        >>> from tinygrad_cnn import ops
        >>> ops.SquaredError("mean").drawn_name, ops.SquaredError("mean").name
        ('MSELoss', 'SquaredError')
        """
        return str(vars(type(self)).get("word") or self.name)

    def options(self) -> dict[str, Any]:
        """Options that a drawing shows next to the op's name, such as `{'axis': (1,)}`."""
        plain = (bool, int, float, str, tuple)
        return {
            key: value
            for key, value in vars(self).items()
            if not key.startswith("_") and key != "keep" and isinstance(value, plain)
        }


def asks_for_needs(method: Any) -> bool:
    """Whether a method has a keyword-only parameter `needs`.

    >>> asks_for_needs(lambda g, *, needs: (g,)), asks_for_needs(lambda g: (g,))
    (True, False)
    """
    code = getattr(inspect.unwrap(method), "__code__", None)
    if code is None:
        return False
    return "needs" in code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]


def run_forward(op: Op, arrays: Sequence[Any], needs: tuple[bool, ...] = ()) -> tuple[Any, Any]:
    """The result of an op on arrays, as an array, and its residual; nothing is recorded.

    Raises:
        ShapeError: NumPy's complaint about shapes, retold.   GraphError: a tuple or a list came back.

    >>> from tinygrad_cnn import ops
    >>> run_forward(ops.Reshape((2, 1)), [np.array([1.0, 2.0])])[1]
    (2,)
    """
    try:
        if op.wide and getattr(arrays[0], "dtype", None) is not _FLOAT32 and has_half(arrays[0], arrays):
            out = in_float32(op, arrays, needs)
        else:
            out = op.forward(*arrays, needs=needs) if op._forward_needs else op.forward(*arrays)
    except ValueError as error:
        raise retold(error, op, arrays) from error
    except TypeError as error:
        if (told := refused(error, op)) is not None:
            raise told from error
        raise
    except FloatingPointError:
        out = without_underflow(op, arrays, needs)
    return unpacked(op, out)


def in_float32(op: Op, arrays: Sequence[Any], needs: tuple[bool, ...]) -> Any:
    """`op.forward` on float32 where operands are float16, and its result as float16.

    >>> from tinygrad_cnn import ops
    >>> in_float32(ops.Square(), [np.float16([300, 3])], ())
    array([inf,  9.], dtype=float16)
    """
    wide = widened(arrays)
    out = op.forward(*wide, needs=needs) if op._forward_needs else op.forward(*wide)
    if not narrows(arrays):
        return out
    return Result(rounded(out.value), out.residual) if isinstance(out, Result) else rounded(out)


def without_underflow(op: Op, arrays: Sequence[Any], needs: tuple[bool, ...]) -> Any:
    """`op.forward` once more, after a floating-point error that `np.errstate` asks for.

    A result too small for its type is 0, which is as near as numbers come, and no error of the caller;
    what else the caller wants to be told of is raised again.

    >>> from tinygrad_cnn import ops
    >>> with np.errstate(all="raise"):
    ...     ops.Exp()(np.array([-1e4]))
    array([0.])
    """
    with np.errstate(under="ignore"):
        if op.wide and has_half(arrays[0], arrays):
            return in_float32(op, arrays, needs)
        return op.forward(*arrays, needs=needs) if op._forward_needs else op.forward(*arrays)


def unpacked(op: Op, out: Any) -> tuple[Array, Any]:
    """Take what `forward` returned apart: an array and the residual.

    Raises:
        GraphError: it is a tuple or a list, which could only be stacked by guesswork, or no real numbers.

    >>> unpacked(Op(), 2.0)
    (array(2.), None)
    """
    residual = None
    if type(out) is Result:
        out, residual = out.value, out.residual
    if type(out) is np.ndarray and out.dtype is _FLOAT32:
        return out, residual  # as mostly
    if isinstance(out, (tuple, list, Traced)):
        raise GraphError(
            f"{op.name}: forward returned a {type(out).__name__}; one array fits, or "
            "Result(array, residual) with what backward needs besides"
        )
    return real_numbers(op, devices.as_array(out)), residual


def real_numbers(op: Op, array: Array) -> Array:
    """The array that `forward` returned, if it holds real numbers.

    Raises:
        GraphError: it holds something else: None, text, objects, complex numbers.

    >>> real_numbers(Op(), np.zeros(2)).shape
    (2,)
    """
    if array.dtype.kind not in "biuf":
        raise GraphError(
            f"{op.name}: forward returned elements of type {array.dtype}; an array of real numbers fits"
        )
    return array


def run_backward(
    op: Op, g: Any, kept: Sequence[Any], residual: Any = None, needs: tuple[bool, ...] | None = None
) -> Any:
    """Call an op's derivative as the walk calls it.

    Args:
        op: the op.   g: the gradient of its result.   kept: what `op.keep` names.
        residual: what `run_forward` gave.
        needs: per operand, whether it wants a gradient; asked for by those that have `needs` only.

    >>> from tinygrad_cnn import ops
    >>> run_backward(ops.Mul(), 1.0, [2.0, 3.0], needs=(True, False))
    (3.0, None)
    """
    if op.wide and has_half(g, kept):
        g, *kept = widened((g, *kept))
    if residual is not None:
        kept = (*kept, residual)
    return op.backward(g, *kept, needs=needs) if op._backward_needs else op.backward(g, *kept)


#: How NumPy's errors about types begin.
_OF_NUMPY = re.compile("(The )?numpy boolean |ufunc '")
#: Words of NumPy's errors about shapes.
_ABOUT_SHAPES = re.compile("broadcast|shape|dimension|aligned|axes|axis|size|length|mismatch")


def refused(error: TypeError, op: Op) -> DTypeError | None:
    """NumPy's complaint about types with the op's name; None for any other error.

    >>> print(refused(TypeError("numpy boolean subtract, the `-` operator, is not supported"), Op()))
    Op: numpy boolean subtract, the `-` operator, is not supported
    """
    return DTypeError(f"{op.name}: {error}") if _OF_NUMPY.match(str(error)) else None


def retold(error: ValueError, op: Op, arrays: Sequence[Any]) -> ValueError:
    """NumPy's complaint with the op's name, and with the shapes if it is about those; our own as they are.

    >>> print(retold(ValueError("shapes (2,) and (3,) not aligned"), Op(), [np.zeros(2), np.zeros(3)]))
    Op: operands of shapes (2,), (3,) do not fit: shapes (2,) and (3,) not aligned
    >>> print(retold(ValueError("negative powers"), Op(), [np.zeros(2)]))
    Op: negative powers
    """
    if isinstance(error, TinygradCnnError):
        return error
    if not _ABOUT_SHAPES.search(str(error)):
        return ArgumentError(f"{op.name}: {error}")
    shapes = ", ".join(str(np.shape(array)) for array in arrays)
    return ShapeError(f"{op.name}: operands of shapes {shapes} do not fit: {error}")
