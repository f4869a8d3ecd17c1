"""Formulas of docstrings become mathematics, and prose stays prose."""

import pytest
from docs_scripts import loaded


@pytest.fixture(scope="module")
def formulas():
    return loaded("formulas")


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("1 / (1 + e^-x)", r"\frac{1}{1 + {e}^{-x}}"),
        ("x[n, c, i*S - P]", r"x[n, c, i \cdot S - P]"),
        ("sum_{c,u} x[c,u] + b", r"\sum_{c, u} x[c, u] + b"),
        ("sum over k ≠ label of x[k]", r"\sum_{k \ne \mathrm{label}} x[k]"),
        ("2/√π", r"\frac{2}{\sqrt{\pi}}"),
        ("½d² / beta", r"\frac{\frac{1}{2} {d}^{2}}{\beta}"),
        ("|a - b| <= atol", r"\left|a - b\right| \le \mathrm{atol}"),
        ("A = L L'", "A = L {L}'"),
        ("x @ w_ih.T", r"x  {w_{\mathrm{ih}}}^{\top}"),
        ("r, u = σ(x), σ(y)", r"r, u = \sigma\left(x\right), \sigma\left(y\right)"),
        ("-w · ln x", r"-w \cdot \ln x"),
        ("A⁻¹·B", r"{A}^{-1} \cdot B"),
        ("y = prod_i x[i]", r"y = \prod_{i} x[i]"),
        ("ceil(x)", r"\left\lceil x \right\rceil"),
        ("floor(a / b)", r"\left\lfloor \frac{a}{b} \right\rfloor"),
    ],
)
def test_a_formula_is_read_as_a_whole(formulas, text, latex):
    assert formulas.spans(text, {"atol"}) == [(latex, len(text))]
    assert formulas.spans(f"It is {text}, here.", {"atol"}) == ["It is ", (latex, len(text)), ", here."]


@pytest.mark.parametrize(
    "text",
    [
        "a log-softmax of x's elements, 1-D", "axis=1, keepdims=True", "in (-1, 1), or -1, or [0, 1]",
        "Each of K classes (C) and images x (..., *image) -> (..., *output).", "32-bit, 2 × 3, e.g. 0.5",
        "constant    v v | a b c d | v v", "a · (x where kept)", "", "x", "torch.nn and a / something",
    ],
)  # fmt: skip
def test_prose_is_no_formula(formulas, text):
    assert "".join(formulas.spans(text)) == text


def test_code_and_line_breaks_stay_as_they_are(formulas):
    text = "`a + b`s and ``x[i]``\n- y"
    assert formulas.written(text, (), str, "{math}") == text


@pytest.mark.parametrize("name", ["ops", "functional"])
def test_brackets_of_what_is_made_are_closed(formulas, name):
    page = loaded("make_operations")
    things = page.every_op() if name == "ops" else vars(page.F)
    texts = [thing.__doc__ for thing in things.values() if getattr(thing, "__doc__", None)]
    pieces = [p for text in texts for line in text.splitlines() for p in formulas.spans(line)]
    found = [piece[0] for piece in pieces if not isinstance(piece, str)]
    assert len(found) > 100
    for latex in found:
        bare = latex.replace(r"\left|", "").replace(r"\right|", "")
        assert latex.count("{") == latex.count("}") and bare.count(r"\left") == bare.count(r"\right"), latex
