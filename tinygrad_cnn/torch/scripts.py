"""Running a script of PyTorch's."""

from __future__ import annotations

import importlib
import runpy
import sys
import traceback
from pathlib import Path
from typing import Any

from tinygrad_cnn.torch import aliases
from tinygrad_cnn.torch.autograd import walks
from tinygrad_cnn.torch.profiling import Profile
from tinygrad_cnn.torch.refusals import nearest, unimported
from tinygrad_cnn.torch.tensors import Tensor
from tinygrad_cnn.torch.timed_steps import time_steps_and_batches

_PACKAGE = str(Path(__file__).parent.parent)


def run(script: str, arguments: list[str], *, draw: str | None = None, profile: bool = False) -> int:
    """Run a script in which `torch` and `torchvision` mean those of here.

    Args:
        script: its path.   arguments: what it finds in `sys.argv`.
        draw: a file for the graph of its first `backward()`.
        profile: print the time of its ops, its optimizers' steps and its batches at the end.
    Returns:
        The status to exit with.
    """
    aliases.install()
    print("tinygrad_cnn: in this process torch and torchvision are tinygrad_cnn's", file=sys.stderr)
    if draw is not None:
        _draw_first(draw)
    sys.argv[:] = [script, *arguments]
    sys.path[0] = str(Path(script).resolve().parent)
    watching = Profile() if profile else None
    try:
        if watching is None:
            runpy.run_path(script, run_name="__main__")
        else:
            time_steps_and_batches(watching)
            with watching:
                runpy.run_path(script, run_name="__main__")
    except SystemExit as ending:
        code = ending.code
        if code is None or isinstance(code, int):
            return code or 0
        print(code, file=sys.stderr)
        return 1
    except Exception as error:
        print("".join(shown(error)), end="", file=sys.stderr)
        return 1
    finally:
        if watching is not None:
            print(watching.report(), file=sys.stderr)
    return 0


def shown(error: BaseException) -> list[str]:
    """The lines of a traceback that begin in the script; where a name is missing, those that end there too.

    >>> shown(ValueError("no"))
    ['ValueError: no\\n']
    """
    frames = traceback.extract_tb(error.__traceback__)
    own = [k for k, frame in enumerate(frames) if not _inner(frame.filename)]
    first = own[0] if own else 0
    last = own[-1] if own and isinstance(error, (AttributeError, ImportError)) else len(frames) - 1
    lines = traceback.format_list(frames[first : last + 1]) if frames else []
    head = ["Traceback (most recent call last):\n"] if lines else []
    why = unimported(error) if isinstance(error, ImportError) else nearest(error)
    return [
        *head, *lines, *([f"{type(error).__name__}: {why}\n"] if why else traceback.format_exception_only(error))
    ]  # fmt: skip


def _inner(path: str) -> bool:
    return path.startswith((_PACKAGE, "<frozen")) or path.endswith("runpy.py")


def _draw_first(path: str) -> None:
    """Draw the graph of the first `backward()`, before it runs."""
    plain = walks.backward

    def drawing(tensors: Any, *args: Any, **kwargs: Any) -> None:
        walks.backward = plain
        first = tensors if isinstance(tensors, Tensor) else tensors[0]
        viz: Any = importlib.import_module("viz")
        print(f"tinygrad_cnn: drew {viz.render(first, path)}", file=sys.stderr)
        plain(tensors, *args, **kwargs)

    walks.backward = drawing
