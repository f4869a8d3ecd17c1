"""Tune the constants of the compiled kernels for this processor, and keep them beside the cache.

    python -m tinygrad_cnn.tune            # a minute or two, on a machine that does nothing else
    python -m tinygrad_cnn.tune --forget   # back to those that are built in

Each constant is tried at a quarter, half, two and four times its value on work that it decides about;
another value is taken if it saves more than 3 %. Results of kernels may then differ in their last bits from
those of other machines, as sums are cut at other places.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from functools import partial
from time import perf_counter
from types import ModuleType
from typing import Any

import numpy as np

from tinygrad_cnn.errors import TinygradCnnError
from tinygrad_cnn.grid import Grid
from tinygrad_cnn.kernels import cache
from tinygrad_cnn.kernels.serving import SERVING
from tinygrad_cnn.serial import writing

FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)
#: A value is taken if it needs less than this share of the time.
BETTER = 0.97

Work = Callable[[], Any]


def _module(name: str) -> ModuleType:
    return cache.imported(f"{cache.PACKAGE}.{name}")


def _drawn(*shapes: tuple[int, ...]) -> list[Any]:
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape, np.float32) for shape in shapes]


def _convolutions(*sizes: tuple[int, int, int, int, int]) -> Work:
    """Forward and in the image: (batch, channels, kernels, image, kernel)."""
    direct = _module("convolution.direct")
    calls: list[Work] = []
    for n, c, k, size, taps in sizes:
        pad = (taps // 2, taps // 2)
        grid = Grid((size, size), (taps, taps), (1, 1), (pad, pad), (1, 1))
        x, w = _drawn((n, c, size, size), (k, c, taps, taps))
        g = direct.conv(x, w, None, grid, 1)
        calls += [partial(direct.conv, x, w, None, grid, 1), partial(direct.conv_image, g, w, grid, 1)]
    return lambda: [call() for call in calls]


def _weights(kernels: str, *sizes: tuple[int, int, int, int, int]) -> Work:
    """The adjoint in the weights, by a module's kernels; sizes as above."""
    conv_kernel = _module(kernels).conv_kernel
    calls: list[Work] = []
    for n, c, k, size, taps in sizes:
        pad = (taps // 2, taps // 2)
        grid = Grid((size, size), (taps, taps), (1, 1), (pad, pad), (1, 1))
        x, g = _drawn((n, c, size, size), (n, k, size, size))
        calls.append(partial(conv_kernel, x, g, grid, 1))
    return lambda: [call() for call in calls]


def _linears(*sizes: tuple[int, int, int]) -> Work:
    """Affine maps: (samples, inputs, outputs)."""
    linear, operands = _module("product.matrix").linear, [_drawn((m, i), (o, i), (o,)) for m, i, o in sizes]
    return lambda: [linear(x, w, b) for x, w, b in operands]


def _products(*sizes: tuple[int, int, int]) -> Work:
    """Matrix products: (rows, terms, columns)."""
    matmul, operands = _module("product.matrix").matmul, [_drawn((m, k), (k, n)) for m, k, n in sizes]
    return lambda: [matmul(a, b) for a, b in operands]


def _activations(*sizes: int) -> Work:
    """Of arrays of so many elements."""
    silu, arrays = _module("activation").silu, _drawn(*((size,) for size in sizes))
    return lambda: [silu(x) for x in arrays]


def _pointwise(*sizes: tuple[int, int, int, int]) -> Work:
    """Convolutions of one pixel: (batch, channels, kernels, image)."""
    pointwise = _module("convolution.pointwise")
    calls: list[Work] = []
    for n, c, k, size in sizes:
        grid = Grid((size, size), (1, 1), (1, 1), ((0, 0), (0, 0)), (1, 1))
        x, w = _drawn((n, c, size, size), (k, c, 1, 1))
        calls.append(partial(pointwise.conv, x, w, None, grid, 1))
    return lambda: [call() for call in calls]


#: Constant -> what makes the work that it decides about.
TRIALS: dict[str, Callable[[], Work]] = {
    "convolution.direct.IMAGES": lambda: _convolutions((16, 16, 16, 28, 3), (8, 32, 24, 56, 3)),
    "convolution.direct.WEIGHTS": lambda: _convolutions((8, 64, 96, 14, 5), (4, 128, 128, 14, 3)),
    "convolution.direct.RESULTS": lambda: _convolutions((16, 16, 64, 28, 3), (8, 8, 96, 28, 5)),
    "convolution.direct_weights.BLOCK": lambda: _weights(
        "convolution.direct", (32, 16, 16, 28, 3), (32, 3, 24, 32, 5)
    ),
    "convolution.direct_weights.ALONG": lambda: _weights(
        "convolution.direct", (64, 16, 16, 28, 3), (64, 3, 24, 32, 5)
    ),
    "convolution.winograd.passes.PASS": lambda: _weights(
        "convolution.winograd.passes", (16, 64, 64, 28, 3), (8, 128, 128, 14, 3)
    ),
    "convolution.pointwise.WORTH_SHARING": lambda: _pointwise((8, 16, 16, 12), (8, 24, 24, 20)),
    "product.matrix.WORTH_DOTS": lambda: _linears((16, 128, 50), (32, 128, 64), (64, 200, 100)),
    "product.matrix.WORTH_PANELS": lambda: _products((32, 64, 128), (48, 100, 200), (64, 128, 256)),
    "product.matrix.WORTH_SHARING": lambda: _linears((64, 256, 128), (100, 300, 100), (128, 400, 128)),
    "base.operands.WORTH_SHARING": lambda: _activations(10_000, 40_000, 100_000, 300_000),
}


def best_of(values: Iterable[int], default: int, seconds: Callable[[int], float], turns: int = 7) -> int:
    """The value with the least seconds, the values taking turns; the default unless one is clearly better.

    >>> best_of([1, 2, 4], 2, lambda value: abs(value - 4) + 1.0)
    4
    >>> best_of([1, 2, 4], 2, lambda value: 1.0)
    2
    """
    least = dict.fromkeys(values, float("inf"))
    for _ in range(turns):
        for value in least:
            least[value] = min(least[value], seconds(value))
    best = min(least, key=lambda value: least[value])
    return best if least[best] < BETTER * least[default] else default


def tune(name: str) -> tuple[int, int]:
    """The value of a constant as it serves now, and the best one; nothing is changed."""
    home, _, constant = name.rpartition(".")
    module, work = _module(home), TRIALS[name]()
    before = getattr(module, constant)
    work()  # compiled or loaded before anything is timed

    def seconds(value: int) -> float:
        setattr(module, constant, value)
        start = perf_counter()
        for _ in range(3):
            work()
        return perf_counter() - start

    try:
        return before, best_of([int(before * factor) for factor in FACTORS], before, seconds)
    finally:
        setattr(module, constant, before)


def main(arguments: list[str] | None = None) -> int:
    """Tune, or forget what was tuned; the exit status."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        prog="python -m tinygrad_cnn.tune", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--forget", action="store_true", help="remove what was tuned")
    parser.add_argument("--only", nargs="+", choices=list(TRIALS), metavar="NAME", help="some of them")
    options = parser.parse_args(arguments)
    try:
        SERVING.load(everything=False)
        constants = _module("base.constants")
        if options.forget:
            constants.path().unlink(missing_ok=True)
            print(f"removed {constants.path()}")
            return 0
        found = constants.read()
        for name in options.only or TRIALS:
            before, found[name] = tune(name)
            print(f"{name:40s} {before:>10,} -> {found[name]:>10,}", flush=True)
        with writing(constants.path()) as temporary:
            temporary.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    except (TinygradCnnError, OSError) as error:
        print(f"python -m tinygrad_cnn.tune: {error}", file=sys.stderr)
        return 1
    print(f"kept in {constants.path()}, for the next start of a program")
    return 0


if __name__ == "__main__":
    sys.exit(main())
