"""A script run with PyTorch and with the library of here, and the first value that differs.

Each run is a process of its own that notes, in order, every loss that `backward()` starts from, every
number that `item()` gives, and the sums of gradients at every optimizer step.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from types import MethodType
from typing import Any

import numpy as np

#: What is equal: float32's digits, after a few hundred operations.
RELATIVE, ABSOLUTE = 1e-3, 1e-5


class Trace:
    """Notes values, with the line of the script that asked for them."""

    def __init__(self, script: str, path: str) -> None:
        self.script, self.file = os.path.abspath(script), open(path, "w", encoding="utf-8")  # noqa: SIM115

    def note(self, kind: str, value: float) -> None:
        """Add one value."""
        frame: Any = sys._getframe(1)
        while frame is not None and os.path.abspath(frame.f_code.co_filename) != self.script:
            frame = frame.f_back
        self.file.write(json.dumps([kind, 0 if frame is None else frame.f_lineno, float(value)]) + "\n")
        self.file.flush()

    def watch(self, torch: Any) -> None:
        """Note from now on what a `torch` computes; all random numbers start from the seed 0."""
        random.seed(0)
        np.random.seed(0)
        torch.manual_seed(0)
        Tensor, Optimizer, note = torch.Tensor, torch.optim.Optimizer, self.note
        item, backward, package = Tensor.item, Tensor.backward, os.path.dirname(torch.__file__)

        def asked() -> bool:
            """Whether the program called, and not the library, which draws seeds of loaders so, or makes texts."""
            return not sys._getframe(2).f_code.co_filename.startswith(package)

        def noted_item(tensor: Any) -> Any:
            value = item(tensor)
            if asked() and not isinstance(value, complex):
                note("item()", value)
            return value

        def noted_backward(tensor: Any, *args: Any, **kwargs: Any) -> Any:
            if asked():
                note("backward() from", float(tensor.detach().double().sum().numpy()))
            return backward(tensor, *args, **kwargs)

        Tensor.item, Tensor.backward = noted_item, noted_backward
        plain = Optimizer.__init__

        def __init__(optimizer: Any, *args: Any, **kwargs: Any) -> None:
            plain(optimizer, *args, **kwargs)
            step = optimizer.step

            def noted_step(self: Any, *a: Any, **k: Any) -> Any:
                total = 0.0
                for group in self.param_groups:
                    for p in group["params"]:
                        if p.grad is not None:
                            total += float(np.square(p.grad.detach().numpy().astype(np.float64)).sum())
                note("norm of the gradients at step()", total**0.5)
                return step(*a, **k)

            optimizer.step = MethodType(
                noted_step, optimizer
            )  # schedulers of PyTorch's ask a method for its function

        Optimizer.__init__ = __init__


_THEIRS = """
import runpy, sys
sys.path.insert(0, {root!r})
import torch
import numpy
from importlib.util import spec_from_file_location, module_from_spec
spec = spec_from_file_location("comparison", {file!r})
comparison = module_from_spec(spec)
spec.loader.exec_module(comparison)
sys.path.pop(0)
comparison.Trace({script!r}, {path!r}).watch(torch)
sys.argv[:] = {argv!r}
sys.path[0] = {folder!r}
runpy.run_path({script!r}, run_name="__main__")
"""

_OURS = """
import sys
from tinygrad_cnn import torch
from tinygrad_cnn.torch.comparison import Trace
from tinygrad_cnn.torch.scripts import run
Trace({script!r}, {path!r}).watch(torch)
sys.exit(run({script!r}, {arguments!r}))
"""


def compare(script: str, arguments: list[str]) -> int:
    """Run a script with both, and print the first value that differs; the status to exit with.

    Random numbers of Python, NumPy and `torch` start from the seed 0 in both, where the script does not say other.
    """
    with tempfile.TemporaryDirectory() as folder:
        traces = []
        for code, name in ((_THEIRS, "PyTorch"), (_OURS, "tinygrad_cnn")):
            path = str(Path(folder, name))
            text = code.format(
                root="", file=__file__, script=os.path.abspath(script), path=path, argv=[script, *arguments],
                folder=str(Path(script).resolve().parent), arguments=arguments,
            )  # fmt: skip
            before = _seconds()
            done = subprocess.run(
                [sys.executable, "-c", text], capture_output=True, text=True, env=os.environ
            )
            print(f"{name}: {_seconds() - before:.1f} s of processor time", flush=True)
            if done.returncode:
                print(f"{name}: the script ended with status {done.returncode}:\n{done.stderr[-2000:]}")
            traces.append(_read(path))
    return _report(*traces)


def _seconds() -> float:
    """Processor time of the processes that ended, which a busy machine changes less than the time that passes."""
    spent = os.times()
    return spent.children_user + spent.children_system


def _read(path: str) -> list[tuple[str, int, float]]:
    if not Path(path).exists():
        return []
    return [tuple(json.loads(line)) for line in Path(path).read_text().splitlines()]


def _report(theirs: list[Any], ours: list[Any]) -> int:
    worst = 0.0
    for k, ((kind, line, a), (other, _, b)) in enumerate(zip(theirs, ours, strict=False)):
        if kind != other:
            print(f"value {k}, line {line}: PyTorch does {kind}, tinygrad_cnn {other}")
            return 1
        if not np.isclose(a, b, RELATIVE, ABSOLUTE, equal_nan=True):
            print(f"value {k}, line {line}: {kind} {a:.8g} with PyTorch, {b:.8g} with tinygrad_cnn")
            return 1
        worst = max(worst, abs(a - b) / max(abs(a), 1e-12) if np.isfinite(a) and a else 0.0)
    if len(theirs) != len(ours):
        print(f"PyTorch gave {len(theirs)} values, tinygrad_cnn {len(ours)}; those in common are equal")
        return 1
    print(f"all {len(ours)} values are equal; the largest relative difference is {worst:.1e}")
    return 0 if ours else 1
