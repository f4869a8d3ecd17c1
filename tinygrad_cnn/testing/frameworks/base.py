"""The seam to a framework: what gradcheck needs of it, in ten small methods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: From a list of the framework's arrays to the list of its float results.
Flat = Callable[[list[Any]], list[Any]]


class NotSupportedError(Exception):
    """The framework, or this function of it, cannot compute what was asked; the message says why."""


class Framework:
    """A framework whose functions can be checked; subclass it for one that is not here.

    A function is handed over flat: `f(leaves)` takes a list of the framework's arrays and returns the
    list of its results. `active` are the places of the leaves that are differentiated.

    Attributes:
        name: as reports call it.
        array_name: what one of its arrays is called, in messages.
        widest: the widest float type that its functions compute in.
        records: whether it follows arrays through a function, and so can be given one twice.
        shows_results: whether the results can be read while they are differentiated.
    """

    name = ""
    array_name = "array"
    widest: Any = np.float64
    records = True
    shows_results = False

    def widest_for(self, given: Sequence[Any]) -> Any:
        """The widest float type that its functions compute in, of such arrays."""
        return self.widest

    def holds(self, x: Any) -> bool:
        """Whether `x` is an array that its functions take."""
        raise NotImplementedError

    def gives(self, x: Any) -> bool:
        """Whether `x` is an array that its functions give."""
        return self.holds(x)

    def wants_gradient(self, x: Any) -> bool | None:
        """Whether that array is to be differentiated; None if arrays have no such mark."""
        return None

    def array(self, x: Any) -> Array:
        """Its values as a NumPy array, in the layout that they have."""
        return np.asarray(x)

    def leaf(self, values: Array, like: Any, active: bool) -> Any:
        """An array of its own with these values, as `like` is, which the user gave."""
        return values

    def run(self, f: Flat, leaves: list[Any]) -> list[Any]:
        """The results; a derivative will not be asked for."""
        return f(leaves)

    def gradients(
        self, f: Flat, leaves: list[Any], active: Sequence[int], cotangents: Sequence[Sequence[Array]]
    ) -> list[list[Array | None]]:
        """Reverse mode: for each list of cotangents, a gradient for each active leaf, or None.

        All walks go over one recording of the function, where the framework records.
        """
        raise NotImplementedError

    def second(
        self, f: Flat, leaves: list[Any], active: Sequence[int], cotangents: Sequence[Array],
        vectors: Sequence[Array],
    ) -> list[Array | None]:  # fmt: skip
        """The gradients of sum_k <gradient_k, vectors_k>.

        Raises:
            NotSupportedError: there is none.
        """
        raise NotSupportedError(f"{self.name} gives no second derivatives here")

    def forward(
        self, f: Flat, leaves: list[Any], active: Sequence[int], tangents: Sequence[Array]
    ) -> list[Array]:
        """Forward mode: the derivative of each result along the tangents.

        Raises:
            NotSupportedError: there is no forward mode.
        """
        raise NotSupportedError(f"{self.name} has no forward mode here")
