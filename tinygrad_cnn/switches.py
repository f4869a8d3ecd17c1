"""Checks of switches: True and False are taken, and nothing that is merely true."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.errors import DTypeError, shown


def flag(function: str, name: str, value: Any) -> bool:
    """A switch: True or False.

    Raises:
        DTypeError: it is something else.

    >>> flag("Linear", "bias", np.True_)
    True
    """
    if not isinstance(value, (bool, np.bool_)):
        raise DTypeError(f"{function}: {name} is True or False, got {shown(value)}")
    return bool(value)


def flags(function: str, **switches: Any) -> None:
    """Several switches.

    Raises:
        DTypeError: one is neither True nor False.

    >>> flags("mnist", train=True, download=False)
    """
    for name, value in switches.items():
        flag(function, name, value)
