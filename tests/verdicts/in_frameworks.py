"""The wrong functions once more, as functions of PyTorch, JAX and HIPS autograd.

A rule in NumPy becomes an `autograd.Function`, a `custom_vjp` around callbacks, a primitive with `defvjp`.
What a framework cannot say (JAX's arrays cannot be written to) is left out, with the reason.
"""

from collections.abc import Callable
from inspect import signature
from typing import Any

import numpy as np
from verdicts.wrong_functions import ONE, ROWS, Wrong, normal
from verdicts.wrong_rules import WRONG

Rule = tuple[Callable[..., Any], Callable[..., Any], int]


def in_torch(rule: Rule) -> Callable[..., Any]:
    """An `autograd.Function` that computes in NumPy on the tensors' own memory."""
    import torch

    forward, backward, _ = rule

    def tensor(x: Any, kind: Any) -> Any:
        x = np.asarray(x, kind)
        return torch.from_numpy(x if all(step >= 0 for step in x.strides) else x.copy())

    class Planted(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *xs: Any) -> Any:
            ctx.save_for_backward(*xs)
            arrays = [x.detach().numpy() for x in xs]
            return tensor(forward(*arrays), arrays[0].dtype)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            arrays = [x.detach().numpy() for x in ctx.saved_tensors]
            found = backward(g.detach().numpy(), *arrays)
            found = found if isinstance(found, tuple) else (found,)
            return tuple(
                tensor(np.broadcast_to(d, x.shape), x.dtype) for d, x in zip(found, arrays, strict=True)
            )

    return Planted.apply


def in_jax(rule: Rule) -> Callable[..., Any]:
    """A function with `custom_vjp`, whose two halves are callbacks."""
    import jax

    jax.config.update("jax_enable_x64", True)  # callbacks of large arrays run in a thread of their own
    forward, backward, _ = rule

    # Each callback is one object: JAX compiles what is new to it.
    def run_forward(*given: Any) -> Any:
        arrays = [np.array(x) for x in given]
        return np.asarray(forward(*arrays), arrays[0].dtype)

    def run_backward(g: Any, *given: Any) -> Any:
        arrays = [np.array(x) for x in given]
        found = backward(np.array(g), *arrays)
        found = found if isinstance(found, tuple) else (found,)
        pairs = zip(found, arrays, strict=True)
        return tuple(np.broadcast_to(np.asarray(d, x.dtype), x.shape) for d, x in pairs)

    @jax.custom_vjp
    def planted(*xs: Any) -> Any:
        with np.errstate(all="ignore"):  # of this result nothing but the shape is asked
            shape = np.shape(forward(*(np.full(x.shape, 0.5, x.dtype) + _eye(x) for x in xs)))
        return jax.pure_callback(run_forward, jax.ShapeDtypeStruct(shape, xs[0].dtype), *xs)

    def walk(xs: Any, g: Any) -> Any:
        like = tuple(jax.ShapeDtypeStruct(x.shape, x.dtype) for x in xs)
        return jax.pure_callback(run_backward, like, g, *xs)

    planted.defvjp(lambda *xs: (planted(*xs), xs), walk)
    return planted


def _eye(x: Any) -> Any:
    return np.eye(*x.shape, dtype=x.dtype) if x.ndim == 2 else np.zeros(x.shape, x.dtype)


def in_autograd(rule: Rule) -> Callable[..., Any]:
    """A primitive with `defvjp`."""
    from autograd.extend import defvjp, primitive

    forward, backward, count = rule
    planted = primitive(lambda *xs: forward(*xs))

    def share(place: int) -> Callable[..., Any]:
        def made(answer: Any, *xs: Any) -> Callable[..., Any]:
            def walk(g: Any) -> Any:
                found = backward(np.asarray(g), *xs)
                part = (found if isinstance(found, tuple) else (found,))[place]
                return np.broadcast_to(part, np.shape(xs[place]))

            return walk

        return made

    defvjp(planted, *(share(place) for place in range(count)))
    return planted


MAKERS: dict[str, Callable[[Rule], Callable[..., Any]]] = {
    "torch": in_torch, "jax": in_jax, "autograd": in_autograd,
}  # fmt: skip

# --------------------------------------------------------------------------- memory, as rules
BUFFER, STATE = np.empty(5), dict[str, Any]()


def writes_to_input(x: Any) -> Any:
    y = x * 2
    x[0] = 0
    return y


def writes_to_gradient(g: Any, x: Any) -> Any:
    g *= 2 * x
    return g


def writes_to_kept(g: Any, x: Any) -> Any:
    d = g * 2 * x
    x += 1
    return d


def counts_anew(x: Any) -> Any:
    STATE["walks"] = 0
    return x * x


