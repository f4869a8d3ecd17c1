r"""The formulas of docstrings, set as mathematics: text in, LaTeX and text out.

The rule: a stretch of text is a formula if the grammar below reads it, it holds a letter and at least one
sign of arithmetic, comparison, power, root, index or sum, and no sign of arithmetic stands before or behind
it. The longest such stretch is taken. Indented lines are set as mathematics where formulas make up at least
half of them, and stay code elsewhere. Signs that stand apart are followed by a space, so that `axis=1` and
`1-D` are none.

    formula := sum {('=' | '+=' | '<' | '>' | '<=' | '>=' | '≠' | '≤' | '≥') sum}
    sum     := ['-'] term {('+' | '-') term}
    term    := factor {('·' | '*' | '/' | '//' | '@' | '×') factor}
    factor  := ('sum' | 'Σ' | 'prod' | 'max' | 'min') index term | ('ln' | 'sin' | ...) factor
               | atom {power, index, prime}
    atom    := number | name | name '(' list ')' | '(' list ')' | '|' sum '|' | '√' atom

A name is one letter, a Greek letter, a word with an index (`w_ih`), or a word that the caller knows.

>>> spans("Softplus: ln(1 + e^x) / beta", {"beta"})
['Softplus: ', ('\\frac{\\ln\\left(1 + {e}^{x}\\right)}{\\beta}', 18)]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<number>\d+(?:\.\d+)?(?:\.\.\.)?)|(?P<word>[A-Za-z][A-Za-z0-9_]*|[Α-ω](?:_[a-z0-9]+)?)|(?P<dots>\.{2,3})"
    r"|(?P<sign>\+=|<=|>=|->|//|\*\*|.)"
)
_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eps": "ε", "lambd": "λ",
    "mu": "μ", "theta": "θ", "sigma": "σ", "tau": "τ", "rho": "ρ", "psi": "ψ", "phi": "φ",
}  # fmt: skip
_LETTERS = {
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\varepsilon", "λ": r"\lambda",
    "μ": r"\mu", "θ": r"\theta", "σ": r"\sigma", "τ": r"\tau", "ρ": r"\rho", "ψ": r"\psi", "φ": r"\varphi",
    "π": r"\pi", "Φ": r"\Phi", "Γ": r"\Gamma", "η": r"\eta", "ω": r"\omega",
}  # fmt: skip
_RELATIONS = {
    "=": "=", "+=": r"\;\text{+=}\;", "<": "<", ">": ">", "<=": r"\le", ">=": r"\ge", "≠": r"\ne",
    "≤": r"\le", "≥": r"\ge",
}  # fmt: skip
_BIG = {"sum": r"\sum", "Σ": r"\sum", "prod": r"\prod", "max": r"\max", "min": r"\min"}
_FUNCTIONS = {"ln", "log", "exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "det", "arctan"}
_POWERS = {"²": "2", "³": "3", "⁴": "4", "⁺": "+"}
_FRACTIONS = {"½": "1}{2", "¾": "3}{4", "¼": "1}{4"}
#: Words that docstrings use as names, beside their own arguments.
WORDS = frozenset((
    "loss", "mean", "var", "count", "target", "label", "value", "scale", "norm", "softmax", "sigmoid",
    "erf", "sign", "floor", "trunc", "sqrt", "margin", "size", "step", "weight", "factor", "mask", "ddof",
    "rate", "stride", "dilation", "padding",
))  # fmt: skip
_HANGING = ("·", "*", "/", "//", "@", "=", "+=", "^", "**", "<", ">", "≠", "+")


class NoFormulaError(Exception):
    """The grammar does not read this."""


@dataclass
class _Reader:
    """Reads tokens, and notes whether anything among them makes a formula of them."""

    tokens: list[str]
    at: int
    names: Collection[str]
    signs: list[int] = field(default_factory=list)
    depth: int = 0

    def peek(self, *, skip: bool = True) -> str:
        """The next token, behind a space; '' at the end."""
        at = self.at
        while skip and at < len(self.tokens) and self.tokens[at].isspace():
            at += 1
        return self.tokens[at] if at < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        """The next token, which must be one of those wanted."""
        found = self.peek()
        if not found or (wanted and found not in wanted):
            raise NoFormulaError
        while self.tokens[self.at].isspace():
            self.at += 1
        self.at += 1
        return found

    def attempt(self, read: Callable[[], str]) -> str | None:
        """What `read` reads, or None and nothing read."""
        at, depth, signs = self.at, self.depth, len(self.signs)
        try:
            return read()
        except NoFormulaError:
            self.at, self.depth = at, depth
            del self.signs[signs:]
            return None

    def _chain(self, first: str, operators: dict[str, str], operand: Callable[[], str]) -> str:
        text = first
        while self.peek() in operators:

            def more() -> str:
                apart = self.tokens[self.at].isspace()
                sign = self.take()
                self.signs.append(self.at)
                if not self.depth and not (apart and self.tokens[self.at : self.at + 1] == [" "]):
                    raise NoFormulaError  # axis=1, 1-D
                return f" {operators[sign]} {operand()}"

            found = self.attempt(more)
            if found is None:
                break
            text += found
        return text

    def formula(self) -> str:
        """Sums that are compared; or names, an equals sign and as many sums."""
        several = None if self.depth else self.attempt(self._several)
        return several or self._chain(self.sum(), _RELATIONS, self.sum)

    def sum(self) -> str:
        """Terms that are added."""
        minus = self.take() if self.peek() in ("-", "±") else ""
        if minus and self.peek(skip=False).isspace():
            raise NoFormulaError  # a dash
        first = self.term()
        if minus and re.search(r"[a-zA-Z]", first.replace(r"\infty", "")):
            self.signs.append(self.at)
        return self._chain(minus.replace("±", r"\pm ") + first, {"+": "+", "-": "-"}, self.term)

    def _several(self) -> str:
        """`r, u = f(x), f(y)`."""
        names = [self.atom()]
        while self.peek() == ",":
            self.take()
            names.append(self.atom())
        if len(names) < 2 or self.take() != "=":
            raise NoFormulaError
        values = [self.sum()]
        for _ in names[1:]:
            self.take(",")
            values.append(self.sum())
        self.signs.append(self.at)
        return f"{', '.join(names)} = {', '.join(values)}"

    def term(self) -> str:
        """Factors that are multiplied; a quotient is set as a fraction of what stands before it."""
        text = self.factor()
        products = {"·": r"\cdot", "*": r"\cdot", "@": "", "×": r"\times", "%": r"\bmod"}
        while self.peek() in {*products, "/", "//"}:

            def more(before: str = text) -> str:
                sign = self.take()
                self.signs.append(self.at)
                after = self.factor()
                if sign in products:
                    return f"{before} {products[sign]} {after}"
                quotient = rf"\frac{{{_bare(before)}}}{{{_bare(after)}}}"
                return quotient if sign == "/" else rf"\left\lfloor {quotient} \right\rfloor"

            found = self.attempt(more)
            if found is None:
                break
            text = found
        capital = r"\{?[A-Z]\}?'?"
        while re.fullmatch(capital, text.split(" ")[-1]) and re.fullmatch("[A-Z]", self.peek()):  # L L'
            self.signs.append(self.at)
            text += " " + self.factor()
        return text

    def factor(self) -> str:
        """A sum over an index, a function without brackets, or an atom with powers and indices."""
        word = self.peek()
        if word.partition("_")[0] in _BIG and not self._called():
            return self._big()
        if word in _FUNCTIONS and not self._called():
            self.take()
            self.signs.append(self.at)
            power = "^2" if self.peek(skip=False) == "²" and self.take() else ""
            return rf"\{word}{power} {self.factor()}"
        text = self.atom()
        if re.fullmatch(r"[\d.]+|\\frac\{\d\}\{\d\}", text) and re.match(r"[^\W\d]", self.peek(skip=False)):
            text += " " + self.factor()  # 2x
        elif text in _LETTERS.values() and re.match(r"[a-z]", self.peek(skip=False)):
            text += " " + self.factor()  # πx
        elif text.startswith(r"\frac") and self.peek() == "(":
            text += " " + self.factor()  # ½ (a + b)
        text = self._postfix(text)
        if text.endswith(r"\right)") and self.peek(skip=False) == "(":
            text += self.factor()  # (a + b)(c + d)
        return text

    def _called(self) -> bool:
        at = self.at
        while self.tokens[at].isspace():
            at += 1
        return self.tokens[at + 1 : at + 2] == ["("]

    def _big(self) -> str:
        """A sum, or a largest element, over an index: `sum_i`, `sum_{i,j}`, `sum`."""
        word, _, index = self.take().partition("_")
        text = _BIG[word]
        if index:
            text += f"_{{{index}}}"
        elif self.tokens[self.at - 1].endswith("_"):
            text += f"_{{{self.braced()}}}"
        elif word == "sum" and self.peek() == "over":
            self.take()
            text += f"_{{{self.list()}}}"
            self.take("of")
        elif word not in ("sum", "Σ"):
            raise NoFormulaError
        if self.peek(skip=False) == "^":
            self.take()
            text += f"^{{{self.braced()}}}"
        self.signs.append(self.at)
        return f"{text} {self.term()}"

    def braced(self) -> str:
        """`{i,j}` or `{d = 0}`."""
        self.take("{")
        text = self.list()
        self.take("}")
        return text

    def list(self) -> str:
        """Formulas, dots or nothing but a colon, with commas between them."""
        parts = []
        self.depth += 1
        while True:
            if self.peek() == ":":
                parts.append(":")
                self.take()
            else:
                parts.append(self.formula())
            if self.peek() != ",":
                self.depth -= 1
                return ", ".join(parts)
            self.take()

    def atom(self) -> str:
        """A number, a name, a call, something in brackets or between bars, a root."""
        found = self.take()
        if found == "(":
            inner = self.list()
            self.take(")")
            return rf"\left({inner}\right)"
        if found == "|":
            inner = self.sum()
            self.take("|")
            self.signs.append(self.at)
            return rf"\left|{inner}\right|"
        if found == "√":
            self.signs.append(self.at)
            return rf"\sqrt{{{_bare(self.atom())}}}"
        if found in ("..", "..."):
            return r"\ldots "
        if found in _FRACTIONS:
            return rf"\frac{{{_FRACTIONS[found]}}}"
        if re.match(r"\d", found):
            return found.replace("...", r"\ldots ")
        if found in ("inf", "∞"):
            return r"\infty"
        if self.peek(skip=False) == "(" and re.match(r"[^\W\d]", found):
            return self._call(found)
        return self._name(found)

    def _call(self, function: str) -> str:
        self.take("(")
        inner = self.list()
        self.take(")")
        self.signs.append(self.at)
        if function == "sqrt":
            return rf"\sqrt{{{inner}}}"
        if function in ("floor", "ceil"):
            return rf"\left\l{function} {inner} \right\r{function}"
        if function in _BIG or function in _FUNCTIONS:
            name = _BIG.get(function, "\\" + function)
        else:
            name = self._name(function, any_word=True)
        return rf"{name}\left({inner}\right)"

    def _name(self, word: str, *, any_word: bool = False) -> str:
        """A letter, or a word that is known, with its index."""
        if not re.fullmatch(r"[A-Za-zΑ-ω]\w*", word) or word in _BIG or "²" in word:
            raise NoFormulaError
        base, _, index = word.partition("_")
        letter = re.fullmatch(r"([^\W\d_])(\d*)", base)
        if base in _GREEK:
            text = _LETTERS[_GREEK[base]]
        elif letter:
            text = _LETTERS.get(letter[1], letter[1]) + (f"_{{{letter[2]}}}" if letter[2] else "")
        elif re.fullmatch("d[abtxy]", base):
            text = rf"\mathrm{{d}}{base[1]}"
        elif base.isupper() and len(base) == 2 and base.isascii():  # OH, SW: one name of two letters
            text = rf"\mathit{{{base}}}"
        elif word in self.names or any_word:
            return rf"\mathrm{{{word.replace('_', chr(92) + '_')}}}"
        elif base in WORDS or base in self.names:
            text = rf"\mathrm{{{base}}}"
        else:
            raise NoFormulaError
        if index:
            self.signs.append(self.at)
            shown = index if len(index) == 1 else rf"\mathrm{{{index.replace('_', ',')}}}"
            return f"{text}_{{{shown}}}" if "_" not in text else f"{text}"
        if word.endswith("_"):
            self.signs.append(self.at)
            return f"{text}_{{{self.braced()}}}"
        return text

    def _postfix(self, text: str) -> str:
        """Powers, indices in brackets, transposes and primes."""
        while (found := self.peek(skip=False)) in ("^", "**", "[", "'", ".", "_", *"²³⁴⁺⁻"):
            if found in ("^", "**"):
                self.take()
                minus = "-" if self.peek(skip=False) == "-" and self.take() else ""
                text = rf"{{{text}}}^{{{minus}{_bare(self._power())}}}"
            elif found == "[":
                self.take()
                text += f"[{self.list()}]"
                self.take("]")
            elif found == "'":
                if re.match(r"\w", (self.tokens[self.at + 1 : self.at + 2] or [" "])[0]):
                    raise NoFormulaError  # x's
                self.take()
                text = rf"{{{text}}}'"
            elif found == "_":
                self.take()
                text += f"_{{{self.take() if self.peek() != '{' else self.braced()}}}"
            elif found == ".":
                if self.tokens[self.at + 1 : self.at + 2] != ["T"]:
                    return text
                self.at += 2
                text = rf"{{{text}}}^{{\top}}"
            elif found == "⁻":
                self.take()
                self.take("¹")
                text = rf"{{{text}}}^{{-1}}"
            else:
                self.take()
                text = rf"{{{text}}}^{{{_POWERS[found]}}}"
            self.signs.append(self.at)
        return text

    def _power(self) -> str:
        if self.peek() == "(":
            return self.atom()
        if re.match(r"\d", self.peek()):
            return self.take()
        return self._postfix(self.atom())


def _bare(text: str) -> str:
    """What stands in brackets, if they hold the whole of it: a fraction and a power need none."""
    if not (text.startswith(r"\left(") and text.endswith(r"\right)")):
        return text
    depth = 0
    for found in re.finditer(r"\\left\(|\\right\)", text):
        depth += 1 if found[0] == r"\left(" else -1
        if depth == 0 and found.end() < len(text):
            return text
    return text[len(r"\left(") : -len(r"\right)")]


def spans(text: str, names: Collection[str] = ()) -> list[str | tuple[str, int]]:
    """Text cut into what is no formula, as it is, and formulas, as LaTeX with their length in `text`.

    Args:
        names: words that are names of things, such as a function's arguments.

    >>> spans("x as it is") == ["x as it is"]
    True
    """
    tokens = [found[0] for found in _TOKEN.finditer(text)]
    made: list[str | tuple[str, int]] = [""]
    at = 0
    while at < len(tokens):
        reader = _Reader(tokens, at, names)
        starts = not tokens[at].isspace() and not _in_a_word(tokens, at)
        latex = reader.attempt(reader.formula) if starts else None
        if latex is not None and reader.signs and _whole(tokens, at, reader.at):
            made += [(latex, len("".join(tokens[at : reader.at]))), ""]
            at = reader.at
        else:
            # the rest of a stretch that is no formula as a whole may hold one
            made[-1] = f"{made[-1]}{tokens[at]}"
            at += 1
    return [part for part in made if part]


def written(text: str, names: Collection[str], words: Callable[[str], str], role: str) -> str:
    """Text with its formulas as a role of Sphinx's: `code` in the text stays code.

    Args:
        words: what is made of the text around the formulas.   role: such as '{math}' or ':math:'.

    >>> written("`x^2` is x^2.", (), str, ":math:")
    '`x^2` is :math:`{x}^{2}`.'
    """
    made = ""
    for k, part in enumerate(re.split(r"(`+[^`]*`+\w*|\n)", text)):
        for piece in [part] if k % 2 else spans(part, names):
            made += words(piece) if isinstance(piece, str) else f"{role}`{piece[0]}`"
    return made


def escaped(text: str) -> str:
    """Text in which signs of arithmetic mean nothing to Markdown, outside of `code`."""
    parts = text.split("`")
    return "`".join(
        re.sub(r"([*_<\[\]|\\])", r"\\\1", part) if k % 2 == 0 else part for k, part in enumerate(parts)
    )


def mostly(lines: list[str], names: Collection[str]) -> bool:
    """Whether formulas make up at least half of some lines.

    >>> mostly(["y = x^2 where x > 0"], ()), mostly(["v v | a b | v v"], ())
    (True, False)
    """
    text = [line.strip() for line in lines]
    found = sum(p[1] for line in text for p in spans(line, names) if not isinstance(p, str))
    return 2 * found >= sum(map(len, text))


def _whole(tokens: list[str], start: int, end: int) -> bool:
    """Whether a stretch has a letter in it, and no sign of arithmetic before or behind it."""
    before = next((token for token in reversed(tokens[:start]) if not token.isspace()), "")
    after = next((token for token in tokens[end:] if not token.isspace()), "")
    letters = any(re.match(r"[^\W\d]", token) for token in tokens[start:end])
    hanging = before in _HANGING or after in _HANGING
    return letters and not hanging and not _in_a_word(tokens, end)


def _in_a_word(tokens: list[str], at: int) -> bool:
    """Whether a place is inside of a word such as log-softmax, x's or torch.nn."""
    before, after = (tokens[at - 1] if at else " "), (tokens[at] if at < len(tokens) else " ")
    if re.match(r"\w", before) and re.match(r"\w", after):
        return True
    if at and before in "-.'" and at > 1 and re.match(r"[^\W\d]", tokens[at - 2]):
        return re.match(r"[^\W\d]", after) is not None
    following = tokens[at + 1] if at + 1 < len(tokens) else " "
    return (
        re.match(r"\w", before) is not None
        and after in "-'"
        and re.match(r"[^\W\d]", following) is not None
    )
