"""The findings of `blame`: the culprit, its place in the user's code, the numbers, and a picture of it."""

from __future__ import annotations

import html
import importlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.graph import Node, ancestors
from tinygrad_cnn.testing.blaming.recorded_steps import Step
from tinygrad_cnn.testing.check.findings import Finding


@dataclass(frozen=True)
class Blame:
    """The findings of `blame`; true if it found something, and printed, it explains itself.

    Attributes:
        kind: 'derivative' (a number is wrong), 'shape', 'error', 'write' (into an array that others
            read), 'walk' (every op is right, the sum of their gradients is not), 'cut' (something
            is computed outside the graph) or 'nothing'.
        reason: in words.   step: the culprit, with the arrays that it was given; None if no op is one.
        order: 1 or 2, of the derivative that is wrong.   inside: the step whose derivative called
            the culprit, if one did.   operand, index: whose gradient, and which entry of it.
        finding: the analytic and the numeric value.   roots: where the graph ends.
    """

    kind: str
    reason: str
    step: Step | None = None
    order: int = 1
    inside: Step | None = None
    operand: int | None = None
    index: tuple[int, ...] | None = None
    finding: Finding | None = None
    roots: tuple[Node, ...] = ()

    def __bool__(self) -> bool:
        return self.kind != "nothing"

    @property
    def op(self) -> str | None:
        """The culprit's name."""
        return None if self.step is None else self.step.op.name

    @property
    def node(self) -> Node | None:
        """The culprit's node in the graph."""
        return None if self.step is None else self.step.node

    @property
    def site(self) -> tuple[str, int] | None:
        """(file, line) of the user's code that called the culprit, or caused its call."""
        step = self.inside or self.step
        return None if step is None else step.site

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        return f"<pre>{html.escape(str(self))}</pre>"

    def __str__(self) -> str:
        if self.step is None:
            return f"none; {self.reason}"
        lines = [self._headline(), f"  {self.reason}" if self.reason else ""]
        if self.finding is not None:
            f = self.finding
            ratio = f", ratio {f.analytic / f.numeric:.6g}" if f.numeric else ""
            what = "derivative" if self.order == 1 else "second derivative"
            other = "forward mode" if f.against == "forward" else "a numerical one"
            lines.append(
                f"  its {what} gives {f.analytic:.10g}, {other} {f.numeric:.10g} ± {f.error:.1g}{ratio}"
            )
        shapes = ", ".join(str(np.shape(x)) for x in self.step.operands)
        lines.append(f"  it was given {shapes} and gave {self.step.result.shape}")
        return "\n".join(line for line in lines if line.strip())

    def _headline(self) -> str:
        assert self.step is not None
        options = ", ".join(f"{k}={v}" for k, v in self.step.op.options().items())
        parts = [f"{self.op}({options})" if options else str(self.op)]
        if self.inside is not None:
            parts.append(f"in the derivative of {self.inside.op.name}")
        if self.site is not None:
            parts.append(f"called at {self.site[0]}:{self.site[1]}")
        if self.step.node.scope:
            parts.append(f"in module {self.step.node.scope}")
        if self.operand is not None:
            entry = "" if self.index is None else f", entry {self.index}"
            parts.append(f"gradient of operand {self.operand}{entry}")
        return ", ".join(parts)

    def draw(self, path: str | Path) -> Path:
        """Write a picture of the graph with the culprit's box in red.

        Args:
            path: ends in .png, .svg, .pdf or .dot; needs the package `viz`.
        Returns:
            The file's path.
        Raises:
            ArgumentError: there is no graph to draw.   The others: as `viz.render`.

        >>> import tempfile
        >>> from tinygrad_cnn import functional as F
        >>> from tinygrad_cnn.testing import blame
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     blame(F.exp, np.ones(2)).draw(f"{folder}/exp.dot").name
        'exp.dot'
        """
        if not self.roots:
            raise ArgumentError("Blame.draw: no op was recorded, so there is no graph to draw")
        # Loaded by name at its first use: the engine does not depend on the drawings.
        viz = importlib.import_module("viz")
        picture = viz.graph(list(self.roots), max_nodes=None, fold=False)
        # Boxes of ops and nodes of ops are in the same order, that of creation.
        nodes = [node for node in ancestors(*self.roots) if node.op is not None]
        boxes = sorted(box.id for box in picture.model.boxes if box.kind == "op")
        found = [box for node, box in zip(nodes, boxes, strict=True) if node is self.node]
        # A second statement on a box changes what it names and leaves the rest.
        red = "".join(f'\tn{box} [color="#d00000" penwidth=4]\n' for box in found)
        body, end, tail = picture.source.rpartition("}")
        return Path(replace(picture, source=f"{body}{red}{end}{tail}").render(path))
