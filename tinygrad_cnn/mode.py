"""Whether ops are recorded: `no_grad`, `enable_grad`, `set_grad_enabled`.

The mode belongs to the thread and to the async task that set it; a new thread starts by recording.
"""

from __future__ import annotations

import functools
import inspect
import opcode
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any, TypeVar, overload

from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.graph import MODE, Block, Mode
from tinygrad_cnn.switches import flag

F = TypeVar("F", bound=Callable[..., Any])
Self = TypeVar("Self", bound="_Recording")


class _Recording(Block):
    """A `with` block, or a decorator, inside which ops are recorded or not."""

    recording: bool

    @overload
    def __new__(cls: type[Self]) -> Self: ...
    @overload
    def __new__(cls, function: F) -> F: ...  # type: ignore[misc]
    def __new__(cls, function: Any = None) -> Any:
        made: Any = cls  # with a function to decorate, a call gives that function
        return super().__new__(cls) if function is None else _decorated(function, made, cls.__name__)

    def changed(self, mode: Mode) -> Mode:
        """The mode that records, or that does not."""
        return mode.replaced(recording=self.recording)

    def __call__(self, function: F) -> F:
        made: Any = type(self)
        return _decorated(function, made, made.__name__)


class no_grad(_Recording):
    """Ops inside are not recorded: results carry no graph, and nothing is kept for a derivative.

    A context manager that nests and survives exceptions, and a decorator for functions and
    coroutines. Parameters may be written in place inside.

    >>> from tinygrad_cnn import Tensor
    >>> w = Tensor([1.0], requires_grad=True)
    >>> with no_grad():
    ...     y = w * 2
    >>> y.requires_grad
    False
    """

    recording = False


class enable_grad(_Recording):
    """Ops inside are recorded, also within `no_grad`.

    >>> from tinygrad_cnn import Tensor
    >>> with no_grad(), enable_grad():
    ...     y = Tensor([1.0], requires_grad=True) * 2
    >>> y.requires_grad
    True
    """

    recording = True


class AtOnce(Block):
    """A block that changes the mode when it is made, and changes it back at the end of its `with`.

    Where it is made by a `with` statement, `__enter__` changes the mode: an exception that comes between
    the call and the statement would otherwise leave it changed.
    """

    def begin(self) -> None:
        """Change the mode now, if the caller's caller does not do so by `with`; called by `__init__`."""
        caller = sys._getframe(2)
        if not _enters(caller.f_code, caller.f_lasti):
            self.enter()

    def mark(self) -> Mode:
        """The mode before; it may have been entered when it was made."""
        return next((before for _, before in self._entered.values()), None) or MODE.get()

    def __enter__(self) -> None:
        if not self._entered:  # made by `with`, or used a second time
            self.enter()


@functools.lru_cache(maxsize=1024)
def _enters(code: CodeType, place: int) -> bool:
    """Whether a `with` statement takes what the instruction at a place gives."""
    # Read byte by byte: this may run under a tracer, below which `dis` has crashed the interpreter once.
    text, names = code.co_code, opcode.opname
    after = [names[text[at]] for at in range(place + 2, len(text), 2) if names[text[at]] != "CACHE"][:2]
    return after[:1] == ["BEFORE_WITH"] or after == ["COPY", "LOAD_SPECIAL"]  # until 3.13, and since


class set_grad_enabled(AtOnce):
    """Switch recording on or off: at once, and back again at the end if used as a `with` block.

    As a decorator it switches inside the function only.

    Args:
        mode: True or False.
    Raises:
        DTypeError: something that is merely true or false.

    >>> with set_grad_enabled(False):
    ...     is_grad_enabled()
    False
    >>> is_grad_enabled()
    True
    """

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.mode = flag("set_grad_enabled", "mode", mode)
        self.begin()

    def changed(self, mode: Mode) -> Mode:
        """The mode that records, or that does not."""
        return mode.replaced(recording=self.mode)

    def __call__(self, function: F) -> F:
        self.leave()
        return _decorated(function, lambda: set_grad_enabled(self.mode), "set_grad_enabled")


def is_grad_enabled() -> bool:
    """Whether ops are recorded here and now.

    >>> is_grad_enabled()
    True
    """
    return MODE.get().recording


def _decorated(function: F, manager: Callable[[], Block], name: str) -> F:
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise DTypeError(
            f"{name}: {function.__name__} is a generator, whose code runs between the "
            "caller's; put `with` blocks inside it, around the code between two yields"
        )
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def run_async(*args: Any, **kwargs: Any) -> Any:
            with manager():
                return await function(*args, **kwargs)

        return run_async  # type: ignore[return-value]

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        with manager():
            return function(*args, **kwargs)

    return run  # type: ignore[return-value]
