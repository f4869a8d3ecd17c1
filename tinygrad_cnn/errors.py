"""The errors that this package raises on purpose.

Every message names the function, what it got and what would fit. Inside a module the module's path
comes first (`features.3: conv2d: ...`): `Module.__call__` adds it once, at the innermost module.

Each is also Python's class that fits. PyTorch raises RuntimeError for most of what does not fit, so errors
of operands and files are RuntimeErrors too, and programs that catch one go on as they did.
"""

from __future__ import annotations

from tinygrad_cnn.signal_handlers import let_through

#: Characters of a value that a message shows.
WIDTH = 200


def shown(value: object) -> str:
    """A value as a message shows it: its start, where it is long, and its type, where it cannot be told.

    >>> shown("relu"), shown(10**5000), shown([0] * 1000)[-8:]
    ("'relu'", 'a value of type int', '0, 0 ...')
    """
    try:
        text = repr(value)
    except Exception as error:  # `repr` may be a stranger's; Python writes out no integer of 5000 digits
        let_through(error)
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= WIDTH else f"{text[:WIDTH]} ..."


class TinygradCnnError(Exception):
    """Base of all errors of this package; catch it to catch them all.

    >>> issubclass(ShapeError, (TinygradCnnError, ValueError))
    True
    """

    placed: bool = False

    def place(self, scope: str) -> None:
        """Put the path of a module before the message, unless an inner module already did.

        >>> error = ShapeError("conv2d: x has 3 channels, w expects 4")
        >>> error.place("features.3"); error.place("features"); print(error)
        features.3: conv2d: x has 3 channels, w expects 4
        """
        if scope and not self.placed:
            self.placed = True
            self.args = (f"{scope}: {self.args[0]}", *self.args[1:])


class ShapeError(TinygradCnnError, ValueError, RuntimeError):
    """Shapes, sizes or a geometry that do not fit together."""


class AxisError(ShapeError, IndexError):
    """An axis that is not there.

    >>> issubclass(AxisError, (ShapeError, IndexError))
    True
    """


class ArgumentError(TinygradCnnError, ValueError, RuntimeError):
    """An argument of the right type whose value is outside what the function accepts."""


class OutOfRangeError(ArgumentError, IndexError):
    """A label, a class or a place that is beyond those there are.

    >>> issubclass(OutOfRangeError, (ArgumentError, IndexError))
    True
    """


class DTypeError(TinygradCnnError, TypeError, RuntimeError):
    """An element type, or a type of object, that the function cannot compute with."""


class GraphError(TinygradCnnError, RuntimeError):
    """The graph cannot give this gradient: freed, overwritten, absent or inconsistent."""


class AnomalyError(TinygradCnnError, ArithmeticError):
    """A NaN or an infinity that `detect_anomaly` has found.

    Attributes:
        op: name of the op that made it.   module: path of the module that was running, or ''.
        site: (file, line) of the user's code that called the op, or None if that was not seen.
        backward: whether the op's derivative made it.
    """

    def __init__(
        self, message: str, op: str = "", module: str = "", site: tuple[str, int] | None = None,
        backward: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.op, self.module, self.site, self.backward = op, module, site, backward
        self.placed = True  # the message names the module


class FormatError(TinygradCnnError, ValueError, RuntimeError):
    """A file that is short, corrupt, mislabelled or of another format than its place promises."""


class StateError(TinygradCnnError, KeyError, RuntimeError):
    """Keys or shapes of a state dict that do not match the object that loads it."""

    def __str__(self) -> str:
        # KeyError prints the repr of its argument, which would turn line breaks into "\\n".
        return str(self.args[0]) if self.args else ""


class MissingExtraError(TinygradCnnError, ImportError):
    """An optional package is needed; the message holds the exact line that installs it."""


class DeviceError(TinygradCnnError, RuntimeError):
    """A device that is not there, or operands that lie on different devices."""


class KernelError(TinygradCnnError, RuntimeError):
    """Compiled kernels that cannot be made, kept or loaded here; the reference kernels still serve."""
