"""A script run with PyTorch and with the library of here, and the first value that differs.

Each run is a process of its own that notes, in order, every loss that `backward()` starts from, every
number that `item()` gives, and the sums of gradients at every optimizer step.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
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
        """Note from now on what a `torch` computes."""
        Tensor, Optimizer, note = torch.Tensor, torch.optim.Optimizer, self.note
        item, backward = Tensor.item, Tensor.backward

        def noted_item(tensor: Any) -> Any:
            value = item(tensor)
            if not isinstance(value, complex):
                note("item()", value)
            return value

        def noted_backward(tensor: Any, *args: Any, **kwargs: Any) -> Any:
            note("backward() from", float(tensor.detach().double().sum().numpy()))
            return backward(tensor, *args, **kwargs)

        Tensor.item, Tensor.backward = noted_item, noted_backward
        plain = Optimizer.__init__

        def __init__(optimizer: Any, *args: Any, **kwargs: Any) -> None:
            plain(optimizer, *args, **kwargs)
            step = optimizer.step

            def noted_step(*a: Any, **k: Any) -> Any:
                total = 0.0
                for group in optimizer.param_groups:
                    for p in group["params"]:
                        if p.grad is not None:
                            total += float(np.square(p.grad.detach().numpy().astype(np.float64)).sum())
                note("norm of the gradients at step()", total**0.5)
                return step(*a, **k)

            optimizer.step = noted_step

        Optimizer.__init__ = __init__


_THEIRS = """
import runpy, sys
sys.path.insert(0, {root!r})
import numpy
from importlib.util import spec_from_file_location, module_from_spec
spec = spec_from_file_location("comparison", {file!r})
comparison = module_from_spec(spec)
spec.loader.exec_module(comparison)
sys.path.pop(0)
import torch
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

    Both start with the same seed only if the script calls `torch.manual_seed`.
    """
    with tempfile.TemporaryDirectory() as folder:
        traces, outputs = [], []
        for code, name in ((_THEIRS, "theirs"), (_OURS, "ours")):
            path = str(Path(folder, name))
            text = code.format(
                root="", file=__file__, script=os.path.abspath(script), path=path, argv=[script, *arguments],
                folder=str(Path(script).resolve().parent), arguments=arguments,
            )  # fmt: skip
            done = subprocess.run(
                [sys.executable, "-c", text], capture_output=True, text=True, env=os.environ
            )
            if done.returncode:
                print(f"{name}: the script ended with status {done.returncode}:\n{done.stderr[-2000:]}")
            traces.append(_read(path))
            outputs.append(done.stdout)
    return _report(*traces)


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
