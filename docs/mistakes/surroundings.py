"""Mistakes of what is around the package: other packages, devices, engines, and Python itself."""

# ruff: noqa: E501 - a text is one line, as long as it is
from __future__ import annotations

from mistakes.mistake import Mistake

MISTAKES: dict[str, list[Mistake]] = {
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
}
