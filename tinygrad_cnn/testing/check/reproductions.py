"""Lines of Python that run a check again."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.testing.check.structures import leaves, replaced
from tinygrad_cnn.testing.check.subjects import Subject

Array = NDArray[Any]

#: Arrays of more elements are not printed.
MOST = 200


def reproduction(fn: Callable[..., Any], subject: Subject, options: Mapping[str, Any]) -> str:
    """Lines of Python that run `gradcheck` again, entry by entry.

    Args:
        fn: the function.   subject: with its inputs.   options: of `gradcheck`.
    Returns:
        The lines. A function that cannot be imported stands as `fn = ...` with its place.

    >>> from tinygrad_cnn.testing.frameworks.own_tensors import OwnTensors
    >>> print(reproduction(np.cumsum, Subject(OwnTensors(), np.cumsum, [np.array([0.5])]), {"order": 2}))
    import numpy as np
    from numpy import cumsum
    from tinygrad_cnn.testing import gradcheck
    x0 = np.array([0.5], dtype='float64')
    print(gradcheck(cumsum, x0, order=2, entries=True))
    """
    name, line = _named(fn)
    lines = ["import numpy as np", "from tinygrad_cnn.testing import gradcheck"]
    lines.insert(1 if line.startswith("from ") else 2, line)
    arrays, text = iter(subject.points), []
    for k, value in enumerate(subject.inputs[0]):
        lines.append(_line(f"x{k}", value, subject, arrays))
        text.append(f"x{k}")
    for key, value in subject.inputs[1].items():
        lines.append(_line(key, value, subject, arrays))
    if subject.inputs[1]:
        pairs = ", ".join(f"{key!r}: {key}" for key in subject.inputs[1])
        text.append(f"kwargs={{{pairs}}}")
    arguments = [name, *text, *(f"{key}={value!r}" for key, value in options.items())]
    return "\n".join([*lines, f"print(gradcheck({', '.join(arguments)}, entries=True))"])


def _line(name: str, value: Any, subject: Subject, arrays: Iterator[Array]) -> str:
    """The line that makes one input; of a container, its arrays are taken from the flat list."""
    if subject.framework.holds(value):
        return _array(name, next(arrays))
    parts = list(leaves(value, subject.framework.holds))
    if not parts:
        return f"{name} = {value!r}"
    held = [next(arrays) for _ in parts]
    made = ("..." if x.size > MOST else _array("", x).removeprefix(" = ") for x in held)
    named = replaced(value, subject.framework.holds, map(_Text, made))
    large = ", ".join(f"{x.shape} {x.dtype.name}" for x in held if x.size > MOST)
    return f"{name} = {named!r}" + (f"  # large: {large}; save them with np.save" if large else "")


class _Text(str):
    """Text that prints as it stands, inside containers."""

    def __repr__(self) -> str:
        return str(self)


def _named(fn: Callable[..., Any]) -> tuple[str, str]:
    """Name a function, and give the line that makes the name."""
    name, module = getattr(fn, "__qualname__", ""), getattr(fn, "__module__", None) or ""
    if name.isidentifier() and getattr(sys.modules.get(module), name, None) is fn:
        return name, f"from {module} import {name}"
    code = getattr(fn, "__code__", None)
    what = getattr(fn, "__name__", type(fn).__name__)
    place = f", {Path(code.co_filename).name}:{code.co_firstlineno}" if code is not None else ""
    return "fn", f"fn = ...  # {what}{place}"


def _array(name: str, x: Array) -> str:
    """The line that makes an array."""
    if not x.size:
        return f"{name} = np.zeros({x.shape}, dtype={x.dtype.name!r})"
    if x.size > MOST:
        return f"{name} = ...  # {x.shape} {x.dtype.name}, {x.size} elements: save it with np.save"
    body = np.array2string(x, separator=", ", threshold=MOST, floatmode="unique", formatter=_special(x))
    body = re.sub(r"\s+", " ", body).replace("[ ", "[").replace(" ,", ",").replace(" ]", "]")
    return f"{name} = np.array({body}, dtype={x.dtype.name!r})"


def _special(x: Array) -> Any:
    """Print what is not finite, so that Python reads it; None if all is."""
    if x.dtype.kind != "f" or np.isfinite(x).all():
        return None
    return {"float": lambda v: repr(float(v)) if np.isfinite(v) else f"float('{v}')"}
