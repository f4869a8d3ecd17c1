"""Every loss, as a function and as a layer, beside PyTorch's."""

import inspect

import numpy as np
import pytest
import torch
import torch.nn.functional as T

from tests.peers.compare import (
    DTYPES,
    LAYOUTS,
    TOLERANCE,
    Entry,
    chosen,
    exactly,
    integers,
    joined,
    uniform,
)
from tests.peers.test_functions import is_loss, public_functions
from tinygrad_cnn import functional as F
from tinygrad_cnn import nn

REDUCTIONS = ("mean", "sum", "none")
PAIR = [uniform(shape, shape) for shape in ((4, 3), (), (2, 3, 2), (0, 3))]
TIED = chosen([-1, 0, 1, 2], (4, 5), (4, 5))
SIGNS = [joined(uniform((4, 3)), chosen([-1, 1], (4, 3))), chosen([-1, 1], (4, 5), (4, 5))]
SHARES = [joined(uniform(s, low=0.01, high=0.99), uniform(s, low=0, high=1)) for s in ((4, 3), (), (0, 3))]
CERTAIN = exactly([0.0, 1.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0])  # where the logarithm is clamped
LOGITS = [joined(uniform(s), uniform(s, low=0, high=1)) for s in ((4, 3), (), (0, 3))]
FAR = joined(chosen([-1e3, 0, 1e3], (4, 5)), chosen([0, 1], (4, 5)))


def labelled(*shape, high=5):
    """Scores and labels; a label for each place of the shape without its axis 1, or for one row."""
    places = shape[:1] + shape[2:] if len(shape) > 1 else ()
    return joined(uniform(shape), integers(0, high, places))


def ignoring(*shape):
    """As `labelled`, some of the labels -100."""

    def draw(rng):
        x, labels = labelled(*shape)(rng)
        labels = np.asarray(labels)
        return [x, np.where(rng.random(labels.shape) < 0.4, -100, labels)]

    return draw


LABELS = [labelled(*s) for s in ((4, 5), (5,), (2, 5, 3), (2, 5, 3, 2), (0, 5))]
SOFT = [joined(uniform(s), uniform(s, low=0, high=1)) for s in ((4, 5), (2, 5, 3), (5,))]
KEPT = [ignoring(6, 5), ignoring(2, 5, 3, 2), joined(uniform((3, 5)), lambda rng: [np.full(3, -100)])]


def alike(name, draws, module, tolerance64=TOLERANCE["float64"], **options):
    """Entries of a loss with the same options on both sides, as function and layer, in every reduction."""
    made = []
    for reduction in REDUCTIONS:
        o = {**options, "reduction": reduction}

        def function(side, o=o):
            return lambda x, t: getattr(side, name)(x, t, **o)

        def layer(side, o=o):
            return lambda x, t: getattr(side, module)(**o)(x, t)

        made.append(Entry(name, function(F), function(T), draws, tolerance64=tolerance64))
        made.append(Entry(module, layer(nn), layer(torch.nn), draws, tolerance64=tolerance64))
    return made


def weighted(name, module, draws, weight_shape, key="weight", **options):
    """The same with an operand of weights as the last one, constant on both sides."""
    with_weights = [joined(draw, uniform(weight_shape, low=0.2, high=2)) for draw in draws]
    made = []
    for reduction in REDUCTIONS:
        o = {**options, "reduction": reduction}

        def function(side, o=o):
            return lambda x, t, w: getattr(side, name)(x, t, **{key: w.detach()}, **o)

        def layer(side, o=o):
            return lambda x, t, w: getattr(side, module)(**{key: w.detach()}, **o)(x, t)

        made.append(Entry(name, function(F), function(T), with_weights))
        made.append(Entry(module, layer(nn), layer(torch.nn), with_weights))
    return made


REGRESSION = [
    *alike("mse_loss", [*PAIR, TIED], "MSELoss"),
    *alike("l1_loss", [*PAIR, TIED], "L1Loss"),
    *alike("smooth_l1_loss", [*PAIR, TIED], "SmoothL1Loss"),
    *alike("smooth_l1_loss", [*PAIR, TIED], "SmoothL1Loss", beta=2.0),
    *alike("smooth_l1_loss", [*PAIR, TIED], "SmoothL1Loss", beta=0.0),
    *alike("huber_loss", [*PAIR, TIED], "HuberLoss"),
    *alike("huber_loss", [*PAIR, TIED], "HuberLoss", delta=2.0),
    *[
        Entry(
            "half_squared_error",
            lambda x, t, r=r: F.half_squared_error(x, t, reduction=r),
            lambda x, t, r=r: T.mse_loss(x, t, reduction=r) / 2,
            [*PAIR, TIED],
        )
        for r in REDUCTIONS
    ],
]