def halves_later(g: Any, x: Any) -> Any:
    STATE["walks"] += 1
    return 2 * x * g / min(STATE["walks"], 2)


def square(x: Any) -> Any:
    return x * x


def knows_itself(a: Any, b: Any) -> Any:
    STATE["same"] = np.shares_memory(a, b)
    return a + 2 * b


FIXED = np.arange(1.0, 13).reshape(3, 4)

#: Why some functions cannot be said in a framework.
WRITTEN, STRIDES = "its arrays cannot be written to", "its arrays have no strides"
CUT = "there is no such cut of its graph, and no tensor to take out"
SAME = "a function does not see whose memory it is given"

#: Rules that are right in a framework, and why.
RIGHT_THERE: dict[tuple[str, str], str] = {
    ("torch", "wrong where memory runs backwards"): "its tensors do not run backwards",
    ("jax", "its gradient is the kept input itself"): WRITTEN,
    ("jax", "the product's rule where both are one array"): SAME,
    **{
        ("jax", name): STRIDES
        for name in (
            "wrong where memory is not contiguous", "wrong where memory is Fortran's alone",
            "wrong where memory runs backwards", "wrong where elements are spread out",
            "wrong where the incoming gradient is no copy", "a value that depends on the layout by a digit",
        )
    },
}  # fmt: skip

#: Name -> points, rule, how the rule is used, and the frameworks that cannot say it with the reason.
MEMORY: dict[str, tuple[Any, Rule, Callable[..., Any], dict[str, str]]] = {
    "writes to its input": (
        normal(ONE), (writes_to_input, lambda g, x: 2 * g, 1), lambda f, x: f(x), {"jax": WRITTEN}),
    "writes to the gradient that comes in": (
        normal(ONE), (square, writes_to_gradient, 1), lambda f, x: f(x) + x, {"jax": WRITTEN}),
    "writes to what it kept": (
        normal(ONE), (square, writes_to_kept, 1), lambda f, x: f(x), {"jax": WRITTEN}),
    "one buffer for all its gradients": (
        normal(ONE), (square, lambda g, x: np.multiply(g, 2 * x, out=BUFFER), 1),
        lambda f, x: f(x) + f(x) * 3, {"jax": WRITTEN}),
    "reads memory as if it were contiguous": (
        normal(ROWS), (lambda x: FIXED * x, lambda g, x: g.ravel(order="K").reshape(g.shape) * FIXED, 1),
        lambda f, x: f(x), {"jax": STRIDES}),
    "result depends on strides": (
        normal(ROWS), (lambda x: x.ravel(order="K").reshape(x.shape) * 1.0, lambda g, x: g * 1.0, 1),
        lambda f, x: f(x), {"jax": STRIDES}),
    "clips its gradient at 5": (
        normal(ONE), (square, lambda g, x: 2 * x * np.clip(g, -5, 5), 1), lambda f, x: f(x), {}),
    "rounds its gradient to float16": (
        normal(ONE), (square, lambda g, x: (2 * x * g).astype(np.float16), 1), lambda f, x: f(x), {}),
    "ignores the sign of what comes in": (
        normal(ONE), (square, lambda g, x: 2 * x * abs(g), 1), lambda f, x: f(x), {}),
    "one array as two operands": (
        normal((4,), (4,)), (knows_itself, lambda g, a, b: (g, g if STATE["same"] else 2 * g), 2),
        lambda f, a, b: f(a, b), {"jax": SAME}),
    "its gradient is what came in, changed": (
        normal(ONE), (lambda x: x * 3, lambda g, x: np.multiply(g, 3, out=g), 1),
        lambda f, x: f(x) + x, {"jax": WRITTEN}),
    "second walk gives half": (normal(ONE), (counts_anew, halves_later, 1), lambda f, x: f(x), {}),
}  # fmt: skip


