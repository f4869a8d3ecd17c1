"""Mistakes that beginners make: code, its cause and its cure, for the page docs/errors.md.

`make_errors.py` runs each with the names below, writes down what it says, and puts PyTorch's words
beside it. Code for PyTorch is the same, unless `theirs` says otherwise.
"""

# ruff: noqa: E501 - a text is one line, as long as it is
from __future__ import annotations

from dataclasses import dataclass

#: What the code of a mistake may use; and the same for PyTorch.
NAMES = """\
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np
import viz
from tinygrad_cnn import Op, Tensor, detect_anomaly, nn, no_grad, ones, optim, tensor, train, use_kernels
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import ArrayDataset, DataLoader, read_idx
from tinygrad_cnn.serial import load_tensors
from tinygrad_cnn.testing import assert_gradients, check_op
"""
THEIR_NAMES = """\
from pathlib import Path
import numpy as np
import torch
from torch import cat, nn, no_grad, ones, optim, tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
"""


@dataclass(frozen=True)
class Mistake:
    """One mistake.

    Attributes:
        title: what was done.   code: statements that do it.   cause: why it is wrong.
        cure: what to write instead.   theirs: the same for PyTorch; None for the same code, '' where
            PyTorch has no counterpart.   lines: how many lines of the messages are shown.
    """

    title: str
    code: str
    cause: str
    cure: str
    theirs: str | None = None
    lines: int = 9