PROBABILITY = [
    *alike("binary_cross_entropy", SHARES, "BCELoss"),
    # The gradient divides by at least 1e-12, which PyTorch rounds to float32 also for float64.
    *alike("binary_cross_entropy", [CERTAIN], "BCELoss", tolerance64=1e-8),
    *weighted("binary_cross_entropy", "BCELoss", SHARES[:1], (4, 3)),
    *weighted("binary_cross_entropy", "BCELoss", SHARES[:1], (3,)),
    *alike("binary_cross_entropy_with_logits", [*LOGITS, FAR], "BCEWithLogitsLoss"),
    *weighted("binary_cross_entropy_with_logits", "BCEWithLogitsLoss", LOGITS[:1], (3,)),
    *weighted("binary_cross_entropy_with_logits", "BCEWithLogitsLoss", LOGITS[:1], (3,), key="pos_weight"),
    *alike(
        "kl_div",
        [
            joined(uniform((4, 3), low=-4, high=-0.1), uniform((4, 3), low=0, high=1)),
            joined(uniform((4, 3), low=-4, high=-0.1), chosen([0, 1], (4, 3))),
        ],
        "KLDivLoss",
    ),
    *alike("kl_div", [uniform((4, 3), (4, 3), low=-4, high=-0.1)], "KLDivLoss", log_target=True),
    *[
        Entry(
            "kl_div",
            lambda x, t, r=r: F.kl_div(x, t, reduction=r),
            lambda x, t, r=r: T.kl_div(x, t, reduction=r),
            [joined(uniform((4, 3), low=-4, high=-0.1), uniform((4, 3), low=0, high=1))],
        )
        for r in ("batchmean",)
    ],
    *alike("hinge_embedding_loss", SIGNS, "HingeEmbeddingLoss"),
    *alike("hinge_embedding_loss", SIGNS, "HingeEmbeddingLoss", margin=0.5),
]

CLASSES = [
    *alike("cross_entropy", [*LABELS, *SOFT, *KEPT], "CrossEntropyLoss"),
    *alike("cross_entropy", [*LABELS, *SOFT, *KEPT], "CrossEntropyLoss", label_smoothing=0.2),
    *alike("cross_entropy", LABELS[:1] + LABELS[2:4], "CrossEntropyLoss", ignore_index=2),
    *weighted("cross_entropy", "CrossEntropyLoss", [*LABELS, *SOFT, *KEPT], (5,)),
    *weighted(
        "cross_entropy", "CrossEntropyLoss", [*LABELS[:3], *SOFT, *KEPT[:2]], (5,), label_smoothing=0.2
    ),
    *alike("nll_loss", [*LABELS, *KEPT], "NLLLoss"),
    *alike("nll_loss", LABELS[:1] + LABELS[2:4], "NLLLoss", ignore_index=2),
    *weighted("nll_loss", "NLLLoss", [*LABELS, *KEPT], (5,)),
    *alike("multi_margin_loss", LABELS[:2], "MultiMarginLoss"),
    *alike("multi_margin_loss", LABELS[:2], "MultiMarginLoss", p=2, margin=0.5),
    *alike(
        "multi_margin_loss", [joined(chosen([0, 1, 2], (4, 5)), integers(0, 5, (4,)))], "MultiMarginLoss"
    ),
    *weighted("multi_margin_loss", "MultiMarginLoss", LABELS[:2], (5,)),
]

TABLE = [*REGRESSION, *PROBABILITY, *CLASSES]

#: Losses without an entry, each with the reason.
EXEMPT: dict[str, str] = {}


def test_every_loss_is_compared():
    functions = {name for name in public_functions() if is_loss(getattr(F, name))}
    layers = {name for name, value in vars(nn).items() if inspect.isclass(value) and name.endswith("Loss")}
    compared = {entry.name for entry in TABLE}
    assert (functions | layers) - compared - EXEMPT.keys() == set(), "losses not compared with PyTorch's"
    assert compared - functions - layers == set(), "entries of losses that are not there"
    assert EXEMPT.keys() & compared == set(), "needless exemptions"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("entry", TABLE, ids=[f"{entry.name}-{k}" for k, entry in enumerate(TABLE)])
def test_loss(entry, dtype, layout):
    entry.check(dtype, layout)
