"""Weights are not fetched."""

from __future__ import annotations

from typing import Any


def none(weights: Any, pretrained: Any = False) -> None:
    """Refuse weights.

    Raises:
        RuntimeError: weights were asked for.

    >>> none(None)
    """
    if weights is not None or pretrained:
        raise RuntimeError(
            f"models: weights {weights or 'pretrained=True'} are not fetched; load a file of them with "
            "model.load_state_dict(torch.load(path))"
        )
