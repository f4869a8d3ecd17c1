"""NumPy functions whose derivative is written by hand: a gradient, a vjp or a jvp."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.testing.frameworks.base import Array, Flat, Framework, NotSupportedError


class NumpyDerivatives(Framework):
    """A NumPy function with its derivative.

    Args:
        gradient: the gradients by each float input of a function that returns one number:
            gradient(*inputs) -> an array, or a tuple of them.
        vjp: for any result: vjp(g, *inputs), g of the result's shape (a tuple for several results).
        jvp: forward mode: jvp(tangents, *inputs), a tuple of tangents, one for each float input, to the
            derivative of the result along them.
        hvp: second order, of a function that returns one number: hvp(v, *inputs) -> the Hessian times v,
            v of the input's shape (a tuple for several float inputs), an array or a tuple of them.
    """

    name, array_name, widest, records = "numpy", "array", np.longdouble, False

    def __init__(
        self, gradient: Callable[..., Any] | None, vjp: Callable[..., Any] | None,
        jvp: Callable[..., Any] | None, hvp: Callable[..., Any] | None = None,
    ) -> None:  # fmt: skip
        self.gradient, self.vjp, self.jvp, self.hvp = gradient, vjp, jvp, hvp
        #: From a list of the arrays to the inputs as they were given, with what is no array among them.
        self.filled: Callable[[Sequence[Any]], list[Any]] | None = None

    def holds(self, x: Any) -> bool:
        """Arrays and numbers of NumPy."""
        return isinstance(x, (np.ndarray, np.generic))

    def gives(self, x: Any) -> bool:
        """Those, and Python's floats."""
        return isinstance(x, (np.ndarray, np.generic, float))

    def gradients(
        self, f: Flat, leaves: list[Any], active: Sequence[int], cotangents: Sequence[Sequence[Array]]
    ) -> list[list[Array | None]]:
        """By the gradient or the vjp; by the jvp, one call for each element, if that alone is there."""
        return [self._walk(f, leaves, active, weights) for weights in cotangents]

    def _walk(
        self, f: Flat, leaves: list[Any], active: Sequence[int], weights: Sequence[Array]
    ) -> list[Array | None]:
        if self.gradient is not None:
            if len(weights) != 1 or np.size(weights[0]) != 1:
                raise ArgumentError(
                    f"gradcheck: gradient= is for a function that returns one number, got shapes "
                    f"{[np.shape(w) for w in weights]}; vjp= fits"
                )
            scale = np.reshape(weights[0], ())
            found = self._fit(self._called(self.gradient, (), leaves), leaves, active)
            return [None if d is None else d * scale for d in found]
        if self.vjp is not None:
            g = weights[0] if len(weights) == 1 else tuple(weights)
            return list(self._fit(self._called(self.vjp, (g,), leaves), leaves, active))
        return [self._by_forward(f, leaves, active, weights, k) for k in active]

    def second(
        self, f: Flat, leaves: list[Any], active: Sequence[int], cotangents: Sequence[Array],
        vectors: Sequence[Array],
    ) -> list[Array | None]:  # fmt: skip
        """By the product with the Hessian that was handed over."""
        if self.hvp is None:
            raise NotSupportedError("a NumPy function needs hvp= for second derivatives")
        if len(cotangents) != 1 or np.size(cotangents[0]) != 1:
            raise ArgumentError("gradcheck: hvp= is for a function that returns one number")
        scale = np.reshape(cotangents[0], ())
        v = vectors[0] if len(vectors) == 1 else tuple(vectors)
        found = self._fit(self._called(self.hvp, (v,), leaves), leaves, active)
        return [None if d is None else d * scale for d in found]

    def _called(self, derivative: Callable[..., Any], first: tuple[Any, ...], leaves: list[Any]) -> Any:
        """A derivative at the inputs as they were given; at the arrays alone, if it takes no others."""
        given = leaves if self.filled is None else self.filled(leaves)
        if len(given) != len(leaves) and not _takes(derivative, len(first) + len(given)):
            given = leaves
        return derivative(*first, *given)

    def _by_forward(
        self, f: Flat, leaves: list[Any], active: Sequence[int], weights: Sequence[Array], place: int
    ) -> Array:
        """The gradient of one input from forward mode, an element at a time."""
        x = leaves[place]
        found = np.zeros(np.shape(x), x.dtype)
        for index in np.ndindex(found.shape):
            tangents = [np.zeros(np.shape(leaves[k]), leaves[k].dtype) for k in active]
            tangents[list(active).index(place)][index] = 1
            pairs = zip(self.forward(f, leaves, active, tangents), weights, strict=True)
            found[index] = sum(float((d * w).sum()) for d, w in pairs)
        return found

    def _fit(self, found: Any, leaves: list[Any], active: Sequence[int]) -> list[Array | None]:
        """One gradient for each active input, of its shape."""
        several = list(found) if isinstance(found, (tuple, list)) else [found]
        if len(several) == len(leaves) and len(leaves) != len(active):
            several = [several[k] for k in active]
        if len(several) != len(active):
            raise ShapeError(f"gradcheck: {len(several)} gradients for {len(active)} float inputs")
        made = [None if d is None else np.asarray(d) for d in several]
        for d, k in zip(made, active, strict=True):
            if d is not None and d.shape != np.shape(leaves[k]):
                raise ShapeError(
                    f"gradcheck: the gradient by input {k} has shape {d.shape}, the input has "
                    f"{np.shape(leaves[k])}"
                )
        return made

    def forward(
        self, f: Flat, leaves: list[Any], active: Sequence[int], tangents: Sequence[Array]
    ) -> list[Array]:
        """By the jvp that was handed over."""
        if self.jvp is None:
            raise NotSupportedError("no forward mode: no jvp was handed over")
        found = self._called(self.jvp, (tuple(tangents),), leaves)
        return [np.asarray(d) for d in (found if isinstance(found, (tuple, list)) else [found])]


def _takes(function: Callable[..., Any], count: int) -> bool:
    """Whether a function can be called with so many arguments, as far as anybody knows."""
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # written in C, without a signature
        return True
    return True
