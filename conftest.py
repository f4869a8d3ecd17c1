"""What every test and doctest of the project shares."""

import os
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from tinygrad_cnn import Tensor

# Adapters of frameworks that are not installed cannot be imported, and have no doctests to run.
_ADAPTERS = {"torch": "pytorch", "jax": "jax_arrays", "autograd": "hips_autograd"}
collect_ignore = [
    f"tinygrad_cnn/testing/frameworks/{module}.py"
    for library, module in _ADAPTERS.items()
    if find_spec(library) is None
]

# Tests never start a compiler in the background; those of the compiled kernels ask for them.
os.environ.setdefault("TINYGRAD_CNN_KERNELS", "reference")

# What cannot be imported, or cannot load a file, without the extra `onnx`.
if find_spec("onnx") is None:
    collect_ignore += [f"tinygrad_cnn/onnx/{name}.py" for name in ("backend", "reading", "writing")]

# One profile, the same everywhere: the examples are derived from the test itself, so a run can be
# repeated exactly, and no example is judged by its time, because machines differ.
settings.register_profile(
    "default",
    derandomize=True,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("default")


@pytest.fixture(autouse=True)
def _doctest_names(doctest_namespace: dict[str, object]) -> None:
    """Doctests may say `np` and `Tensor` without importing them."""
    doctest_namespace.update(np=np, Tensor=Tensor)
