"""`viz.watch`: what each layer does from step to step of a training."""

from __future__ import annotations

from math import inf, isfinite, nan, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.graph import Node, Observer, Op, observe
from tinygrad_cnn.nn import Module
from tinygrad_cnn.train.callbacks import Callback
from viz.recording.recorder import dead_units
from viz.recording.summary import values_of
from viz.training.layer_series import Layer, findings

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def watch(model: Module, *, every: int = 1) -> Watch:
    """Note from step to step what each layer does, to see where a training goes wrong.

    For each layer: the root mean square of its results and of their gradients, the norm of its
    parameters' gradients, how large a step of the optimizer is beside the weights, and the share of
    units of a rectifier that are 0 throughout the batch.

    Args:
        model: what is trained.   every: note one step of so many, at least 1; each one noted costs a
            look at every result, and a copy of the parameters.
    Returns:
        A `Watch`: a callback for `Trainer`, or a `with` block around each step of one's own loop.
    Raises:
        DTypeError: no Module.   ArgumentError: `every` is not an integer of at least 1.

    >>> from tinygrad_cnn import Tensor, nn, optim
    >>> model = nn.Sequential(nn.Linear(2, 4, rng=0), nn.Tanh(), nn.Linear(4, 1, rng=1))
    >>> optimizer, seen = optim.SGD(model.parameters(), lr=0.1), watch(model)
    >>> for _ in range(3):
    ...     with seen:
    ...         loss = (model(Tensor(np.ones((4, 2), "float32"))) ** 2).mean()
    ...         optimizer.zero_grad(); loss.backward(); optimizer.step()
    >>> seen
    <Watch 3 steps of 3 layers: nothing to report>
    >>> [layer.name for layer in seen.layers]
    ['0', '0 → Tanh', '2']
    """
    return Watch(model, every)


class Watch(Callback):
    """The record of what each layer did; made by `viz.watch`, which explains it.

    Attributes:
        layers: a `Layer` for each, in the order of the first forward pass.
        steps: the numbers of the noted steps, from 1.   losses: the loss at each of them.
    """

    def __init__(self, model: Module, every: int = 1) -> None:
        if not isinstance(model, Module):
            raise DTypeError(f"viz.watch: model is a {type(model).__name__}; a Module fits")
        if not isinstance(every, (int, np.integer)) or isinstance(every, bool) or every < 1:
            raise ArgumentError(f"viz.watch: every is {every!r}; an integer of at least 1 fits")
        self.model, self.every = model, int(every)
        self.layers: list[Layer] = []
        self.steps: list[int] = []
        self.losses: list[float] = []
        self._count = 0
        self._seen: _Step | None = None
        self._block: observe[_Step] | None = None

    # ------------------------------------------------------------------ around a step
    def __enter__(self) -> Watch:
        self._begin()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._end(complete=kind is None)

    def on_train_begin(self, trainer: Any) -> None:
        """The first step begins."""
        self._begin()

    def on_batch_end(self, trainer: Any, loss: float) -> None:
        """A step is over, and the next one begins."""
        self._end()
        self._begin()

    def on_train_end(self, trainer: Any) -> None:
        """Nothing follows."""
        self._end(complete=False)

    def _begin(self) -> None:
        self._count += 1
        if (self._count - 1) % self.every == 0:
            self._seen = _Step(self.model)
            self._block = observe(self._seen)
            self._block.enter()

    def _end(self, complete: bool = True) -> None:
        seen, block = self._seen, self._block
        self._seen = self._block = None
        if block is not None:
            block.leave()
        if seen is not None and complete and seen.rows:
            self._note(seen)
        elif not complete:
            self._count -= 1

    def _note(self, seen: _Step) -> None:
        self.steps.append(self._count)
        self.losses.append(seen.loss)
        known = {layer.name: layer for layer in self.layers}
        for name, row in seen.finished().items():
            if name not in known:
                known[name] = Layer(name, row.learns)
                known[name].fill(len(self.steps) - 1)
            layer = known[name]
            layer.activation.append(row.rms(row.squares, row.elements))
            layer.flow.append(row.rms(row.flow_squares, row.flow_elements))
            layer.gradient.append(row.gradient)
            layer.update.append(row.update)
            layer.dead.append(row.dead)
        self.layers = list(known.values())
        for layer in self.layers:
            layer.fill(len(self.steps))

    # ------------------------------------------------------------------ what it shows
    @property
    def findings(self) -> list[str]:
        """Say what went wrong, where and since when; empty for a healthy run."""
        return findings(self.layers, self.steps, self.losses)

    def figure(self) -> Figure:
        """The run as a Matplotlib Figure.

        Raises:
            ArgumentError: no step was noted.   MissingExtraError: Matplotlib is not installed.
        """
        from viz.training.run_picture import drawn  # Matplotlib is an extra

        return drawn(self)

    def render(self, path: str | Path) -> Path:
        """Write the run into a file: .png, .svg or .pdf, or .html for a page with a table.

        Raises:
            ArgumentError: another suffix, or no step was noted.   FileNotFoundError: no such folder.
            MissingExtraError: Matplotlib is not installed; a page needs none.
        """
        from viz.training.run_picture import save

        return save(self, path)

    def _repr_png_(self) -> bytes | None:
        if not self.steps:
            return None
        shown: Any = self.figure()  # Matplotlib's, which here can show itself
        picture: bytes = shown._repr_png_()
        return picture

    def __repr__(self) -> str:
        found = self.findings if self.steps else []
        said = f"{len(found)} to report" if found else "nothing to report"
        return f"<Watch {len(self.steps)} steps of {len(self.layers)} layers: {said}>"

    def __str__(self) -> str:
        return "\n".join([repr(self), *self.findings])


