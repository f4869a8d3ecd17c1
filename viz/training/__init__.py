"""A training run as one picture: what each layer does from step to step."""

from viz.training.watching import Watch, watch

__all__ = ["Watch", "watch"]
