"""Whether ops are recorded: `no_grad`, `enable_grad`, `set_grad_enabled`.

The mode belongs to the thread and to the async task that set it; a new thread starts by recording.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextvars import Token
from types import TracebackType
from typing import Any, TypeVar

from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.graph import MODE, Mode

F = TypeVar("F", bound=Callable[..., Any])


class _Recording:
    """A `with` block, or a decorator, inside which ops are recorded or not."""

    recording: bool

    def __new__(cls, function: F | None = None) -> Any:
        return super().__new__(cls) if function is None else _decorated(function, cls)

    def __init__(self) -> None:
        self._tokens: list[Token[Mode]] = []

    def __enter__(self) -> None:
        self._tokens.append(MODE.set(MODE.get()._replace(recording=self.recording)))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        MODE.reset(self._tokens.pop())

    def __call__(self, function: F) -> F:
        return _decorated(function, type(self))


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


class set_grad_enabled:
    """Switch recording on or off: at once, and back again at the end if used as a `with` block.

    >>> with set_grad_enabled(False):
    ...     is_grad_enabled()
    False
    >>> is_grad_enabled()
    True
    """

    def __init__(self, mode: bool) -> None:
        self._before = MODE.get().recording
        MODE.set(MODE.get()._replace(recording=bool(mode)))

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception: object) -> None:
        MODE.set(MODE.get()._replace(recording=self._before))


def is_grad_enabled() -> bool:
    """Whether ops are recorded here and now.

    >>> is_grad_enabled()
    True
    """
    return MODE.get().recording


def _decorated(function: F, manager: type[_Recording]) -> F:
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise DTypeError(
            f"{manager.__name__}: {function.__name__} is a generator, whose code runs between the "
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
