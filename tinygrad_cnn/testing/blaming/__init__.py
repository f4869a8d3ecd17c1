"""The first wrong operation of a composed function: found, explained and drawn."""

from tinygrad_cnn.testing.blaming.blame_report import Blame
from tinygrad_cnn.testing.blaming.first_wrong_op import blame

__all__ = ["Blame", "blame"]
