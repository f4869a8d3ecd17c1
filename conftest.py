"""What every test and doctest of the project shares."""

import gc
import os
import sys
from importlib.util import find_spec
from types import ModuleType

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from tinygrad_cnn import Tensor, hints

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A page of Markdown carries no marks: this one starts test runs of its own, as its reader would."""
    for item in items:
        if item.path.name == "testing.md":
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    """What the tests are made of stays to the end: the garbage collector need not look at it each time."""
    gc.collect()
    gc.freeze()


# The same everywhere: the examples are derived from the test itself, so a run can be repeated exactly, and
# no example is judged by its time, because machines differ. `thorough` takes twice as many of them.
settings.register_profile(
    "default",
    max_examples=50,
    derandomize=True,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("thorough", settings.get_profile("default"), max_examples=100)
settings.load_profile("default")


def _modules_of(name: str) -> list[ModuleType]:
    """The module that a doctest of `tinygrad_cnn.torch` belongs to."""
    parts = name.split(".")
    if parts[:2] not in (["tinygrad_cnn", "torch"], ["tinygrad_cnn", "torchvision"]):
        return []
    paths = (".".join(parts[:k]) for k in range(len(parts), 1, -1))
    return [sys.modules[path] for path in paths if path in sys.modules][:1]


@pytest.fixture(autouse=True)
def _no_hints() -> None:
    """Tests do on purpose what hints are about; tests/test_hints.py asks for them."""
    hints.enough()


@pytest.fixture(autouse=True)
def _doctest_names(doctest_namespace: dict[str, object], request: pytest.FixtureRequest) -> None:
    """Doctests may say `np` and `Tensor` without importing them; where a module has its own, that one."""
    own = next((vars(m)["Tensor"] for m in _modules_of(request.node.name) if "Tensor" in vars(m)), Tensor)
    doctest_namespace.update(np=np, Tensor=own)
