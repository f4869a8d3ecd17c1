"""Write docs/operations.md from the docstrings of `tinygrad_cnn.functional`: `make docs`.

The page depends on the docstrings and signatures alone, so it is the same wherever it is made. It is
not committed: whoever wants it makes it.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from tinygrad_cnn import functional as F
from tinygrad_cnn import ops
from tinygrad_cnn.graph import OUT, Op
from tinygrad_cnn.ops.fused import FUSED
from tinygrad_cnn.serial import writing
from tinygrad_cnn.testing import CASES, PROPERTIES

sys.path.insert(0, str(Path(__file__).parent))
import draw_operations
import formulas
from formulas import escaped

PAGE = Path(__file__).with_name("operations.md")  # ignored by git

#: The parts of a docstring after its text, in the order that the house style gives them.
SECTIONS = ("Args", "Shapes", "Returns", "Raises", "Source")

HEAD = """\
# Operations

Every public function of `tinygrad_cnn.functional`, by family: what it computes, shapes and edge
cases, and which ops it is made of; then every op, with its derivative as the code has it. Arrays in,
an array out; with a Tensor among the operands the call is recorded and a Tensor comes out,
differentiable to any order. `axis` and `keepdims` may also be called `dim` and `keepdim`. In the
examples `np` is NumPy, and the function is imported from the module.

This page is made from the docstrings and the ops by `make docs`: change those, not this.
"""

DERIVATIVES = """\
## Derivatives

Every op on a small problem, with the derivative that the walk runs: `g` is the gradient of the
result, the other arguments are what `keep` names (operands by position, `OUT` for the result). The
same lines run on arrays, and on Tensors for higher order. The walk sums a gradient to its
operand's shape where the operand was broadcast. In the pictures red arrows run back: the
gradients, for ones at the result.

What an op is tested by:

