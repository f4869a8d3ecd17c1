"""The page of errors says what the code says, of each mistake and of each class of errors."""

import inspect

import pytest
from docs_scripts import DOCS, loaded

from tinygrad_cnn import errors
from tinygrad_cnn.testing.assertions import GradientError
from viz import DrawingError


@pytest.fixture(scope="module")
def script():
    return loaded("make_errors")


def test_the_page_has_the_messages_that_the_mistakes_give(script):
    assert script.page() == script.PAGE.read_text(encoding="utf-8"), "run `python docs/make_errors.py`"


def test_a_mistake_stands_under_the_class_that_it_raises(script):
    wrong = [
        mistake.title
        for kind, mistakes in script.MISTAKES.items()
        for mistake in mistakes
        for said in [script.ours(mistake)[0]]
        if said not in {"Hint": ("Hint", "UserWarning")}.get(kind, (kind,)) and kind != "Other errors"
    ]
    assert not wrong


def test_every_class_of_errors_has_a_part_and_all_that_can_be_run_here_a_mistake(script):
    classes = {name for name, value in vars(errors).items() if inspect.isclass(value)} - {
        "TinygradCnnError"
    }
    classes |= {GradientError.__name__, DrawingError.__name__}
    assert classes <= script.KINDS.keys()
    # Compiled kernels that cannot be had are tested in processes of their own: tests/kernels.
    assert classes - {"KernelError"} <= script.MISTAKES.keys()
    assert sum(map(len, script.MISTAKES.values())) >= 40


def test_the_page_of_all_messages_has_those_of_the_code(script):
    text = script.messages(["tinygrad_cnn/data"])
    assert (
        "## MissingExtraError" in text
        and "{function} needs Pillow: pip install 'tinygrad-cnn[images]'" in text
    )
    assert "## ShapeError" in text and "**tinygrad_cnn.data.dataset**" in text


def test_a_message_that_is_computed_is_shown_with_its_names(script):
    code = 'def f(x):\n    raise ShapeError(f"f: x has {x}, {x + 1} fits" + " here")\n'
    tree = script.ast.parse(code)
    assert list(script.raised(tree)) == [("ShapeError", "f: x has {x}, {…} fits here")]


def test_links_of_the_page_lead_somewhere(script):
    for target in set(script.re.findall(r"\]\(([\w/]+\.md)\)", script.PAGE.read_text(encoding="utf-8"))):
        assert (DOCS / target).is_file() or target == "messages.md"
