"""Buying apples: a computation graph of a few boxes, walked forward for the bill and back for its slopes.

    python examples/apple_graph.py

Two apples at 100 each and 10 % tax cost 220. If an apple were 1 dearer, the bill would rise by 2.2: that
is a derivative, and a graph passes it from the bill back to each input. You learn the two rules that are
enough for this (a sum passes on what it gets, a product swaps its factors), see them as layers of ten
lines, and let the library find the same. Writes apple.png, shopping.png and square.png.
"""

from __future__ import annotations

from pathlib import Path

from claims import Claims, options

import viz
from tinygrad_cnn import Tensor, grad


# --------------------------------------------------------------------------- by hand
class MulLayer:
    """A product: each factor gets the other one, times what comes back."""

    def forward(self, x: float, y: float) -> float:
        """x·y; both are needed on the way back."""
        self.x, self.y = x, y
        return x * y

    def backward(self, g: float) -> tuple[float, float]:
        """Slopes of x and y from the slope g of the product."""
        return g * self.y, g * self.x


class AddLayer:
    """A sum: each summand gets what comes back."""

    def forward(self, x: float, y: float) -> float:
        """x + y; nothing needs to be kept."""
        return x + y

    def backward(self, g: float) -> tuple[float, float]:
        """Slopes of x and y from the slope g of the sum."""
        return g, g


def shopping_by_hand() -> tuple[float, dict[str, float]]:
    """2 apples at 100, 3 oranges at 150, 10 % tax: the bill, and its slope for each input."""
    apples, oranges, fruit, taxed = MulLayer(), MulLayer(), AddLayer(), MulLayer()
    bill = taxed.forward(fruit.forward(apples.forward(100, 2), oranges.forward(150, 3)), 1.1)

    slopes = {}
    sum_slope, slopes["tax"] = taxed.backward(1)  # the bill rises by 1 if the bill rises by 1
    apples_slope, oranges_slope = fruit.backward(sum_slope)
    slopes["orange"], slopes["oranges"] = oranges.backward(oranges_slope)
    slopes["apple"], slopes["apples"] = apples.backward(apples_slope)
    return bill, slopes


# --------------------------------------------------------------------------- by the library
def number(name: str, value: float) -> Tensor:
    """An input that wants its slope."""
    return Tensor(value, requires_grad=True, name=name)


def apple(claims: Claims, folder: Path) -> None:
    """Two apples with tax."""
    print("2 apples at 100, 10 % tax:")
    price, count, tax = number("price of an apple", 100), number("apples", 2), number("tax", 1.1)
    with viz.record() as recorder:  # notes values and slopes, for the picture
        bill = price * count * tax
        bill.name = "bill"
        bill.backward()
    claims.check(53, "bill", 220, bill.item(), within=1e-4)
    claims.check(53, "slope for the price of an apple", 2.2, price.grad.item(), within=1e-6)
    claims.check(53, "slope for the number of apples", 110, count.grad.item(), within=1e-4)
    claims.check(53, "slope for the tax", 200, tax.grad.item(), within=1e-4)
    viz.render(bill, folder / "apple.png", recorder=recorder)


def shopping(claims: Claims, folder: Path) -> None:
    """Apples and oranges, with tax: layers by hand beside backward()."""
    print("\n2 apples at 100 and 3 oranges at 150, 10 % tax:")
    inputs = {
        name: number(name, value)
        for name, value in {"apple": 100, "apples": 2, "orange": 150, "oranges": 3, "tax": 1.1}.items()
    }
    with viz.record() as recorder:
        bill = (inputs["apple"] * inputs["apples"] + inputs["orange"] * inputs["oranges"]) * inputs["tax"]
        bill.name = "bill"
        bill.backward()
    by_hand, slopes = shopping_by_hand()
    claims.check(53, "bill", 715, bill.item(), within=1e-3)
    claims.check(55, "bill by MulLayer and AddLayer", 715, by_hand, within=1e-9)
    claimed = {"apple": 2.2, "apples": 110, "orange": 3.3, "oranges": 165, "tax": 650}
    names = ", ".join(claimed)
    wanted = list(claimed.values())
    found = [inputs[name].grad.item() for name in claimed]
    claims.check(53, f"slopes for {names}", wanted, found, within=1e-3)
    claims.check(55, "the same by the layers", wanted, [slopes[name] for name in claimed], within=1e-9)
    viz.render(bill, folder / "shopping.png", recorder=recorder)


def squares(claims: Claims, folder: Path) -> None:
    """Local rules in a chain: E·2x, 2(x+y), and a slope of a slope."""
    print("\nSquares:")
    x = number("x", 3.0)
    e = 5.0
    claims.check(
        54, "y = x² at 3, with 5 coming back: 5·2x", e * 2 * 3, grad(e * x**2, x).item(), within=1e-5
    )

    x, y = number("x", 2.0), number("y", 1.0)
    z = (x + y) ** 2
    dx, dy = grad(z, [x, y], create_graph=True)
    claims.check(54, "z = (x+y)² at (2,1): slopes 2(x+y)", [6.0, 6.0], [dx.item(), dy.item()], within=1e-5)
    # The slope is itself a value of the graph, so it can be asked for its own slope.
    claims.check(54, "and their slope for x, the second derivative", 2.0, grad(dx, x).item(), within=1e-5)
    with viz.record() as recorder:
        z = (x + y) ** 2  # once more: a walk frees what it has used
        z.name = "z"
        z.backward()
    viz.render(z, folder / "square.png", recorder=recorder)


def main() -> None:
    """Three receipts."""
    chosen = options(__doc__, "apple_graph").parse_args()
    claims = Claims(chosen.out)
    apple(claims, chosen.out)
    shopping(claims, chosen.out)
    squares(claims, chosen.out)
    claims.finish()


if __name__ == "__main__":
    main()
