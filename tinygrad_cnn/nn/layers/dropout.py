"""Dropout layers."""

from __future__ import annotations

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.checks import between, one_of
from tinygrad_cnn.nn.function_layer import FunctionLayer, format_note, image_format, option
from tinygrad_cnn.rng import Seed, own_generator
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = ["Dropout", "Dropout2d"]


class Dropout(FunctionLayer):
    """Zero elements at random in training, and scale the rest; see `functional.dropout`.

    Args:
        p: probability of zero, in [0, 1].
        mode: 'inverted' scales by 1 / (1 - p) in training; 'classic' by 1 - p after `eval()`.
        rng: seed or generator of the layer's own draws; None shares the default generator.
    Raises:
        ArgumentError: p out of its range, or another mode.
    Source: Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting".

    >>> import numpy as np
    >>> Dropout(0.5, rng=0)(np.ones(4, "float32"))
    Tensor([2., 2., 2., 0.])
    """

    pointwise = True
    p: float = option(default=0.5, check=between(0, 1))
    mode: str = option(default="inverted", check=one_of("inverted", "classic"), kw_only=True)
    rng: Seed = option(default=None, check=own_generator, kw_only=True)

    def forward(self, x: Tensor) -> Tensor:
        """x with elements dropped in training; x itself, or in mode 'classic' scaled, otherwise.

        >>> import numpy as np
        >>> Dropout().eval().forward(np.ones(3))
        array([1., 1., 1.])
        """
        return F.dropout(x, self.p, self.training, mode=self.mode, rng=self.rng)

    def extra_repr(self) -> str:
        """The probability, and the mode where it is not the usual one.

        >>> Dropout(0.2)
        Dropout(p=0.2)
        """
        mode = "" if self.mode == "inverted" else f", mode={self.mode!r}"
        return f"p={self.p}{mode}{format_note(self)}"


class Dropout2d(Dropout):
    """Zero whole channels at random in training; see `functional.dropout2d`.

    Args:
        p, mode, rng: as `Dropout`.
        data_format: 'NCHW', or 'NHWC' for images with their channels last.
    Shapes:
        x (N, C, H, W) -> the same.
    Raises:
        ArgumentError: p out of its range, or another mode.   ShapeError: x has not 4 axes.
    Source: Tompson et al. 2015, arXiv:1411.4280.

    >>> import numpy as np
    >>> Dropout2d(0.5, rng=1)(np.ones((1, 3, 1, 2)))[0, :, 0].tolist()
    [[0.0, 0.0], [2.0, 2.0], [2.0, 2.0]]
    """

    data_format: str = image_format()

    def forward(self, x: Tensor) -> Tensor:
        """x with channels dropped in training; x itself, or in mode 'classic' scaled, otherwise.

        >>> import numpy as np
        >>> Dropout2d(0.25, mode="classic").eval().forward(np.ones((1, 1, 1, 1)))
        array([[[[0.75]]]])
        """
        return F.dropout2d(
            x, self.p, self.training, mode=self.mode, rng=self.rng, data_format=self.data_format
        )
