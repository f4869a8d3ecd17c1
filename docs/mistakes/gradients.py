"""Mistakes of the graph and its gradients."""

# ruff: noqa: E501 - a text is one line, as long as it is
from __future__ import annotations

from mistakes.mistake import Mistake

MISTAKES: dict[str, list[Mistake]] = {
    "GraphError": [
        Mistake(
            "backward() twice",
            "x = tensor(3.0, requires_grad=True)\ny = x * x\ny.backward()\ny.backward()",
            "The walk frees what it has used. In a notebook: the cell ran twice.",
            "Compute the loss anew before each `backward()`; `retain_graph=True` where two walks are meant.",
        ),
        Mistake(
            "backward() of several numbers",
            "x = tensor([3.0, 4.0], requires_grad=True)\n(x * x).backward()",
            "A gradient belongs to one number.",
            "`(x * x).sum().backward()`.",
        ),
        Mistake(
            "backward() of what needs no gradient",
            "(ones(2) * 2).sum().backward()",
            "Nothing that it was computed from is a parameter.",
            "`requires_grad=True` where you make the Tensor.",
        ),
        Mistake(
            "backward() of what was computed under no_grad()",
            "w = tensor([2.0], requires_grad=True)\nwith no_grad():\n    loss = (w * w).sum()\nloss.backward()",
            "In `no_grad()` nothing is recorded.",
            "Train outside of it, measure inside.",
        ),
        Mistake(
            "Writing over a value before backward()",
            "w = tensor([2.0], requires_grad=True)\nloss = (w * w).sum()\nw.data[0] = 5.0\nloss.backward()",
            "The derivative needs the old value, which is gone. PyTorch computes a wrong gradient and says nothing.",
            "Call `backward()` first, then write.",
        ),
        Mistake(
            "Changing a parameter in place",
            "w = tensor([2.0], requires_grad=True)\nw += 1",
            "The step itself would become part of the graph.",
            "`with no_grad(): w += 1`, or an optimizer.",
        ),
        Mistake(
            "Writing to an element",
            "w = tensor([2.0], requires_grad=True)\nw[0] = 1",
            "The same, for one element.",
            "`w.data[0] = 1`; `where`, `concatenate` or a mask for a result that is to have a gradient.",
        ),
        Mistake(
            "A Tensor with a gradient in NumPy's hands",
            "np.asarray(tensor([1.0], requires_grad=True))",
            "An array has no graph, so the gradient would end here in silence.",
            "`x.numpy()` where that is meant.",
        ),
    ],
    "AnomalyError": [
        Mistake(
            "A root of a negative number",
            'with np.errstate(all="ignore"), detect_anomaly():\n    tensor([-1.0], requires_grad=True).sqrt().sum().backward()',
            "The first NaN, found by `detect_anomaly`.",
            "[Find where a NaN comes from](how_to/find_a_nan.md).",
            theirs="with torch.autograd.detect_anomaly():\n    tensor([-1.0], requires_grad=True).sqrt().sum().backward()",
        ),
    ],
    "GradientError": [
        Mistake(
            "A derivative that is wrong",
            "class Cube(Op):\n    keep = (0,)\n\n    def forward(self, x):\n        return x * x * x\n\n"
            "    def backward(self, g, x):\n        return (2 * g * x * x,)\n\n\n"
            "assert_gradients(lambda x: Cube()(x), np.array([1.0, 2.0]))",
            "3 was meant where 2 stands.",
            "[Test your gradients](how_to/test_gradients.md): the whole report names the input and often the kind of mistake.",
            theirs="",
            lines=1,
        ),
    ],
    "ContractError": [
        Mistake(
            "An operation that writes to what it is given",
            "class Half(Op):\n    def forward(self, x):\n        x /= 2\n        return x\n\n"
            "    def backward(self, g):\n        return (g / 2,)\n\n\n"
            'check_op(Half, [(np.array([1.0, 2.0]),)], only=["operands_are_not_written_to"]).raise_if_failed()',
            "The operand belongs to the caller, and to the graph, which may still read it.",
            "`return x / 2`.",
            theirs="",
        ),
    ],
}
