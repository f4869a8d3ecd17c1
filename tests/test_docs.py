"""The pages that are made from docstrings are those that the docstrings make."""

import inspect
import re
import tomllib

import pytest
from docs_scripts import DOCS, loaded

from tinygrad_cnn import functional as F

FUNCTIONS = sorted(
    name for name, value in vars(F).items() if inspect.isfunction(value) and not name.startswith("_")
)


@pytest.fixture(scope="module")
def script():
    return loaded("make_operations")


def test_the_counts_on_the_pages_are_those_of_the_code():
    counts = loaded("make_counts")
    wrong = [page.name for page in counts.PAGES if counts.counted(page.read_text()) != page.read_text()]
    assert not wrong, "run `make docs`"
    assert "<!-- count: operations -->" in (DOCS.parent / "README.md").read_text()


def test_the_page_of_the_ledger_has_its_rows():
    ledger = loaded("make_ledger")
    assert ledger.page() == ledger.PAGE.read_text(encoding="utf-8"), "run `python docs/make_ledger.py`"


#: Pages with examples that no doctest of `make test` runs, and what runs them.
RUN_ELSEWHERE = {
    "operations.md": "the doctests of tinygrad_cnn.functional, of which it is made",
    "check_your_pytorch_function.md": "make test-peers, as it needs PyTorch",
    "zh/": "the English pages, to whose code theirs is equal: tests/test_chinese_pages.py",
}

#: Pages whose code stands without prompts, and what runs all of it.
RUN_WHOLE = {
    "errors.md": "tests/test_errors_page.py, which compares what each block says with the page",
    "exercises/": "tests/test_exercises.py, by the notebooks that are equal to the pages",
    "gallery.md": "tests/viz/test_gallery.py, from which the page is made",
    "programs.md": "tests/viz/test_gallery.py, from which the page is made",
    "operations.md": "every test of an op: the code of its derivative stands there",
}

#: How lines begin that are typed at a terminal: what stands in blocks without a language.
TYPED = ("pip ", "make ", "python -m ", "jupyter ", "mpiexec ", "#")


def pages_and_blocks():
    """(path in the folder of docs, [(language, text)]) of every page that is written or committed."""
    for page in sorted(DOCS.rglob("*.md")):
        parts = page.relative_to(DOCS).parts
        if not {"_build", "api"} & set(parts):
            text = page.read_text(encoding="utf-8")
            yield "/".join(parts), re.findall(r"^```([^\n]*)\n(.*?)^```", text, re.M | re.S)


def test_every_code_block_of_a_page_is_run():
    settings = tomllib.loads((DOCS.parent / "pyproject.toml").read_text(encoding="utf-8"))
    paths = settings["tool"]["pytest"]["ini_options"]["testpaths"]
    run = tuple(path.removeprefix("docs/") for path in paths if path.startswith("docs/"))
    left, count = [], 0
    for page, blocks in pages_and_blocks():
        for language, text in blocks:
            prompts = text.startswith(">>> ")
            if language in ("python", "pycon"):
                count += 1
                known = (*run, *RUN_ELSEWHERE) if prompts else tuple(RUN_WHOLE)
                left += [] if page.startswith(known) else [(page, text)]
            elif language == "":
                left += [(page, line) for line in text.splitlines() if not line.startswith(TYPED)]
            elif prompts or (language not in ("text", "json") and language[0] != "{"):
                left.append((page, language))
    assert count > 350 and not left


@pytest.mark.slow
def test_the_page_of_operations_is_made_alike_each_time(script):
    assert script.page() == script.page()


def test_every_public_function_has_a_part(script):
    names = set(FUNCTIONS)
    text = script.page()
    heads = re.findall(r"^### (\w+)$", text, re.MULTILINE)
    assert sorted(names) == sorted(heads)
    assert set(re.findall(r"\]\(#(\w+)\)", text)) == names


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_docstring_has_what_the_page_needs(script, name):
    function = getattr(F, name)
    doc = inspect.getdoc(function)
    sections = dict(script.split(doc.partition("\n>>> ")[0].splitlines())[1])
    assert {"Args", "Returns", "Source"} <= set(sections) and "\n>>> " in doc
    described = "\n".join(sections["Args"])
    for parameter in inspect.signature(function).parameters:
        assert re.search(rf"\b{parameter}\b", described) or "others" in described, (
            f"{parameter} is not described"
        )


def test_a_card_has_the_derivative_of_the_code_and_the_properties_that_test_it(script):
    card = script.derivative(script.ops.Conv)
    assert "keep = (0, 1)" in card and "def backward(self, g, x, w" in card
    assert "gradient_is_right" in card and "tests/test_every_op.py -k Conv-" in card
    assert "adjoint_identity" in script.derivative(script.ops.Transpose)
    assert "adjoint_identity" not in script.derivative(script.ops.Exp)
    assert all("a test of its own" not in script.tested(op) for op in script.every_op().values())


def test_every_op_has_a_formula_a_picture_its_derivative_and_what_tests_it(script):
    lacking = []
    for name, op in script.every_op().items():
        about, _, rest = script.derivative(op).partition(f"](operations/{name}.svg)")
        whole = "{math}`" in about and "```python\n" in rest and "def backward(" in rest
        if not (whole and "**Tested by**: forward_is_right, gradient_is_right" in rest):
            lacking.append(name)
        if "\n    " in about or op not in script.draw_operations.CASES:  # code in the formula's place
            lacking.append(name)
    assert not lacking


def test_text_is_safe_in_markdown(script):
    assert script.escaped("a * b_c < d[0] | `a * b_c`") == r"a \* b\_c \< d\[0\] \| `a * b_c`"


def test_sections_become_lists(script):
    lines = ["    x: array,", "        of any shape.   axis: the axis.", "    k: a number."]
    assert script.listed("Args", lines) == (
        "**Args**\n\n- x: array, of any shape.\n- axis: the axis.\n- k: a number.\n"
    )
    assert script.listed("Returns", ["    One", "    line."]) == "**Returns**: One line.\n"


def test_the_files_that_the_page_on_architecture_names_are_there():
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w/]+(?:\.py|/))`", text))
    roots = [
        DOCS.parent,
        DOCS.parent / "examples",
        *(DOCS.parent / "tinygrad_cnn").glob("**/"),
        *(DOCS.parent / "viz").glob("**/"),
    ]
    lost = [name for name in named if not any((root / name).exists() for root in roots)]
    assert len(named) > 30 and not lost


def test_a_picture_of_an_operation_names_its_operands_and_shows_gradients(script):
    text = script.draw_operations.drawing(script.ops.MatMul)
    assert "label=<a>" in text and "label=<b>" in text and "dir=back" in text
    assert script.draw_operations._names(script.ops.LSTM, 7)[-2:] == ["biases0", "biases1"]
