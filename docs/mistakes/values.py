"""Mistakes of arguments that have the right type and a value that cannot be."""

from __future__ import annotations

from mistakes.mistake import Mistake

MISTAKES: dict[str, list[Mistake]] = {
    "OutOfRangeError": [
        Mistake(
            "A label beyond the classes",
            "F.cross_entropy(ones((2, 3)), tensor(np.array([1, 3])))",
            "Classes are counted from 0: three have the labels 0, 1 and 2.",
            "`labels - 1`, if they count from 1; or as many outputs as there are classes.",
        ),
    ],
    "ArgumentError": [
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
}
