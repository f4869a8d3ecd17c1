"""Mistakes of element types, and of objects of another kind."""

# ruff: noqa: E501 - a text is one line, as long as it is
from __future__ import annotations

from mistakes.mistake import Mistake

MISTAKES: dict[str, list[Mistake]] = {
    "DTypeError": [
        Mistake(
            "Labels that are floats",
            "F.cross_entropy(ones((2, 3)), tensor([0.0, 1.0]))",
            "A class is named by an integer. A list makes a float Tensor here.",
            "`np.array([0, 1])`, or `labels.astype(int)`.",
        ),
        Mistake(
            "Images as bytes",
            'nn.Conv2d(1, 2, 3)(np.ones((1, 1, 4, 4), "uint8"))',
            "Files hold pixels from 0 to 255 as bytes, which have no derivative.",
            '`images.astype("float32") / 255`.',
            theirs='nn.Conv2d(1, 2, 3)(torch.from_numpy(np.ones((1, 1, 4, 4), "uint8")))',
        ),
        Mistake(
            "Text as a tensor",
            'tensor(["cat", "dog"])',
            "Tensors hold numbers.",
            "Number the classes: `{'cat': 0, 'dog': 1}[name]`.",
        ),
        Mistake(
            "Rows of different lengths",
            "tensor([[1.0, 2.0], [3.0]])",
            "An array has as many elements in each row.",
            "Fill up the short rows, or keep a list of tensors.",
        ),
        Mistake(
            "A gradient for integers",
            "tensor(np.array([1, 2]), requires_grad=True)",
            "Integers cannot move by a little.",
            '`np.array([1.0, 2.0], "float32")`.',
        ),
        Mistake(
            "An index that is a float",
            "nn.Embedding(5, 2)(tensor([1.0, 2.0]))",
            "An embedding picks rows by their number.",
            "`np.array([1, 2])`.",
        ),
        Mistake(
            "A learning rate as text",
            'optim.SGD(nn.Linear(1, 1).parameters(), lr="0.1")',
            "It came from a file or the command line.",
            "`float(rate)`.",
        ),
        Mistake(
            "The model where its parameters belong",
            "optim.SGD(nn.Linear(1, 1), lr=0.1)",
            "An optimizer moves parameters, and knows no models.",
            "`model.parameters()`.",
        ),
        Mistake(
            "A layer that is called as it is made",
            "nn.ReLU(ones(2))",
            "`nn.ReLU` is a class: first make a layer, then call it.",
            "`nn.ReLU()(x)` or `F.relu(x)`.",
        ),
        Mistake(
            "A list in Sequential",
            "nn.Sequential([nn.Linear(1, 1)])",
            "It takes layers one by one.",
            "`nn.Sequential(*layers)`.",
        ),
        Mistake(
            "A class in Sequential",
            "nn.Sequential(nn.ReLU, nn.Linear(1, 1))",
            "The brackets are missing.",
            "`nn.ReLU()`.",
        ),
        Mistake(
            "A size that is a float",
            "nn.Linear(10 / 2, 1)",
            "`/` makes a float, even of numbers that divide.",
            "`10 // 2`.",
        ),
        Mistake(
            "The path of a file where its content belongs",
            'nn.Linear(2, 1).load_state_dict("model.pt")',
            "A state dict is a dict of arrays.",
            "Read the file first, as the message says.",
        ),
        Mistake(
            "Nothing where an array belongs",
            "nn.Linear(2, 1)(None)",
            "A function before it returns nothing: mostly a `forward` without `return`.",
            "Put the `return` there.",
        ),
        Mistake(
            "A shape in several arguments",
            "ones(2, 3)",
            "The second argument is the type of the elements; a shape is one tuple, as in NumPy. PyTorch takes both.",
            "`ones((2, 3))`.",
        ),
    ],
}
