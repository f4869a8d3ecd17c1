"""A computation as a value: a `Program` can be run on arrays or Tensors, printed, compared and cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.tensors.tensor_class import Tensor

Array = NDArray[Any]

#: Each operation that a step may name, on Tensors and arrays alike.
OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": F.add,
    "mul": F.mul,
    "sub": F.sub,
    "maximum": F.maximum,
    "neg": F.neg,
    "tanh": F.tanh,
    "sin": F.sin,
    "exp": F.exp,
    "square": F.square,
    "sigmoid": F.sigmoid,
    "relu": F.relu,
    "abs": F.abs,
    "sum": F.sum,
    "mean": F.mean,
    "max": F.max,
    "logsumexp": F.logsumexp,
    "softmax": F.softmax,
    "reshape": F.reshape,
    "transpose": F.transpose,
    "broadcast_to": F.broadcast_to,
    "slice": lambda x, start, stop, step: F.index(x, slice(start, stop, step)),
    "take": lambda x, indices: F.index(x, list(indices)),
    "concatenate": lambda *xs, axis: F.concatenate(xs, axis=axis),
    "matmul": F.matmul,
    "conv2d": F.conv2d,
    "max_pool2d": F.max_pool2d,
    "avg_pool2d": F.avg_pool2d,
    "detach": lambda x: x.detach() if isinstance(x, Tensor) else x,
}


class Step:
    """One line of a program: a name for the result, an operation, its operands, its options.

    Args:
        name: what later steps call the result.
        op: a key of `OPERATIONS`, or a function of one's own, of Tensors.
        inputs: names of inputs or of earlier steps.   options: keyword arguments of the operation.

    >>> Step("b", "sum", "a", axis=0)
    Step('b', 'sum', 'a', axis=0)
    >>> def swish(x):
    ...     return x * F.sigmoid(x)
    >>> Step("b", swish, "a")
    Step('b', swish, 'a')
    """

    __slots__ = ("inputs", "name", "op", "options")

    def __init__(self, name: str, op: str | Callable[..., Any], *inputs: str, **options: Any) -> None:
        if not callable(op) and op not in OPERATIONS:
            raise ArgumentError(
                f"Step: no operation {op!r}; a function and the names {', '.join(OPERATIONS)} fit"
            )
        self.name, self.op, self.inputs, self.options = name, op, inputs, options

    def __repr__(self) -> str:
        op = name_of(self.op) if callable(self.op) else repr(self.op)
        options = (f"{k}={v!r}" for k, v in self.options.items())
        return f"Step({', '.join([repr(self.name), op, *map(repr, self.inputs), *options])})"

    def run(self, values: Mapping[str, Any]) -> Any:
        """The operation on its operands, Tensors or arrays.

        >>> Step("b", "neg", "a").run({"a": np.ones(2)})
        array([-1., -1.])
        """
        operands = [values[name] for name in self.inputs]
        if isinstance(self.op, str):
            return OPERATIONS[self.op](*operands, **self.options)
        if any(isinstance(x, Tensor) for x in operands):
            return self.op(*operands, **self.options)
        made = self.op(
            *map(Tensor.detached, map(np.asarray, operands)), **self.options
        )  # takes Tensors alone
        return made.numpy() if isinstance(made, Tensor) else np.asarray(made)


def name_of(op: Callable[..., Any]) -> str:
    """Name a function for a printed program.

    >>> name_of(len)
    'len'
    """
    return str(getattr(op, "__name__", None) or getattr(op, "name", type(op).__name__))


@dataclass(frozen=True, eq=False, repr=False)
class Program:
    """A computation as a list of steps, with a point to run it at; called, it runs.

    Attributes:
        inputs: array by name, in the order in which a call takes them.
        steps: in order; the last one's value is the result.

    >>> p = Program({"a": [1.0, 2.0]}, [Step("b", "mul", "a", "a"), Step("c", "sum", "b")])
    >>> p(*p.points), p(Tensor([3.0], requires_grad=True))
    (array(5.), Tensor(9., op=Sum))
    >>> eval(repr(p)) == p
    True
    """

    inputs: Mapping[str, Any]
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        frozen = {name: np.array(x, np.float64) for name, x in self.inputs.items()}
        for x in frozen.values():
            x.flags.writeable = False
        object.__setattr__(self, "inputs", frozen)
        object.__setattr__(self, "steps", tuple(self.steps))

    @property
    def points(self) -> tuple[Array, ...]:
        """The arrays to run it at."""
        return tuple(self.inputs.values())

    def __call__(self, *inputs: Any, given: Mapping[str, Any] | None = None) -> Any:
        """The last step's value.

        Args:
            inputs: Tensors or arrays, one for each of `self.inputs`.
            given: values by name that are taken as they are, instead of being computed.
        Raises:
            ArgumentError: another number of inputs.
        """
        return self.values(*inputs, given=given)[self.steps[-1].name]

    def values(self, *inputs: Any, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """All values by name; arguments as for a call.

        >>> Program({"a": 2.0}, [Step("b", "square", "a")]).values(np.array(3.0))["b"]
        array(9.)
        """
        if len(inputs) != len(self.inputs):
            raise ArgumentError(f"Program: got {len(inputs)} inputs, it takes {len(self.inputs)}")
        found = dict(zip(self.inputs, inputs, strict=True))
        for step in self.steps:
            known = given is not None and step.name in given
            found[step.name] = given[step.name] if known else step.run(found)  # type: ignore[index]
        return found

    def held(self) -> Callable[..., Any]:
        """The program with every detached value fixed at what it is at `points`.

        A gradient takes a detached value for a constant; numerical derivatives agree with it only if
        the value does not move with the inputs.

        >>> p = Program({"a": 2.0}, [Step("b", "detach", "a"), Step("c", "mul", "a", "b")])
        >>> p(np.array(3.0)), p.held()(np.array(3.0))
        (array(9.), array(6.))
        """
        values = self.values(*self.points)
        given = {step.name: values[step.name] for step in self.steps if step.op == "detach"}
        return lambda *inputs: self(*inputs, given=given)

    def until(self, name: str) -> Program:
        """The same inputs, and only the steps that the value `name` needs.

        >>> p = Program({"a": 2.0}, [Step("b", "neg", "a"), Step("c", "exp", "b"), Step("d", "sin", "b")])
        >>> p.until("d").steps
        (Step('b', 'neg', 'a'), Step('d', 'sin', 'b'))
        """
        wanted, kept = {name}, []
        for step in reversed(self.steps):
            if step.name in wanted:
                wanted |= set(step.inputs)
                kept.append(step)
        return Program(self.inputs, tuple(reversed(kept)))

    def __repr__(self) -> str:
        inputs = ", ".join(f"{name!r}: {x.tolist()!r}" for name, x in self.inputs.items())
        steps = "".join(f"\n    {step!r}," for step in self.steps)
        return f"Program({{{inputs}}}, [{steps}\n])"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Program) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))
