"""The small handwritten digits that come with scikit-learn: real data, no download."""

from __future__ import annotations

import numpy as np

from tinygrad_cnn.data.dataset import ArrayDataset
from tinygrad_cnn.data.subsets import split
from tinygrad_cnn.errors import MissingExtraError
from tinygrad_cnn.rng import Seed


def digits(rng: Seed = 0, test_fraction: float = 0.25) -> tuple[ArrayDataset, ArrayDataset]:
    """1,797 handwritten digits of 8×8 pixels, parted into a training and a held-back test part.

    Args:
        rng: a generator or a seed, which fixes the parts.
        test_fraction: share of the second part, between 0 and 1; the same share of each digit.
    Returns:
        Two datasets of images (N, 1, 8, 8) float32 in [0, 1] and labels (N,) int64 from 0 to 9.
    Raises:
        MissingExtraError: scikit-learn is not installed.   ArgumentError: test_fraction out of range.
    Source: Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits, UCI repository
        (doi:10.24432/C50P49), as scikit-learn ships it: its 1,797 test images.

    >>> train, test = digits()
    >>> train.arrays[0].shape, test.arrays[0].shape
    ((1348, 1, 8, 8), (449, 1, 8, 8))
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise MissingExtraError("digits needs scikit-learn: pip install 'tinygrad-cnn[data]'") from error
    source = load_digits()
    images = (source.images[:, None] / 16).astype(np.float32)  # pixels count 0 to 16
    return split(ArrayDataset(images, source.target.astype(np.int64)), test_fraction, rng, stratify=True)
