"""The fuzzers, the mutation score and the adapters of frameworks at their rarer ends."""

import dis
import gc
import json
import signal
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import ArgumentError, Op, Tensor, grad, kernels_in_use, ops, use_kernels
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import GraphError, KernelError
from tinygrad_cnn.testing.fuzz import __main__ as fuzzing
from tinygrad_cnn.testing.fuzz import interrupts, kernel_sets, signal_points, writes
from tinygrad_cnn.testing.fuzz.interrupted_work import WORKS
from tinygrad_cnn.testing.fuzz.shrinking_search import SkippedError, failing
from tinygrad_cnn.testing.mutation import command_line, judged_by_properties, judged_by_tests
from tinygrad_cnn.testing.mutation.altered_derivatives import mutants
from tinygrad_cnn.testing.mutation.judged_by_tests import Score, found_op
from tinygrad_cnn.testing.tensor_machine import TensorMachine


def refuse(error: BaseException) -> Any:
    """A function that raises."""

    def refusing(*given: Any, **options: Any) -> None:
        raise error

    return refusing


# --------------------------------------------------------------------------- the command of the fuzzers
class Odd:
    """Programs of numbers; those that hold a 3 fail."""

    name = "odd"

    def prepare(self) -> None:
        pass

    def draw(self, rng: np.random.Generator) -> list[list[int]]:
        return [[1], [3], [2]]

    def run(self, steps: list[list[int]]) -> None:
        if [9] in steps:
            raise SkippedError("nine cannot be judged")
        assert [3] not in steps, "a three"


def test_what_a_fuzzer_finds_is_printed_shortened_and_fails_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fuzzing, "FUZZERS", {"odd": Odd()})
    assert fuzzing.main(["--seconds", "0"]) == 1
    first, *found = capsys.readouterr().out.splitlines()
    assert first == "odd: 1 programs, 1 failures"
    assert found[0].startswith("odd: program 0 fails: AssertionError: a three") and found[1] == "    [3]"
    with pytest.raises(SystemExit):
        fuzzing.main(["even"])
    assert "no fuzzer even; there are odd" in capsys.readouterr().err
    with pytest.raises(SkippedError):
        failing(Odd(), [[9]])


def test_a_write_that_is_refused_changes_nothing() -> None:
    row = Tensor(np.ones(writes.SIDE), requires_grad=True)
    shown_thrice = F.broadcast_to(row * 1, (writes.SIDE, writes.SIDE))
    writes.Writes.write(shown_thrice, "iadd", 0.5)
    assert (shown_thrice.numpy() == 1).all()


