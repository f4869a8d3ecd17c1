"""Tells hypothesis how to draw a Tensor, once there are Tensors: `st.from_type(Tensor)` then works.

Hypothesis calls `register` when it is imported, through an entry point. Most programs that import
hypothesis need no Tensor: so the package is not imported here, but waited for.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

PACKAGE = "tinygrad_cnn"


def register() -> None:
    """Register the strategy of Tensors now, or as soon as the package has been imported."""
    if f"{PACKAGE}.tensor" in sys.modules:
        _register_now()
    else:
        sys.meta_path.insert(0, _Waiting())


def _register_now() -> None:
    strategies, tensor = import_module("hypothesis.strategies"), import_module(f"{PACKAGE}.tensor")

    def tensors(kind: type) -> Any:
        """Loaded when the first Tensor is drawn."""
        return import_module(f"{PACKAGE}.testing.strategies").tensors(requires_grad=strategies.booleans())

    strategies.register_type_strategy(tensor.Tensor, tensors)


class _Waiting(MetaPathFinder):
    """Finds the package as the others do, and adds what is to happen once it is loaded."""

    def __init__(self) -> None:
        self.asking = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of the package; of other modules nothing."""
        if fullname != PACKAGE or self.asking:
            return None
        self.asking = True
        try:
            spec = find_spec(fullname)
        finally:
            self.asking = False
        if spec is not None and spec.loader is not None:
            spec.loader = _Telling(spec.loader, self)
        return spec


class _Telling(Loader):
    """A loader that registers the strategy after it has loaded the package."""

    def __init__(self, loader: Any, waiting: _Waiting) -> None:
        self._loader, self._waiting = loader, waiting

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the loader does."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """As the loader does, and then the registration."""
        self._loader.exec_module(module)
        if self._waiting in sys.meta_path:
            sys.meta_path.remove(self._waiting)
            _register_now()
