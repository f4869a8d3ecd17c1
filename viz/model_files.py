"""Modules from files, and inputs to run them on, for the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_cnn import Tensor
from tinygrad_cnn.errors import ArgumentError, FormatError
from tinygrad_cnn.nn import Module
from tinygrad_cnn.onnx import OnnxModule
from tinygrad_cnn.onnx import load as load_onnx
from tinygrad_cnn.onnx.file_graph import Declared
from tinygrad_cnn.train import load_model

#: Suffixes of files that hold a module.
SUFFIXES = (".npz", ".onnx", ".safetensors")


def module_of(path: Path) -> Module:
    """The module in a file of `save_model`, in a checkpoint, or in an ONNX file.

    Raises:
        ArgumentError: a file that holds numbers only.   FormatError: a damaged ONNX file.
    """
    if path.suffix.lower() == ".onnx":
        return load_onnx(path)
    try:
        return load_model(path)
    except FormatError as error:
        raise ArgumentError(
            f"{error}; where a file holds numbers only, load it in a script that makes the model, and give "
            "SCRIPT.py:NAME"
        ) from error


def inputs_of(model: Module, path: Path, given: Sequence[Any] | None) -> tuple[Any, ...]:
    """Arrays to run a module on: those given, or random ones of the shapes that an ONNX file declares.

    The first size that may vary is taken for the batch, and is 1.

    Raises:
        ArgumentError: none are given, and the file does not say what fits.
    """
    if isinstance(model, OnnxModule) and given:
        named = zip(given, model.inputs, strict=False)
        return (*(_named(x, declared) for x, declared in named), *given[len(model.inputs) :])
    if given:
        return tuple(given)
    if not isinstance(model, OnnxModule):
        raise ArgumentError(f"{path} holds a Module, which must be run: give --input, such as 1,1,28,28")
    rng, made = np.random.default_rng(0), []
    for declared in model.inputs:
        sizes = [1 if k == 0 and not isinstance(n, int) else n for k, n in enumerate(declared.shape or ())]
        if declared.dtype is None or not all(isinstance(n, int) for n in sizes):
            listed = ", ".join(map(str, model.inputs))
            raise ArgumentError(f"{path} takes {listed}: give --input with sizes, once for each")
        drawn = rng.standard_normal([int(n) for n in sizes if isinstance(n, int)])
        is_float = declared.dtype.kind == "f"
        x = drawn.astype(declared.dtype) if is_float else np.zeros(drawn.shape, declared.dtype)
        made.append(_named(x, declared))
    return tuple(made)


def _named(x: Any, declared: Declared) -> Tensor:
    """An input under its name in the file."""
    return Tensor(x, name=declared.name)
