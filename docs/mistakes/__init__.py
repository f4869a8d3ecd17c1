"""Mistakes that beginners make: code, its cause and its cure, for the page docs/errors.md.

`make_errors.py` runs each with the names of `mistake.py`, writes down what it says, and puts PyTorch's words
beside it. Code for PyTorch is the same, unless `theirs` says otherwise.
"""

# ruff: noqa: E501 - a text is one line, as long as it is
from __future__ import annotations

from mistakes import element_types, files, gradients, silent, sizes, surroundings, values
from mistakes.mistake import NAMES as NAMES
from mistakes.mistake import THEIR_NAMES as THEIR_NAMES
from mistakes.mistake import Mistake as Mistake

#: By the class of the error, or 'Hint' for a warning.
MISTAKES: dict[str, list[Mistake]] = {
    kind: mistakes
    for part in (sizes, values, element_types, gradients, files, surroundings, silent)
    for kind, mistakes in part.MISTAKES.items()
}

#: What an error of each kind means, and what cures most of them.
KINDS = {
    "ShapeError": "Sizes do not fit together. Print the shapes before the line; the message names both.",
    "AxisError": "An axis is not there. It is a `ShapeError` and an `IndexError`; `x.ndim` says how many there are.",
    "OutOfRangeError": "A label, a class or a place is beyond those there are. It is an `ArgumentError` and an `IndexError`.",
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