#: By the class of the error, or 'Hint' for a warning, or 'Nothing' where no words are said.
MISTAKES: dict[str, list[Mistake]] = {
    "ShapeError": [
        Mistake(
            "Images with another number of channels",
            "nn.Conv2d(3, 8, 3)(ones((1, 1, 28, 28)))",
            "The layer was made for 3 channels, and the images have 1.",
            "`nn.Conv2d(1, 8, 3)`: the first argument is the number of channels of the images.",
        ),
        Mistake(
            "Images with their channels last",
            "nn.Conv2d(3, 8, 3)(ones((1, 28, 28, 3)))",
            "Keras and files have (N, H, W, C), the layers take (N, C, H, W).",
            "`images.transpose(0, 3, 1, 2)`.",
        ),
        Mistake(
            "A layer inside a model that does not fit",
            "nn.Sequential(nn.Conv2d(1, 4, 3), nn.Linear(144, 10))(ones((1, 1, 8, 8)))",
            "Between the convolution and the linear layer stands no `nn.Flatten()`, so the last axis has 6 elements, not 144.",
            "Put `nn.Flatten()` between them. The message begins with the path of the layer, here `1`.",
        ),
        Mistake(
            "A linear layer with another number of features",
            "nn.Linear(10, 2)(ones((4, 8)))",
            "The layer takes 10 features, the input has 8 in its last axis.",
            "Print `x.shape` before the layer; the first argument of `nn.Linear` is its last number.",
        ),
        Mistake(
            "One image without its axes",
            "nn.Conv2d(1, 8, 3)(ones((28, 28)))",
            "A convolution takes (N, C, H, W): images, channels, rows, columns.",
            "`image.reshape(1, 1, 28, 28)`.",
        ),
        Mistake(
            "A kernel that is larger than the image",
            "F.conv2d(ones((1, 1, 2, 2)), ones((1, 1, 3, 3)))",
            "Convolutions and poolings before it have made the image too small.",
            "`padding=1` in the convolutions, or fewer poolings.",
        ),
        Mistake(
            "A pooling window that is larger than the image",
            "F.max_pool2d(ones((1, 1, 2, 2)), 3)",
            "The same: nothing is left of the image.",
            "A smaller window, or fewer poolings.",
        ),
        Mistake(
            "A matrix product of sizes that do not meet",
            "ones((2, 3)) @ ones((2, 3))",
            "The last axis of the left operand and the last but one of the right differ.",
            "Turn one round: `a @ b.T`.",
        ),
        Mistake(
            "Sizes that do not broadcast",
            "ones((2, 3)) + ones((2, 4))",
            "Sizes must be equal, or one of them 1, counted from the last axis.",
            "Look at both shapes; `reshape` puts in an axis of size 1.",
        ),
        Mistake(
            "A reshape to another number of elements",
            "ones((2, 3)).reshape(4, 2)",
            "6 elements do not fill 4 × 2 places.",
            "Leave one size to be computed: `reshape(-1, 2)`.",
        ),
        Mistake(
            "Joining what differs in another axis",
            "F.concatenate([ones((2, 3)), ones((2, 4))])",
            "Along axis 0 the other axes must agree.",
            "`axis=1`, if that is what was meant.",
            theirs="cat([ones((2, 3)), ones((2, 4))])",
        ),
        Mistake(
            "Predictions (N, 1) and targets (N,)",
            "F.mse_loss(ones((4, 1)), ones(4))",
            "The two would broadcast to 4 × 4 differences, and the loss would be of another thing.",
            "`prediction.reshape(-1)`, or `target.reshape(-1, 1)`.",
        ),
        Mistake(
            "More predictions than labels",
            "F.cross_entropy(ones((4, 3)), tensor(np.array([0, 1])))",
            "There is a label for each row of scores.",
            "Take both from the same batch.",
        ),
        Mistake(
            "Batch norm with one sample",
            "nn.BatchNorm1d(3)(ones((1, 3)))",
            "One value has no variance.",
            "Larger batches; `drop_last=True` in the loader, if the last batch has one sample; `model.eval()` to predict.",
        ),
        Mistake(
            "A truth value of many elements",
            "bool(ones(2) > 0)",
            "`if x > 0:` asks for one answer where there are two.",
            "`(x > 0).all()` or `.any()`.",
        ),
        Mistake(
            "One number of a tensor that has several",
            "ones((2, 3)).item()",
            "`item()` gives the only element.",
            "`x.sum().item()`, `x.mean().item()`, or `x.numpy()` for all.",
        ),
        Mistake(
            "Arrays of different lengths in a dataset",
            "ArrayDataset(np.ones((3, 2)), np.ones(4))",
            "Row i of each array is one sample, so all have as many rows.",
            "Look where one of them was cut.",
            theirs="TensorDataset(ones((3, 2)), ones(4))",
        ),
        Mistake(
            "Samples of different lengths in a batch",
            "next(iter(DataLoader([np.ones(2), np.ones(3)], batch_size=2)))",
            "A batch is one array, so its samples have one shape.",
            "`collate_fn=` with a function that fills up the short ones: [a dataset of your own](how_to/own_dataset.md).",
        ),
        Mistake(
            "An axis that is not there",
            "F.softmax(ones((2, 3)), dim=2)",
            "Axes are counted from 0: a matrix has 0 and 1.",
            "`dim=1`, or `-1` for the last.",
        ),
    ],
    "ArgumentError": [
        Mistake(
            "A label beyond the classes",
            "F.cross_entropy(ones((2, 3)), tensor(np.array([1, 3])))",
            "Classes are counted from 0: three have the labels 0, 1 and 2.",
            "`labels - 1`, if they count from 1; or as many outputs as there are classes.",
        ),
        Mistake(
            "A negative learning rate",
            "optim.SGD(nn.Linear(1, 1).parameters(), lr=-0.1)",
            "It would climb.",
            "A positive rate; `maximize=True` to climb.",
        ),
        Mistake(
            "A decay of 1",
            "optim.Adam(nn.Linear(1, 1).parameters(), betas=(0.9, 1.0))",
            "A running mean that keeps all of the old never sees the new.",
            "A number below 1, such as 0.999.",
        ),
        Mistake(
            "Dropout of more than all",
            "nn.Dropout(1.5)",
            "`p` is the share that is dropped.",
            "A number from 0 to 1.",
        ),
        Mistake(
            "A reduction that does not exist",
            'F.mse_loss(ones(2), ones(2), reduction="avg")',
            "There are 'mean', 'sum' and 'none'.",
            '`reduction="mean"`.',
        ),
        Mistake(
            "Groups that do not divide the channels",
            "nn.Conv2d(3, 8, 3, groups=2)",
            "Each group takes as many channels in, and gives as many out.",
            "A number that divides both.",
        ),
        Mistake(
            "'same' with a stride",
            'nn.Conv2d(1, 1, 3, stride=2, padding="same")',
            "With a stride the result has another size in any case.",
            "`padding=1` for a kernel of 3.",
        ),
        Mistake(
            "Scores where probabilities belong",
            "F.binary_cross_entropy(tensor([2.0]), tensor([1.0]))",
            "The loss takes the logarithm of probabilities.",
            "`F.binary_cross_entropy_with_logits`, which takes scores.",
        ),
        Mistake(
            "An optimizer without parameters",
            "optim.SGD(nn.ReLU().parameters(), lr=0.1)",
            "The model has none; mostly because its layers stand in a plain list.",
            "`nn.ModuleList`, or `nn.Sequential`.",
        ),
        Mistake(
            "Heads that do not divide the width",
            "nn.MultiheadAttention(10, 3)",
            "Each head takes an equal share of the features.",
            "A width that is a multiple of the number of heads.",
        ),
        Mistake(
            "A layer without features",
            "nn.Linear(0, 1)",
            "Mostly a size that was computed and came out as 0.",
            "Print the size that you hand over.",
        ),
        Mistake(
            "A batch of no samples",
            "DataLoader(ArrayDataset(np.ones((3, 2))), batch_size=0)",
            "A batch has at least one sample.",
            "`batch_size=len(data)` for all in one.",
            theirs="DataLoader(TensorDataset(ones((3, 2))), batch_size=0)",
        ),
        Mistake(
            "A kernel set that does not exist",
            'use_kernels("turbo")',
            "There are two sets, and 'auto'.",
            '`use_kernels("reference")`, `"fast"` or `"auto"`.',
            theirs="",
        ),
    ],
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
    "StateError": [
        Mistake(
            "A state dict with a missing key",
            'nn.Linear(2, 1).load_state_dict({"weight": ones((1, 2))})',
            "The file was saved from another model, or only a part of it.",
            "`strict=False` loads what is there, and says what was missing.",
        ),
        Mistake(
            "A state dict with a prefix before its keys",
            'nn.Linear(2, 1).load_state_dict({"fc.weight": ones((1, 2)), "fc.bias": ones(1)})',
            "It was saved from a model that held this one under the name `fc`.",
            "`{k.removeprefix('fc.'): v for k, v in state.items()}`.",
        ),
        Mistake(
            "A state dict of other shapes",
            'nn.Linear(2, 1).load_state_dict({"weight": ones((1, 3)), "bias": ones(1)})',
            "The model was made with other sizes.",
            "Make it with the sizes that the message names.",
        ),
        Mistake(
            "The state of another optimizer",
            "p = nn.Linear(2, 1).weight\noptim.SGD([p], lr=0.1).load_state_dict(optim.Adam([p]).state_dict())",
            "Adam keeps other things of a parameter than SGD does.",
            "Make the optimizer of the same kind.",
        ),
    ],
    "FormatError": [
        Mistake(
            "A file that is not a set of tensors",
            'Path("net.npz").write_bytes(b"not a file of tensors")\nload_tensors("net.npz")',
            "Another kind of file, or a download that broke off.",
            "Load it again from where it came.",
            theirs='Path("net.pt").write_bytes(b"not a file of tensors")\ntorch.load("net.pt")',
            lines=1,
        ),
        Mistake(
            "A file of digits that is cut off",
            'Path("labels.idx").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 5, 1, 2]))\nread_idx("labels.idx")',
            "Its head promises 5 bytes, and 2 are there.",
            "Load it again.",
            theirs="",
        ),
    ],
    "MissingExtraError": [
        Mistake(
            "A package that is not installed",
            'with patch.dict(sys.modules, {"tqdm": None}):  # as if it were not there\n    train.ProgressBar()',
            "NumPy is enough for the engine; the rest comes with extras.",
            "The line that the message ends with.",
            theirs="",
        ),
    ],
    "DeviceError": [
        Mistake(
            "A model on the GPU, and images in the computer's memory",
            "from tinygrad_cnn.testing.stand_in import stand_in_device\n\n"
            "with stand_in_device() as gpu:  # what stands in for device('cuda') where there is none\n"
            "    nn.Linear(3, 1).to(gpu)(ones((2, 3)))",
            "The parameters were moved, and the images were not.",
            "`x = x.to(gpu)` for each batch, or `DataLoader(..., device=gpu)`.",
            theirs="",
        ),
    ],
    "DrawingError": [
        Mistake(
            "A drawing without time",
            'viz.render(tensor([1.0], requires_grad=True) * 2, "graph.png", timeout=1e-9)',
            "The layout of a graph takes time, of a large one much.",
            "A larger `timeout`, a smaller graph, or a file that needs no layout.",
            theirs="",
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
    "Other errors": [
        Mistake(
            "A gradient before backward()",
            "w = tensor([2.0], requires_grad=True)\nw.grad.numpy()",
            "`grad` is None until `backward()` has run.",
            "Call `loss.backward()` first; look whether the parameter is used at all.",
        ),
        Mistake(
            "An optimizer's argument under another name",
            "optim.SGD(nn.Linear(1, 1).parameters(), learning_rate=0.1)",
            "Keras says `learning_rate`.",
            "`lr=0.1`.",
        ),
        Mistake(
            "A model without forward",
            "nn.Module()(ones(2))",
            "The method is missing, or has another name, or another indentation.",
            "`def forward(self, x):` in the class.",
        ),
        Mistake(
            "A name that is written wrong",
            "F.rleu(ones(2))",
            "Python itself says so; at the end of its traceback stands the name that is nearest.",
            "`F.relu`.",
        ),
        Mistake(
            "PyTorch's view",
            "ones(2).view(1, 2)",
            "Native names are NumPy's.",
            "`reshape`; or [PyTorch's names](coming_from_pytorch.md), by `python -m tinygrad_cnn.torch`.",
        ),
        Mistake(
            "An index that is too large",
            "ones((2, 3))[5]",
            "NumPy's own error: rows are counted from 0.",
            "An index from 0 to 1.",
        ),
    ],
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

#: What an error of each kind means, and what cures most of them.
KINDS = {
    "ShapeError": "Sizes do not fit together. Print the shapes before the line; the message names both.",
    "ArgumentError": "An argument has the right type and a value that cannot be. The message names those that can.",
    "DTypeError": "An argument, or its elements, has another type than the function can compute with.",
    "GraphError": "The graph cannot give this gradient: it was freed, written over, or never recorded.",
    "AnomalyError": "A NaN or an infinity that `detect_anomaly` has found, with the operation, the module and the line.",
    "StateError": "What is loaded does not belong to the object that loads it.",
    "FormatError": "A file is short, damaged, or of another format. Nothing was loaded, and nothing was changed.",
    "MissingExtraError": "An optional package is needed. The message ends with the line that installs it.",
    "DeviceError": "A device is not there, or operands lie on different devices. The message names both.",
    "KernelError": (
        "Compiled kernels cannot be made, kept or loaded here. NumPy still serves: "
        "`use_kernels(\"reference\")`, or the environment variable `TINYGRAD_CNN_KERNELS=reference`. "
        "`KernelError: NUMBA_DISABLE_JIT is set` means that the environment forbids compiling."
    ),
    "DrawingError": (
        "The engine that lays out graphs failed or took too long. `depth=1` or a smaller `max_nodes` "
        "makes the graph smaller; a path that ends in `.txt` needs no engine."
    ),
    "GradientError": "`testing.assert_gradients` has found a wrong gradient; the message is its report.",
    "ContractError": "`testing.check_op` and its like have found a property that does not hold: `raise_if_failed()` of its report raises it.",
    "UnlikeRanksError": "Processes that train together are not at the same place, or not of the same state. It is a `StateError`.",
    "Other errors": "Python's and NumPy's own, where nothing of this package is asked.",
    "Hint": (
        "No error: a warning, once in a process, where a program runs and does not do what was meant. "
        "`warnings.filterwarnings(\"ignore\", category=tinygrad_cnn.hints.Hint)` silences them."
    ),
}  # fmt: skip
