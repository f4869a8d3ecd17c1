"""L-BFGS: a quasi-Newton method with limited memory, for losses that are the same at every call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.errors import ArgumentError, DTypeError, StateError
from tinygrad_cnn.functional.checks import at_least, not_negative, one_of, optional
from tinygrad_cnn.half_precision import widened
from tinygrad_cnn.mode import enable_grad
from tinygrad_cnn.optim.line_search import strong_wolfe
from tinygrad_cnn.optim.optimizer import Array, Group, Loss, Optimizer
from tinygrad_cnn.tensors import Tensor


class LBFGS(Optimizer):
    """Newton's method with the inverse of the Hessian guessed from the last changes of the gradient.

        d = -H g, with H built from the last `history_size` pairs s = change of p, y = change of g
        p <- p + t * d,   t = lr, at the very first min(1, 1 / sum |g|) * lr, or found by a line search

    `step` needs a closure that clears the gradients, computes the loss and calls `backward()`; it runs
    up to `max_eval` times. All parameters form one group.

    Args:
        params: parameters.   lr: length of a step.   max_iter: directions a step tries, at least 1.
        max_eval: calls of the closure a step makes; max_iter · 5 / 4 if None.
        tolerance_grad: a step ends when no element of the gradient is larger.
        tolerance_change: ... or when neither parameters nor loss change by more.
        history_size: how many changes are kept, at least 1.
        line_search_fn: None, or 'strong_wolfe'.
    Raises:
        ArgumentError: an option out of its range, or several groups.
    Source: Nocedal & Wright 2006, "Numerical optimization", algorithms 7.4 and 7.5.

    >>> from tinygrad_cnn import Tensor
    >>> w = Tensor([3.0, -2.0], requires_grad=True)
    >>> optimizer = LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w - 1) ** 4).sum()
    ...     loss.backward()
    ...     return loss
    >>> first = optimizer.step(closure)
    >>> bool(closure() < 1e-6 * first)
    True
    """

    checks: ClassVar = {
        "lr": not_negative, "max_iter": at_least(1), "max_eval": optional(at_least(1)),
        "tolerance_grad": not_negative, "tolerance_change": not_negative, "history_size": at_least(1),
        "line_search_fn": optional(one_of("strong_wolfe")),
    }  # fmt: skip
    states = frozenset({"d", "t", "changes", "slopes", "scale", "gradient", "loss", "n_iter", "func_evals"})

    def __init__(
        self, params: Iterable[Any], lr: float = 1.0, max_iter: int = 20, max_eval: int | None = None,
        tolerance_grad: float = 1e-7, tolerance_change: float = 1e-9, history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:  # fmt: skip
        options: dict[str, Any] = {"lr": lr, "max_iter": max_iter, "max_eval": max_eval}
        options |= {"tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change}
        options |= {"history_size": history_size, "line_search_fn": line_search_fn}
        super().__init__(params, options)

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Refuse a second group: a direction is one for all parameters.

        >>> LBFGS([Tensor([1.0], requires_grad=True)]).add_param_group({"params": []})
        Traceback (most recent call last):
        tinygrad_cnn.errors.ArgumentError: LBFGS: all parameters form one group; no other can be added
        """
        if self.param_groups:
            raise ArgumentError("LBFGS: all parameters form one group; no other can be added")
        super().add_param_group(group)

    def step(self, closure: Callable[[], Loss] | None = None) -> Loss | None:
        """Move the parameters along up to `max_iter` directions.

        Args:
            closure: clears the gradients, computes the loss, calls `backward()`, and returns the loss.
        Returns:
            The loss before the first direction.
        Raises:
            DTypeError: no closure.

        >>> LBFGS([Tensor([1.0], requires_grad=True)]).step()
        Traceback (most recent call last):
        tinygrad_cnn.errors.DTypeError: LBFGS: step needs a closure that computes the loss and its gradients
        """
        if not callable(closure):
            raise DTypeError("LBFGS: step needs a closure that computes the loss and its gradients")
        group = self.param_groups[0]
        state = self.state.setdefault(group["params"][0], {"n_iter": 0, "func_evals": 0})
        if devices.ON_DEVICES:
            for key, value in state.items():  # the state follows its parameters
                if isinstance(value, devices.CLASSES):
                    state[key] = devices.moved(value, group["params"][0].device)
        as_told = np.errstate(**np.geterr())(closure)  # what is the caller's own is told of as he wants it
        with np.errstate(under="ignore"):
            return self._walked(as_told, group, state)

    def _walked(self, closure: Callable[[], Loss], group: Group, state: dict[str, Any]) -> Loss:
        """The loss before the first of up to `max_iter` directions, along which the parameters move."""
        most = group["max_eval"] or group["max_iter"] * 5 // 4
        first = self._evaluated(closure, state)
        loss, evaluations = float(first), 1
        g = self._gradient()
        if largest(g) <= group["tolerance_grad"]:
            return first
        for k in range(1, group["max_iter"] + 1):
            d, t = direction(g, state, group)
            slope = float(g @ d)
            state.update(gradient=g.copy(), loss=loss, d=d, t=0.0)  # nothing has moved yet
            if slope > -group["tolerance_change"]:
                break
            before, last = loss, k == group["max_iter"]
            if group["line_search_fn"]:
                loss, g, t, calls = self._searched(closure, state, t, d, loss, g, slope)
                evaluations += calls
            else:
                self._move(t * d)
                if not last:  # the next step evaluates the loss there anyway
                    loss, g = float(self._evaluated(closure, state)), self._gradient()
                    evaluations += 1
            state["t"] = t
            small = largest(t * d) <= group["tolerance_change"]
            small = small or abs(loss - before) < group["tolerance_change"]
            if last or evaluations >= most or small or largest(g) <= group["tolerance_grad"]:
                break
        return first

    def _searched(
        self, closure: Callable[[], Any], state: dict[str, Any], t: float, d: Array, loss: float, g: Array,
        slope: float,
    ) -> tuple[float, Array, float, int]:  # fmt: skip
        """Loss, gradient and step that a line search found, with the parameters there, and its calls."""
        start = [p.array.copy() for p in self._tensors()]

        def at(length: float) -> tuple[float, Array]:
            for p, value in zip(self._tensors(), start, strict=True):
                p._writable()[...] = value
            self._move(length * d)
            return float(self._evaluated(closure, state)), self._gradient()

        loss, g, t, calls = strong_wolfe(at, t, d, loss, g, slope, self.param_groups[0]["tolerance_change"])
        for p, value in zip(self._tensors(), start, strict=True):
            p._writable()[...] = value
        self._move(t * d)
        return loss, g, t, calls

    def _evaluated(self, closure: Callable[[], Any], state: dict[str, Any]) -> Any:
        state["func_evals"] += 1
        with enable_grad():
            return closure()

    def _tensors(self) -> list[Tensor]:
        return list(self.param_groups[0]["params"])

    def _gradient(self) -> Array:
        """The gradients of all parameters as one vector; zeros where there is none."""
        parts = [
            devices.zeros(p.size, p.dtype, like=p) if p.grad is None else p.grad.array.ravel()
            for p in self._tensors()
        ]
        return np.concatenate(widened(parts))

    def _move(self, change: Array) -> None:
        """Add a vector to the parameters."""
        start = 0
        for p in self._tensors():
            p._writable()[...] += change[start : start + p.size].reshape(p.shape)
            start += p.size

    def _first_state(self, p: Tensor, group: Group) -> dict[str, Any]:
        """Two counts; the rest comes with the first direction."""
        return {"n_iter": 0, "func_evals": 0}

    def _check_complete(self, k: int, own: Mapping[str, Any], first: Mapping[str, Any]) -> None:
        """Raise unless all of a direction is there, or nothing of it."""
        if own.get("n_iter", 0) != 0:
            length, pairs = sum(q.size for q in self._tensors()), len(np.atleast_1d(own.get("changes", 0)))
            shapes: dict[str, tuple[int, ...]] = {"t": (), "scale": (), "loss": ()}
            shapes |= {"gradient": (length,), "d": (length,)}
            shapes |= {"changes": (pairs, length), "slopes": (pairs, length)}
            first = {**first, **{key: np.broadcast_to(0.0, shape) for key, shape in shapes.items()}}
        super()._check_complete(k, own, first)

    def _checked(self, k: int, p: Tensor, own: Mapping[str, Any]) -> dict[str, Any]:
        """The state, copied; its vectors are as long as all parameters together."""
        length = sum(q.size for q in self._tensors())
        for key, value in own.items():
            if isinstance(value, np.ndarray) and value.shape[-1:] != (length,):
                raise StateError(f"LBFGS: {key} has shape {value.shape}, vectors of length {length} fit")
        return {
            key: v.copy() if isinstance(v, np.ndarray) else v for key, v in own.items() if v is not None
        }


