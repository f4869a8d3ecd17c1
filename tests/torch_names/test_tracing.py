"""What the tracer of `--compare` notes. Its parts are called here one by one: what runs under a trace
function of its own is not seen by the tool that counts executed lines; `test_comparison.py` runs the whole."""

import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import torch
from tinygrad_cnn.torch import tracing
from tinygrad_cnn.torch.tracing import Trace

LINES = """import torch
x = torch.ones(2)
a, self.b = x, [
    x,
]
for k, [row, (c, *_)] in pairs:
    total = row
y: int = 3
y += 1
e, f = torch.empty(
    3), 1
x.data[0] = 2
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(LINES)
    return path


@pytest.fixture
def trace(script: Path) -> Iterator[Trace]:
    made = Trace(str(script), str(script.parent / "notes"))
    made.tensor = torch.Tensor
    yield made
    made.file.close()


def notes(trace: Trace) -> list[Any]:
    return [json.loads(line) for line in Path(trace.file.name).read_text().splitlines()]


def frame_of(code: CodeType, line: int = 0, **names: Any) -> Any:
    """What the tracer reads of a frame."""
    return SimpleNamespace(f_code=code, f_lineno=line, f_locals=names)


# --------------------------------------------------------------------------- the program's text
def test_lines_that_assign_are_found_with_their_names(script: Path) -> None:
    found = tracing._statements(str(script))
    assert {line: statement.targets for line, statement in found.items()} == {
        2: ["x"], 3: ["a", "self.b"], 4: ["a", "self.b"], 5: ["a", "self.b"], 6: ["k", "row", "c"], 7: ["total"],
        8: ["y"], 9: ["y"], 10: ["e", "f"], 11: ["e", "f"],
    }  # fmt: skip
    assert tracing._unset(str(script)) == {10, 11}


def test_names_have_their_values_where_the_statement_has_ended(script: Path) -> None:
    found = tracing._statements(str(script))
    assert found[2].ended(found[2], 2, "line")  # once more, in a loop
    assert not found[3].ended(found[4], 4, "line") and found[3].ended(found[6], 6, "line")
    assert found[3].ended(found[5], 5, "return")
    loop = found[6]
    assert loop.ended(found[7], 7, "line")
    assert not loop.ended(found[8], 8, "line") and not loop.ended(found[7], 7, "return")


@pytest.mark.parametrize("content", [b"x = (", b"x = '\0'", None])
def test_what_is_no_program_assigns_nothing(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "other.py"
    if content is not None:
        path.write_bytes(content)
    assert tracing._statements(str(path)) == {} and tracing._unset(str(path)) == set()


# --------------------------------------------------------------------------- a run, line by line
def test_a_line_s_names_are_noted_when_the_next_one_begins(script: Path, trace: Trace) -> None:
    code = compile(LINES, str(script), "exec")
    x = torch.tensor([1.0, -2.0])
    at = trace._call(frame_of(code), "call", None)

    def go(line: int, event: str = "line", argument: Any = None, **names: Any) -> None:
        assert at(frame_of(code, line, **names), event, argument) is at

    go(2)
    go(3, x=x)
    go(4, x=x)
    go(6, x=x, a=x, self=SimpleNamespace(b=[x]))
    go(7, k=1, row=x * 2, c=3)
    go(7, "exception")
    go(9, total=x)  # what raised has assigned nothing
    go(10)
    go(12, e=x, f=1)
    go(12, "return", {"y": x[:1]})
    place, kind = "script.py, <module>", "float32 (2,)"
    assert notes(trace) == [
        [place, 2, "x", kind, [0, 1, -2], 2],
        [place, 3, "a", kind, [0, 1, -2], 2],
        [place, 3, "self.b[0]", kind, [0, 1, -2], 2],
        [place, 6, "row", kind, [0, 2, -4], 4],
        [place, 10, "e", kind, [], 0],
        [place, 12, "what it returns['y']", "float32 (1,)", [0, 1], 1],
    ]


def test_only_the_program_s_own_functions_are_followed(script: Path, trace: Trace) -> None:
    code = compile(LINES, str(script), "exec")
    assert trace._call(frame_of((lambda: 0).__code__), "call", None) is None
    hidden = compile("0", str(script), "exec").replace(co_name="<listcomp>")
    assert trace._call(frame_of(hidden), "call", None) is None
    trace.walks = 1  # a hook of backward has no order to compare
    assert trace._call(frame_of(code), "call", None) is None
    trace.walks = 0
    assert trace._call(frame_of(code), "call", None) is not None


def test_a_line_that_runs_often_is_noted_now_and_then(script: Path, trace: Trace) -> None:
    code = compile(LINES, str(script), "exec")
    due = [k for k in range(1, 101) if trace._due(code, 2)]
    assert due == [*range(1, 65), 80, 96]
    x = torch.tensor([1.0])
    for _ in range(100):
        trace._assigned(frame_of(code, 3, x=x), tracing._statements(str(script))[2])
    assert len(notes(trace)) == sum(k % 16 == 0 for k in range(101, 201))


def test_neither_another_process_nor_a_long_run_notes(script: Path, trace: Trace) -> None:
    frame, x = frame_of(compile(LINES, str(script), "exec")), torch.ones(1)
    for name, value in (("process", -1), ("noted", tracing.MOST)):
        kept = getattr(trace, name)
        setattr(trace, name, value)
        trace.note(frame, 2, "x", x)
        setattr(trace, name, kept)
    assert notes(trace) == []
    trace.note(frame, 2, "x", x)
    assert len(notes(trace)) == 1


# --------------------------------------------------------------------------- values
def test_what_is_noted_of_a_value() -> None:
    described = tracing._described
    assert described(np.array([True, False]), False) == ("bool (2,)", [0, 1, 0], 1)
    assert described(np.array([3.0, np.inf, np.nan]), False) == ("float64 (3,)", [2, 3, 0, 0], 3)
    assert described(torch.tensor([1.5]).half(), False) == ("float16 (1,)", [0, 1.5], 1.5)
    assert described(np.zeros(0), False) == ("float64 (0,)", [0], 0)
    assert described(np.ones(2), True) == ("float64 (2,)", [], 0)  # whatever the memory held
    assert described(np.array(["a"]), False) == ("<U1 (1,)", [], 0)
    assert described(SimpleNamespace(dtype="torch.strange", shape=[2]), False) == ("strange (2,)", [], 0)


def test_large_values_are_noted_by_sums_that_tell_them_apart() -> None:
    x = np.arange(40.0)
    kind, (odd, *sums), size = tracing._described(x, False)
    assert (kind, odd, len(sums)) == ("float64 (40,)", 0, 4) and size == np.sqrt((x**2).sum())
    assert set(np.abs(tracing._signs(40)).ravel()) == {1}
    swapped = x.copy()
    swapped[[3, 30]] = x[[30, 3]]
    again = tracing._described(swapped, False)
    assert again[1] != [odd, *sums] and again[2] == pytest.approx(size)
    many = np.zeros(2 * tracing.MANY)
    many[1::2] = 9  # every second element is read
    assert tracing._described(many, False)[2] == 0


def test_tensors_are_found_in_lists_and_dictionaries() -> None:
    x = np.ones(1)
    value = {"a": [x, 1, (x, [x])], "b": x, "c": None}
    assert [name for _, name in tracing._parts(value, "v", np.ndarray)] == ["v['a'][0]", "v['b']"]
    assert [name for _, name in tracing._parts([x] * 9, "v", np.ndarray)] == [f"v[{k}]" for k in range(8)]
    assert len(list(tracing._parts(dict.fromkeys(range(9), x), "v", np.ndarray))) == 8
    assert tracing._held(SimpleNamespace(a=1), "a") == 1 and tracing._held(3, "a") is None
    module = SimpleNamespace(_parameters={"w": 2}, _buffers={"m": 3}, w=None)
    assert [tracing._held(module, name) for name in ("w", "m", "z")] == [2, 3, None]


# --------------------------------------------------------------------------- what a library does
class Made:
    """A tensor of a library that is watched."""

    def __init__(self, values: Any) -> None:
        self.values, self.grad = np.array(values), None
        self.dtype, self.shape = self.values.dtype, self.values.shape

    def detach(self) -> "Made":
        return self

    cpu = detach

    def numpy(self) -> Any:
        return self.values

    def item(self) -> Any:
        return self.values.item()

    def backward(self) -> str:
        return "walked"


class Optimizer:
    def __init__(self, params: list[Any]) -> None:
        self.param_groups = [{"params": params}]

    def step(self, by: float = 1.0) -> str:
        for p in self.param_groups[0]["params"]:
            p.values = p.values - by
        return "stepped"


USES = """w, still = Made([3.0, 5.0]), Made([1.0])
w.grad = Made([3.0, 4.0])
numbers = [Made([2.5]).item(), Made([2]).item()]
walked = w.backward()
walks = [autograd.backward(w), autograd.grad(w)]
optimizer = Optimizer([w, still])
stepped = optimizer.step(by=0.5)
afar(optimizer.step)
"""


@pytest.fixture
def random_state() -> Iterator[None]:
    plain, arrays = random.getstate(), np.random.get_state()
    yield
    random.setstate(plain)
    np.random.set_state(arrays)


def test_walks_steps_and_items_are_noted_at_the_program_s_lines(
    tmp_path: Path, random_state: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, seeds = tmp_path / "uses.py", list[int]()
    script.write_text(USES)
    monkeypatch.setattr(Made, "item", Made.item)
    monkeypatch.setattr(Made, "backward", Made.backward)
    monkeypatch.setattr(Optimizer, "__init__", Optimizer.__init__)
    walk: Callable[..., str] = lambda tensors: "all walked"  # noqa: E731
    autograd = SimpleNamespace(backward=walk, grad=walk)
    library = SimpleNamespace(
        Tensor=Made, autograd=autograd, optim=SimpleNamespace(Optimizer=Optimizer), manual_seed=seeds.append
    )
    trace, before = Trace(str(script), str(tmp_path / "notes")), sys.gettrace()
    try:
        trace.watch(library)
    finally:
        sys.settrace(before)
    assert seeds == [0]
    assert random.random() == random.Random(0).random()
    assert np.random.rand() == np.random.RandomState(0).rand()
    names: dict[str, Any] = {
        "Made": Made, "Optimizer": Optimizer, "autograd": autograd, "afar": lambda step: step(),
    }  # fmt: skip
    exec(compile(USES, str(script), "exec"), names)
    assert (Made([2.5]).item(), Made([2.5]).backward()) == (2.5, "walked")  # not the program's
    trace.file.close()
    assert (names["numbers"], names["walked"], names["stepped"]) == ([2.5, 2], "walked", "stepped")
    assert names["walks"] == ["all walked"] * 2 and trace.walks == 0
    sizes = [[25.0**0.5], [(2.5**2 + 4.5**2) ** 0.5, 0.5], [5.0], [(1.5**2 + 3.5**2) ** 0.5, 0.5]]
    assert [(line, what, numbers[1:]) for _, line, what, _, numbers, _ in notes(trace)] == [
        (3, "item()", [2.5]),
        (4, "what backward() starts from", [3, 5]),
        (5, "what backward() starts from", [3, 5]),
        (5, "what grad() starts from", [3, 5]),
        (7, "sizes of the gradients at step()", sizes[0]),
        (7, "sizes of the parameters after step()", sizes[1]),
        (8, "sizes of the gradients at step()", sizes[2]),
        (8, "sizes of the parameters after step()", sizes[3]),
    ]
