"""Choosing the framework of a function: by name, by its inputs, or by a derivative handed over."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_cnn.errors import ArgumentError, MissingExtraError
from tinygrad_cnn.testing.check.structures import leaves
from tinygrad_cnn.testing.frameworks.base import Framework
from tinygrad_cnn.testing.frameworks.numpy_derivatives import NumpyDerivatives
from tinygrad_cnn.testing.frameworks.own_tensors import OwnTensors

#: Name -> the module of the adapter, its class, and the module and the package of the library.
ADAPTERS = {
    "torch": ("pytorch", "PyTorch", "torch", "torch"),
    "jax": ("jax_arrays", "Jax", "jax", "jax"),
    "autograd": ("hips_autograd", "HipsAutograd", "autograd", "autograd"),
}

#: Roots of the modules that define the arrays of a framework.
_ROOTS = {"torch": "torch", "jax": "jax", "jaxlib": "jax"}


def framework_of(
    function: str, framework: str | Framework | None, inputs: Sequence[Any],
    gradient: Callable[..., Any] | None = None, vjp: Callable[..., Any] | None = None,
    jvp: Callable[..., Any] | None = None, hvp: Callable[..., Any] | None = None,
) -> Framework:  # fmt: skip
    """The framework of a function.

    Args:
        function: the caller, for messages.
        framework: a name ('tinygrad_cnn', 'torch', 'jax', 'autograd', 'numpy'), an object, or None: by
            the inputs.
        inputs: of the function.   gradient, vjp, jvp, hvp: derivatives by hand, of a NumPy
            function.
    Raises:
        ArgumentError: an unknown name, or a derivative by hand for another framework than NumPy.
        MissingExtraError: the library is not installed.

    >>> framework_of("gradcheck", None, [Tensor([1.0])]).name
    'tinygrad_cnn'
    """
    handed = {"gradient": gradient, "vjp": vjp, "jvp": jvp, "hvp": hvp}
    by_hand = [name for name, d in handed.items() if d is not None]
    if isinstance(framework, Framework):
        found: Framework | str = framework
    else:
        found = framework or ("numpy" if by_hand else _by_inputs(inputs))
    if by_hand and found != "numpy":
        name = found if isinstance(found, str) else found.name
        raise ArgumentError(f"{function}: {by_hand[0]}= is for NumPy functions, and this one is of {name}")
    if isinstance(found, Framework):
        return found
    if found == "tinygrad_cnn":
        return OwnTensors()
    if found == "numpy":
        if by_hand in ([], ["hvp"]) or (gradient is not None and vjp is not None):
            raise ArgumentError(f"{function}: one of gradient=, vjp= or jvp= fits, got {by_hand or 'none'}")
        return NumpyDerivatives(gradient, vjp, jvp, hvp)
    if found not in ADAPTERS:
        raise ArgumentError(
            f"{function}: no framework {found!r}; tinygrad_cnn, numpy, {', '.join(ADAPTERS)} fit, or an "
            "object of a subclass of Framework"
        )
    return _adapter(function, found)


def _by_inputs(inputs: Sequence[Any]) -> str:
    roots = {type(x).__module__.split(".")[0] for _, x in leaves(list(inputs), _is_array)}
    return next((name for root, name in _ROOTS.items() if root in roots), "tinygrad_cnn")


def _is_array(x: Any) -> bool:
    return hasattr(x, "dtype")


def _adapter(function: str, name: str) -> Framework:
    """The adapter, imported now that it is needed."""
    module, kind, library, package = ADAPTERS[name]
    try:
        importlib.import_module(library)
    except ImportError as error:
        raise MissingExtraError(
            f"{function}: functions of {name} need {library}: pip install {package}"
        ) from error
    return getattr(importlib.import_module(f"tinygrad_cnn.testing.frameworks.{module}"), kind)()
