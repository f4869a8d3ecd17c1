"""`torch.autograd.anomaly_mode`: a walk that stops where a derivative gives NaN."""

from __future__ import annotations

import warnings
from typing import Any

from tinygrad_cnn.anomaly import Finite
from tinygrad_cnn.errors import AnomalyError
from tinygrad_cnn.functional.arguments import flag
from tinygrad_cnn.graph import MODE, Block, Mode, Node, Observer
from tinygrad_cnn.mode import AtOnce
from tinygrad_cnn.torch.refusals import guard as _guard

__all__ = ["detect_anomaly", "set_detect_anomaly"]


class GradientIsNanError(AnomalyError, RuntimeError):
    """A derivative that gave NaN."""


class _Returned(Finite):
    """Looks for NaN in what derivatives give, and at nothing else."""

    def __init__(self, check_nan: bool) -> None:
        super().__init__(infinities=False)
        self.check_nan = check_nan

    def recorded(self, node: Node, arrays: tuple[Any, ...], result: Any) -> None:
        """Note where the op was called."""
        self.called(node)

    def step_starts(self, node: Node, g: Any) -> None:
        """The gradient that a walk begins with may be anything."""

    def stepped(self, node: Node, g: Any, gradients: tuple[Any, ...]) -> None:
        """Look at the gradients that a derivative gave."""
        for k, share in enumerate(gradients):
            bad = "" if share is None or not self.check_nan else self.found(share)
            if bad:
                found = self.error(node, "the derivative of ", f"gave {bad}", backward=True)
                name = node.op.name if node.op is not None else "leaf"
                said = f"Function '{name}Backward0' returned nan values in its {k}th output: {found}"
                raise GradientIsNanError(said, found.op, found.module, found.site, True)


def _without(mode: Mode, *more: Observer) -> Mode:
    """The mode with other observers of this kind."""
    others = (one for one in mode.observers if not isinstance(one, _Returned))
    return mode.replaced(observers=(*others, *more))


class detect_anomaly(Block):
    """A block whose walks stop where a derivative gives NaN, naming the op and the line that called it.

    Args:
        check_nan: False looks for nothing.
    Raises:
        GradientIsNanError: a RuntimeError, by `backward()` in the block.

    >>> from tinygrad_cnn import torch
    >>> x = torch.tensor([-1.0], requires_grad=True)
    >>> with warnings.catch_warnings(action="ignore"), detect_anomaly():
    ...     x.sqrt().sum().backward()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    tinygrad_cnn.torch.autograd.anomaly_mode.GradientIsNanError: Function 'SqrtBackward0' returned nan ...
    """

    def __init__(self, check_nan: bool = True) -> None:
        super().__init__()
        self._watcher = _Returned(flag("detect_anomaly", "check_nan", check_nan))
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be "
            "enabled for debugging.", stacklevel=2,
        )  # fmt: skip

    def changed(self, mode: Mode) -> Mode:
        """The mode that looks for NaN."""
        return _without(mode, self._watcher)


class set_detect_anomaly(AtOnce):
    """Look for NaN in what derivatives give, or do not: from now on, or in a `with` block.

    Args:
        mode: True or False.   check_nan: as for `detect_anomaly`.

    >>> with set_detect_anomaly(True):
    ...     is_anomaly_enabled()
    True
    >>> is_anomaly_enabled()
    False
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        super().__init__()
        on = flag("set_detect_anomaly", "mode", mode)
        looks = flag("set_detect_anomaly", "check_nan", check_nan)
        self._watchers = (_Returned(looks),) if on else ()
        self.begin()

    def changed(self, mode: Mode) -> Mode:
        """The mode that looks for NaN, or that does not."""
        return _without(mode, *self._watchers)


def is_anomaly_enabled() -> bool:
    """Whether a walk stops at NaN here and now.

    >>> is_anomaly_enabled()
    False
    """
    return any(isinstance(one, _Returned) for one in MODE.get().observers)


def is_anomaly_check_nan_enabled() -> bool:
    """Whether it would look for NaN.

    >>> is_anomaly_check_nan_enabled()
    True
    """
    return all(one.check_nan for one in MODE.get().observers if isinstance(one, _Returned))


__getattr__ = _guard("torch.autograd.anomaly_mode", globals())
