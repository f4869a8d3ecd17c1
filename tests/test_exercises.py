"""The exercises: untouched they fail in words, solved they pass, and a wrong answer is told what is wrong."""

import json
import sys

import pytest
from docs_scripts import DOCS, loaded

FOLDER = DOCS / "exercises"
NOTEBOOKS = sorted(path.stem for path in FOLDER.glob("*.ipynb"))


@pytest.fixture(scope="module")
def script():
    return loaded("make_notebooks")


@pytest.fixture(scope="module")
def checks():
    module = loaded("exercises/checks")
    sys.modules["checks"] = module  # the notebooks import it, as it lies beside them
    yield module
    del sys.modules["checks"]


def run(name, answer=None):
    """Run the cells of a notebook; an answer stands where the exercise was."""
    cells = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    codes = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert sum(code.startswith("# exercise") for code in codes) == 1
    known = {}
    for code in codes:
        exec(compile(answer if answer and code.startswith("# exercise") else code, name, "exec"), known)


def solution(name):
    return (FOLDER / "solutions" / f"{name}.py").read_text(encoding="utf-8")


def test_there_are_ten_and_each_has_a_page_and_a_solution(script):
    assert len(NOTEBOOKS) == 10
    assert [page.stem for page in script.pages()] == NOTEBOOKS
    assert sorted(path.stem for path in (FOLDER / "solutions").glob("*.py")) == NOTEBOOKS
    assert all(f"exercises/{name}\n" in (DOCS / "exercises.md").read_text() for name in NOTEBOOKS)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_its_page(script, name):
    page = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8") == script.notebook(page), "make docs"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_solution_solves_the_whole_notebook(checks, name):
    run(name, solution(name))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_an_untouched_notebook_says_what_is_to_be_done(checks, name):
    with pytest.raises(
        checks.NotYetError, match=r"nothing yet|two numbers|three arrays|two things|is to be|not move"
    ):
        run(name)


#: (notebook, what the solution says, what is written instead, words of the answer).
WRONG = [
    ("01_gradient_by_hand", "6 * (3 * x - 1)", "2 * (3 * x - 1)", "inside the square, 3, is missing"),
    ("01_gradient_by_hand", "6 * (3 * x - 1)", "12 * (3 * x - 1)", "2 times what it should be"),
    ("01_gradient_by_hand", "2 * z * (x + 1)", "2 * z * x", "both ways count"),
    ("02_im2col", "np.array(rows)", "np.array(rows).T", "exchanged: a row is a window"),
    ("02_im2col", "c : c + k].reshape", "c : c + k].transpose(1, 2, 0).reshape", "should change slowest"),
    ("02_im2col", "range(height - k + 1)", "range(height - k)", "is right"),
    ("03_convolution_backward", "g.sum((0, 2, 3))", "g.mean((0, 2, 3))", "no mean"),
    (
        "03_convolution_backward",
        "return dx, dw,",
        "return dx, dw[:, :, ::-1, ::-1],",
        "turned by 180 degrees",
    ),
    (
        "03_convolution_backward",
        "np.tensordot(at, w,",
        "np.tensordot(at, w[:, :, ::-1, ::-1],",
        "once too often",
    ),
    ("04_dropout", " / (1 - self.p)", " / 1.0", "not scaled"),
    ("04_dropout", ">= self.p", "< self.p", "p is the share that goes"),
    ("04_dropout", "return g * self.factor", "return g", "use the same mask"),
    ("04_dropout", "return g * self.factor", "return g * (self.factor != 0)", "must scale as forward did"),
    ("05_batch_norm", "x.var(0)", "x.var(0, ddof=1)", "divided by N here"),
    ("05_batch_norm", "(d - d.mean(0) - normal * (d * normal).mean(0))", "d", "two more terms"),
    ("06_optimisers", "0.1 * g / (np.sqrt", "0.1 * state['h'] / (np.sqrt", "g is what is divided"),
    ("06_optimisers", " / (1 - 0.9**t)", "", "wrong"),
    ("06_optimisers", 'p -= 0.1 * state["v"]', 'p += 0.1 * state["v"]', "the sign is wrong"),
    ("06_optimisers", 'p -= 0.1 * state["v"]', 'p = p - 0.1 * state["v"]', "does not move p"),
    (
        "07_lenet",
        "nn.Conv2d(1, 6, 5, rng=0)",
        "nn.Conv2d(1, 6, 5, padding=2, rng=0)",
        "linear: x has 576 features",
    ),
    ("07_lenet", "84, 10, rng=4),", "84, 10, rng=4), nn.Softmax(1),", "leave the softmax to the loss"),
    ("07_lenet", "nn.Linear(84, 10, rng=4)", "nn.Linear(84, 10, bias=False, rng=4)", "parameters, 61,706"),
    ("08_gradient_checking", "kept - h", "kept", "wrong|times"),
    ("08_gradient_checking", "x.astype(float)", "x.copy()", r"x \+ h is cut off"),
    ("08_gradient_checking", "moved[at] = kept\n", "x[at] = kept + h\n", "put each element back"),
    ("08_gradient_checking", "(2 * h)", "h", "the distance between the two points is 2h"),
    ("09_a_wrong_gradient", '"swish"', '"softmax"', "measure the others"),
    ("09_a_wrong_gradient", "g * (s + x * s * (1 - s))", "g * s", "what the wrong one does"),
    ("10_pictures", "operations = 4", "operations = 5", "what the first line of the drawing says"),
    ("10_pictures", '"second"', '"first"', "is in the drawing"),
    (
        "10_pictures",
        "F.relu(self.second(F.relu(self.first(x))))",
        "F.relu(self.first(x))",
        "still get no gradient",
    ),
]


@pytest.mark.parametrize(("name", "right", "wrong", "words"), WRONG)
def test_a_wrong_answer_is_told_what_is_wrong(checks, name, right, wrong, words):
    answer = solution(name)
    assert right in answer
    with pytest.raises((checks.NotYetError, ValueError), match=words):
        run(name, answer.replace(right, wrong))
