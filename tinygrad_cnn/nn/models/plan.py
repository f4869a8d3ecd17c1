"""Plans of large networks: what a network consists of, before any memory is taken for its weights.

A plan maps names to layers that are not made yet, or to plans. One plan serves twice: `build` makes
the network, `state_shapes` tells the names and shapes of its state without making it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from functools import partial
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional.arguments import integer
from tinygrad_cnn.nn.containers.sequential import Sequential
from tinygrad_cnn.nn.layers.channel_norm import BatchNorm2d
from tinygrad_cnn.nn.layers.conv import Conv2d
from tinygrad_cnn.nn.layers.linear import Linear
from tinygrad_cnn.nn.module import Module
from tinygrad_cnn.rng import Seed, generator

#: A layer that is not made yet, by `conv`, `dense`, `norm` or `partial`; or a plan of several.
Plan = Mapping[str, Any]


def conv(inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0) -> partial[Conv2d]:
    """A convolution in a plan.

    >>> state_shapes({"0": conv(3, 8, 5)})
    {'0.weight': (8, 3, 5, 5), '0.bias': (8,)}
    """
    integer("conv", "inputs", inputs, 1)
    return partial(Conv2d, inputs, outputs, kernel, stride, padding)


def dense(inputs: int, outputs: int) -> partial[Linear]:
    """A linear layer in a plan.

    >>> state_shapes({"fc": dense(4, 2)})
    {'fc.weight': (2, 4), 'fc.bias': (2,)}
    """
    return partial(Linear, inputs, outputs)


def norm(channels: int) -> partial[BatchNorm2d]:
    """A batch norm in a plan.

    >>> state_shapes({"0": norm(3)})["0.running_mean"]
    (3,)
    """
    return partial(BatchNorm2d, channels)


def build(plan: Plan, *, rng: Seed = None, dtype: DTypeLike = np.float32) -> Sequential:
    """The network of a plan: a Sequential with the plan's names, nested as the plan is.

    Args:
        plan: layers and plans by name.   rng: seed or generator of the weights, drawn in order.
        dtype: a float type.

    >>> build({"head": {"0": dense(4, 2)}}, rng=0)[0][0]
    Linear(in_features=4, out_features=2, bias=True)
    """
    draws = generator(rng)
    made: OrderedDict[str, Module] = OrderedDict()
    for name, part in plan.items():
        if isinstance(part, Mapping):
            made[name] = build(part, rng=draws, dtype=dtype)
        elif part.func in (Conv2d, Linear):
            made[name] = part(rng=draws, dtype=dtype)
        else:
            made[name] = part(dtype=dtype) if part.func is BatchNorm2d else part()
    return Sequential(made)


def state_shapes(plan: Plan, prefix: str = "") -> dict[str, tuple[int, ...]]:
    """Names and shapes of the state dict that the network of a plan has; nothing is made.

    Args:
        plan: layers and plans by name.   prefix: path before the names.
    Returns:
        Shapes by path, in the order of `state_dict`.

    >>> state_shapes({"head": {"0": dense(4, 2)}})
    {'head.0.weight': (2, 4), 'head.0.bias': (2,)}
    """
    found: dict[str, tuple[int, ...]] = {}
    for name, part in plan.items():
        path = f"{prefix}.{name}" if prefix else name
        if isinstance(part, Mapping):
            found |= state_shapes(part, path)
        else:
            found |= {f"{path}.{key}": shape for key, shape in _shapes(part).items()}
    return found


def parameter_count(plan: Plan) -> int:
    """Count the numbers that the network of a plan learns: running statistics are not among them.

    >>> from tinygrad_cnn import nn
    >>> parameter_count(nn.models.vgg_plan(16))
    138357544
    """
    names = ("weight", "bias")
    return sum(prod(s) for path, s in state_shapes(plan).items() if path.rsplit(".", 1)[-1] in names)


def _shapes(part: partial[Module]) -> dict[str, tuple[int, ...]]:
    """The state of one layer; layers in plans have no options that change it."""
    if part.func is Conv2d:
        inputs, outputs, kernel = part.args[:3]
        return {"weight": (outputs, inputs, kernel, kernel), "bias": (outputs,)}
    if part.func is Linear:
        inputs, outputs = part.args
        return {"weight": (outputs, inputs), "bias": (outputs,)}
    if part.func is BatchNorm2d:
        each = dict.fromkeys(("weight", "bias", "running_mean", "running_var"), part.args)
        return {**each, "num_batches_tracked": ()}
    return {}


def width(function: str, channels: int, divisor: int) -> int:
    """Channels of a thinner network.

    Raises:
        ArgumentError: the divisor does not divide the channels.

    >>> width("vgg_plan", 512, 8)
    64
    """
    integer(function, "divisor", divisor, 1)
    if channels % divisor:
        raise ArgumentError(f"{function}: divisor {divisor} does not divide {channels} channels")
    return channels // divisor