def largest(x: Array) -> float:
    """The largest magnitude in a vector, 0 of none: a number on the host.

    >>> largest(np.array([1.0, -3.0])), largest(np.zeros(0))
    (3.0, 0.0)
    """
    return float(abs(x).max()) if x.size else 0.0


def direction(g: Array, state: dict[str, Any], group: Group) -> tuple[Array, float]:
    """Where to go next, and how far, from the gradient and the changes so far; notes the last change.

    >>> d, t = direction(np.array([2.0]), {"n_iter": 0}, {"lr": 1.0, "history_size": 5})
    >>> d.tolist(), t
    ([-2.0], 0.5)
    """
    state["n_iter"] += 1
    if state["n_iter"] == 1:
        none = devices.zeros((0, g.size), g.dtype, like=g)
        state.update(changes=none, slopes=none, scale=1.0)
        return -g, min(1.0, 1.0 / float(abs(g).sum())) * group["lr"]
    y, s = g - state["gradient"], state["d"] * state["t"]
    curvature = float(y @ s)
    if curvature > 1e-10:
        keep = -group["history_size"]
        state["slopes"] = np.concatenate([state["slopes"], y[None]])[keep:]
        state["changes"] = np.concatenate([state["changes"], s[None]])[keep:]
        state["scale"] = curvature / float(y @ y)
    pairs = list(zip(state["changes"], state["slopes"], strict=True))
    q, shares = -g, []
    for s, y in reversed(pairs):
        shares.append(float(s @ q) / float(y @ s))
        q = q - shares[-1] * y
    d = q * state["scale"]
    for (s, y), share in zip(pairs, reversed(shares), strict=True):
        d = d + s * (share - float(y @ d) / float(y @ s))
    return d, group["lr"]
