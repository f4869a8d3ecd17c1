"""Slopes by measuring: differences, tangents, the gradient, and walking down it.

    python examples/numerical_gradient.py

A slope can be measured: take a small step and see how much the function changes. You learn how large
that step should be, why a difference to both sides is so much better, why integers break it, what a
gradient field looks like, and what the learning rate does to a descent. Writes tangents.png, step.png,
field.png and descent.png.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from claims import Claims, options

import viz
from tinygrad_cnn import Tensor, grad
from tinygrad_cnn import functional as F
from viz.plots import figure, finish, look

Function = Callable[[np.ndarray], float]


# --------------------------------------------------------------------------- one variable
def forward_difference(f: Callable[[float], float], x: float, h: float = 1e-4) -> float:
    """Slope to the right: its error shrinks like h."""
    return (f(x + h) - f(x)) / h


def central_difference(f: Callable[[float], float], x: float, h: float = 1e-4) -> float:
    """Slope over both sides: the halves of the error cancel, and what is left shrinks like h²."""
    return (f(x + h) - f(x - h)) / (2 * h)


def parabola(x: Any) -> Any:
    """0.01x² + 0.1x, with slope 0.02x + 0.1."""
    return 0.01 * x**2 + 0.1 * x


# --------------------------------------------------------------------------- many variables
def numerical_gradient(f: Function, x: np.ndarray, h: float = 1e-4, central: bool = True) -> np.ndarray:
    """One partial derivative per element of x: two calls of f each.

    Each element is moved in place and then put back from a copy, not by adding and subtracting h,
    which would not give the same bits.
    """
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        before = x[place]
        x[place] = before + h
        ahead = f(x)
        x[place] = before - h if central else before
        behind = f(x)
        x[place] = before
        slopes[place] = (ahead - behind) / (2 * h if central else h)
    return slopes


def batch_gradient(f: Function, rows: np.ndarray) -> np.ndarray:
    """The gradient at each of several points, one point a row."""
    return np.stack([numerical_gradient(f, row) for row in rows])


def bowl(x: Any) -> Any:
    """x0² + x1²: gradient 2x, and its only valley at 0."""
    return (x**2).sum()


def gradient_descent(f: Function, start: Any, lr: float = 0.01, steps: int = 100) -> np.ndarray:
    """All points of the way down, (steps + 1, 2)."""
    x = np.array(start, dtype=np.float64)
    way = [x.copy()]
    for _ in range(steps):
        x -= lr * numerical_gradient(f, x)
        way.append(x.copy())
    return np.stack(way)


# --------------------------------------------------------------------------- the parts of the page
def differences(claims: Claims, folder: Path) -> None:
    """Slopes of the parabola at 5 and 10, with their tangents."""
    print("Slopes of 0.01x² + 0.1x:")
    for x, claimed in ((5.0, 0.2000010), (10.0, 0.3000010)):
        claims.check(
            47, f"forward difference at {x:g}", claimed, forward_difference(parabola, x), within=5e-8
        )
        t = Tensor(np.array(x), requires_grad=True)
        exact = grad(parabola(t), t).item()
        claims.check(47, f"derivative at {x:g}", 0.02 * x + 0.1, exact, within=1e-12)
        error = abs(central_difference(parabola, x) - exact)
        claims.check(
            47, f"error of the central difference at {x:g}", "below 1e-10", error, holds=error < 1e-10
        )

    xs = np.linspace(0, 20, 200)
    with look():
        drawn = figure("tangents", (6.4, 4.0))
        axes = drawn.subplots()
        axes.plot(xs, parabola(xs), color="#3b6ea5", linewidth=2)
        for x, colour in ((5.0, "#c2410c"), (10.0, "#0f766e")):
            slope = forward_difference(parabola, x)
            axes.plot(xs, parabola(x) + slope * (xs - x), color=colour, linewidth=1.2)
            axes.plot(x, parabola(x), "o", color=colour, label=f"at {x:g}: slope {slope:.7f}")
        axes.set_title("0.01x² + 0.1x and its tangents", loc="left")
        axes.set_xlabel("x")
        axes.set_ylim(-1, 6.2)
        axes.legend(frameon=False)
        finish("tangents", drawn, folder / "tangents.png")


def size_of_the_step(folder: Path) -> None:
    """The error over h: too large a step bends, too small a step drowns in rounding."""
    hs = np.logspace(-15, 0, 61)
    kinds = {"forward": (forward_difference, "#c2410c"), "central": (central_difference, "#3b6ea5")}
    with look():
        drawn = figure("step", (6.4, 4.0))
        axes = drawn.subplots()
        for name, (difference, colour) in kinds.items():
            errors = [abs(difference(np.sin, 1.0, h) - np.cos(1.0)) for h in hs]
            axes.loglog(
                hs, np.maximum(errors, 1e-17), color=colour, label=f"{name} difference", linewidth=1.6
            )
        axes.axvline(1e-4, color="#8c8c8c", linewidth=0.8, linestyle=":")
        axes.annotate(
            "h = 1e-4", (1e-4, 0.3), (4, 0), textcoords="offset points", fontsize=9, color="#555555"
        )
        axes.annotate("rounding", (1e-14, 1e-7), fontsize=9, color="#555555")
        axes.annotate("curvature", (2e-3, 1e-10), fontsize=9, color="#555555")
        axes.set_title("Error of the slope of sin at 1", loc="left")
        axes.set_xlabel("step h")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"1e{np.log10(value):.0f}")
        axes.legend(frameon=False, loc="lower left")
        finish("step", drawn, folder / "step.png")


def gradients(claims: Claims) -> None:
    """Partial derivatives, beside those of backward(); and the trap of integers."""
    print("\nGradients:")
    points = np.array([[3.0, 4.0], [0.0, 2.0], [3.0, 0.0]])
    slopes = batch_gradient(bowl, points)
    claims.check(48, "of x0² + x1² at (3,4), (0,2), (3,0)", [[6, 8], [0, 4], [6, 0]], slopes, within=1e-7)
    one_sided = numerical_gradient(bowl, points[0], central=False)
    claims.check(48, "forward form at (3,4): off by h", [6.0001, 8.0001], one_sided, within=1e-6)

    x = np.random.default_rng(0).normal(size=(4, 3))
    before = x.tobytes()
    t = Tensor(x, requires_grad=True)
    by_autograd = grad((F.sin(t) * t**2).sum(), t).numpy()
    difference = np.abs(
        numerical_gradient(lambda a: float((np.sin(a) * a**2).sum()), x) - by_autograd
    ).max()
    claims.check(
        48, "farthest from backward(), over 12 elements", "below 1e-7", difference, holds=difference < 1e-7
    )
    claims.check(48, "x has the same bits as before", True, x.tobytes() == before)

    print("\nThe same function, handed integers (a defect that is worth remembering):")
    whole = numerical_gradient(bowl, np.array([3, 4]), central=False)
    claims.check("D6", "3 + 0.0001 is stored as 3, so every slope is 0", [0.0, 0.0], whole)
    repaired = numerical_gradient(bowl, np.array([3, 4]).astype(np.float64))
    claims.check("D6", "after a conversion to float", [6.0, 8.0], repaired, within=1e-7)


def gradient_field(claims: Claims, folder: Path) -> None:
    """Arrows of steepest descent on a grid: all of them point to the valley."""
    print("\nThe gradient field of x0² + x1²:")
    drawn = viz.field(lambda x, y: x**2 + y**2, folder / "field.png", bounds=(-2, 2.25), step=0.25)
    arrows = drawn.axes[0].collections[0]
    claims.check(49, "arrows", 18 * 18, arrows.N)
    ahead = arrows.XY + 1e-3 * np.stack([arrows.U, arrows.V], axis=1)
    # At the valley itself the arrow has no length; everywhere else a short step leads closer.
    away = np.hypot(*arrows.XY.T) > 0
    aside = np.abs(arrows.XY[:, 0] * arrows.V - arrows.XY[:, 1] * arrows.U).max()
    closer = (np.hypot(*ahead.T) < np.hypot(*arrows.XY.T))[away].all()
    claims.check(49, "all of them point straight to 0", True, bool(closer and aside < 1e-12))


def descent(claims: Claims, folder: Path) -> None:
    """The same start with four learning rates."""
    print("\nGradient descent from (-3, 4):")
    rates = {"lr 0.01": 0.01, "lr 0.1": 0.1, "lr 10": 10.0, "lr 1e-10": 1e-10}
    ways = {name: gradient_descent(bowl, (-3, 4), lr) for name, lr in rates.items()}
    ends = {name: float(np.hypot(*way[-1])) for name, way in ways.items()}
    # Each step multiplies x by 1 - 2·lr, and the start is 5 away.
    claims.check(
        50, "distance left, lr 0.01, 100 steps: 5·0.98^100", 5 * 0.98**100, ends["lr 0.01"], within=1e-6
    )
    claims.check(
        50, "lr 0.1 reaches the valley", "within 1e-6", ends["lr 0.1"], holds=ends["lr 0.1"] < 1e-6
    )
    claims.check(50, "lr 10 runs away", "beyond 1e6", ends["lr 10"], holds=ends["lr 10"] > 1e6)
    moved = 5 - ends["lr 1e-10"]
    claims.check(50, "lr 1e-10 stays where it is", "moves below 1e-6", moved, holds=0 < moved < 1e-6)
    viz.surface(lambda x, y: x**2 + y**2, ways, folder / "descent.png", bounds=((-6, 6), (-4, 5)))


def main() -> None:
    """The parts in order."""
    chosen = options(__doc__, "numerical_gradient").parse_args()
    claims = Claims(chosen.out)
    differences(claims, chosen.out)
    size_of_the_step(chosen.out)
    gradients(claims)
    gradient_field(claims, chosen.out)
    descent(claims, chosen.out)
    claims.finish()


if __name__ == "__main__":
    main()
