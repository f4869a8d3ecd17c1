"""A script run with PyTorch and with the library of here, and the first value that differs.

Each run is a process of its own that notes what the lines of the program compute (`tracing`). Notes are compared
function by function, each in its own order, because a library may call the functions of a program, a
data set's or a hook's, earlier or later than the other; the difference that PyTorch meets first is told.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinygrad_cnn.torch import tracing

#: What rounding may make of float32: a difference told is larger, and a hundred times the largest before it.
RELATIVE, ABSOLUTE, SUDDEN = 1e-4, 1e-6, 100.0

_THEIRS = """
import runpy, sys
from importlib.util import spec_from_file_location, module_from_spec
import torch
spec = spec_from_file_location("tracing", {file!r})
tracing = module_from_spec(spec)
spec.loader.exec_module(tracing)
sys.argv[:] = {argv!r}
sys.path[0] = {folder!r}
tracing.Trace({script!r}, {path!r}).watch(torch)
runpy.run_path({script!r}, run_name="__main__")
"""

_OURS = """
import sys
from tinygrad_cnn import torch
from tinygrad_cnn.torch.tracing import Trace
from tinygrad_cnn.torch.scripts import run
Trace({script!r}, {path!r}).watch(torch)
sys.exit(run({script!r}, {arguments!r}))
"""


class Note(NamedTuple):
    """One value of a run: in which function, on which line, what, its type and shape, numbers for it, their size."""

    place: str
    line: int
    what: str
    kind: str
    values: list[float]
    size: float

    def __str__(self) -> str:
        """Where it was noted: `script.py, train, line 8: loss`."""
        return f"{self.place.replace(', <module>', '')}, line {self.line}: {self.what}"


def compare(script: str, arguments: list[str]) -> int:
    """Run a script with both, and print the first value that differs; the status to exit with.

    Random numbers of Python, NumPy and `torch` start from the seed 0 in both, where the script does not say other.
    """
    with tempfile.TemporaryDirectory() as folder:
        traces, texts, statuses = [], [], []
        for code, name in ((_THEIRS, "PyTorch"), (_OURS, "tinygrad_cnn")):
            path = str(Path(folder, name))
            text = code.format(
                file=tracing.__file__, script=os.path.abspath(script), path=path, argv=[script, *arguments],
                folder=str(Path(script).resolve().parent), arguments=arguments,
            )  # fmt: skip
            before = _seconds()
            done = subprocess.run(
                [sys.executable, "-c", text],
                capture_output=True,
                text=True,
                env={"PYTHONHASHSEED": "0", **os.environ},
            )
            print(f"{name}: {_seconds() - before:.1f} s of processor time", flush=True)
            if done.returncode:
                print(f"{name}: the script ended with status {done.returncode}:\n{done.stderr[-2000:]}")
            traces.append(_read(path))
            texts.append(done.stdout)
            statuses.append(done.returncode)
    if any(statuses) and not any(traces):  # nothing was computed that could be compared
        return 1
    status = report(*traces)
    _report_texts(*texts)
    return status or int(statuses[0] != statuses[1])


def _seconds() -> float:
    """Processor time of the processes that ended, which a busy machine changes less than the time that passes."""
    spent = os.times()
    return spent.children_user + spent.children_system


def _read(path: str) -> list[Note]:
    if not Path(path).exists():
        return []
    return [Note(*json.loads(line)) for line in Path(path).read_text().splitlines()]


def report(theirs: list[Note], ours: list[Note]) -> int:
    """Print the first value that differs, or that none does; the status to exit with."""
    worst, worst_at = 0.0, ""
    for a, b in _paired(theirs, ours):
        if a is None or b is None:
            continue  # a function that ran oftener with one: told at the end
        told = f"{a}: "
        if (a.line, a.what) != (b.line, b.what):
            print(f"{told}comes next with PyTorch, and with tinygrad_cnn line {b.line}: {b.what}")
            return 1
        if a.kind != b.kind:
            print(f"{told}{a.kind} with PyTorch, {b.kind} with tinygrad_cnn")
            return 1
        off = _difference(a, b)
        if off > RELATIVE:
            shown = _shown(a, b)
            if off > SUDDEN * worst:
                print(f"{told}{shown}; the largest relative difference before it is {worst:.1e}")
                return 1
            print(
                f"{told}{shown}; rounding grew to this little by little, and later values are not compared"
            )
            return 0
        if off > worst:
            worst, worst_at = off, f", at {a}"
    return _told_lengths(theirs, ours) or _told_equal(len(ours), worst, worst_at)


def _told_equal(count: int, worst: float, where: str) -> int:
    print(f"all {count} values are equal; the largest relative difference is {worst:.1e}{where}")
    return 0 if count else 1


def _told_lengths(theirs: list[Note], ours: list[Note]) -> int:
    streams = [_streams(theirs), _streams(ours)]
    for place in dict.fromkeys([*streams[0], *streams[1]]):
        a, b = (len(stream.get(place, ())) for stream in streams)
        if a != b:
            print(f"{place}: {a} values with PyTorch, {b} with tinygrad_cnn; those in common are equal")
            return 1
    return 0


def _streams(notes: list[Note]) -> dict[str, list[tuple[int, Note]]]:
    found = defaultdict(list)
    for k, note in enumerate(notes):
        found[note.place].append((k, note))
    return found


def _paired(theirs: list[Note], ours: list[Note]) -> list[tuple[Note | None, Note | None]]:
    """The values of each function beside each other, all in PyTorch's order."""
    first, second = _streams(theirs), _streams(ours)
    pairs = []
    for place, notes in first.items():
        for left, right in zip_longest(notes, second.get(place, ())):
            order = len(theirs) if left is None else left[0]
            pairs.append((order, left and left[1], right and right[1]))
    return [(a, b) for _, a, b in sorted(pairs, key=lambda pair: pair[0])]


