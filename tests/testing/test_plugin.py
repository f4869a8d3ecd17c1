"""The pytest plugin, seen from test suites of its users; warnings are errors in all of them."""

import re
from xml.etree import ElementTree

import hypothesis
import pytest
from plugin_runs import HEAD, Run
from plugin_runs import run as run

pytest_plugins = ["pytester"]


# --------------------------------------------------------------------------- the fixture
def test_right_gradients_pass_and_wrong_ones_fail_with_a_report(run: Run) -> None:
    result = run("""
def test_right(gradcheck):
    assert gradcheck(F.tanh, X).status == "pass"

def test_wrong(gradcheck):
    gradcheck(lambda x: HalfSquare()(x), X)
""")
    result.assert_outcomes(passed=1, failed=1)
    report = result.stdout.str()
    assert "- gradcheck report -" in report
    for words in ("factor of 2", "input 0, entry (1,)", "analytic", "first wrong op: HalfSquare"):
        assert words in report.split("- gradcheck report -")[1]
    assert ".py:18" in report  # the line that called the op
    result.stdout.no_fnmatch_line("*picture:*")


def test_what_cannot_be_checked_passes_and_says_so(run: Run) -> None:
    result = run("""
def test_kink(gradcheck):
    assert gradcheck(F.relu, np.zeros(2)).status == "unchecked"
""", "-rP")  # fmt: skip
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*gradcheck: unchecked*", "*unchecked*kink*"])
    result.stdout.fnmatch_lines(
        ["*nothing checked in*", "*::test_kink: *kink*", "--grad-strict fails them"]
    )


def test_strict_fails_what_cannot_be_checked(run: Run) -> None:
    code = """
def test_kink(gradcheck): gradcheck(F.relu, np.zeros(2))

@pytest.mark.gradcheck(strict=True)
def test_marked(gradcheck): gradcheck(F.relu, np.zeros(2))

def test_one_of_two(gradcheck):
    gradcheck(F.relu, np.zeros(2))
    gradcheck(F.relu, np.ones(2))
"""
    result = run(code)
    result.assert_outcomes(passed=2, failed=1)
    assert "test_one_of_two: " not in result.stdout.str()
    run(code, "--grad-strict").assert_outcomes(failed=3)


