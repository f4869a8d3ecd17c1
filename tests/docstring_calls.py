"""Calls of functions and layers as the examples of their docstrings make them, to be made elsewhere."""

from __future__ import annotations

import contextlib
import copy
import doctest
import functools
import io
import sys

import numpy as np

from tinygrad_cnn import Tensor, manual_seed, nn


def examples_of(name, thing, replaced):
    """Run the examples of a docstring with some names replaced; say how many gave something else."""
    failed = 0
    module = sys.modules[thing.__module__]
    globs = {"np": np, "Tensor": Tensor, **vars(module), **replaced}
    for test in doctest.DocTestFinder(recurse=False).find(thing, name, module=False, globs=globs):
        runner = doctest.DocTestRunner(
            verbose=False, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        )
        with contextlib.redirect_stdout(io.StringIO()):
            failed += runner.run(test, out=lambda text: None, clear_globs=False).failed
    return failed


def calls_of_function(name, function):
    """The arguments with which the examples of a function call it."""
    found = []

    @functools.wraps(function)
    def noted(*args, **kwargs):
        with contextlib.suppress(Exception):  # what cannot be copied is given as it is
            found.append((copy.deepcopy(args), copy.deepcopy(kwargs)))
        return function(*args, **kwargs)

    examples_of(name, function, {name: noted})
    return [(function, args, kwargs) for args, kwargs in found]


def calls_of_modules(name, thing, monkeypatch):
    """The modules that the examples of a layer call, as they were before, with their arguments."""
    found, inside, call = [], [], nn.Module.__call__

    def noted(self, *args, **kwargs):
        if not inside:
            with contextlib.suppress(Exception):  # some hold what cannot be copied
                found.append((copy.deepcopy(self), copy.deepcopy(args), copy.deepcopy(kwargs)))
        inside.append(self)
        try:
            return call(self, *args, **kwargs)
        finally:
            inside.pop()

    with monkeypatch.context() as patch:
        patch.setattr(nn.Module, "__call__", noted)
        examples_of(name, thing, {})
    return found


def as_array(value, kinds):
    """A number, or a list of numbers of some kinds, as an array; anything else as it is."""
    if isinstance(value, float):
        return np.array(value)
    if isinstance(value, np.ndarray) and value.dtype.kind != "f" and "i" in kinds:
        return Tensor(value)
    if isinstance(value, list) and value:
        with contextlib.suppress(ValueError, TypeError):
            array = np.array(value)
            if array.dtype.kind in kinds:
                return array if array.dtype.kind == "f" else Tensor(array)
    return value


def placed(value, place):
    """An argument at a place: Tensors and floats as leaves there; labels, of NumPy, stay."""
    if isinstance(value, nn.PackedSequence):
        return value
    if isinstance(value, (Tensor, np.ndarray)):
        array = np.array(value.array if isinstance(value, Tensor) else value)
        if array.dtype.kind == "f":
            return Tensor(array.astype(np.float64)).to(place).requires_grad_()
        return Tensor(array).to(place) if isinstance(value, Tensor) else array
    if isinstance(value, (tuple, list)):
        parts = [placed(part, place) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, dict):
        return {key: placed(part, place) for key, part in value.items()}
    return value


def tensors_in(value):
    """The Tensors of a result, however deep."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [t for part in value for t in tensors_in(part)] if isinstance(value, (tuple, list)) else []


def made_again(call, place):
    """A call at a place: what it gives, its Tensors, and the gradients of its arguments and parameters."""
    thing, args, kwargs = call
    manual_seed(3)
    if isinstance(thing, nn.Module):
        thing = copy.deepcopy(thing).double().to(place)
    if args:
        args = (
            as_array(args[0], "fiub"),
            *(as_array(a, "fb") if isinstance(a, list) else a for a in args[1:]),
        )
    args, kwargs = placed(args, place), placed(kwargs, place)
    found = thing(*args, **kwargs)
    leaves = [t for t in tensors_in([list(args), kwargs]) if t.requires_grad]
    leaves += list(thing.parameters()) if isinstance(thing, nn.Module) else []
    results = tensors_in(found)
    if parts := [t for t in results if t.requires_grad]:
        sum((t * t).sum() if t.ndim else t * t for t in parts).backward()
    return found, results, [leaf.grad for leaf in leaves], bool(tensors_in([list(args), kwargs]))
