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


def several(name, module, draws, tolerance64=TOLERANCE["float64"], **options):
    """As `alike`, of losses with any number of operands."""
    made = []
    for reduction in REDUCTIONS:
        o = {**options, "reduction": reduction}

        def function(side, o=o):
            return lambda *x: getattr(side, name)(*x, **o)

        def layer(side, o=o):
            return lambda *x: getattr(side, module)(**o)(*x)

        made.append(Entry(name, function(F), function(T), draws, tolerance64=tolerance64))
        made.append(Entry(module, layer(nn), layer(torch.nn), draws, tolerance64=tolerance64))
    return made


def constant(name, module, draws):
    """As `several`, of a loss that PyTorch does not differentiate in its target."""

    def kept(call):
        return lambda x, t: call(x, t.detach())

    return [Entry(e.name, kept(e.ours), kept(e.theirs), draws) for e in several(name, module, draws)]


SIGNED = [joined(uniform((4, 3)), chosen([-1, 1], (4, 3)))]
MULTI = [joined(uniform((4, 3)), chosen([0, 1], (4, 3)))]
RANKED = [joined(uniform((4, 3), (4, 3)), chosen([-1, 1], (4, 3)))]


def plus_minus(rng):
    """Pairs of vectors, and integers of which each is 1 or -1."""
    return [*uniform((4, 3), (4, 3))(rng), rng.choice([-1, 1], 4)]


def several_labels(rng):
    """Scores, and the labels of each sample, ended by -1."""
    labels = np.array([[2, 0, -1, 1, 1], [4, -1, 0, 0, 0], [0, 1, 2, 3, 4], [-1, 0, 0, 0, 0]])
    return [rng.standard_normal((4, 5)), labels]


def counts(rng):
    """Logarithms of expected counts, and counts above 0: PyTorch's gradient in a count of 0 is NaN."""
    return [rng.uniform(-1, 2, (4, 3)), 1.0 + rng.poisson(2, (4, 3))]


def aligned(side, layer):
    """CTC behind log_softmax, where both derivatives are the same."""

    def run(x, labels, steps, lengths, **options):
        if layer:
            return (nn if side is F else torch.nn).CTCLoss(**options)(
                side.log_softmax(x, -1), labels, steps, lengths
            )
        return side.ctc_loss(side.log_softmax(x, -1), labels, steps, lengths, **options)

    return run


def sequences(rng):
    """Scores of 7 steps and 5 classes, labels with repeats, and lengths."""
    return [
        rng.standard_normal((7, 3, 5)),
        np.array([[1, 1, 2], [4, 3, 1], [2, 2, 2]]),
        np.array([7, 5, 6]),
        np.array([3, 1, 2]),
    ]


def too_long(rng):
    """Labels that do not fit into the steps of one sequence."""
    x, labels, _, lengths = sequences(rng)
    return [x, labels, np.array([7, 2, 2]), lengths]


def in_a_row(rng):
    """The labels of all sequences one after the other."""
    x, labels, steps, lengths = sequences(rng)
    return [x, np.concatenate([row[:n] for row, n in zip(labels, lengths, strict=True)]), steps, lengths]


def ctc(draw, **options):
    """Entries of CTC as a function and as a layer."""
    return [
        Entry(
            name,
            lambda *a, k=layer, o=options: aligned(F, k)(*a, **o),
            lambda *a, k=layer, o=options: aligned(T, k)(*a, **o),
            [draw],
            tolerance=1e-4,
        )
        for name, layer in (("ctc_loss", False), ("CTCLoss", True))
    ]


PAIRS_AND_TRIPLETS = [
    *constant("soft_margin_loss", "SoftMarginLoss", SIGNED),
    *several("multilabel_soft_margin_loss", "MultiLabelSoftMarginLoss", MULTI),
    *weighted("multilabel_soft_margin_loss", "MultiLabelSoftMarginLoss", MULTI, (3,)),
    *several("multilabel_margin_loss", "MultiLabelMarginLoss", [several_labels]),
    *several("margin_ranking_loss", "MarginRankingLoss", RANKED),
    *several("margin_ranking_loss", "MarginRankingLoss", RANKED, margin=0.5),
    *several("cosine_embedding_loss", "CosineEmbeddingLoss", [plus_minus]),
    *several("cosine_embedding_loss", "CosineEmbeddingLoss", [plus_minus], margin=0.3),
    *several("triplet_margin_loss", "TripletMarginLoss", [uniform((4, 3), (4, 3), (4, 3))]),
    *several(
        "triplet_margin_loss", "TripletMarginLoss", [uniform((4, 3), (4, 3), (4, 3))], p=1.0, swap=True
    ),
    *several(
        "triplet_margin_with_distance_loss",
        "TripletMarginWithDistanceLoss",
        [uniform((4, 3), (4, 3), (4, 3))],
        margin=2.0,
        swap=True,
    ),
    *[
        entry
        for options in ({}, {"log_input": False, "eps": 3.0}, {"full": True})
        for entry in several("poisson_nll_loss", "PoissonNLLLoss", [counts], **options)
    ],
    *several(
        "gaussian_nll_loss",
        "GaussianNLLLoss",
        [
            joined(uniform((4, 3), (4, 3)), uniform((4, 3), low=0.1)),
            joined(uniform((4, 3), (4, 3)), uniform((4, 1), low=0.1)),
        ],
    ),
    *several(
        "gaussian_nll_loss",
        "GaussianNLLLoss",
        [joined(uniform((4, 3), (4, 3)), uniform((4, 3), low=0.0, high=1))],
        full=True,
        eps=0.5,
    ),
    *[entry for r in REDUCTIONS for draw in (sequences, in_a_row) for entry in ctc(draw, reduction=r)],
    *[entry for r in REDUCTIONS for entry in ctc(too_long, reduction=r, zero_infinity=True, blank=0)],
]


def linear_scores(draw, *shape, **options):
    """Entries of a loss of linear scores: x of (N, 3) or (3,), weight, bias, labels or probabilities."""

    def call(function, r):
        def loss(x, w, b, target):
            return function(x, w, target, linear_bias=b, reduction=r, **options)

        return loss

    draws = [joined(uniform((*shape[:1], 3), (5, *shape[1:], 3), (5, *shape[1:])), draw)]
    return [
        Entry(
            "linear_cross_entropy", call(F.linear_cross_entropy, r), call(T.linear_cross_entropy, r), draws
        )
        for r in REDUCTIONS
    ]


LINEAR = [
    *linear_scores(integers(0, 5, (4,)), 4),
    *linear_scores(integers(0, 5, (4,)), 4, label_smoothing=0.2, ignore_index=2),
    *linear_scores(integers(0, 5, (4, 2)), 4, 2),
    *linear_scores(uniform((4, 5, 2), low=0, high=1), 4, 2),
]

TABLE = [*REGRESSION, *LINEAR, *PROBABILITY, *CLASSES, *PAIRS_AND_TRIPLETS]

#: Losses without an entry, each with the reason.
EXEMPT: dict[str, str] = {
    "LinearCrossEntropyLoss": "it has weights: tests/peers/test_sequence_layers.py",
    "AdaptiveLogSoftmaxWithLoss": "it has weights: tests/peers/test_sequence_layers.py",
}


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
