"""The page of errors says what the code says, of each mistake and of each class of errors."""

import inspect

import pytest
from docs_scripts import DOCS, loaded

import tinygrad_cnn.parallel.worlds
import tinygrad_cnn.testing.contracts
import viz
from tinygrad_cnn.errors import TinygradCnnError


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


#: Classes that are tested where processes of their own run, and why: what cannot be run for the page.
IN_PROCESSES = {
    "KernelError": "compiled kernels: tests/kernels",
    "UnlikeRanksError": "ranks: tests/parallel",
}


def test_every_class_of_errors_has_a_part_and_all_that_can_be_run_here_a_mistake(script):
    testing = (tinygrad_cnn.testing, tinygrad_cnn.testing.contracts)
    classes = {
        name
        for package in (tinygrad_cnn.errors, tinygrad_cnn.parallel.worlds, *testing, viz)
        for name, value in vars(package).items()
        if inspect.isclass(value) and issubclass(value, TinygradCnnError | AssertionError)
    } - {"TinygradCnnError"}
    assert {"GradientError", "ContractError", "UnlikeRanksError", "DrawingError"} <= classes
    assert classes <= script.KINDS.keys()
    assert classes - IN_PROCESSES.keys() <= script.MISTAKES.keys()
    assert sum(map(len, script.MISTAKES.values())) >= 40


def test_the_page_of_all_messages_has_those_of_the_code_by_class_and_family(script):
    text = script.messages(["tinygrad_cnn/data"])
    extras = text.partition("## MissingExtraError")[2].partition("\n## ")[0]
    assert "### A package that is not installed\n\n**Cause.** NumPy is enough" in extras
    assert "{function} needs Pillow: pip install 'tinygrad-cnn[images]'" in extras
    samples = text.partition("### Samples that do not stack")[2].partition("\n### ")[0]
    assert "DataLoader: the samples of a batch have different keys{…}, {keys} first" in samples
    assert "could not be read and were left out" in text.partition("## Warnings")[2]


@pytest.mark.slow  # it parses every file
def test_nearly_every_message_belongs_to_a_family_and_every_family_has_some(script):
    every = set(script.texts(["tinygrad_cnn", "viz"]))
    found = [(kind, script.family(kind, module, text)) for kind, module, text in every]
    assert len(every) > 1000 and sum(one is None for _, one in found) < len(every) / 20
    families = {(kind, one.title) for kind, group in script.FAMILIES.items() for one in group}
    assert families == {(kind, one.title) for kind, one in found if one}


def test_a_message_that_is_computed_is_shown_with_its_names(script):
    code = (
        'def f(x):\n    raise ShapeError(f"f: x has {x}, {x + 1} fits" + " here")\n'
        'def g(x):\n    hints.say("nan", "the loss is NaN")\n    return FormatError(f"{x}")\n'
    )
    assert list(script.made(script.ast.parse(code))) == [
        ("ShapeError", "f: x has {x}, {…} fits here"),
        ("Hint", "the loss is NaN"),
        ("FormatError", "{x}"),
    ]


def test_links_of_the_page_lead_somewhere(script):
    for target in set(script.re.findall(r"\]\(([\w/]+\.md)\)", script.PAGE.read_text(encoding="utf-8"))):
        assert (DOCS / target).is_file() or target == "messages.md"
