"""Functions written for HIPS autograd: primitives with `defvjp`, and compositions of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from autograd import make_jvp, make_vjp
from autograd.extend import Box

from tinygrad_cnn.testing.frameworks.base import Array, Flat, Framework, NotSupportedError


class HipsAutograd(Framework):
    """Functions of NumPy arrays that `autograd` differentiates."""

    name, array_name = "autograd", "array"

    def holds(self, x: Any) -> bool:
        """Arrays and numbers of NumPy, and the boxes that autograd puts them in."""
        return isinstance(x, (np.ndarray, np.generic, Box))

    def gives(self, x: Any) -> bool:
        """Those, and Python's floats."""
        return isinstance(x, (np.ndarray, np.generic, float, Box))

    def array(self, x: Any) -> Array:
        """The values, out of their box."""
        while isinstance(x, Box):
            x = x._value
        return np.asarray(x)

    def _by(self, f: Flat, leaves: list[Any], active: Sequence[int]) -> Any:
        """The function of the tuple of its active inputs, to a tuple."""
        from autograd.builtins import tuple as traced_tuple

        def of_active(moved: Any) -> Any:
            given = list(leaves)
            for place, k in enumerate(active):
                given[k] = moved[place]
            return traced_tuple(f(given))

        return of_active

    def gradients(
        self, f: Flat, leaves: list[Any], active: Sequence[int], cotangents: Sequence[Sequence[Array]]
    ) -> list[list[Array | None]]:
        """By `make_vjp`."""
        pull, results = make_vjp(self._by(f, leaves, active))(tuple(leaves[k] for k in active))
        rows = (self._like(weights, results) for weights in cotangents)
        return [[np.asarray(g) for g in pull(row)] for row in rows]

    def _like(self, values: Sequence[Array], results: Sequence[Any]) -> tuple[Any, ...]:
        pairs = zip(values, results, strict=True)
        return tuple(np.asarray(w, self.array(y).dtype) for w, y in pairs)

    def second(
        self, f: Flat, leaves: list[Any], active: Sequence[int], cotangents: Sequence[Array],
        vectors: Sequence[Array],
    ) -> list[Array | None]:  # fmt: skip
        """By `make_vjp` of what `make_vjp` gives."""

        def gradient(moved: Any) -> Any:
            pull, results = make_vjp(self._by(f, leaves, active))(moved)
            return pull(self._like(cotangents, results))

        pull, found = make_vjp(gradient)(tuple(leaves[k] for k in active))
        return [np.asarray(g) for g in pull(self._like(vectors, found))]

    def forward(
        self, f: Flat, leaves: list[Any], active: Sequence[int], tangents: Sequence[Array]
    ) -> list[Array]:
        """By `make_jvp`, for which every primitive needs a `defjvp`."""
        try:
            points = tuple(leaves[k] for k in active)
            _, found = make_jvp(self._by(f, leaves, active))(points)(self._like(tangents, points))
            return [np.asarray(d) for d in found]
        except NotImplementedError as error:
            raise NotSupportedError(f"no forward mode: {error}") from error
