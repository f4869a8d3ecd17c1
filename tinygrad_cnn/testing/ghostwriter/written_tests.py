"""The text of tests of gradients."""

from __future__ import annotations

import keyword
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.testing.check.framework_choice import framework_of
from tinygrad_cnn.testing.ghostwriter.found_inputs import Drawn, Inputs, found_inputs
from tinygrad_cnn.testing.ghostwriter.public_names import Name, named

#: Roots of modules -> the framework whose functions they hold, in the order in which they tell.
ROOTS = {"torch": "torch", "jax": "jax", "autograd": "autograd", "tinygrad_cnn": "tinygrad_cnn"}

HEAD = '"""Tests of gradients, written by tinygrad_cnn.testing.ghostwriter: change them as you like."""\n\n'


def gradient_tests(
    *functions: str | Callable[..., Any],
    framework: str | None = None,
    gradient: str | Callable[..., Any] | None = None,
    vjp: str | Callable[..., Any] | None = None,
    jvp: str | Callable[..., Any] | None = None,
) -> str:
    """Write a module of tests, which pytest runs, of the gradients of some functions.

    Inputs are found by trial: arrays of a few shapes and ranges, and numbers for axes and sizes, until the
    results are finite. Each test draws arrays by hypothesis, and hands them to the fixture `gradcheck`.

    Args:
        functions: of any framework, or their names: 'jax.nn.softplus', 'mine.loss'. They must be
            importable: no lambdas.
        framework: as in `gradcheck`; None: as their modules tell.
        gradient, vjp, jvp: the derivative of one NumPy function by hand, or its name.
    Returns:
        Python, to be written to a file `test_....py`.
    Raises:
        ArgumentError: no function of a name, no inputs found, or several functions for one derivative.
        MissingExtraError: the framework is not installed.

    >>> print(gradient_tests("tinygrad_cnn.functional.tanh").partition("import ")[2])
    tinygrad_cnn.functional
    from hypothesis import given, settings
    from tinygrad_cnn.testing.strategies import arrays
    <BLANKLINE>
    <BLANKLINE>
    @settings(deadline=None)
    @given(x=arrays((2, 3), low=-3.0, high=3.0))
    def test_gradients_of_tanh(gradcheck, x):
        gradcheck(tinygrad_cnn.functional.tanh, x)
    <BLANKLINE>
    """
    handed = {"gradient": gradient, "vjp": vjp, "jvp": jvp}
    derivatives = {k: named("gradient_tests", f) for k, f in handed.items() if f is not None}
    if not functions:
        raise ArgumentError("gradient_tests: no function was given")
    if derivatives and len(functions) > 1:
        raise ArgumentError(f"gradient_tests: one function fits a derivative, got {len(functions)}")
    written = [_Written(named("gradient_tests", f), framework, derivatives) for f in functions]
    modules = {name.module for w in written for name in w.names()} - {"builtins"}
    lines = [f"import {module}" for module in sorted(modules)]
    if any(isinstance(value, str) and "np." in value for w in written for value in w.inputs.values):
        lines.append("import numpy as np")
    rejects = any(w.inputs.refused for w in written)
    lines.append(f"from hypothesis import given, {'reject, ' if rejects else ''}settings")
    lines.append("from tinygrad_cnn.testing.strategies import arrays")
    return HEAD + "\n".join([*lines, *(w.text() for w in written)]) + "\n"


class _Written:
    """One test.

    Attributes:
        inputs: what the function is called with.
    """

    def __init__(self, name: Name, framework: str | None, derivatives: dict[str, Name]) -> None:
        self.name, self.derivatives = name, derivatives
        self.framework = framework or ("numpy" if derivatives else _framework(name))
        if self.framework == "numpy" and not derivatives:
            raise ArgumentError(
                f"gradient_tests: {name} is a NumPy function, which needs gradient=, vjp= or jvp="
            )
        given = {kind: derivative.value for kind, derivative in derivatives.items()}
        whose = framework_of("gradient_tests", self.framework, [], **given)
        self.inputs: Inputs = found_inputs("gradient_tests", str(name), name.value, whose)
        self.errors = [named("gradient_tests", error) for error in self.inputs.refused]

    def names(self) -> list[Name]:
        """What it names, and so has to import."""
        return [self.name, *self.derivatives.values(), *self.errors]

    def text(self) -> str:
        """The test."""
        pairs = list(zip(map(_argument, self.inputs.names), self.inputs.values, strict=True))
        drawn = [(name, value) for name, value in pairs if isinstance(value, Drawn)]
        strategies = ", ".join(f"{n}=arrays({v.shape}, low={v.low}, high={v.high})" for n, v in drawn)
        given = [name if isinstance(value, Drawn) else value for name, value in pairs]
        given += [f"{kind}={name}" for kind, name in self.derivatives.items()]
        given += [f'framework="{self.framework}"'] if self.framework in ("torch", "jax", "autograd") else []
        call = f"gradcheck({self.name}, {', '.join(given)})"
        body = [f"    {call}"]
        if self.errors:
            body = ["    try:", f"        {call}", f"    except ({', '.join(map(str, self.errors))},):"]
            body.append("        reject()  # it refuses these inputs")
        short = self.name.attribute.removesuffix(".apply").replace(".", "_")
        head = f"def test_gradients_of_{short}(gradcheck, {', '.join(n for n, _ in drawn)}):"
        return "\n".join(["", "", "@settings(deadline=None)", f"@given({strategies})", head, *body])


def _argument(name: str) -> str:
    """The name of a parameter, or another where a test cannot have it."""
    return f"{name}_" if name == "gradcheck" or keyword.iskeyword(name) else name


def _framework(name: Name) -> str:
    """Whose function it is: as its module tells, or what its module imports."""
    root = name.module.partition(".")[0]
    if root in ROOTS:
        return ROOTS[root]
    if root == "numpy":
        return "numpy"
    held = vars(sys.modules[name.module]).values()
    roots = {(x.__name__ if isinstance(x, ModuleType) else str(getattr(x, "__module__", ""))) for x in held}
    roots = {module.partition(".")[0] for module in roots}
    return next((whose for root, whose in ROOTS.items() if root in roots), "tinygrad_cnn")
