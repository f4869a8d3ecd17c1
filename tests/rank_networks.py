"""What the programs of tests/parallel share: a network, and the bits of one."""

import hashlib

from tinygrad_cnn import manual_seed, nn


def network():
    """A small convolutional network, the same for one seed."""
    manual_seed(5)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 8), nn.ReLU(),
        nn.Linear(8, 3),
    )  # fmt: skip


def digest(model):
    """The bits of all parameters and buffers, in short."""
    parts = [t.numpy().tobytes() for t in (*model.parameters(), *model.buffers())]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]
