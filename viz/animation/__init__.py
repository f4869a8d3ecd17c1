"""A walk back through a graph, one frame for each operation."""

from viz.animation.backward_walk import Animation, animate, frames

__all__ = ["Animation", "animate", "frames"]
