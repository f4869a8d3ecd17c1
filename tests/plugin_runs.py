"""Test suites of users, run with the pytest plugin; warnings are errors in all of them."""

from collections.abc import Callable

import pytest

#: Loaded by its own name, so that these runs do not depend on how the package is installed.
BY_NAME = ("-p", "no:tinygrad_cnn", "-p", "_tinygrad_cnn_plugins.for_pytest", "-p", "no:cacheprovider")
#: The runs share a process, in which the plugin may be imported already.
WARNINGS = ("-W", "error", "-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning")

HEAD = """
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tinygrad_cnn import Op
from tinygrad_cnn import functional as F

class HalfSquare(Op):
    keep = (0,)
    def forward(self, x): return x * x
    def backward(self, g, x): return (g * x,)

X = np.array([0.5, -1.0])
"""

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Runs pytest on some code, with the plugin."""

    def run(code: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(HEAD + code)
        return pytester.runpytest_inprocess(*BY_NAME, *WARNINGS, "--strict-markers", *arguments)

    return run