# --------------------------------------------------------------------------- interrupts
def test_interrupts_need_a_clock_the_main_thread_and_kernels_if_there_are_any(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fuzzer, before = interrupts.Interrupts(), kernels_in_use()
    monkeypatch.setattr(interrupts, "compile_all", refuse(KernelError("no compiler")))
    fuzzer.prepare()
    assert fuzzer._kernels == ["reference"]
    monkeypatch.setattr(interrupts, "compile_all", lambda: None)
    fuzzer.prepare()
    assert fuzzer._kernels == ["reference", "fast"] and kernels_in_use() == before
    told: list[str] = []

    def elsewhere() -> None:
        try:
            fuzzer.prepare()
        except SkippedError as why:
            told.append(str(why))

    other = threading.Thread(target=elsewhere)
    other.start()
    other.join()
    assert told == ["it needs signal.setitimer and the main thread"]
    monkeypatch.setattr(interrupts.Points, "run", lambda *given: True)
    with pytest.raises(SkippedError, match="this Python tells no trace function of instructions"):
        interrupts.Interrupts().run([["at", "blocks", "reference", 0]])
    assert kernels_in_use() == before


def test_work_goes_on_after_a_signal_and_other_errors_are_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """The signals come at places that the works choose, the clock's never: it is set to a century."""
    handler, seen = signal.getsignal(signal.SIGALRM), sys.unraisablehook
    century = 10**15
    done = []
    monkeypatch.setitem(WORKS, "quiet", lambda: done.append(1))
    monkeypatch.setitem(WORKS, "hit", lambda: signal.raise_signal(signal.SIGALRM))
    monkeypatch.setitem(WORKS, "wrong", refuse(ValueError("an error of the work")))
    for work in ("quiet", "hit"):
        interrupts.interrupted(work, century)
    with pytest.raises(ValueError, match="an error of the work"):
        interrupts.interrupted("wrong", century)
    fuzzer = interrupts.Interrupts()
    fuzzer._right["quiet", "reference"] = [], 1
    monkeypatch.setitem(WORKS, "quiet", lambda: [])
    fuzzer.run([["after", "quiet", "reference", century]])
    assert done == [1] and signal.getsignal(signal.SIGALRM) is handler and sys.unraisablehook is seen
    late = [signal_points.StopError()]
    real = signal.signal
    monkeypatch.setattr(signal, "signal", lambda *given: refuse(late.pop())() if late else real(*given))
    interrupts._quiet(handler, seen)
    assert late == [] and sys.unraisablehook is seen


def test_python_looks_for_signals_at_the_start_and_after_calls() -> None:
    def called() -> None:
        pass

    def calls() -> None:
        called()
        called()

    assert len(signal_points._places(called.__code__)) == 1
    assert len(signal_points._places(calls.__code__)) == 3

    def tries() -> None:
        try:
            called()
        except ValueError:
            called()

    table = dis.Bytecode(tries).exception_entries  # type: ignore[attr-defined]
    assert signal_points._handlers(tries.__code__) == [(one.start, one.end, one.target) for one in table]
    assert len(table) > 1
    told: list[Any] = []
    before, sys.__unraisablehook__ = sys.__unraisablehook__, told.append  # type: ignore[misc]
    try:
        for error in (signal_points.StopError(), ValueError()):
            signal_points.dropped(SimpleNamespace(exc_value=error))  # type: ignore[arg-type]
    finally:
        sys.__unraisablehook__ = before  # type: ignore[misc]
    assert [type(one.exc_value) for one in told] == [ValueError]


def test_a_place_inside_what_the_collector_calls() -> None:
    """The collector runs while Python makes a frame to trace; what ended there was called once more."""

    class Circle:
        def __init__(self) -> None:
            self.itself = self

    def step() -> None:
        pass

    def told(lost: Any) -> None:
        step()
        step()

    def work() -> None:
        for _ in range(3):
            circle = Circle()
            told_of.append(weakref.ref(circle, told))
            del circle
            step()

    told_of: list[Any] = []
    points, before = signal_points.Points(str(Path(__file__).parent)), gc.get_threshold()
    try:
        for threshold in range(1, 12):
            gc.set_threshold(threshold)
            at = 1
            while not points.run(work, at):
                at += 1
            assert at > 5  # 7 at least, on Python 3.13: what is raised in the callback ends there
    finally:
        gc.set_threshold(*before)


# --------------------------------------------------------------------------- both kernel sets
def test_kernel_sets_need_the_compiled_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_sets, "compile_all", refuse(KernelError("no compiler")))
    with pytest.raises(SkippedError, match="no compiler"):
        kernel_sets.KernelSets().prepare()
    monkeypatch.setattr(kernel_sets, "compile_all", lambda: None)
    kernel_sets.KernelSets().prepare()


