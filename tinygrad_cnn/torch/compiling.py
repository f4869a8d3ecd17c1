"""The names of PyTorch's compiler: here programs run as they are written, so it changes nothing."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from tinygrad_cnn.torch.refusals import guard


def as_written(function: Any = None, *_: Any, **__: Any) -> Any:
    """The function itself; without one, a decorator that gives what it decorates.

    >>> as_written(abs) is abs, as_written(recursive=False)(abs) is abs
    (True, True)
    """
    return as_written if function is None else function


def is_compiling() -> bool:
    """No.

    >>> is_compiling()
    False
    """
    return False


def nothing(*_: Any, **__: Any) -> None:
    """Nothing to do.

    >>> nothing("a", b=1)
    """


def switch(on: bool) -> Callable[[Any], bool]:
    """A setting of the compiler, on which nothing depends: a function that sets it and gives what it was.

    >>> setting = switch(True)
    >>> setting(False), setting(True)
    (True, False)
    """
    kept = [on]

    def setting(value: Any) -> bool:
        kept.append(bool(value))
        return kept.pop(0)

    return setting


_MARKS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("allow_in_graph", "disable", "assume_constant_result", "disallow_in_graph"), as_written),
    **dict.fromkeys(("reset", "mark_dynamic", "mark_static", "maybe_mark_dynamic"), nothing),
    "cudagraph_mark_step_begin": nothing, "is_compiling": is_compiling, "is_dynamo_compiling": is_compiling,
    "is_exporting": is_compiling,
}  # fmt: skip
compiler = types.SimpleNamespace(**_MARKS)
#: PyTorch's inside, whose marks and settings programs use too.
dynamo = types.SimpleNamespace(
    **_MARKS, optimize=lambda *_, **__: as_written, config=types.SimpleNamespace()
)
inside = types.ModuleType(
    "tinygrad_cnn.torch._C", "PyTorch's inside: two settings that programs switch off."
)
vars(inside).update(_jit_set_profiling_executor=switch(True), _jit_set_profiling_mode=switch(True))
inside.__getattr__ = guard("torch._C", vars(inside))  # type: ignore[method-assign]