class _Row:
    """Sums over one step of one layer."""

    def __init__(self) -> None:
        self.squares = self.flow_squares = 0.0
        self.elements = self.flow_elements = 0
        self.gradient = self.update = self.dead = nan
        self.learns = False

    @staticmethod
    def rms(squares: float, elements: int) -> float:
        """Root mean square; infinity for what is not finite, NaN for nothing."""
        if not elements:
            return nan
        return sqrt(squares / elements) if isfinite(squares) else inf


class _Step(Observer):
    """Watches one step."""

    def __init__(self, model: Module) -> None:
        self.loss = nan
        self.rows: dict[str, _Row] = {}
        self._names = {p.node.serial: name for name, p in model.named_parameters()}
        self._before = {name: (p, p.array.copy()) for name, p in model.named_parameters()}
        self._of_node: dict[int, str] = {}
        self._layer = ""
        self._scalars: dict[int, float] = {}
        self._walked = False

    def recorded(self, node: Node, arrays: tuple[Any, ...], result: Any) -> None:
        """Add a result to its layer: one with parameters, or an activation behind it."""
        assert node.op is not None
        if result.size == 1:
            self._scalars[node.serial] = float(result.reshape(-1)[0])
        name = self._name(node, node.op)
        if name is None:
            return
        self._of_node[node.serial] = name
        row = self.rows.setdefault(name, _Row())
        row.squares += _square(result)
        row.elements += result.size
        if node.op.rectifies:
            dead, units = dead_units(result)
            row.dead = dead / units if units else nan

    def _name(self, node: Node, op: Op) -> str | None:
        own = [self._names[p.serial] for p in node.parents if p.serial in self._names]
        if own:
            self._layer = own[0].rpartition(".")[0] or own[0]
            return self._layer
        if op.family == "activation":
            return f"{self._layer} → {op.drawn_name}" if self._layer else op.drawn_name
        return None

    def step_starts(self, node: Node, g: Any) -> None:
        """Add what flows back into a result to its layer."""
        if not self._walked and node.serial in self._scalars:
            value = self._scalars[node.serial]
            self.loss = value if isfinite(value) else inf
        self._walked = True
        name = self._of_node.get(node.serial)
        if name is not None:
            row, array = self.rows[name], values_of(g)
            row.flow_squares += _square(array)
            row.flow_elements += array.size

    def finished(self) -> dict[str, _Row]:
        """The rows, with what the optimizer did."""
        squares: dict[str, list[float]] = {}
        for name, (p, before) in self._before.items():
            layer = name.rpartition(".")[0] or name
            if p.requires_grad:
                row = self.rows.setdefault(layer, _Row())
                row.learns = True
                sums = squares.setdefault(layer, [0.0, 0.0, 0.0, 0.0])
                sums[0] += _square(p.array - before)
                sums[1] += _square(before)
                if p.grad is not None:
                    sums[2] += _square(values_of(p.grad))
                    sums[3] += 1
        for layer, (moved, size, gradient, count) in squares.items():
            row = self.rows[layer]
            row.update = sqrt(moved / size) if size > 0 and isfinite(moved) else nan if size == 0 else inf
            if count:
                row.gradient = sqrt(gradient) if isfinite(gradient) else inf
        return self.rows


def _square(array: Any) -> float:
    with np.errstate(all="ignore"):
        return float(np.sum(np.square(array, dtype=np.float64)))
