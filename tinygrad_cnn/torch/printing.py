"""Printing of tensors: PyTorch's layout of numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cnn.torch import dtypes


class Options:
    """The options of `set_printoptions`."""

    precision = 4
    threshold = 1000.0
    edgeitems = 3
    linewidth = 80
    sci_mode: bool | None = None


def set_printoptions(
    precision: int | None = None, threshold: float | None = None, edgeitems: int | None = None,
    linewidth: int | None = None, profile: str | None = None, sci_mode: bool | None = None,
) -> None:  # fmt: skip
    """Choose how tensors print.

    >>> set_printoptions(profile="default")
    """
    if profile is not None:
        Options.precision = 2 if profile == "short" else 4
        Options.threshold = math.inf if profile == "full" else 1000.0
        Options.edgeitems = 2 if profile == "short" else 3
        Options.linewidth, Options.sci_mode = 80, None
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    for name, value in given.items():
        if value is not None:
            setattr(Options, name, value)
    if sci_mode is not None:
        Options.sci_mode = sci_mode


class _Formatter:
    """The width and form that all numbers of a tensor share."""

    def __init__(self, values: Any) -> None:
        self.floating = values.dtype.kind == "f"
        self.whole, self.scientific, self.width = True, False, 1
        if not self.floating:
            self.width = max([len(str(v)) for v in values.ravel().tolist()], default=1)
            return
        flat = values.astype(np.float64).ravel()
        some = np.abs(flat[np.isfinite(flat) & (flat != 0)])
        if some.size == 0:
            return
        low, high = float(some.min()), float(some.max())
        self.whole = bool((some == np.ceil(some)).all())
        self.scientific = high / low > 1000.0 or high > 1.0e8 or (not self.whole and low < 1.0e-4)
        if Options.sci_mode is not None:
            self.scientific = Options.sci_mode
        kept = flat[np.isfinite(flat) & (flat != 0)]  # others do not widen the columns
        self.width = max(self._length(v) for v in kept.tolist())

    def _length(self, value: float) -> int:
        return len(self._text(value))

    def _text(self, value: Any) -> str:
        if not self.floating:
            return str(value)
        if self.scientific:
            return f"{value:.{Options.precision}e}"
        if self.whole:
            return f"{value:.0f}" + ("." if math.isfinite(value) else "")
        return f"{value:.{Options.precision}f}"

    def __call__(self, value: Any) -> str:
        return self._text(value).rjust(self.width)


def text_of(tensor: Any) -> str:
    """The text that `print(tensor)` shows.

    >>> from tinygrad_cnn.torch.tensors import Tensor
    >>> print(text_of(Tensor([[1.0, 2.5]])))
    tensor([[1.0000, 2.5000]])
    """
    array = tensor._array
    kind = dtypes.of_numpy(array.dtype)
    notes = []
    head = "Parameter containing:\n" if type(tensor).__name__ == "Parameter" else ""
    if array.size == 0:
        body = "[]"
        if array.ndim != 1:
            notes.append(f"size={tuple(array.shape)}")
    else:
        summarised = array.size > Options.threshold
        formatter = _Formatter(_seen(array) if summarised else array)
        body = _lines(array, 7, summarised, formatter)
    usual = (dtypes.get_default_dtype(), dtypes.int64, dtypes.bool_)
    if kind not in usual or (array.size == 0 and kind != usual[0]):
        notes.append(f"dtype={kind}")
    if tensor.grad_fn is not None:
        notes.append(f"grad_fn=<{tensor.grad_fn.name()}>")
    elif tensor.requires_grad:
        notes.append("requires_grad=True")
    return head + _closed(body, notes)


def _closed(body: str, notes: list[str]) -> str:
    text = f"tensor({body}"
    last = len(text) - text.rfind("\n") + 1
    for note in notes:
        if last + len(note) + 2 > Options.linewidth:
            text += ",\n       " + note
            last = 7 + len(note)
        else:
            text += ", " + note
            last += len(note) + 2
    return text + ")"


def _seen(array: Any) -> Any:
    """The elements that a summary shows."""
    for axis in range(array.ndim):
        n, edge = array.shape[axis], Options.edgeitems
        if n > 2 * edge:
            array = np.take(array, [*range(edge), *range(n - edge, n)], axis)
    return array


def _lines(array: Any, indent: int, summarised: bool, formatter: _Formatter) -> str:
    edge = Options.edgeitems
    if array.ndim == 0:
        return formatter(array.item())
    n = len(array)
    cut = summarised and n > 2 * edge
    if array.ndim == 1:
        per_line = max(1, (Options.linewidth - indent) // (formatter.width + 2))
        if cut:
            words = [
                *map(formatter, array[:edge].tolist()),
                " ...",
                *map(formatter, array[-edge:].tolist()),
            ]
        else:
            words = list(map(formatter, array.tolist()))
        rows = [", ".join(words[i : i + per_line]) for i in range(0, len(words), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(rows) + "]"
    if cut:
        parts = [_lines(a, indent + 1, summarised, formatter) for a in array[:edge]]
        parts += ["..."] + [_lines(a, indent + 1, summarised, formatter) for a in array[-edge:]]
    else:
        parts = [_lines(a, indent + 1, summarised, formatter) for a in array]
    return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(parts) + "]"