def _difference(a: Note, b: Note) -> float:
    """How far two values are apart, relative to their size; what is tiny on any scale is 0."""
    x, y = np.array(a.values), np.array(b.values)
    if x.shape != y.shape or (x.size and x[0] != y[0]):  # other numbers of NaN and infinity
        return np.inf
    apart = float(np.abs(x - y).max(initial=0.0))
    return max(0.0, apart - ABSOLUTE) / max(a.size, 1e-30) if apart > ABSOLUTE else 0.0


def _shown(a: Note, b: Note) -> str:
    x, y = np.array(a.values), np.array(b.values)
    if x.shape != y.shape:
        return f"{x.size} numbers with PyTorch, {y.size} with tinygrad_cnn"
    if x.size and x[0] != y[0]:
        return f"NaN or infinite elements: {x[0]:.0f} with PyTorch, {y[0]:.0f} with tinygrad_cnn"
    k = int(np.abs(x - y).argmax())
    count = np.prod([int(n) for n in re.findall(r"\d+", a.kind.partition(" ")[2])], dtype=int)
    which = (
        ""
        if count == 1
        else f"element {k - 1} "
        if count <= tracing.FEW
        else "a signed sum of the elements "
    )
    return f"{which}{x[k]:.8g} with PyTorch, {y[k]:.8g} with tinygrad_cnn"


_NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?")


def _report_texts(theirs: str, ours: str) -> None:
    """Say which printed line is the first to differ in its words, or in its numbers by more than 0.1 %."""
    first, second = theirs.splitlines(), ours.splitlines()
    for k, (a, b) in enumerate(zip_longest(first, second, fillvalue=None)):
        if a is None or b is None or not _alike(a, b):
            print(f"printed line {k + 1}: {a!r} with PyTorch, {b!r} with tinygrad_cnn")
            return
    print(f"all {len(first)} printed lines are equal")


def _alike(a: str, b: str) -> bool:
    if a == b:
        return True
    if _NUMBER.sub("", a) != _NUMBER.sub("", b):
        return False
    pairs: Any = zip(_NUMBER.findall(a), _NUMBER.findall(b), strict=False)
    return all(np.isclose(float(x), float(y), 1e-3, 1e-5) for x, y in pairs)
