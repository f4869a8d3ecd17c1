"""Mistakes of sizes and shapes."""

# ruff: noqa: E501 - a text is one line, as long as it is
from __future__ import annotations

from mistakes.mistake import Mistake

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
    ],
    "AxisError": [
        Mistake(
            "An axis that is not there",
            "F.softmax(ones((2, 3)), dim=2)",
            "Axes are counted from 0: a matrix has 0 and 1.",
            "`dim=1`, or `-1` for the last.",
        ),
    ],
}
