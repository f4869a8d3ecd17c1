"""Writing tests of gradients for functions that have none; `python -m tinygrad_cnn.testing.ghostwriter`."""

from tinygrad_cnn.testing.hypothesis_extra import AVAILABLE as AVAILABLE  # isort: skip

from tinygrad_cnn.testing.ghostwriter.written_tests import gradient_tests

__all__ = ["gradient_tests"]