def test_one_line_says_it_all_and_the_report_stands_once(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = pytester.path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("COLUMNS", "300")
    code = "def test_wrong(gradcheck): gradcheck(lambda x: HalfSquare()(x), X)\n"
    code += "def test_kink(gradcheck): gradcheck(F.relu, np.zeros(2))"
    result = run(code, "--grad-report=out", "--junitxml=found.xml")
    result.stdout.fnmatch_lines(["FAILED *::test_wrong - input 0: too small by a factor of 2*analytic*"])
    assert result.stdout.str().count("to reproduce:") == 1
    row = next(line for line in summary.read_text(encoding="utf-8").splitlines() if "test_wrong" in line)
    assert "test_wrong` | wrong: input 0: too small" in row
    assert re.search(r"; first wrong op: HalfSquare, called at test_\w+\.py:\d+ \|$", row), row
    (program,) = (pytester.path / "out").glob("*.py")
    assert "x0 = np.array([0.5, -1.]" in program.read_text(encoding="utf-8")
    patterns = ("test_*.py", "*_test.py")  # pytest's own: the next run must not collect the program
    assert not any(program.match(pattern) for pattern in patterns)
    cases = {
        case.get("name"): case for case in ElementTree.parse(pytester.path / "found.xml").iter("testcase")
    }
    told = {name: [p.get("value") for p in case.iter("property")] for name, case in cases.items()}
    assert "too small by a factor of 2" in told["test_wrong"][0] and "a kink" in told["test_kink"][0]
    assert told["test_wrong"][1].startswith("HalfSquare, called at test_")


def test_the_marker_gives_options(run: Run) -> None:
    result = run("""
class Cached(Op):
    def forward(self, x):
        self._y = np.tanh(x)
        return self._y
    def backward(self, g): return (g * (1 - self._y**2),)

def check(gradcheck): return len(gradcheck(lambda x: Cached()(x), X).findings)

def test_first(gradcheck): assert check(gradcheck) == 4  # and forward mode

@pytest.mark.gradcheck(order=2)
def test_second(gradcheck): check(gradcheck)

@pytest.mark.gradcheck(directions=5)
class TestMarked:
    def test_class(self, gradcheck): assert check(gradcheck) == 6

    @pytest.mark.gradcheck(directions=2, forward=False)
    def test_closest(self, gradcheck): assert check(gradcheck) == 2

    def test_call(self, gradcheck): assert len(gradcheck(F.exp, X, directions=1).findings) == 2
""")
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(["FAILED*::test_second*"])


@pytest.mark.parametrize("options", ["rtoll=1", "2"])
def test_a_marker_with_other_options_is_an_error(run: Run, options: str) -> None:
    result = run(f"""
@pytest.mark.gradcheck({options})
def test_marked(gradcheck): gradcheck(F.exp, X)
""")
    assert result.ret != 0
    result.stdout.fnmatch_lines([f"*marker gradcheck: got*{options[:5]}*order, directions*"])


def test_the_tolerance_of_the_ini_file(run: Run, pytester: pytest.Pytester) -> None:
    code = """
class Rough(HalfSquare):
    def backward(self, g, x): return (g * x * 2.001,)

def test_ini(gradcheck): gradcheck(lambda x: Rough()(x), X)

@pytest.mark.gradcheck(rtol=1e-7)
def test_marker(gradcheck): gradcheck(lambda x: Rough()(x), X)
"""
    run(code).assert_outcomes(failed=2)
    pytester.makeini("[pytest]\ngrad_tolerance = 1e-2")
    run(code).assert_outcomes(passed=1, failed=1)
    pytester.makeini("[pytest]\ngrad_tolerance = small")
    result = run(code)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*grad_tolerance: a number in*'small'*"])


def test_hypothesis_tests_use_the_fixture_and_take_the_options(run: Run) -> None:
    code = """
seen, own, unmarked = [], [], []

@pytest.mark.parametrize("k", [1, 2])
@given(st.integers(0, 10**9))
def test_drawn(gradcheck, k, n):
    seen.append(n)
    gradcheck(F.exp, X * k)

@given(st.integers())
@settings(max_examples=4)
def test_own_count(gradcheck, n): own.append(n)

@given(st.integers())
def test_unmarked(n): unmarked.append(n)

def test_count():
    print("drawn", seen)
    print("counts", len(seen), len(own), len(unmarked))
"""
    arguments = ("-rP", "--grad-examples=7", "-p", "no:randomly")
    first, again, other = (run(code, *arguments, f"--grad-seed={n}") for n in (1, 1, 2))
    first.assert_outcomes(passed=5)
    drawn = [next(line for line in r.outlines if line.startswith("drawn")) for r in (first, again, other)]
    assert drawn[0] == drawn[1] != drawn[2]
    counts = next(line for line in first.outlines if line.startswith("counts")).split()[1:]
    assert counts == ["14", "4", str(hypothesis.settings().max_examples)]


def test_examples_and_seed_reach_gradcheck_and_check_op(run: Run) -> None:
    result = run("""
from tinygrad_cnn.testing.contracts import OP_PROPERTIES

class Square(HalfSquare):
    def backward(self, g, x): return (g * x * 2,)

def test_gradcheck(gradcheck):
    findings = gradcheck(F.exp, X, forward=False).findings
    assert len(findings) == 2
    assert gradcheck(F.exp, X, seed=5).findings[0] == findings[0]
    assert gradcheck(F.exp, X, seed=6).findings[0] != findings[0]

def test_op(gradcheck):
    drawn = []
    cases = st.integers(1, 10**6).map(lambda n: drawn.append(n) or (np.ones(2),))
    assert gradcheck.op(Square, cases, only=["gradient_is_right"])
    assert len(drawn) == 2

def test_wrong_op(gradcheck):
    gradcheck.op(HalfSquare, [(X,)])
""", "--grad-examples=2", "--grad-seed=5")  # fmt: skip
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*gradcheck report*", "HalfSquare: fail", "*fail*gradient_is_right*"])


@pytest.mark.parametrize("option", ["--grad-examples=0", "--grad-examples=x", "--grad-seed=-1"])
def test_bad_numbers_are_usage_errors(run: Run, option: str) -> None:
    result = run("", option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{option.split('=')[0]}*invalid*"])


def test_tests_with_the_fixture_can_be_selected(run: Run) -> None:
    result = run("def test_a(gradcheck): pass\ndef test_b(): pass", "-m", "gradcheck")
    result.assert_outcomes(passed=1, deselected=1)


# --------------------------------------------------------------------------- reports
@pytest.mark.slow
def test_reports_and_pictures_are_written_and_named(run: Run, pytester: pytest.Pytester) -> None:
    pytest.importorskip("pygraphviz", reason="a picture needs a layout engine: pip install pygraphviz")
    code = """
@pytest.mark.parametrize("name", ["a/b"])
@given(st.integers(1, 3))
def test_wrong(gradcheck, name, n):
    gradcheck(lambda x: HalfSquare()(F.tanh(x)).sum(), X[:n])
"""
    result = run(code, "--grad-report=out/reports")
    result.assert_outcomes(failed=1)
    folder = pytester.path / "out" / "reports"
    (text,), (picture,) = folder.glob("*.txt"), folder.glob("*.png")
    assert {path.suffix for path in folder.iterdir()} == {".txt", ".png", ".py"}
    assert "factor of 2" in text.read_text(encoding="utf-8")
    assert picture.read_bytes().startswith(b"\x89PNG")
    result.stdout.fnmatch_lines([f"report: {text}", f"picture: {picture}"])


def test_a_picture_that_cannot_be_drawn_hides_no_report(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def graph(*roots, **options):
        raise OSError("no ink")

    monkeypatch.setattr("viz.graph", graph)
    result = run("def test_wrong(gradcheck): gradcheck(lambda x: HalfSquare()(x), X)", "--grad-report=out")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*factor of 2*", "no picture: OSError: no ink"])


def test_plain_assertions_get_their_report_too(run: Run) -> None:
    result = run("""
from tinygrad_cnn.testing import assert_gradients

def test_wrong(): assert_gradients(lambda x: HalfSquare()(x), X)
def test_other(): assert False
""")
    result.assert_outcomes(failed=2)
    assert result.stdout.str().count("- gradcheck report -") == 1


# --------------------------------------------------------------------------- as it is installed
def test_pytest_starts_without_numpy(pytester: pytest.Pytester) -> None:
    """With the plugin as it is installed; NumPy comes with the first test that asks for the fixture.

    It comes before that test's first example, whose time hypothesis measures.
    """
    pytester.makepyfile("""
import sys

def test_early(): assert not {"numpy", "hypothesis"} & set(sys.modules)
def test_fixture(gradcheck):
    assert "tinygrad_cnn.testing.assertions" in sys.modules and "hypothesis" not in sys.modules

def test_late(gradcheck):
    from tinygrad_cnn import Tensor
    from tinygrad_cnn import functional as F
    assert gradcheck(F.exp, Tensor([1.0])).status != "fail"
""")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:randomly")
    result.assert_outcomes(passed=3)


FAILING = HEAD + "def test_wrong(gradcheck): gradcheck(lambda x: HalfSquare()(x), X)"


@pytest.mark.slow
def test_it_works_as_it_is_installed_and_with_xdist(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist", reason="its part of this test needs pytest-xdist")
    pytester.makepyfile(FAILING)
    options = ("-n2", "-p", "no:cacheprovider", "--strict-markers", "-W", "error", "--grad-report=out")
    result = pytester.runpytest_subprocess(*options, "--grad-mutate=Neg", "--grad-examples=10")
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*gradcheck report*", "*factor of 2*", "report: *test_wrong*.txt"])


def test_it_can_be_switched_off(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FAILING)
    result = pytester.runpytest_subprocess("-p", "no:tinygrad_cnn", "-W", "error", "--strict-markers")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'gradcheck' not found*"])
