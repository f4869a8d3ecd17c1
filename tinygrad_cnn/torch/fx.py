"""`torch.fx`: nothing is traced; a function that is marked for tracing is itself."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn.torch.refusals import guard

__all__ = ["wrap"]


def wrap(fn_or_name: Any) -> Any:
    """The function that it is given.

    >>> wrap(abs) is abs
    True
    """
    return fn_or_name


__getattr__ = guard("torch.fx", globals())
