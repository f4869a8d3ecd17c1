"""`torch.utils.tensorboard`: tensorboardX's writer, which takes arrays where PyTorch's takes tensors."""

from __future__ import annotations

import functools
from typing import Any

from tinygrad_cnn.errors import MissingExtraError
from tinygrad_cnn.torch.tensors import Tensor

__all__ = ["SummaryWriter"]


def _array(value: Any) -> Any:
    return value.detach().numpy() if isinstance(value, Tensor) else value


class SummaryWriter:
    """Writes event files for TensorBoard by tensorboardX, which has its methods and options.

    Raises:
        MissingExtraError: tensorboardX is not installed.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        try:
            from tensorboardX import SummaryWriter as Writer
        except ImportError as error:
            raise MissingExtraError(
                "torch.utils.tensorboard needs tensorboardX: pip install 'tinygrad-cnn[tensorboard]'"
            ) from error
        self._writer = Writer(*args, **kwargs)

    @property
    def log_dir(self) -> str:
        """The folder of the files."""
        return str(self._writer.logdir)

    def get_logdir(self) -> str:
        """The folder of the files."""
        return self.log_dir

    def add_graph(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: `python -m tinygrad_cnn.torch --draw graph.png` draws it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        method = getattr(self._writer, name)

        @functools.wraps(method)
        def with_arrays(*args: Any, **kwargs: Any) -> Any:
            return method(*map(_array, args), **{key: _array(value) for key, value in kwargs.items()})

        return with_arrays if name.startswith("add_") else method

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, *_: Any) -> None:
        self._writer.close()
