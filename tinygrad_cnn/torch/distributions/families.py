"""Shared by distributions."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.mode import no_grad
from tinygrad_cnn.torch.shapes import Size
from tinygrad_cnn.torch.tensors import Tensor

#: What parameters of a name must be, in every distribution that has one.
_POSITIVE, _SHARE = ("greater than 0", lambda v: v > 0), ("from 0 to 1", lambda v: (v >= 0) & (v <= 1))
_NUMBER = ("a number", lambda v: v == v)
RULES: dict[str, tuple[str, Any]] = {
    **dict.fromkeys(("scale", "concentration", "concentration0", "concentration1", "df", "df1", "df2"), _POSITIVE),
    "rate": ("not negative", lambda v: v >= 0), "probs": _SHARE, "loc": _NUMBER, "logits": _NUMBER,
}  # fmt: skip


class Checked(type):
    """The class of distributions: one that was made is looked at, unless it says `validate_args=False`."""

    validates = True

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        made = super().__call__(*args, **kwargs)
        asked = kwargs.get("validate_args")
        if Checked.validates if asked is None else asked:
            _check(made)
        return made


def _check(made: Any) -> None:
    for called, (words, rule) in RULES.items():
        value = vars(made).get(called)
        if isinstance(value, Tensor) and not rule(value._array).all():
            raise ValueError(
                f"Expected parameter {called} (Tensor of shape {tuple(value.shape)}) of distribution {made!r} "
                f"to be {words}, but found invalid values:\n{value}"
            )


class Distribution(metaclass=Checked):
    """Base of distributions: `sample`, `rsample`, `log_prob`, `entropy`.

    Class attributes:
        has_rsample: whether gradients flow through draws: where a class has an `rsample` of its own.

    >>> Distribution(Size((2,))).batch_shape
    torch.Size([2])
    """

    has_rsample = False

    def __init_subclass__(cls) -> None:
        cls.has_rsample = cls.rsample is not Distribution.rsample

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether the parameters of distributions that say nothing of it are looked at."""
        Checked.validates = bool(value)

    def __init__(self, batch_shape: Any = (), event_shape: Any = (), validate_args: Any = None) -> None:
        self.batch_shape, self.event_shape = Size(batch_shape), Size(event_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """A draw that gradients flow through."""
        raise NotImplementedError(f"{type(self).__name__} has no draw that gradients flow through")

    def sample(self, sample_shape: Any = ()) -> Any:
        """A draw without gradients."""
        with no_grad():
            return self.rsample(sample_shape).detach()

    def _shape(self, sample_shape: Any) -> tuple[int, ...]:
        return (*tuple(sample_shape), *self.batch_shape, *self.event_shape)

    def sample_n(self, n: int) -> Any:
        """n draws without gradients."""
        return self.sample((n,))

    @property
    def mode(self) -> Any:
        """The likeliest value; written by classes that know it."""
        raise NotImplementedError(f"{type(self).__name__} does not know its mode")

    def entropy(self) -> Any:
        """The mean of -log p; written by classes that know it."""
        raise NotImplementedError(f"{type(self).__name__} does not know its entropy")

    def perplexity(self) -> Any:
        """exp of the entropy."""
        return self.entropy().exp()

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same distribution for a larger batch."""
        given = {}
        for called in self._parameters():
            value = vars(self)[called]
            rest = value._array.shape[len(self.batch_shape) :]
            given[called] = value.expand((*batch_shape, *rest))
        return type(self)(**given)

    def _parameters(self) -> list[str]:
        """The tensors that it was made of, by name."""
        code = type(self).__init__.__code__
        names = [n for n in code.co_varnames[1 : code.co_argcount] if isinstance(vars(self).get(n), Tensor)]
        left_out = "probs" if vars(self).get("_by_logits") else "logits"
        return [n for n in names if n != left_out or "probs" not in names]

    def __repr__(self) -> str:
        parts = [
            f"{n}: {v if v._array.size == 1 else v.size()}"
            for n, v in ((n, vars(self)[n]) for n in self._parameters())
        ]
        return f"{type(self).__name__}({', '.join(parts)})"

    @property
    def stddev(self) -> Any:
        """The standard deviation."""
        return self.variance.sqrt()  # type: ignore[attr-defined]


class LocationScale(Distribution):
    """Base of distributions that a place shifts and a scale widens.

    >>> LocationScale(0.0, 2.0).scale
    tensor(2.)
    """

    def __init__(self, loc: Any, scale: Any, validate_args: Any = None) -> None:
        self.loc, self.scale = parameter(loc, scale)
        super().__init__(self.loc._array.shape)


def parameter(*values: Any) -> list[Any]:
    """Parameters as tensors of one shape.

    >>> parameter(0.0, Tensor([1.0, 2.0]))[0]
    tensor([0., 0.])
    """
    made: list[Any] = [
        v if isinstance(v, Tensor) else Tensor.detached(np.asarray(v, np.float32)) for v in values
    ]
    shape = np.broadcast_shapes(*(m._array.shape for m in made))
    return [m.expand(shape) if m._array.shape != shape else m for m in made]