"""


def families() -> dict[str, list[str]]:
    """Module -> its public functions, both in alphabetical order."""
    found: dict[str, list[str]] = {}
    for name, value in sorted(vars(F).items()):
        if inspect.isfunction(value) and not name.startswith("_"):
            found.setdefault(value.__module__, []).append(name)
    return dict(sorted(found.items()))


def page() -> str:
    """The whole page."""
    groups = families()
    index = [
        f"- `{_short(module)}`: " + ", ".join(f"[{n}](#{n})" for n in groups[module]) for module in groups
    ]
    parts = [HEAD, "\n".join(index) + "\n"]
    for module, names in groups.items():
        about = (importlib.import_module(module).__doc__ or "").strip()
        parts.append(f"## functional/{_short(module)}.py\n\n{escaped(about)}\n")
        parts += [entry(name, getattr(F, name)) for name in names]
    properties = [f"- {name}: {inspect.getdoc(check)}" for name, check in PROPERTIES.items()]
    parts.append(DERIVATIVES + "\n".join(escaped(" ".join(p.split())) for p in properties) + "\n")
    parts += [derivative(op) for _, op in sorted(every_op().items())]
    return "\n".join(parts)


@functools.cache
def every_op() -> dict[str, type[Op]]:
    """All ops by name; the helpers that only share code have no forward of their own."""
    return {n: v for n, v in vars(ops).items() if inspect.isclass(v) and issubclass(v, Op)}


def ops_of(function: Callable[..., Any], seen: set[Any]) -> set[str]:
    """Names of the ops that a function, or a function of this package that it calls, mentions."""
    if function in seen:
        return set()
    seen.add(function)
    own, called = _mentioned(function)
    return own.union(*(ops_of(other, seen) for other in called))


@functools.cache
def _mentioned(function: Callable[..., Any]) -> tuple[set[str], list[Callable[..., Any]]]:
    """The ops that a function mentions itself, and the functions of this package that it mentions."""
    own, called = set(), []
    names = vars(inspect.getmodule(function))
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ops":
            own |= {node.attr} & every_op().keys()
        if isinstance(node, ast.Name):
            other = names.get(node.id)
            if inspect.isfunction(other) and other.__module__.startswith("tinygrad_cnn.functional"):
                called.append(other)
    return own, called


def derivative(op: type[Op]) -> str:
    """The part of the page about one op: what it computes, what it keeps, its backward."""
    names = {*inspect.signature(op).parameters, *inspect.signature(op.forward).parameters}
    about = prose(_apart(inspect.getdoc(op) or "", names).splitlines(), names).strip()
    code = textwrap.dedent(inspect.getsource(op.backward)).rstrip()
    code = re.sub(r"def backward\(self, (.*?)\) -> tuple\[Any, \.\.\.\]:", r"def backward(self, \1):", code)
    for name in sorted(FUSED):
        if re.search(rf"\b{name}\(", code):  # what it stands for, which is what Tensors run
            code += "\n\n" + formula(FUSED[name])
    code = code.replace(": Any", "")
    kept = ", ".join("OUT" if k == OUT else str(k) for k in op.keep)
    keeps = f"keep = ({kept}{',' if len(op.keep) == 1 else ''})\n" if op.keep else ""
    picture = f"![{op.__name__} and its derivative](operations/{op.__name__}.svg)"
    card = f"### op {op.__name__}\n\n{about}\n\n{picture}\n\n```python\n{keeps}{code}\n```\n"
    return f"{card}\n**On drawings**: {drawn(op)}.\n\n**Tested by**: {tested(op)}.\n"


def _apart(doc: str, names: Collection[str]) -> str:
    """A docstring whose formula is indented, also where it stands last and `getdoc` took that away."""
    first, *rest = doc.split("\n\n")
    lone = [
        part if "\n" in part or not formulas.mostly([part], names) else f"    {part.strip()}"
        for part in rest
    ]
    return "\n\n".join([first, *lone])


def drawn(op: type[Op]) -> str:
    """How drawings show an op."""
    sign = f", with the sign `{op.symbol}`" if op.symbol else ""
    return f"in the colour of the family `{op.family}`{sign}"


def tested(op: type[Op]) -> str:
    """The properties that hold of an op, as its case is tested, and how to run them."""
    case = CASES.get(op)
    if case is None:
        return "a test of its own; the case table has none"
    names = [name for name in PROPERTIES if name != "adjoint_identity" or case.linear_in]
    linear = f" (in operand {', '.join(map(str, case.linear_in))})" if case.linear_in else ""
    run = f"`pytest tests/test_every_op.py -k {op.__name__}-`"
    return f"{', '.join(names)}{linear}; {run}"


def formula(function: Callable[..., Any]) -> str:
    """The lines of a fused function, without decorator, docstring and types."""
    code = textwrap.dedent(inspect.getsource(inspect.unwrap(function)))
    tree = ast.parse(code).body[0]
    assert isinstance(tree, ast.FunctionDef)
    lines = code.splitlines()
    body = "\n".join(lines[tree.body[1].lineno - 1 :])
    return f"def {tree.name}({', '.join(a.arg for a in tree.args.args)}):\n{body}"


def _short(module: str) -> str:
    return module.rsplit(".", 1)[-1]


def entry(name: str, function: Callable[..., Any]) -> str:
    """The part of the page about one function."""
    doc = inspect.getdoc(function) or ""
    body, _, example = doc.partition("\n>>> ")
    text, sections = split(body.splitlines())
    parts = [
        f"### {name}\n",
        f"```python\n{signature(name, function)}\n```\n",
        prose(text, inspect.signature(function).parameters),
    ]
    for section, lines in sections:
        parts.append(listed(section, lines))
    used = sorted(ops_of(function, set()))
    if used:
        links = ", ".join(f"[{op}](#op-{op.lower()})" for op in used)
        parts.append(f"**Derivative**: by {'the op' if len(used) == 1 else 'the ops'} {links}.\n")
    else:
        parts.append("**Derivative**: none; its result carries no gradient.\n")
    if example:
        parts.append(f"```pycon\n>>> {example.rstrip()}\n```\n")
    return "\n".join(parts)


def signature(name: str, function: Callable[..., Any]) -> str:
    """Names and defaults, without types."""
    made = inspect.signature(function)
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in made.parameters.values()]
    return name + str(made.replace(parameters=bare, return_annotation=inspect.Signature.empty))


def split(lines: list[str]) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """The text of a docstring, and its sections, each with its lines."""
    text: list[str] = []
    sections: list[tuple[str, list[str]]] = []
    for line in lines:
        head = re.match(rf"({'|'.join(SECTIONS)}):\s*(.*)", line)
        if head:
            sections.append((head[1], [head[2]] if head[2] else []))
        else:
            (sections[-1][1] if sections else text).append(line)
    return text, sections


def prose(lines: list[str], names: Collection[str] = ()) -> str:
    """Paragraphs with their formulas set; indented lines stand apart, as code if they are no formulas.

    Args:
        names: words that are names in formulas: the function's arguments.
    """
    parts = re.split(r"((?:^[ ]{4}.*\n?)+)", "\n".join(lines).strip("\n"), flags=re.M)
    for k, part in enumerate(parts):
        block = part.rstrip("\n").splitlines()
        if k % 2 and formulas.mostly(block, names):
            rows = "\n\n".join(typeset(line.strip(), names, display=True) for line in block)
            parts[k] = f"\n:::{{container}} formula\n{rows}\n:::\n\n"
        elif k % 2 == 0:
            parts[k] = typeset(part, names)
    return "".join(parts) + "\n"


def typeset(text: str, names: Collection[str] = (), *, display: bool = False) -> str:
    """Markdown with its formulas as mathematics; `display` sets indices of sums below them.

    >>> print(typeset("some*thing: 1 / x"))
    some\\*thing: {math}`\\frac{1}{x}`
    """
    made = formulas.written(text, names, escaped, "{math}")
    return made.replace("{math}`", "{math}`\\displaystyle ") if display else made


def listed(section: str, lines: list[str]) -> str:
    """A section as a paragraph, or as a list where it describes several things."""
    items = list(_items(lines))
    if section in ("Returns", "Source", "Shapes") or len(items) == 1:
        return f"**{section}**: {escaped(' '.join(items))}\n"
    return f"**{section}**\n\n" + "\n".join(f"- {escaped(item)}" for item in items) + "\n"


def _items(lines: list[str]) -> Iterator[str]:
    """Things described one a line, or several with three spaces between them."""
    joined: list[str] = []
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    for line in lines:
        if not line.strip():
            continue
        if joined and len(line) - len(line.lstrip()) > margin:
            joined[-1] += " " + line.strip()
        else:
            joined.append(line.strip())
    for line in joined:
        yield from re.split(r"\s{3,}", line)


if __name__ == "__main__":
    without = draw_operations.draw(PAGE.with_suffix(""))
    assert not without, without
    with writing(PAGE) as temporary:
        temporary.write_text(page(), encoding="utf-8", newline="\n")
    print(f"wrote {PAGE}")
