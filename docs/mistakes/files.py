"""Mistakes of files and saved states."""

# ruff: noqa: E501 - a text is one line, as long as it is
from __future__ import annotations

from mistakes.mistake import Mistake

MISTAKES: dict[str, list[Mistake]] = {
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
}
