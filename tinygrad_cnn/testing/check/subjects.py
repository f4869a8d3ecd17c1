"""The subject of a check: a function of any framework at a point, as one of flat arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.rng import find_generators, put_back
from tinygrad_cnn.testing.check.layouts import laid_out_as
from tinygrad_cnn.testing.check.structures import leaves, replaced
from tinygrad_cnn.testing.frameworks.base import Framework, NotSupportedError

Array = NDArray[Any]

#: What somebody makes of a function's results.
T = TypeVar("T")


class Subject:
    """A function with the inputs that it is judged at.

    Attributes:
        points: the arrays among the inputs, flat.   paths: what each is called.
        active: the places of those that are differentiated.
    """

    def __init__(
        self, framework: Framework, fn: Callable[..., Any], inputs: Sequence[Any],
        kwargs: Mapping[str, Any] | None = None, caller: str = "gradcheck",
    ) -> None:  # fmt: skip
        self.framework, self.fn, self.caller = framework, fn, caller
        self.inputs: Any = ([self._plain(x) for x in inputs], dict(kwargs or {}))
        found = [
            (path, x)
            for k, value in enumerate(self.inputs[0])
            for path, x in leaves(value, framework.holds, f"input {k}")
        ]
        for key, value in self.inputs[1].items():
            found += leaves(value, framework.holds, f"input {key}")
        self.paths = [path for path, _ in found]
        self.given = [x for _, x in found]
        self.points = [framework.array(x) for x in self.given]
        self.generators = list(find_generators(fn=fn, inputs=self.inputs).values())
        self.active = self._active()
        #: Whether the inputs are arrays themselves, with no container around them.
        self.bare = not self.inputs[1] and len(self.given) == len(self.inputs[0]) == sum(
            map(framework.holds, self.inputs[0])
        )
        #: Whether complex results are wanted, of complex inputs: for the complex step.
        self.complex_results = False

    def _plain(self, x: Any) -> Any:
        """Numbers and lists of numbers as arrays, as NumPy takes them; anything else as it is."""
        if isinstance(x, float) or (isinstance(x, (list, tuple)) and x and _numbers(x)):
            return np.asarray(x)
        return x

    def _active(self) -> list[int]:
        """Float arrays, and Tensors that require grad; if none requires it, all Tensors count."""
        floats = [k for k, x in enumerate(self.points) if x.dtype.kind == "f"]
        if any(x.dtype.kind == "c" for x in self.points):
            raise DTypeError(f"{self.caller}: an input is complex; float inputs fit")
        marks = {k: self.framework.wants_gradient(self.given[k]) for k in floats}
        wanted = [k for k in floats if marks[k] is not False]
        if not floats:
            raise DTypeError(f"{self.caller}: none of the inputs is a float array")
        return wanted or floats

    def positional(self, given: Sequence[Any]) -> list[Any]:
        """The positional inputs with such arrays; the arrays alone, where something else holds some."""
        among = sum(map(self.framework.holds, self.inputs[0]))
        if among != len(given):
            return list(given)
        new = iter(given)
        return [next(new) if self.framework.holds(x) else x for x in self.inputs[0]]

    # ----------------------------------------------------------------------- evaluation
    def flat(self, given: Sequence[Any]) -> list[Any]:
        """The float results of the function on a flat list of the framework's arrays."""
        if self.bare:
            y = self.fn(*given)
        else:
            new = iter(given)
            args, kwargs = (replaced(part, self.framework.holds, new) for part in self.inputs)
            y = self.fn(*args, **kwargs)
        found = [y] if self.framework.gives(y) else [x for _, x in leaves(y, self.framework.gives)]
        if self.complex_results:
            return found
        kinds = [self.framework.array(x).dtype.kind for x in found]
        if "c" in kinds:
            raise DTypeError(f"{self.caller}: the function returns a complex result; float results fit")
        if "f" not in kinds:
            got = ", ".join(str(x.dtype) for x in found) or type(y).__name__
            raise DTypeError(
                f"{self.caller}: the function must return a float {self.framework.array_name}, got {got}"
            )
        return [x for x, kind in zip(found, kinds, strict=True) if kind == "f"]

    def made(self, arrays: Sequence[Array], spare: Sequence[int] = ()) -> list[Any]:
        """The framework's arrays with copies of these values, laid out as those that were given.

        Args:
            spare: the numbers of arrays that nobody needs afterwards, and that need not be copied.
        """
        pairs = zip(arrays, self.points, self.given, strict=True)
        made = []
        for k, (x, like, was) in enumerate(pairs):
            if k not in spare or x.strides != like.strides:
                laid = laid_out_as(x, like)
                x = np.array(x) if laid is x and k not in spare else laid
            made.append(self.framework.leaf(x, was, k in self.active))
        return made

    def outputs(self, arrays: Sequence[Array]) -> list[Array]:
        """The float results at some arrays."""
        return self.outputs_of(self.made(arrays))

    def along_complex(self, tangents: Sequence[Array], step: float = 1e-30) -> list[Array]:
        """The derivative of each result along the tangents by a complex step; NumPy functions alone.

        Raises:
            NotSupportedError: the function does not take complex numbers, or drops imaginary parts.
        """
        arrays = list(self.points)
        for k, v in zip(self.active, tangents, strict=True):
            arrays[k] = arrays[k] + 1j * step * v
        try:
            self.complex_results = True
            with self.same_draws():
                found = [np.asarray(y) for y in self.flat(arrays)]
        except TypeError as error:
            raise NotSupportedError(f"the function does not take complex numbers: {error}") from error
        finally:
            self.complex_results = False
        kinds = [y.dtype.kind for y in found]
        if "c" not in kinds:
            raise NotSupportedError(
                "with complex inputs the result is real: abs, real, norm and conj have no complex step"
            )
        return [np.imag(y) / step for y in found if y.dtype.kind in "fc"]

    def outputs_of(self, made: list[Any]) -> list[Array]:
        """The float results at the framework's own arrays."""
        with self.same_draws():
            return [np.array(self.framework.array(y)) for y in self.framework.run(self.flat, made)]

    def again(
        self, arrays: Sequence[Array], cotangents: Callable[[], Sequence[Sequence[Array]]],
        note: Callable[[list[Array]], None],
    ) -> tuple[list[Array], list[list[Array | None]] | None]:  # fmt: skip
        """The float results once more, with the gradients where one call gives both; else None.

        Args:
            cotangents: gives lists of those of the results, one for each walk.
            note: is shown the inputs as the function leaves them, before a gradient is computed.
        """
        if self.framework.shows_results:
            try:
                return self.valued(arrays, cotangents(), note=note)
            except Exception:  # seen again, and told, where the gradients alone are computed
                pass
        made = self.made(arrays)
        values = self.outputs_of(made)
        note([self.framework.array(x) for x in made])
        return values, None

    def seen(self, arrays: Sequence[Array], look: Callable[[list[Array]], T], spare: Sequence[int]) -> T:
        """Show `look` the results at some arrays, which it must not keep; `spare` as in `made`."""
        with self.same_draws():
            results = self.framework.run(self.flat, self.made(arrays, spare))
            return look([self.framework.array(y) for y in results])

    def same_draws(self) -> AbstractContextManager[None]:
        """In the block, the function draws the random numbers that it draws each time.

        The generators that it holds, and the default ones, are put back afterwards.
        """
        return put_back(self.generators)

    def gradients(
        self, arrays: Sequence[Array], cotangents: Sequence[Sequence[Array]]
    ) -> list[list[Array | None]]:
        """For each list of cotangents the gradients of the active inputs."""
        with self.same_draws():
            return self.framework.gradients(self.flat, self.made(arrays), self.active, cotangents)

    def valued(
        self, arrays: Sequence[Array], cotangents: Sequence[Sequence[Array]], spare: Sequence[int] = (),
        note: Callable[[list[Array]], None] | None = None,
    ) -> tuple[list[Array], list[list[Array | None]]]:  # fmt: skip
        """The results, and `gradients` of the same call; `spare` is as in `made`."""
        if not self.framework.shows_results:
            return self.outputs(arrays), self.gradients(arrays, cotangents)
        seen: list[Array] = []

        def noted(given: Sequence[Any]) -> list[Any]:
            results = self.flat(given)
            seen[:] = [np.array(self.framework.array(y)) for y in results]  # as they are before the walk
            if note is not None:
                note([self.framework.array(x) for x in given])
            return results

        with self.same_draws():
            made = self.made(arrays, spare)
            found = self.framework.gradients(noted, made, self.active, cotangents)
            return seen, found

    def second(
        self, arrays: Sequence[Array], cotangents: Sequence[Array], vectors: Sequence[Array]
    ) -> list[Array | None]:
        """The gradients of sum_k <gradient_k, vectors_k>."""
        with self.same_draws():
            return self.framework.second(self.flat, self.made(arrays), self.active, cotangents, vectors)

    def forward(self, arrays: Sequence[Array], tangents: Sequence[Array]) -> list[Array]:
        """The derivative of each result along the tangents, by forward mode."""
        with self.same_draws():
            return self.framework.forward(self.flat, self.made(arrays), self.active, tangents)

    # ----------------------------------------------------------------------- precision
    @property
    def eps(self) -> float:
        """The rounding of the coarsest type among the active inputs."""
        return max(float(np.finfo(self.points[k].dtype).eps) for k in self.active)

    def widened(self) -> Subject | None:
        """The same in the next wider type: float64, or from there longdouble; None if there is none."""
        narrow = self.eps > np.finfo(np.float64).eps
        kind = np.dtype(np.float64 if narrow else self.framework.widest_for(self.given))
        if np.finfo(kind).eps >= self.eps:
            return None
        made = object.__new__(type(self))
        vars(made).update(vars(self))
        made.points = [x.astype(kind) if x.dtype.kind == "f" else x for x in self.points]
        return made


def _numbers(x: Any) -> bool:
    """Whether a nested list holds plain numbers alone."""
    if isinstance(x, (list, tuple)):
        return all(map(_numbers, x))
    return isinstance(x, (int, float)) and not isinstance(x, bool)