def test_every_call_is_drawn_in_every_layout_and_differences_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With one set in the place of both, which the fuzzer cannot tell from two that agree."""
    chosen: list[str] = []
    monkeypatch.setattr(kernel_sets, "use_kernels", lambda which: chosen.append(which) or which)
    before = use_kernels("reference")
    fuzzer, layouts = kernel_sets.KernelSets(), kernel_sets.LAYOUTS
    sizes = [3, 5, 6, 8, 8, 1, 1, 1, 1]
    for number, call in enumerate(kernel_sets.CALLS):
        for groups in (0, 1):
            fuzzer.run([[call, layouts[number % len(layouts)], [number, *sizes, groups, 2]]])
    assert kernel_sets._call("conv2d", "C", [0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1, 3]) == []  # it does not fit
    assert set(chosen) == {"reference", "fast"}
    x = np.ones((20, 20), np.float32)
    rng = np.random.default_rng(0)
    assert [float(np.nanmax(kernel_sets.hostile(x, kind, rng))) for kind in range(6)] == [
        1, 301, 1e4, np.inf, 1, 1
    ]  # fmt: skip
    assert kernel_sets.laid_out(np.float32(2), "F").shape == ()
    real = kernel_sets._call
    monkeypatch.setattr(
        kernel_sets, "_call", lambda *given: [a + (chosen[-1] == "fast") for a in real(*given)]
    )
    with pytest.raises(AssertionError, match=r"relu: part 0 differs by 1, .* is the bound"):
        fuzzer.run([["relu", "C", [0, *sizes, 1, 2]]])
    use_kernels(before)


@pytest.mark.slow
def test_both_kernel_sets_agree_on_a_program_of_each_call() -> None:
    pytest.importorskip("numba", reason="the compiled kernels are an extra")
    fuzzer = kernel_sets.KernelSets()
    for number, call in enumerate(kernel_sets.CALLS):
        (_, layout, numbers) = fuzzer.draw(np.random.default_rng(number))[0]
        fuzzer.run([[call, layout, numbers]])


# --------------------------------------------------------------------------- a mutation score
class Cube(Op):
    """x³."""

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return x * x * x

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g * x * x * 3,)


def judged(point: Any, wanted: Any) -> Any:
    """Tests of Cube: that its first and second derivatives are these."""

    def passes() -> bool:
        x = Tensor(np.array(point), requires_grad=True)
        try:
            slope = grad(Cube()(x), x, np.ones(x.shape), create_graph=True)
            second = grad(slope, x, np.ones(x.shape))
        except GraphError:
            return wanted is None
        return wanted is None or bool(np.allclose([slope.numpy(), second.numpy()], wanted))

    return passes


def test_tests_are_judged_by_what_they_notice(tmp_path: Any) -> None:
    point = [0.5, 2.0]
    strict = judged_by_tests._score(Cube, judged(point, [[0.75, 12.0], [3.0, 12.0]]))
    assert not strict.survived and len(strict.noticed) > 8
    lax = judged_by_tests._score(Cube, judged(point, None))
    assert not lax.noticed and "Cube, operand 0: sign" in lax.survived
    idle = judged_by_tests._score(Cube, judged([0.0, 0.0], None))
    assert "Cube, operand 0: sign" in idle.idle
    assert str(lax).endswith(
        f"0 of {len(lax.survived)} mutants noticed, {len(lax.idle)} had no effect in these tests"
    )
    assert judged_by_tests._differ(None, 1.0) and not judged_by_tests._differ(None, None)
    with pytest.raises(ArgumentError, match="a test fails without an alteration"):
        judged_by_tests._score(Cube, lambda: False)
    with pytest.raises(ArgumentError, match="no test runs its backward"):
        judged_by_tests._score(Cube, lambda: True)
    for op, passes in ((f"{__name__}:Cube", judged(point, None)), ("nowhere:NoSuchOp", None)):
        order, answer = tmp_path / "order", tmp_path / "answer"
        order.write_text(json.dumps({"op": op, "answer": str(answer)}))
        judged_by_tests.trials(str(order), passes)
        told = json.loads(answer.read_text())
        assert told.get("survived") == lax.survived if passes else "no such op" in told["error"]
    assert found_op(f"tests.somewhere.{Cube.__module__.split('.')[-1]}:Cube") is Cube


def test_a_run_of_pytest_answers_or_its_words_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Any] = [None, {"error": "no such op"}, {"noticed": ["a"], "survived": ["b"], "idle": []}]

    def run(command: list[str], **options: Any) -> SimpleNamespace:
        answer = answers.pop(0)
        order = json.loads(Path(command[-2 if "-n0" in command else -1].partition("=")[2]).read_text())
        if answer is not None:
            Path(order["answer"]).write_text(json.dumps(answer))
        return SimpleNamespace(returncode=4, stdout="usage: pytest", stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(ArgumentError, match="my:Op: pytest ended with status 4\nusage: pytest"):
        judged_by_tests.score("my:Op", ["tests"])
    with pytest.raises(ArgumentError, match="my:Op: no such op"):
        judged_by_tests.score("my:Op", ["tests"])
    assert judged_by_tests.score("my:Op", ["tests"]) == Score(["a"], ["b"], [])


def test_the_command_of_the_mutants(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for score, status in ((Score(["a"], [], []), 0), (Score(["a"], ["b"], []), 1)):
        monkeypatch.setattr(command_line, "score", lambda target, tests, score=score: score)
        assert command_line.main(["my:Op", "--tests", "-k", "op"]) == status
        assert capsys.readouterr().out == f"{score}\n"
    assert command_line.main(["json"]) == 2
    assert "json has no table CASES" in capsys.readouterr().err
    monkeypatch.setattr(command_line, "survivors", lambda *given, **options: (["Neg: sign"], 3))
    assert command_line.main(["Neg"]) == 1
    assert capsys.readouterr().out == "survived: Neg: sign\n2 of 3 mutants noticed\n"
    table = SimpleNamespace(CASES={Cube: "its case"})
    monkeypatch.setitem(sys.modules, "cases_of_mine", table)
    assert command_line.cases_of(["cases_of_mine"]) == {Cube: "its case"}
    for arguments in (["my:Op"], ["Neg", "--tests", "t"]):
        with pytest.raises(SystemExit):
            command_line.main(arguments)


@pytest.mark.slow
def test_an_infinite_gradient_over_padding_may_differ_between_the_kernel_sets() -> None:
    """As users read: a NaN of one set may be a number of the other, in the weight gradient alone."""
    pytest.importorskip("numba", reason="compares with the compiled kernels")
    numbers = [592, 379, 648, 355, 179, 983, 448, 479, 721, 476, 207, 439]
    assert failing(fuzzing.FUZZERS["kernels"], [["conv2d", "strided", numbers]]) is None


def test_a_derivative_that_raises_has_an_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    def derivatives(*_: object) -> list[np.ndarray]:
        if judged:
            raise ZeroDivisionError
        judged.append(True)
        return [np.ones(1)]

    judged: list[bool] = []
    monkeypatch.setattr(judged_by_properties, "_derivatives", derivatives)
    assert judged_by_properties._effect(mutants(ops.Exp, 1)[0])(None) is True


@pytest.mark.parametrize("refusing", ["find_spec", "is_complete"])
def test_nothing_is_announced_where_nothing_can_be_compiled(
    refusing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreadable() -> bool:
        raise PermissionError("the cache")

    monkeypatch.setattr(fuzzing, "find_spec", lambda name: None if refusing == "find_spec" else object())
    monkeypatch.setattr(fuzzing.cache, "is_complete", unreadable)
    fuzzing.announce_compiling("kernels")
    assert capsys.readouterr() == ("", "")


def test_only_a_convolutions_weights_may_be_finite_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = iter([np.ones((3, 2)), np.where(np.eye(3, 2), np.nan, 1.0)] * 2)
    monkeypatch.setattr(kernel_sets, "_call", lambda *_: [np.zeros(1), np.zeros(1), next(parts)])
    monkeypatch.setattr(kernel_sets, "use_kernels", lambda which: which)
    tool = kernel_sets.KernelSets.__new__(kernel_sets.KernelSets)
    tool.run([["conv", "plain", []]])
    with pytest.raises(AssertionError, match="part 2 is finite elsewhere"):
        tool.run([["softmax", "plain", []]])


def test_a_machine_goes_on_where_an_op_refuses_and_where_nothing_requires_grad() -> None:
    machine = TensorMachine()
    try:
        machine.ops = [lambda x: F.reshape(x, (7,))]  # type: ignore[misc]
        x = machine.leaf(0, False)
        assert not machine.own(0, [x]).values  # a result of no values: the machine has no new Tensor
        machine.backward(x, False)
        assert x.grad is None
    finally:
        machine.teardown()
