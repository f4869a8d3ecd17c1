"""Notes what the lines of a script compute, while it runs with PyTorch or with the library of here.

It is loaded by its file alone where PyTorch runs, so it imports NumPy and the standard library only.
"""

from __future__ import annotations

import ast
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from types import CodeType, FrameType, MethodType
from typing import Any

import numpy as np

#: Functions whose elements are whatever the memory held: of those only shapes and types are noted.
UNSET = {"empty", "empty_like", "new_empty", "empty_strided", "new", "Tensor", "FloatTensor", "DoubleTensor", "LongTensor"}  # fmt: skip
#: A line that runs more often than this is noted every sixteenth time.
OFTEN = 64
#: Values that are noted of one tensor, and elements that are read of it.
FEW, MANY = 16, 1 << 16
#: Values that are noted of one run.
MOST = 100_000


class Trace:
    """Notes each tensor that a line of the program assigns or returns, and what `backward()` and `step()` do.

    The program is the script and the files in its folder. A note is a list: the function, the line, what was
    noted, its type and shape, a few numbers that stand for its elements, and their size.
    """

    def __init__(self, script: str, path: str) -> None:
        self.folder = os.path.join(os.path.dirname(os.path.realpath(script)), "")
        self.file = open(path, "w", encoding="utf-8")  # noqa: SIM115  closed when the process ends
        self.process, self.times, self.walks, self.noted = os.getpid(), Counter[Any](), 0, 0
        self.tensor: Any = ()
        self.called: Any = None

    def own(self, code: CodeType) -> bool:
        """Whether a function is the program's."""
        return _within(code.co_filename, self.folder)

    def note(self, frame: FrameType, line: int, what: str, value: Any) -> None:
        """Add a value, if it holds tensors or arrays."""
        if self.noted >= MOST or os.getpid() != self.process:
            return
        place = f"{os.path.relpath(frame.f_code.co_filename, self.folder)}, {frame.f_code.co_name}"
        for part, name in _parts(value, what, (self.tensor, np.ndarray)):
            self.noted += 1
            self.file.write(
                json.dumps([place, line, name, *_described(part, line in _unset(frame.f_code.co_filename))])
            )
            self.file.write("\n")
        self.file.flush()

    def watch(self, torch: Any) -> None:
        """Note from now on what the program computes; all random numbers start from the seed 0."""
        random.seed(0)
        np.random.seed(0)
        torch.manual_seed(0)
        self.tensor = torch.Tensor
        self._watch_items(torch.Tensor)
        for holder, name in (
            (torch.Tensor, "backward"),
            (torch.autograd, "backward"),
            (torch.autograd, "grad"),
        ):
            self._watch_walks(holder, name)
        self._watch_steps(torch.optim.Optimizer)
        self.called = (
            self._call
        )  # held, for a program that ends the tracing while Python is about to call it
        sys.settrace(self.called)

    def _watch_items(self, Tensor: Any) -> None:
        item = Tensor.item

        def noted(tensor: Any) -> Any:
            value, frame = item(tensor), sys._getframe(1)
            if self.own(frame.f_code) and isinstance(value, float):
                self.note(frame, frame.f_lineno, "item()", np.array(value))
            return value

        Tensor.item = noted

    def _watch_walks(self, holder: Any, name: str) -> None:
        """Note where a walk starts; its own calls, of hooks and backward functions, have no order to compare."""
        walk = getattr(holder, name)

        def noted(tensors: Any, *args: Any, **kwargs: Any) -> Any:
            frame = sys._getframe(1)
            if self.own(frame.f_code):
                self.note(frame, frame.f_lineno, f"what {name}() starts from", tensors)
            self.walks += 1
            try:
                return walk(tensors, *args, **kwargs)
            finally:
                self.walks -= 1

        setattr(holder, name, noted)

    def _watch_steps(self, Optimizer: Any) -> None:
        plain = Optimizer.__init__

        def __init__(optimizer: Any, *args: Any, **kwargs: Any) -> None:
            plain(optimizer, *args, **kwargs)
            step = optimizer.step

            def noted(self_: Any, *a: Any, **k: Any) -> Any:
                frame = sys._getframe(1)
                while not self.own(frame.f_code) and frame.f_back is not None:
                    frame = frame.f_back
                held = [p for group in self_.param_groups for p in group["params"]]
                grads = [_size(p.grad) for p in held if p.grad is not None]
                self.note(frame, frame.f_lineno, "sizes of the gradients at step()", np.array(grads))
                result = step(*a, **k)
                self.note(
                    frame,
                    frame.f_lineno,
                    "sizes of the parameters after step()",
                    np.array([_size(p) for p in held]),
                )
                return result

            # Schedulers of PyTorch's ask a method for its function.
            optimizer.step = MethodType(noted, optimizer)

        Optimizer.__init__ = __init__

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        """What Python calls when any function begins: follow those of the program."""
        code = frame.f_code
        if self.walks or not self.own(code) or code.co_name in ("<listcomp>", "<genexpr>", "<lambda>"):
            return None
        return self._followed(frame)

    def _followed(self, frame: FrameType) -> Callable[..., Any]:
        statements, last = _statements(frame.f_code.co_filename), 0

        def at(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal last
            if event == "exception":
                last = 0
                return at
            done, here = statements.get(last), statements.get(frame.f_lineno)
            if done is not None and done.ended(here, frame.f_lineno, event):
                self._assigned(frame, done)
            if event == "return" and argument is not None and self._due(frame.f_code, 0):
                self.note(frame, frame.f_lineno, "what it returns", argument)
            last = frame.f_lineno if event == "line" else 0
            return at

        return at

    def _assigned(self, frame: FrameType, done: Statement) -> None:
        if not self._due(frame.f_code, done.line):
            return
        names = frame.f_locals
        for target in done.targets:
            head, *rest = target.split(".")
            value = names.get(head)
            for attribute in rest:
                value = _held(value, attribute)
            self.note(frame, done.line, target, value)

    def _due(self, code: CodeType, line: int) -> bool:
        self.times[code, line] += 1
        count = self.times[code, line]
        return count <= OFTEN or count % 16 == 0


class Statement:
    """A statement that gives names values: its lines, the names, and the lines of its block, if it is a loop."""

    def __init__(self, line: int, end: int, targets: list[str], block: range | None) -> None:
        self.line, self.targets, self.one_line, self.block = line, targets, line == end, block

    def ended(self, here: Statement | None, line: int, event: str) -> bool:
        """Whether its names have their values when Python comes to a line: a loop's have them in its block."""
        if self.block is not None:
            return event == "line" and line in self.block
        return event == "return" or here is not self or self.one_line


@cache
def _within(path: str, folder: str) -> bool:
    path = os.path.realpath(path)
    return path.startswith(folder) and "site-packages" not in path


@cache
def _tree(path: str) -> ast.AST:
    try:
        with open(path, "rb") as file:
            return ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return ast.Module([], [])


@cache
def _statements(path: str) -> dict[int, Statement]:
    """By line, the statements of a file that assign."""
    found: dict[int, Statement] = {}
    for node in ast.walk(_tree(path)):
        targets: list[ast.expr | None] = []
        end, block = getattr(node, "end_lineno", 0), None
        if isinstance(node, ast.Assign):
            targets = [*node.targets]
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
            targets = [node.target]
        elif isinstance(node, ast.For):
            targets, end = [node.target], node.iter.end_lineno
            block = range(node.body[0].lineno, (node.body[-1].end_lineno or 0) + 1)
        names = [name for target in targets for name in _names(target)]
        if names and isinstance(node, ast.stmt):
            statement = Statement(node.lineno, end, names, block)
            found.update(dict.fromkeys(range(node.lineno, end + 1), statement))
    return found


def _names(target: ast.expr | None) -> Iterator[str]:
    """`a`, `self.a` and the parts of tuples."""
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
        yield f"{target.value.id}.{target.attr}"
    elif isinstance(target, (ast.Tuple, ast.List)):
        for part in target.elts:
            yield from _names(part)


@cache
def _unset(path: str) -> set[int]:
    """Lines that make tensors whose elements nobody set."""
    lines: set[int] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in UNSET:
            lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def _held(owner: Any, name: str) -> Any:
    """An attribute that was assigned; PyTorch's modules keep parameters and buffers in tables."""
    found = getattr(owner, "__dict__", {})
    tables = [found.get("_parameters"), found.get("_buffers")]
    held = [table[name] for table in tables if isinstance(table, dict) and name in table]
    return held[0] if held else found.get(name)


def _parts(value: Any, name: str, kinds: Any, depth: int = 2) -> Iterator[tuple[Any, str]]:
    """The tensors and arrays of a value with their names."""
    if isinstance(value, kinds):
        yield value, name
    elif isinstance(value, (list, tuple)) and depth:
        for k, part in enumerate(value[:8]):
            yield from _parts(part, f"{name}[{k}]", kinds, depth - 1)
    elif isinstance(value, dict) and depth:
        for key, part in list(value.items())[:8]:
            yield from _parts(part, f"{name}[{key!r}]", kinds, depth - 1)


def _array(tensor: Any) -> np.ndarray[Any, Any]:
    """The elements, as float64."""
    if isinstance(tensor, np.ndarray):
        return tensor
    found = tensor.detach()
    found = found.float() if str(found.dtype).rpartition(".")[2] in ("bfloat16", "float16") else found
    return np.asarray(found.cpu().numpy())


def _size(tensor: Any) -> float:
    return float(np.sqrt(np.square(_array(tensor).astype(np.float64)).sum()))


def _described(value: Any, unset: bool) -> tuple[str, list[float], float]:
    """Type and shape, numbers that stand for the elements, and their size."""
    kind = f"{str(value.dtype).rpartition('.')[2]} {tuple(value.shape)}"
    try:
        elements = _array(value)
        if unset or elements.dtype.kind not in "fiub":
            return kind, [], 0.0
    except Exception:  # what no array can hold
        return kind, [], 0.0
    flat = elements.ravel()[:: max(1, elements.size // MANY)].astype(np.float64)
    finite = np.isfinite(flat)
    odd = float(flat.size - finite.sum())
    flat = np.where(finite, flat, 0.0)
    if flat.size <= FEW:
        return kind, [odd, *flat.tolist()], float(np.abs(flat).max(initial=0.0))
    sums = _signs(flat.size) @ flat
    return kind, [odd, *sums.tolist()], float(np.sqrt(flat @ flat))


@cache
def _signs(size: int) -> np.ndarray[Any, Any]:
    """Rows of 1 and -1: sums with them differ where elements do."""
    return np.random.default_rng(size).choice([-1.0, 1.0], (4, size))
