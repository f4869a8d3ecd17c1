"""Functions of other frameworks, judged by the same checks: PyTorch, JAX, HIPS autograd, plain NumPy.

One seam, `Framework`, and a thin adapter for each; a library is imported by those who hand over its
arrays or name it. For a framework that is not here, subclass `Framework` and pass an object of it:
`gradcheck(f, x, framework=Mine())`.
"""

from tinygrad_cnn.testing.frameworks.base import Framework, NotSupportedError

__all__ = ["Framework", "NotSupportedError"]
