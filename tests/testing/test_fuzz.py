"""The fuzzers run, find what is planted, shorten it and print how to run it again."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tinygrad_cnn import ops, warm
from tinygrad_cnn.graph import MODE, Mode
from tinygrad_cnn.kernels import cache
from tinygrad_cnn.recomputing import ROUNDING
from tinygrad_cnn.testing.fuzz import __main__ as fuzz_command
from tinygrad_cnn.testing.fuzz import search
from tinygrad_cnn.testing.fuzz.__main__ import FUZZERS, main
from tinygrad_cnn.testing.fuzz.interrupted_work import WORKS
from tinygrad_cnn.testing.fuzz.interrupts import Interrupts
from tinygrad_cnn.testing.fuzz.kernel_sets import TOLERANCE
from tinygrad_cnn.testing.fuzz.shrinking_search import SkippedError, failing
from tinygrad_cnn.testing.fuzz.signal_points import Points
from tinygrad_cnn.testing.fuzz.writes import Writes
from tinygrad_cnn.testing.mutation.altered_derivatives import patched


@pytest.mark.parametrize("name", ["writes", "optimizers"])
def test_a_fuzzer_finds_nothing_in_some_programs(name: str) -> None:
    FUZZERS[name].prepare()
    count, failures = search(FUZZERS[name], 0.5)
    assert count > 0 and not failures, "\n".join(map(str, failures))


@pytest.mark.parametrize("work", WORKS)
def test_an_exception_where_python_looks_for_signals_changes_no_later_result(work: str) -> None:
    """At places by number, which repeat; no clock decides."""
    Interrupts().run([["at", work, "reference", place] for place in (0, 97, 401, 1203)])


@pytest.mark.slow
@pytest.mark.parametrize("work", WORKS)
def test_the_same_at_thousands_of_places(work: str) -> None:
    points = Points()
    WORKS[work]()
    assert points.run(WORKS[work], sys.maxsize)
    Interrupts().run([["at", work, "reference", place] for place in range(0, points.count, 9)])


def test_an_end_that_is_interrupted_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what notices that a `with` statement has let go, the mode stays as it was inside."""
    monkeypatch.setattr("tinygrad_cnn.restoring._lost.__code__", (lambda watch: None).__code__)
    fuzzer, found = Interrupts(), None
    for place in range(512):
        found = failing(fuzzer, [["at", "blocks", "reference", place]])
        if found is not None:
            MODE.set(Mode((True, (), None, 0)))
            break
    assert found is not None and "leaves" in str(found)


def test_the_bound_between_the_kernel_sets_is_the_one_that_users_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "performance.md").read_text()
    assert f"lies within {TOLERANCE:.0e}".replace("e-0", "e-") in page
    assert f"by {ROUNDING:.0e}".replace("e-0", "e-") in page


def test_the_programs_are_those_of_the_seed() -> None:
    for fuzzer in FUZZERS.values():
        one, two = (fuzzer.draw(np.random.default_rng([3, 5])) for _ in range(2))
        assert one == two == json.loads(json.dumps(one))


def test_a_write_that_is_not_noticed_is_found_and_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinygrad_cnn.backward.is_stale", lambda node: False)
    count, failures = search(Writes(), 20, most=1)
    assert failures, f"{count} programs"
    kinds = [step[0] for step in failures[0].steps]
    assert "write" in kinds and len(kinds) <= 8
    assert "--replay writes" in str(failures[0]) and json.dumps(failures[0].steps) in str(failures[0])


def test_the_printed_command_runs_the_program_again(capsys: pytest.CaptureFixture[str]) -> None:
    steps = [["op", "square", 0, 0], ["write", "iadd", 1, 5]]
    assert main(["--replay", "writes", json.dumps(steps)]) == 0
    assert capsys.readouterr().out == "passes\n"
    with patched(ops.Square, backward=lambda self, g, x: (g * x.copy() * 0,)):
        main(["--replay", "writes", json.dumps(steps[:1])])
    assert "passes" in capsys.readouterr().out  # its own derivative is what a gradient is compared with


def test_a_fuzzer_that_cannot_run_says_why() -> None:
    code = "import sys; sys.modules['torch'] = None; from tinygrad_cnn.testing.fuzz.__main__ import main; "
    code += "sys.exit(main(['torch', '--seconds', '0']))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert told.returncode == 0 and "torch: not run: PyTorch is not here" in told.stdout
    assert issubclass(SkippedError, Exception)


def test_what_is_waited_for_before_the_first_program_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TINYGRAD_CNN_CACHE", str(tmp_path))
    monkeypatch.setattr(FUZZERS["interrupts"], "prepare", lambda: None)
    monkeypatch.setattr(fuzz_command, "search", lambda *arguments, **options: (0, []))
    assert main(["interrupts"]) == 0
    said = capsys.readouterr()
    assert "first the kernels are compiled" in said.err and str(tmp_path) in said.err
    monkeypatch.setattr(cache, "is_complete", lambda: True)
    assert main(["interrupts"]) == 0 and not capsys.readouterr().err


def test_who_compiles_beforehand_is_told_of_another_process_that_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def compile_all(wait: bool = True) -> Path:
        if not wait:
            raise BlockingIOError
        return tmp_path

    monkeypatch.setenv("TINYGRAD_CNN_CACHE", str(tmp_path))
    monkeypatch.setattr(warm, "compile_all", compile_all)
    assert warm.main([]) == 0
    assert "another process is compiling" in capsys.readouterr().out
