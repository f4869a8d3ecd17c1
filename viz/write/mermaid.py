"""A model as Mermaid text, which GitHub, GitLab and many editors draw by themselves.

Source: K. Sveidqvist and contributors, "Mermaid: flowcharts", https://mermaid.js.org/syntax/flowchart.html
"""

from __future__ import annotations

from viz.model.boxes import Box, Model
from viz.model.places import Group
from viz.options import Choice
from viz.write import numbers, plain_labels, style
from viz.write.frames import Frames
from viz.write.terminal import head


def text(model: Model, choice: Choice) -> str:
    """The model as a Mermaid flowchart, equal for equal arguments.

    >>> from tinygrad_cnn import Tensor
    >>> from viz.model.building import build
    >>> from viz.model.node_graph import roots_of
    >>> print(text(build(roots_of(Tensor([1.0], requires_grad=True, name="x") * 2)), Choice()))
    flowchart TB
      n0["x #183; input float32 #183; requires grad"]
      n1("Mul × 2")
      n0 -->|"1"| n1
      out0(["result #183; 1"])
      n1 --> out0
      classDef arithmetic fill:#e8eef8,stroke:#8c8c8c,color:#1a1a1a
      class n1 arithmetic
    """
    title = plain_labels.describe(model, choice) if choice.title is None else choice.title
    lines = ["---", f"title: {_yaml(title)}", "---"] if choice.title else []
    lines.append(f"flowchart {choice.rankdir}")
    lines += _boxes(model)
    for edge in model.edges:
        arrow = "-.->" if edge.constant else "-->"
        label = " ".join(filter(None, (edge.name, numbers.shape_text(edge.shape))))
        lines.append(f"  n{edge.tail} {arrow}{_on_arrow(label)} n{edge.head}")
    lines += [f'  n{edge.tail} -.->|"next step"| n{edge.head}' for edge in model.loops]
    for k, result in enumerate(model.results):
        number = [f"= {numbers.number_text(result.number)}"] if result.number is not None else []
        words = [result.name, *number, numbers.shape_text(result.shape)]
        lines.append(f'  out{k}(["{_quoted(words)}"])')
        lines.append(f"  n{result.box} --> out{k}")
    return "\n".join([*lines, *_classes(model)])


def _boxes(model: Model) -> list[str]:
    """Boxes in the order of their creation, those of a module inside a subgraph."""
    frames, lines = Frames(model.boxes), list[str]()
    around: list[Group] = []
    count = 0
    for box in model.boxes:
        wanted: list[Group] = []
        frame = frames.around(box.group)
        while frame:
            wanted.insert(0, frame)
            frame = frames.around(frame[:-1])
        while around and around != wanted[: len(around)]:
            lines.append(f"{'  ' * len(around)}end")
            around.pop()
        for group in wanted[len(around) :]:
            indent = "  " * (len(around) + 1)
            lines.append(f'{indent}subgraph g{count}["{_quoted([plain_labels.frame_text(group)])}"]')
            around.append(group)
            count += 1
        lines.append(f"{'  ' * (len(around) + 1)}{_box(box, around[-1] if around else ())}")
    return [*lines, *(f"{'  ' * k}end" for k in range(len(around), 0, -1))]


def _box(box: Box, frame: Group) -> str:
    if box.is_leaf:
        words = [box.name, f"{plain_labels.role_text(box)} {box.dtype}"]
        words += ["requires grad"] if box.wants else []
        return f'n{box.id}["{_quoted(words)}"]'
    own = plain_labels.parameters_text(box.parameters, box.repeats, True) if box.parameters else ""
    name = " ".join(head(box, frame).split())
    words = [
        f"{name} ×{box.repeats}" if box.repeats > 1 else name,
        own,
        *(f"▲ {m.text}" for m in box.marks),
    ]
    return f'n{box.id}("{_quoted(words)}")'


def _quoted(words: list[str]) -> str:
    """Words in one label; what Mermaid would read as its own is written by number."""
    text = " · ".join(filter(None, words))
    plain = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text.replace("\n", " "))
    return "".join(f"#{ord(c)};" if c in '"#<>&`\\·' else c for c in plain)


def _on_arrow(words: str) -> str:
    return f'|"{_quoted([words])}"|' if words else ""


def _yaml(title: str) -> str:
    plain = "".join(c if c.isprintable() else " " for c in title)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _classes(model: Model) -> list[str]:
    """Colours by the family of the operation, for those that occur."""
    found: dict[str, list[int]] = {}
    for box in model.boxes:
        if not box.is_leaf:
            found.setdefault(box.family if box.family in style.KINDS else "other", []).append(box.id)
    lines = [
        f"  classDef {family} fill:{style.KINDS[family]},stroke:{style.LINE},color:{style.INK}"
        for family in found
    ]
    return lines + [f"  class {','.join(f'n{k}' for k in ids)} {family}" for family, ids in found.items()]
