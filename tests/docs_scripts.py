"""What tests of the pages share."""

import importlib.util
import sys
from pathlib import Path

import tinygrad_cnn

DOCS = Path(tinygrad_cnn.__file__).parent.parent / "docs"


def loaded(name):
    """A script of the folder docs as a module."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look for their module there
    spec.loader.exec_module(module)
    return module
