"""Arguments checked and normalised at the door, once; ops and kernels rely on it.

Each check takes the name of the public function first, because its message begins with it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, TypeVar

import numpy as np

from tinygrad_cnn import devices, half_precision
from tinygrad_cnn.errors import ArgumentError, AxisError, DTypeError, ShapeError, shown
from tinygrad_cnn.graph import MODE, Traced
from tinygrad_cnn.switches import flag as flag
from tinygrad_cnn.switches import flags as flags

F = TypeVar("F", bound=Callable[..., Any])

MYPY = False  # mypy takes it for True
if TYPE_CHECKING:  # as an operand_types.py says, each checker has a T and an Operand of its own
    from tinygrad_cnn.functional.operand_types import TensorLike as TensorLike

    if MYPY:
        from tinygrad_cnn.functional.mypy_types import Operand as Operand
        from tinygrad_cnn.functional.mypy_types import T as T
    else:
        from tinygrad_cnn.functional.operand_types import Operand as Operand
        from tinygrad_cnn.functional.operand_types import T as T
else:
    T = TypeVar("T")
    Operand = T | Any
    TensorLike = Any

#: How a reduction names axes: one, several, or all.
Axis = int | tuple[int, ...] | None

#: One number for every axis of an image, or one for each.
Sizes: TypeAlias = int | Sequence[int]
#: Pixels around x: as `Sizes`, or a pair (before, after) per axis.
Pads: TypeAlias = int | Sequence[int] | Sequence[Sequence[int]]
#: Sizes of a result, of which None keeps the operand's.
Kept: TypeAlias = int | Sequence[int | None] | None
#: Factors, one for all axes or one per axis.
Scales: TypeAlias = float | Sequence[float]

#: Type of Python scalars and lists; arrays keep their own.
DEFAULT_DTYPE = np.dtype(np.float32)

#: The largest integer that NumPy counts with.
MOST = 2**63 - 1


def as_array(function: str, value: Any, beside: Sequence[Any] = ()) -> Any:
    """A NumPy array of numbers: arrays keep their type, Python numbers and lists become float32.

    `beside` are the arrays and Tensors that it will be computed with: with a wider float, numbers are
    not rounded to float32 on their way.

    Raises:
        DTypeError: not numbers, or ragged, or complex.

    >>> as_array("relu", [1, 2]).dtype
    dtype('float32')
    """
    try:
        array = devices.as_array(value)
    except ValueError as error:
        raise DTypeError(f"{function}: cannot make an array of this {kind(value)}: {error}") from None
    if type(value) is not np.ndarray and np.ma.is_masked(value):
        raise DTypeError(f"{function}: got an array with masked elements; fill them: x.filled(0)")
    if array.dtype.kind not in "biuf":
        raise DTypeError(
            f"{function}: got {kind(value)} with elements of type {array.dtype}; "
            "real numbers (bool, integer or float) fit"
        )
    if array is not value and not isinstance(value, (np.ndarray, np.generic)) and array.dtype != bool:
        types = (getattr(v, "dtype", None) for v in beside if isinstance(v, (Traced, devices.CLASSES)))
        array = array.astype(np.result_type(DEFAULT_DTYPE, *(t for t in types if t.kind == "f")))
    return array


def operand(function: str, value: Operand[T], beside: Sequence[Any] = ()) -> T:
    """A Tensor as it is, anything else as an array of numbers; see `as_array`."""
    given: Any = value
    return given if isinstance(value, Traced) else as_array(function, value, beside)


def operands(function: str, *values: Operand[T]) -> tuple[T, ...]:
    """Several operands, of which plain numbers stay numbers: they never widen an array.

    >>> operands("add", np.zeros(2, "float16"), 1.5)[1]
    1.5
    >>> operands("add", np.zeros(1), [0.1])[1]
    array([0.1])
    """
    some = any(isinstance(v, (Traced, list, tuple, devices.CLASSES)) for v in values)
    found: tuple[Any, ...] = tuple(
        (v.item() if isinstance(v, np.generic) else v)
        if some and (isinstance(v, (int, float)) or (isinstance(v, np.generic) and v.dtype.kind in "biuf"))
        else operand(function, v, values)
        for v in values
    )
    return found


#: PyTorch's names of arguments that have NumPy's here.
TORCH_NAMES = (
    ("dim", "axis"),
    ("keepdim", "keepdims"),
    ("correction", "ddof"),
    ("start_dim", "start_axis"),
    ("end_dim", "end_axis"),
)


def torch_names(function: F) -> F:
    """Let a function also take PyTorch's names of its arguments, `dim` for `axis` and so on.

    Raises:
        DTypeError: both names of one argument are given.

    >>> torch_names(lambda x, axis=None: axis)(0, dim=1)
    1
    """

    @functools.wraps(function)
    def renamed(*args: Any, **kwargs: Any) -> Any:
        for theirs, ours in TORCH_NAMES if kwargs else ():
            if theirs in kwargs:
                if ours in kwargs:
                    raise DTypeError(
                        f"{function.__name__}: {theirs} and {ours} are two names of one argument; give one"
                    )
                kwargs[ours] = kwargs.pop(theirs)
        return function(*args, **kwargs)

    return renamed  # type: ignore[return-value]


def wide(function: F) -> F:
    """Let a function of several ops compute in float32 where its arguments are float16, as one op does.

    >>> wide(lambda x: x * x / x)(np.float16([300]))
    array([300.], dtype=float16)
    """

    @functools.wraps(function)
    def widened(*args: Any, **kwargs: Any) -> Any:
        given = [v for v in (*args, *kwargs.values()) if isinstance(v, (Traced, devices.CLASSES))]
        if not half_precision.has_half(None, given):
            return function(*args, **kwargs)
        options = dict(zip(kwargs, half_precision.widened([*kwargs.values()]), strict=True))
        y = function(*half_precision.widened(args), **options)
        if not half_precision.narrows(given):
            return y
        return tuple(map(half_precision.rounded, y)) if isinstance(y, tuple) else half_precision.rounded(y)

    return widened  # type: ignore[return-value]


def floating(function: str, value: Operand[T], name: str = "x") -> T:
    """`operand`, with a float dtype.

    Raises:
        DTypeError: the elements are integers or bools.
    """
    found: Any
    if isinstance(value, Traced):
        found, array = value, value._array  # asked directly: `dtype` of a Tensor is a property
    else:
        found = array = as_array(function, value)
    if array.dtype.kind != "f":
        raise DTypeError(
            f"{function}: {name} has dtype {found.dtype}, a float dtype fits; "
            f"convert it with {name}.astype('float32')"
        )
    return found


def values(value: Any, function: str = "") -> Any:
    """The array inside a Tensor, or the value as an array of its own type: for labels and masks.

    Args:
        function: which errors name; '' where the value was checked before.
    Raises:
        DTypeError: an array with masked elements, or what no array can be made of.
    """
    if isinstance(value, Traced):
        return value.array
    named = f"{function}: " if function else ""
    if type(value) is not np.ndarray and np.ma.is_masked(value):
        raise DTypeError(f"{named}got an array with masked elements; fill them: x.filled(0)")
    try:
        return devices.as_array(value)
    except ValueError as error:
        raise DTypeError(f"{named}cannot make an array of this {kind(value)}: {error}") from None


def shape_of(value: Any, function: str = "") -> tuple[int, ...]:
    """The sizes of a Tensor, an array or a nested list.

    `np.shape` asks a Tensor through its protocol, which takes ten times as long.

    Args:
        function: which errors name.
    Raises:
        DTypeError: a list of parts of different lengths, which are no array.

    >>> shape_of(np.ones((2, 3))), shape_of([[1.0]]), shape_of(2.0)
    ((2, 3), (1, 1), ())
    """
    array = value._array if isinstance(value, Traced) else value
    shape: tuple[int, ...] | None = getattr(array, "shape", None)
    return np.shape(values(value, function)) if shape is None else shape


def on_host(value: Any, function: str = "") -> Any:
    """As `values`, in the host's memory: for integers that are checked, such as labels and places.

    What lies on a device is fetched: a device would not say that a place is out of range, but wrap around.
    """
    return devices.to_host(values(value, function))


def like(operand: Any, result: Any) -> Any:
    """A result that carries no gradient, where the operand lies: a Tensor if it is one, else an array."""
    detached = getattr(type(operand), "detached", devices.as_array)
    return detached(devices.beside(result, operand))


def observed(function: str, operands: tuple[Any, ...], result: Any, **options: Any) -> Any:
    """The result of a function without a gradient, of which observers are told."""
    for observer in MODE.get().observers:
        observer.computed(function, operands, options, result)
    return result


def broadcastable(function: str, *operands: Any) -> tuple[int, ...]:
    """The shape that operands broadcast to.

    Raises:
        ShapeError: they do not.

    >>> broadcastable("where", np.ones((2, 1)), np.ones(3))
    (2, 3)
    """
    shapes = [np.shape(values(x, function)) for x in operands]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        listed = " and ".join(map(str, shapes))
        raise ShapeError(f"{function}: operands of shapes {listed} do not broadcast") from None


def axes(function: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """One axis, several, or None for all, as a sorted tuple of non-negative axes.

    Raises:
        DTypeError: not integers.   AxisError: out of range.   ShapeError: named twice.

    >>> axes("sum", (-1, 0), 3)
    (0, 2)
    """
    if axis is None:
        return tuple(range(ndim))
    wanted = [integer(function, "axis", a) for a in (axis if is_several(axis) else (axis,))]
    for a in wanted:
        if not -ndim <= a < ndim:
            raise AxisError(
                f"{function}: axis {a} is out of range for {ndim} axes"
                + (f"; {-ndim} to {ndim - 1} fit" if ndim else ": a 0-d array has none")
            )
    found = sorted({a % ndim for a in wanted})
    if len(found) != len(wanted):
        raise ShapeError(f"{function}: axis {tuple(wanted)} names an axis twice")
    return tuple(found)


def one_axis(function: str, axis: Any, ndim: int) -> int:
    """A single axis as a non-negative number."""
    if type(axis) is int and -ndim <= axis < ndim:
        return axis % ndim
    return axes(function, integer(function, "axis", axis), ndim)[0]


def integer(function: str, name: str, value: Any, at_least: int | None = None) -> int:
    """An int, from anything that is one (also NumPy's), but not from bool or float.

    Raises:
        DTypeError: not an integer.   ArgumentError: smaller than `at_least`, or of more than 64 bits.
    """
    if type(value) is int and (-MOST if at_least is None else at_least) <= value <= MOST:
        return value  # of what passes through here nearly everything
    number = None
    if hasattr(value, "__index__") and not isinstance(value, (bool, np.bool_)):
        with suppress(TypeError):  # an array has it, too
            number = value.__index__()
    if number is None:
        raise DTypeError(f"{function}: {name} must be an integer, got {shown(value)}")
    if at_least is not None and number < at_least:
        raise ArgumentError(f"{function}: {name} must be at least {at_least}, got {shown(number)}")
    if not -MOST <= number <= MOST:
        raise ArgumentError(f"{function}: {name} must fit into 64 bits, got {shown(number)}")
    return int(number)


def is_several(value: Any) -> TypeGuard[Sequence[Any]]:
    """Whether an argument holds several numbers: a tuple, a list or another sequence, but no text or bytes.

    >>> is_several(range(2)), is_several(b"12")
    (True, False)
    """
    return type(value) is tuple or (
        isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, memoryview))
    )


def sizes(function: str, name: str, value: Any, count: int, at_least: int) -> tuple[int, ...]:
    """One integer for all spatial axes, or one per axis, as a tuple of `count`.

    >>> sizes("conv2d", "stride", 2, 2, at_least=1)
    (2, 2)
    """
    if type(value) is int and at_least <= value <= MOST:
        return (value,) * count
    several = value if is_several(value) else (value,) * count
    if len(several) != count:
        fitting = "1 number" if count == 1 else f"1 or {count} numbers"
        raise ArgumentError(f"{function}: {name} needs {fitting}, got {shown(value)}")
    return tuple(integer(function, name, v, at_least) for v in several)


def number(function: str, name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """A float in [low, high], from anything that is a number, but not from bool or str.

    Raises:
        DTypeError: not a number.   ArgumentError: out of range or NaN.
    """
    plain = type(value) is float or type(value) is int
    if not plain and (
        isinstance(value, (bool, np.bool_)) or not hasattr(value, "__float__") or np.ndim(value)
    ):
        raise DTypeError(f"{function}: {name} must be a number, got {shown(value)}")
    try:
        result = float(value)
    except (TypeError, ValueError, OverflowError):
        raise DTypeError(f"{function}: {name} must be a number, got {shown(value)}") from None
    if not low <= result <= high:
        raise ArgumentError(f"{function}: {name} must lie in [{low:g}, {high:g}], got {shown(value)}")
    return result


def choice(function: str, name: str, value: Any, options: Sequence[str]) -> str:
    """One of a few words.

    Raises:
        ArgumentError: another word.
    """
    if not isinstance(value, str) or value not in options:
        listed = ", ".join(map(repr, options))
        raise ArgumentError(f"{function}: {name} must be one of {listed}, got {shown(value)}")
    return str(value)


def kind(value: Any) -> str:
    """The type of a value, in words for a message."""
    return type(value).__name__
