"""Weights that torchvision published: read from its folder where they lie, never fetched."""

from __future__ import annotations

import enum
import os
from pathlib import Path
from typing import Any

from tinygrad_cnn.torch.files import load


class Weights(enum.Enum):
    """Base of a model's weights; the value is the file's name."""

    def path(self) -> Path:
        """Where the file lies, as PyTorch's cache has it."""
        home = os.environ.get("TORCH_HOME") or Path.home() / ".cache" / "torch"
        return Path(home, "hub", "checkpoints", str(self.value))


def weights_of(model: str, **files: str) -> Any:
    """The class of a model's weights, such as `ResNet18_Weights`; DEFAULT is the last.

    >>> weights_of("Tiny", IMAGENET1K_V1="tiny.pth").DEFAULT.name
    'IMAGENET1K_V1'
    """
    make: Any = Weights
    return make(f"{model}_Weights", {**files, "DEFAULT": list(files.values())[-1]}, module=__name__)


def filled(model: Any, weights: Any, kinds: Any, pretrained: Any = False) -> Any:
    """A model with the weights that were asked for.

    Raises:
        FileNotFoundError: the file is not there.
    """
    if weights is None and not pretrained:
        return model
    chosen = (
        kinds.IMAGENET1K_V1 if weights is None else kinds[weights] if isinstance(weights, str) else weights
    )
    path = chosen.path()
    if not path.exists():
        raise FileNotFoundError(
            f"models: the weights {chosen.name} are not fetched; put the file {path.name} into {path.parent}"
        )
    model.load_state_dict(load(path))
    return model
