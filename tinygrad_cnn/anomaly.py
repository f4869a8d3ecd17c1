"""Find the op that first made a NaN or an infinity, in which module, from which line of the user's code."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_cnn.errors import AnomalyError
from tinygrad_cnn.graph import Node, Observer, observe
from tinygrad_cnn.switches import flag

#: Code in this folder is not the user's.
_OURS = f"{Path(__file__).parent}{os.sep}"


class detect_anomaly(observe["Finite"]):
    """Stop at the first op whose result, or whose derivative, is NaN or infinite.

    A `with` block, for hunting faults: looking at every element takes time. What is computed under
    `no_grad` is not looked at.

    Args:
        infinities: False looks for NaN only, where infinities are meant, as in masks of attention.
    Raises:
        AnomalyError: inside the block, at that op; the graph and every `grad` are as before it.
    Source: PyTorch's `torch.autograd.detect_anomaly`, which looks at derivatives and for NaN only.

    >>> from tinygrad_cnn import Tensor
    >>> x = Tensor([0.0, 4.0], requires_grad=True)
    >>> with np.errstate(divide="ignore"), detect_anomaly():  # doctest: +ELLIPSIS
    ...     x.sqrt().sum().backward()
    Traceback (most recent call last):
        ...
    tinygrad_cnn.errors.AnomalyError: the derivative of Sqrt, called at ..., gave 1 infinity ...
    """

    def __init__(self, *, infinities: bool = True) -> None:
        super().__init__(Finite(flag("detect_anomaly", "infinities", infinities)))


class Finite(Observer):
    """Looks at every result and at every gradient.

    Args:
        infinities: look for them, beside NaN.

    >>> Finite(infinities=False).infinities
    False
    """

    def __init__(self, infinities: bool) -> None:
        self.infinities = infinities
        self._sites: dict[int, tuple[str, int] | None] = {}

    def called(self, node: Node) -> None:
        """Note where the op was called."""
        self._sites[node.serial] = _site()

    def recorded(self, node: Node, arrays: tuple[Any, ...], result: Any) -> None:
        """Note where the op was called, and look at its result."""
        self.called(node)
        bad = self.found(result)
        if not bad:
            return
        carried = [k for k, x in enumerate(arrays) if isinstance(x, np.ndarray) and self.found(x)]
        came = (
            f", and operand {carried[0]} came in with {self.found(arrays[carried[0]])}" if carried else ""
        )
        raise self.error(node, "", f"gave {bad}{came}", backward=False)

    def step_starts(self, node: Node, g: Any) -> None:
        """Look at the gradient that a walk begins with."""
        bad = self.found(g)
        if bad:
            raise self.error(node, "the gradient that comes to ", f"has {bad}", backward=True)

    def stepped(self, node: Node, g: Any, gradients: tuple[Any, ...]) -> None:
        """Look at the gradients that a derivative gave."""
        for k, share in enumerate(gradients):
            bad = "" if share is None else self.found(share)
            if bad:
                raise self.error(node, "the derivative of ", f"gave {bad} for operand {k}", backward=True)

    def found(self, value: Any) -> str:
        """Count the NaN and infinities, in words; '' for none."""
        array = np.asarray(getattr(value, "array", value))
        if array.dtype.kind != "f" or np.isfinite(array).all():
            return ""
        nans, infs = int(np.isnan(array).sum()), int(np.isinf(array).sum())
        words = [f"{nans} NaN"] if nans else []
        if infs and self.infinities:
            words.append(f"{infs} {'infinity' if infs == 1 else 'infinities'}")
        return f"{' and '.join(words)} among {array.size} elements" if words else ""

    def error(self, node: Node, what: str, did: str, backward: bool) -> AnomalyError:
        """The error that is raised."""
        op = node.op.name if node.op is not None else repr(node)
        site = self._sites.get(node.serial)
        module = f" of module {node.scope!r}" if node.scope else ""
        called = f", called at {site[0]}:{site[1]}," if site else ", recorded before detect_anomaly(),"
        return AnomalyError(f"{what}{op}{module}{called} {did}", op, node.scope, site, backward)


def _site() -> tuple[str, int] | None:
    """File and line of the innermost call that is not in this package."""
    frame: Any = sys._getframe(3)
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_OURS):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
    return None
