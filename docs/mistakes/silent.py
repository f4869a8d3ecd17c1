"""Mistakes that raise nothing: a hint or a warning says so, once."""

# ruff: noqa: E501 - a text is one line, as long as it is
from __future__ import annotations

from mistakes.mistake import Mistake

MISTAKES: dict[str, list[Mistake]] = {
    "Hint": [
        Mistake(
            "softmax before cross-entropy",
            "x = tensor([[1.0, 2.0]], requires_grad=True)\nF.cross_entropy(F.softmax(x, dim=1), tensor(np.array([1])))",
            "The loss has a softmax of its own, so there are two; it learns slowly and never ends low.",
            "Hand over the scores as they come from the last layer.",
        ),
        Mistake(
            "Layers in a plain list",
            "class Stack(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.first = nn.Linear(2, 2)\n"
            "        self.rest = [nn.Linear(2, 2), nn.Linear(2, 2)]\n\n\noptim.SGD(Stack().parameters(), lr=0.1)",
            "A list is not looked into, so those layers never learn, and are not saved.",
            "`nn.ModuleList([...])`.",
        ),
        Mistake(
            "A parameter that a result replaces",
            "w = tensor([1.0], requires_grad=True)\n(w * 2).sum().backward()\nw = w - 0.1 * w.grad\n"
            "(w * 2).sum().backward()\nw.grad",
            "`w` is now the result of a subtraction, and no parameter any more.",
            "`with no_grad(): w -= 0.1 * w.grad`.",
        ),
        Mistake(
            "A loss that is NaN",
            "x = tensor([1.0], requires_grad=True)\n(x * np.nan).sum().backward()",
            "All that is computed from a NaN is NaN, the weights after the step, too.",
            "[Find where a NaN comes from](how_to/find_a_nan.md).",
        ),
        Mistake(
            "float64 images",
            "nn.Linear(2, 1)(np.ones((1, 2)))",
            "NumPy's numbers are float64, weights float32.",
            '`images.astype("float32")`.',
            theirs="nn.Linear(2, 1)(torch.from_numpy(np.ones((1, 2))))",
        ),
    ],
}