# --------------------------------------------------------------------------- the graph, second order
def by_hand(name: str) -> dict[str, Callable[..., Any]]:
    """What is written in the framework's own functions: kinks of where, cuts, constants of order 2."""
    if name == "torch":
        import torch as xp

        cut, second = (lambda x: x.detach()), _second_in_torch
    elif name == "jax":
        import jax
        import jax.numpy as xp

        cut, second = jax.lax.stop_gradient, _second_in_jax
    else:
        import autograd.numpy as xp
        from autograd.tracer import getval as cut

        second = _second_in_autograd
    return {
        "where over a root of negative numbers": lambda x: xp.where(x > 0, xp.sqrt(x), 0.0 * cut(x)),
        "a factor detached": lambda x: x * cut(x),
        "a factor as an array": lambda x: x * xp.exp(cut(x)),
        "a mean detached": lambda x: (x - cut(x.mean())) ** 2,
        "made anew in the middle": lambda x: cut(xp.sin(x)) * x,
        "a mask that scales": lambda x: x * (1.0 + cut(x) * (cut(x) > 0)),
        "slope taken as a constant": second(lambda x: x * x, lambda g, x: g * 2 * cut(x)),
        "half of the slope taken as a constant": second(lambda x: x**3, lambda g, x: g * 3 * x * cut(x)),
        "tanh with a constant inside": second(
            lambda x: xp.tanh(x), lambda g, x: g * (1 - xp.tanh(cut(x)) * xp.tanh(x))
        ),
        "exp as a constant": second(lambda x: xp.exp(x), lambda g, x: g * xp.exp(cut(x))),
        "log with its slope as a constant": second(lambda x: xp.log(x), lambda g, x: g / cut(x)),
        "sin with half of its curvature": second(
            lambda x: xp.sin(x), lambda g, x: g * (0.5 * xp.cos(x) + 0.5 * xp.cos(cut(x)))
        ),
        "a product whose cross term is lost": second(
            lambda a, b: a * b, lambda g, a, b: (g * cut(b), g * a)
        ),
        "a matrix product whose cross term is lost": second(
            lambda a, b: a @ b, lambda g, a, b: (g @ cut(b).T, a.T @ g)
        ),
        "a quotient whose divisor stands still": second(
            lambda a, b: a / b, lambda g, a, b: (g / b, -g * a / (cut(b) * b))
        ),
        "a square root held": second(lambda x: xp.sqrt(x), lambda g, x: g * 0.5 / xp.sqrt(cut(x))),
        "softplus with its slope as a constant": second(
            lambda x: xp.log(1 + xp.exp(x)), lambda g, x: g / (1 + xp.exp(-cut(x)))
        ),
        "a reciprocal with half of its square held": second(
            lambda x: 1 / x, lambda g, x: -g / (x * cut(x))
        ),
    }  # fmt: skip


def _second_in_torch(forward: Any, backward: Any) -> Any:
    import torch

    class Planted(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *xs: Any) -> Any:
            ctx.save_for_backward(*xs)
            return forward(*xs)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return backward(g, *ctx.saved_tensors)

    return Planted.apply


def _second_in_jax(forward: Any, backward: Any) -> Any:
    import jax

    def walk(xs: Any, g: Any) -> Any:
        found = backward(g, *xs)
        return found if isinstance(found, tuple) else (found,)

    planted = jax.custom_vjp(forward)
    planted.defvjp(lambda *xs: (forward(*xs), xs), walk)
    return planted


def _second_in_autograd(forward: Any, backward: Any) -> Any:
    from autograd.extend import defvjp, primitive

    planted = primitive(forward)

    def share(place: int) -> Callable[..., Any]:
        def walk(g: Any, *xs: Any) -> Any:
            found = backward(g, *xs)
            return found[place] if isinstance(found, tuple) else found

        return lambda answer, *xs: lambda g: walk(g, *xs)

    defvjp(planted, *(share(place) for place in range(len(signature(forward).parameters))))
    return planted


# --------------------------------------------------------------------------- all of them
def function(framework: str, name: str) -> tuple[Callable[..., Any] | None, Callable[..., Any], str]:
    """The wrong function of that name, what draws its points, and why it cannot be said."""
    wrong: Wrong = WRONG[name]
    if (framework, name) in RIGHT_THERE:
        return None, wrong.points, RIGHT_THERE[framework, name]
    if name in MEMORY:
        points, rule, use, why = MEMORY[name]
        if framework in why:
            return None, points, why[framework]
        made = MAKERS[framework](rule)
        return (lambda *xs: use(made, *xs)), points, ""
    if wrong.rule is not None and wrong.order == 1:
        made = MAKERS[framework](wrong.rule)
        return (lambda *xs: made(*xs) * wrong.factor), wrong.points, ""
    found = by_hand(framework).get(name)
    return found, wrong.points, "" if found is not None else CUT


def right(framework: str) -> dict[str, Callable[..., Any]]:
    """Right functions, made in the same way: they must pass, or the makers are what is judged."""
    rules: dict[str, Rule] = {
        "x²": (square, lambda g, x: 2 * x * g, 1),
        "sin": (np.sin, lambda g, x: g * np.cos(x), 1),
        "mean": (np.mean, lambda g, x: g * np.ones(x.shape) / x.size, 1),
        "matmul": (lambda a, b: a @ b, lambda g, a, b: (g @ b.T, a.T @ g), 2),
        "reversed": (lambda x: x[::-1] * 1.0, lambda g, x: g[::-1], 1),
    }
    return {name: MAKERS[framework](rule) for name, rule in rules.items()}
