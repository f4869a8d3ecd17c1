"""Functions of JAX's arrays: custom_vjp, custom_jvp, compositions; computed in 64 bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from tinygrad_cnn.testing.frameworks.base import Array, Flat, Framework, NotSupportedError


class Jax(Framework):
    """Functions of JAX's arrays; NumPy arrays among their inputs become JAX's.

    Each call runs with 64-bit types allowed, whatever the program has set, and leaves that as it was.
    """

    name, array_name = "jax", "array"

    def holds(self, x: Any) -> bool:
        """Arrays and numbers of JAX and NumPy."""
        return isinstance(x, (jax.Array, np.ndarray, np.generic))

    def leaf(self, values: Array, like: Any, active: bool) -> Any:
        """An array of JAX's."""
        with jax.enable_x64(True):
            return jax.numpy.asarray(values)

    def run(self, f: Flat, leaves: list[Any]) -> list[Any]:
        """The results."""
        with jax.enable_x64(True):
            return f(leaves)

    def gradients(
        self, f: Flat, leaves: list[Any], active: Sequence[int], cotangents: Sequence[Sequence[Array]]
    ) -> list[list[Array | None]]:
        """By `jax.vjp`."""
        with jax.enable_x64(True):
            results, pull = jax.vjp(self._by(f, leaves, active), *(leaves[k] for k in active))
            return [[np.asarray(g) for g in pull(self._like(weights, results))] for weights in cotangents]

    def _by(self, f: Flat, leaves: list[Any], active: Sequence[int]) -> Any:
        """The function of its active inputs alone."""

        def of_active(*moved: Any) -> tuple[Any, ...]:
            given = list(leaves)
            for k, x in zip(active, moved, strict=True):
                given[k] = x
            return tuple(f(given))

        return of_active

    def _like(self, values: Sequence[Array], results: Sequence[Any]) -> tuple[Any, ...]:
        pairs = zip(values, results, strict=True)
        return tuple(jax.numpy.asarray(np.asarray(w), y.dtype) for w, y in pairs)

    def second(
        self, f: Flat, leaves: list[Any], active: Sequence[int], cotangents: Sequence[Array],
        vectors: Sequence[Array],
    ) -> list[Array | None]:  # fmt: skip
        """By `jax.vjp` of what `jax.vjp` gives."""
        with jax.enable_x64(True):
            points = [leaves[k] for k in active]

            def gradient(*moved: Any) -> Any:
                results, pull = jax.vjp(self._by(f, leaves, active), *moved)
                return pull(self._like(cotangents, results))

            found, pull = jax.vjp(gradient, *points)
            return [np.asarray(g) for g in pull(self._like(vectors, found))]

    def forward(
        self, f: Flat, leaves: list[Any], active: Sequence[int], tangents: Sequence[Array]
    ) -> list[Array]:
        """By `jax.jvp`, which a function with `custom_vjp` has not."""
        try:
            with jax.enable_x64(True):
                points = tuple(leaves[k] for k in active)
                _, found = jax.jvp(self._by(f, leaves, active), points, self._like(tangents, points))
                return [np.asarray(d) for d in found]
        except TypeError as error:
            raise NotSupportedError(f"no forward mode: {str(error).splitlines()[0]}") from error

    def array(self, x: Any) -> Array:
        """The values; of a value that is traced, zeros of its shape and type."""
        return np.zeros(x.shape, x.dtype) if isinstance(x, jax.core.Tracer) else np.asarray(x)
