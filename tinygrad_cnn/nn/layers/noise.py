"""Dropout of signals' and volumes' channels, and dropout behind SELU, as layers."""

from __future__ import annotations

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.checks import between
from tinygrad_cnn.nn.function_layer import FunctionLayer, option
from tinygrad_cnn.nn.layers.dropout import Dropout
from tinygrad_cnn.rng import Seed, own_generator
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = ["AlphaDropout", "Dropout1d", "Dropout3d", "FeatureAlphaDropout"]


class Dropout1d(Dropout):
    """Zero whole channels of signals at random in training; see `functional.dropout1d`.

    Args:
        p, mode, rng: as `Dropout`.
    Shapes:
        x (N, C, L) -> the same.
    Source: Tompson et al. 2015, arXiv:1411.4280.

    >>> import numpy as np
    >>> Dropout1d(0.5, rng=1)(np.ones((1, 3, 2)))[0].tolist()
    [[0.0, 0.0], [2.0, 2.0], [2.0, 2.0]]
    """

    def forward(self, x: Tensor) -> Tensor:
        """x with channels dropped in training; x itself, or in mode 'classic' scaled, otherwise.

        >>> import numpy as np
        >>> Dropout1d(0.25, mode="classic").eval().forward(np.ones((1, 1, 1)))
        array([[[0.75]]])
        """
        return F.dropout1d(x, self.p, self.training, mode=self.mode, rng=self.rng)


class Dropout3d(Dropout):
    """Zero whole channels of volumes at random in training; see `functional.dropout3d`.

    Args:
        p, mode, rng: as `Dropout`.
    Shapes:
        x (N, C, D, H, W) -> the same.
    Source: Tompson et al. 2015, arXiv:1411.4280.

    >>> import numpy as np
    >>> Dropout3d(0.5, rng=1)(np.ones((1, 3, 1, 1, 1))).ravel()
    Tensor([0., 2., 2.], dtype=float64)
    """

    def forward(self, x: Tensor) -> Tensor:
        """x with channels dropped in training; x itself, or in mode 'classic' scaled, otherwise.

        >>> import numpy as np
        >>> Dropout3d(0.25, mode="classic").eval().forward(np.ones((1, 1, 1, 1, 1))).ravel()
        array([0.75])
        """
        return F.dropout3d(x, self.p, self.training, mode=self.mode, rng=self.rng)


class AlphaDropout(FunctionLayer):
    """Dropout that keeps mean and variance behind SELU; see `functional.alpha_dropout`.

    Args:
        p: probability of dropping, in [0, 1].   rng: seed or generator of the layer's own draws.
    Source: Klambauer, Unterthiner, Mayr & Hochreiter 2017, arXiv:1706.02515.

    >>> import numpy as np
    >>> AlphaDropout(0.5, rng=0)(np.zeros(4)).round(2).tolist()
    [0.78, 0.78, 0.78, -0.78]
    """

    pointwise = True
    p: float = option(default=0.5, check=between(0, 1))
    rng: Seed = option(default=None, check=own_generator, kw_only=True)

    def forward(self, x: Tensor) -> Tensor:
        """x with elements dropped in training; x itself otherwise.

        >>> AlphaDropout().eval().forward([1.0])
        array([1.], dtype=float32)
        """
        return F.alpha_dropout(x, self.p, self.training, rng=self.rng)

    def extra_repr(self) -> str:
        """The probability.

        >>> AlphaDropout(0.2)
        AlphaDropout(p=0.2)
        """
        return f"p={self.p}"


class FeatureAlphaDropout(AlphaDropout):
    """`AlphaDropout` of whole channels; see `functional.feature_alpha_dropout`.

    Args:
        p, rng: as `AlphaDropout`.
    Shapes:
        x (N, C, ...) -> the same.

    >>> import numpy as np
    >>> FeatureAlphaDropout(0.5, rng=1)(np.zeros((1, 2, 1))).round(2).ravel()
    Tensor([-0.78,  0.78], dtype=float64)
    """

    def forward(self, x: Tensor) -> Tensor:
        """x with channels dropped in training; x itself otherwise.

        >>> FeatureAlphaDropout().eval().forward([[1.0]])
        array([[1.]], dtype=float32)
        """
        return F.feature_alpha_dropout(x, self.p, self.training, rng=self.rng)
