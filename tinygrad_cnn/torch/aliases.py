"""Lets `import torch` and `import torchvision` mean the packages of here, in this process."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types
from typing import Any

from tinygrad_cnn.torch.paths import home
from tinygrad_cnn.torch.refusals import LeftOut, reason

ROOTS = ("torch", "torchvision")


class Aliases(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `torch.x` as `tinygrad_cnn.torch.x`: a module, or a namespace that a module holds."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname.partition(".")[0] not in ROOTS:
            return None
        if resolved(fullname) is None and reason(fullname.partition(".")[2]) is None:
            root = fullname.partition(".")[0]
            raise ModuleNotFoundError(f"{fullname} is not in tinygrad_cnn.{root}", name=fullname)
        package = home(fullname) is None  # one of PyTorch's files has no files in it
        return importlib.machinery.ModuleSpec(fullname, self, is_package=package)

    def create_module(self, spec: Any) -> Any:
        found = resolved(spec.name)
        if found is None:  # left out: it can be imported, and says why when it is used
            found = LeftOut(spec.name)
        self.kept = getattr(found, "__spec__", None)
        return found

    def exec_module(self, module: Any) -> None:
        if self.kept is not None:
            module.__spec__ = self.kept


def resolved(fullname: str) -> Any:
    """The module of here for a name of PyTorch's, or None.

    >>> resolved("torch.nn.functional").__name__, resolved("torch.no")
    ('tinygrad_cnn.torch.nn.functional', None)
    """
    if (package := home(fullname)) is not None:
        return package
    ours = f"tinygrad_cnn.{fullname}"
    try:
        if importlib.util.find_spec(ours) is not None:
            return importlib.import_module(ours)
    except ModuleNotFoundError:
        pass
    head, _, last = fullname.rpartition(".")
    holder = resolved(head) if head else None
    found = getattr(holder, last, None) if holder is not None else None
    if isinstance(found, types.SimpleNamespace):
        made = types.ModuleType(ours)
        vars(made).update(vars(found))
        return made
    return found if isinstance(found, types.ModuleType) else None


def install() -> None:
    """Put the finder before all others, and forget modules of PyTorch that are loaded."""
    for name in [m for m in sys.modules if m.partition(".")[0] in ROOTS]:
        del sys.modules[name]
    sys.meta_path.insert(0, Aliases())
