"""Convolution, pooling, normalisation, resampling, dropout and embedding beside PyTorch's."""

from functools import partial

import numpy as np
import torch
import torch.nn.functional as T

from tests.peers.compare import Entry, chosen, integers, joined, uniform
from tinygrad_cnn import functional as F


def alike(name, draws, *arguments, **options):
    """An entry of a function that both sides have by the same name and with the same options."""

    def call(function):
        return lambda *x: function(*x, *arguments, **options)

    return Entry(name, call(getattr(F, name)), call(getattr(T, name)), draws)


def channels_last(name, draws, *arguments, **options):
    """An entry whose image has its channels last here, and is turned there."""
    ours, theirs = getattr(F, name), getattr(T, name)
    return Entry(
        name,
        lambda x, *more: ours(x, *more, *arguments, **options, data_format="NHWC"),
        lambda x, *more: last(theirs(x.permute(0, 3, 1, 2), *more, *arguments, **options)),
        draws,
    )


def last(y):
    """Channels last."""
    return y.permute(0, 2, 3, 1)


def fractional(axes, image, *arguments, **options):
    """An entry of a fractional pool with the same samples on both sides."""
    name, samples = f"fractional_max_pool{axes}d", np.random.default_rng(3).random((2, 3, axes))

    def theirs(x):
        given = torch.from_numpy(samples).to(x.dtype)
        return getattr(T, name)(x, *arguments, **options, _random_samples=given)

    draws = [uniform((2, 3, *image))]
    return Entry(
        name, lambda x: getattr(F, name)(x, *arguments, **options, random_samples=samples), theirs, draws
    )


# --------------------------------------------------------------------------- convolution
LINES = [uniform((2, 4, 9), (6, 4, 3), (6,)), uniform((0, 4, 9), (6, 4, 3), (6,))]
IMAGES = [
    uniform((2, 4, 7, 8), (6, 4, 3, 2), (6,)),
    uniform((1, 4, 7, 7), (6, 4, 1, 3), (6,)),
    uniform((0, 4, 7, 8), (6, 4, 3, 2), (6,)),
]
GROUPED = [uniform((2, 4, 7, 8), (6, 2, 3, 2), (6,))]
DEPTHWISE = [uniform((2, 4, 7, 8), (8, 1, 3, 2), (8,))]
BLOCKS = [uniform((2, 3, 5, 6, 4), (4, 3, 2, 3, 2), (4,))]
TRANSPOSED = [uniform((2, 4, 5, 4), (4, 6, 3, 2), (6,)), uniform((0, 4, 5, 4), (4, 6, 3, 2), (6,))]
MANY = (
    {},
    {"stride": 2},
    {"padding": 1},
    {"dilation": 2},
    {"stride": 3, "padding": 2},
    {"stride": 2, "padding": 1, "dilation": 2},
    {"padding": "same"},
    {"padding": "valid"},
)

CONVOLUTIONS = [
    *[alike("conv1d", LINES, **options) for options in MANY],
    *[alike("conv2d", IMAGES, **options) for options in MANY],
    alike("conv2d", IMAGES, stride=(2, 1), padding=(0, 2), dilation=(1, 2)),
    alike("conv2d", [uniform((2, 4, 7, 8), (6, 4, 3, 2))], padding=1),
    *[alike("conv2d", GROUPED, groups=2, **options) for options in ({}, {"stride": 2, "padding": 1})],
    alike("conv2d", DEPTHWISE, groups=4, padding=1),
    *[
        alike("conv3d", BLOCKS, **options)
        for options in ({}, {"stride": 2, "padding": 1}, {"dilation": (1, 2, 1)})
    ],
    alike("conv1d", [uniform((2, 4, 9), (6, 2, 3), (6,))], groups=2),
    *[
        alike("conv_transpose2d", TRANSPOSED, **options)
        for options in (
            {},
            {"stride": 2},
            {"stride": 2, "padding": 1},
            {"stride": (3, 2), "output_padding": (2, 1)},
            {"dilation": 2},
            {"stride": 2, "padding": 1, "output_padding": 1, "dilation": 2},
        )
    ],
    alike("conv_transpose2d", [uniform((2, 4, 5, 4), (4, 3, 3, 2), (6,))], groups=2, stride=2),
    *[
        alike("conv_transpose1d", [uniform((2, 4, 5), (4, 6, 3), (6,))], **options)
        for options in ({}, {"stride": 2, "padding": 1, "output_padding": 1}, {"dilation": 2})
    ],
    channels_last("conv2d", [uniform((2, 7, 8, 4), (6, 4, 3, 2), (6,))], stride=2, padding=1),
    channels_last("conv_transpose2d", [uniform((2, 5, 4, 4), (4, 6, 3, 2), (6,))], stride=2),
]


def full_sums(x, w, flip):
    """All sums of a signal or an image with a kernel that have a term, by PyTorch's convolution."""
    w = w.flip(tuple(range(w.ndim))) if flip else w
    slide = T.conv1d if x.ndim == 1 else T.conv2d
    return slide(x[None, None], w[None, None], padding=tuple(n - 1 for n in w.shape))[0, 0]


def slid(x, w, mode, flip):
    """The sums of a mode, for a kernel smaller than the image."""
    y = full_sums(x, w, flip)
    if mode == "full":
        return y
    start = [n - 1 for n in w.shape] if mode == "valid" else [(n - 1) // 2 for n in w.shape]
    sizes = [n - k + 1 for n, k in zip(x.shape, w.shape, strict=True)] if mode == "valid" else x.shape
    return y[tuple(slice(a, a + n) for a, n in zip(start, sizes, strict=True))]


def single(name, mode, *shapes):
    """An entry of a function of one signal or image and one kernel."""
    ours, flip = getattr(F, name), name.startswith("convolve")
    draws = [uniform(*pair) for pair in shapes]
    return Entry(name, lambda x, w: ours(x, w, mode), lambda x, w: slid(x, w, mode, flip), draws)


SINGLE = [
    single(name, mode, *shapes)
    for name, *shapes in (
        ("convolve1d", ((7,), (3,)), ((7,), (4,))),
        ("correlate1d", ((7,), (3,)), ((7,), (4,))),
        ("convolve2d", ((5, 6), (3, 3)), ((5, 6), (2, 4))),
        ("correlate2d", ((5, 6), (3, 3))),
    )
    for mode in ("full", "same", "valid")
]

COLUMNS = [
    *[
        alike("unfold", [uniform((2, 3, 6, 7))], kernel_size=(3, 2), **options)
        for options in ({}, {"stride": 2}, {"padding": (1, 0), "dilation": (2, 1)})
    ],
    *[
        alike("fold", [uniform((2, 12, count))], output_size=(5, 6), kernel_size=2, **options)
        for count, options in (
            (20, {}),
            (6, {"stride": 2}),
            (12, {"stride": 2, "padding": 1}),
            (12, {"dilation": 2}),
        )
    ],
]

# --------------------------------------------------------------------------- pooling
PICTURES = [uniform((2, 3, 7, 8)), chosen([0, 1], (2, 3, 7, 8)), uniform((0, 3, 7, 8))]
POOLS = (
    {"kernel_size": 2},
    {"kernel_size": (3, 2), "stride": 1},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": 3, "stride": 2, "ceil_mode": True},
    {"kernel_size": 2, "stride": 3, "ceil_mode": True, "padding": 1},
)
POOLING = [
    *[alike("max_pool2d", PICTURES, **options) for options in POOLS],
    alike("max_pool2d", PICTURES, 2, dilation=2, stride=1),
    alike(
        "max_pool2d",
        [*PICTURES, uniform((2, 3, 7, 8), low=-9, high=-5)],
        3,
        2,
        padding=1,
        return_indices=True,
    ),
    *[alike("avg_pool2d", PICTURES, **options) for options in POOLS],
    *[alike("avg_pool2d", PICTURES, **options, count_include_pad=False) for options in POOLS],
    alike("avg_pool2d", PICTURES, 3, 2, padding=1, divisor_override=5),
    *[
        alike(name, [uniform((2, 3, 9)), chosen([0, 1], (2, 3, 9))], **options)
        for name in ("max_pool1d", "avg_pool1d")
        for options in (
            {"kernel_size": 2},
            {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
        )
    ],
    *[
        alike(name, [uniform((2, 3, 5, 6, 4)), chosen([0, 1], (2, 2, 5, 6, 4))], **options)
        for name in ("max_pool3d", "avg_pool3d")
        for options in (
            {"kernel_size": 2},
            {"kernel_size": (3, 2, 2), "stride": 2, "padding": 1, "ceil_mode": True},
        )
    ],
    Entry(
        "min_pool2d",
        partial(F.min_pool2d, kernel_size=3, stride=2, padding=1),
        lambda x: -T.max_pool2d(-x, 3, 2, 1),
        PICTURES,
    ),
    *[
        alike("lp_pool2d", [uniform((2, 3, 6, 7), low=low)], norm, kernel, **options)
        for norm, low in ((1, 0.1), (2, -3), (3, 0.1))
        for kernel, options in ((2, {}), (3, {"stride": 2}), ((3, 2), {"stride": 2, "ceil_mode": True}))
    ],
    *[
        alike(name, PICTURES, size)
        for name in ("adaptive_avg_pool2d", "adaptive_max_pool2d")
        for size in (1, (3, 5), (7, 8), (None, 2), (9, 10))
    ],
    alike("adaptive_max_pool2d", PICTURES, (3, 5), return_indices=True),
    *[
        fractional(axes, image, *given, **more)
        for axes, image in ((2, (7, 8)), (3, (5, 6, 5)))  # PyTorch wants a pixel more in 3-D
        for given in ((2, 3), ((3, 2, 2)[:axes], (2, 4, 3)[:axes]), (2, 1))
        for more in ({}, {"return_indices": True})
    ],
    fractional(2, (7, 8), 2, output_ratio=(0.5, 0.7)),
    Entry("global_avg_pool2d", F.global_avg_pool2d, lambda x: x.mean((2, 3)), PICTURES),
    Entry(
        "global_avg_pool2d",
        partial(F.global_avg_pool2d, keepdims=True),
        lambda x: T.adaptive_avg_pool2d(x, 1),
        PICTURES,
    ),
    Entry(
        "global_max_pool2d", F.global_max_pool2d, lambda x: T.adaptive_max_pool2d(x, 1)[..., 0, 0], PICTURES
    ),
    Entry(
        "max_unpool2d",
        lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2),
        lambda x: T.max_unpool2d(*T.max_pool2d(x, 2, return_indices=True), 2),
        [uniform((2, 3, 6, 8))],
    ),
    Entry(
        "max_unpool2d",
        lambda x: F.max_unpool2d(*F.max_pool2d(x, 3, 2, return_indices=True), 3, 2, output_size=(7, 8)),
        lambda x: T.max_unpool2d(*T.max_pool2d(x, 3, 2, return_indices=True), 3, 2, output_size=(7, 8)),
        # Two windows share a maximum here, and PyTorch then gives its gradient to both.
        [uniform((2, 3, 7, 8))],
        gradient=False,
    ),
    *[
        channels_last(name, [uniform((2, 7, 8, 3))], *arguments)
        for name, *arguments in (
            ("max_pool2d", 3, 2),
            ("avg_pool2d", 2),
            ("lp_pool2d", 2, 2),
            ("adaptive_avg_pool2d", 3),
            ("adaptive_max_pool2d", 3),
        )
    ],
]

# --------------------------------------------------------------------------- normalisation
CHANNELS = [uniform(shape, (3,), (3,)) for shape in ((5, 3), (2, 3, 4), (2, 3, 4, 5), (2, 3, 2, 3, 2))]


def ours_running(function, x, w, b, **options):
    """The result, and the running statistics after it."""
    mean, var = np.full(3, 0.5, x.dtype), np.full(3, 2.0, x.dtype)
    return function(x, mean, var, w, b, **options), mean, var


def their_running(function, x, w, b, **options):
    """The result, and the running statistics after it."""
    mean, var = torch.full((3,), 0.5, dtype=x.dtype), torch.full((3,), 2.0, dtype=x.dtype)
    return function(x, mean, var, w, b, **options), mean, var


NORMALISATION = [
    *[
        Entry(
            "batch_norm",
            partial(ours_running, F.batch_norm, **options),
            partial(their_running, T.batch_norm, **options),
            CHANNELS,
        )
        for options in (
            {"training": True},
            {"training": False},
            {"training": True, "momentum": 0.3, "eps": 0.1},
        )
    ],
    Entry(
        "batch_norm",
        partial(F.batch_norm, training=True),
        partial(T.batch_norm, running_mean=None, running_var=None, training=True),
        [uniform((2, 3, 4, 5))],
    ),
    *[
        Entry(
            "instance_norm",
            partial(ours_running, F.instance_norm, **options),
            partial(their_running, T.instance_norm, **options),
            CHANNELS[1:],
        )
        for options in ({}, {"use_input_stats": False}, {"momentum": 0.3, "eps": 0.1})
    ],
    *[
        Entry(
            "layer_norm",
            lambda x, w, b, s=shape: F.layer_norm(x, s, w, b),
            lambda x, w, b, s=shape: T.layer_norm(x, s, w, b),
            [uniform((2, 3, 4, 5), shape, shape), uniform((0, 3, 4, 5), shape, shape)],
        )
        for shape in ((5,), (4, 5), (3, 4, 5))
    ],
    Entry(
        "layer_norm",
        lambda x: F.layer_norm(x, 5, eps=0.1),
        lambda x: T.layer_norm(x, (5,), eps=0.1),
        [uniform((2, 5))],
    ),
    *[
        Entry(
            "group_norm",
            lambda x, w, b, g=groups: F.group_norm(x, g, w, b),
            lambda x, w, b, g=groups: T.group_norm(x, g, w, b),
            [uniform(shape, (6,), (6,)) for shape in ((2, 6, 4), (2, 6, 4, 5), (3, 6, 2))],
            tolerance=2e-4,
        )  # the two numbers of a group may be near each other, and divide by little
        for groups in (1, 2, 6)
    ],
    *[
        alike("local_response_norm", [uniform((2, 7, 4, 3))], size, **options)
        for size, options in ((3, {}), (2, {"alpha": 0.1, "beta": 0.5, "k": 2.0}), (5, {"alpha": 1.0}))
    ],
]


# --------------------------------------------------------------------------- the rest
def dropped(function, x, p, **options):
    """Our dropout: the result, which also says what was dropped."""
    return function(x, p, True, rng=1, **options)


def drop_like(function, x, p, **options):
    """What PyTorch says of the same draw: x by a constant mask."""
    ones = function(np.ones(tuple(x.shape)), p, True, rng=1, **options)
    return x * torch.from_numpy(ones).to(x.dtype)


RESAMPLING = [
    *[
        alike("interpolate", [uniform((2, 3, 4, 5)), uniform((0, 3, 4, 5))], **options)
        for options in (
            {"scale_factor": 2},
            {"size": (7, 3)},
            {"size": 6},
            {"scale_factor": (3, 1)},
            {"scale_factor": 1.5},
            {"scale_factor": 2, "mode": "bilinear"},
            {"size": (7, 3), "mode": "bilinear"},
            {"size": (7, 3), "mode": "bilinear", "align_corners": True},
            {"scale_factor": 1.5, "mode": "bilinear"},
            {"scale_factor": 0.5, "mode": "bilinear", "align_corners": True},
            {"size": (1, 1), "mode": "bilinear", "align_corners": True},
        )
    ],
    # No empty batch: PyTorch 2.13 returns it in its old shape.
    alike("pixel_shuffle", [uniform((2, 12, 3, 4)), uniform((1, 4, 1, 2))], 2),
    alike("pixel_unshuffle", [uniform((2, 3, 6, 4)), uniform((1, 1, 2, 2))], 2),
    channels_last("interpolate", [uniform((2, 4, 5, 3))], scale_factor=2, mode="bilinear"),
    channels_last("pixel_shuffle", [uniform((2, 3, 4, 12))], 2),
    *[
        Entry(
            name,
            partial(dropped, getattr(F, name), p=p),
            partial(drop_like, getattr(F, name), p=p),
            [uniform((4, 5, 3, 2))],
        )
        for name in ("dropout", "dropout2d")
        for p in (0.3, 0.5)
    ],
    *[
        alike(name, [uniform((4, 5, 3, 2))], *options)
        for name in ("dropout", "dropout2d")
        for options in ((0.0, True), (1.0, True), (0.5, False))
    ],
    Entry(
        "embedding",
        F.embedding,
        T.embedding,
        [joined(integers(0, 5, s), uniform((5, 3))) for s in ((4,), (2, 3), (), (0,))],
    ),
    Entry(
        "embedding",
        lambda i, w: F.embedding(i, w, padding_idx=1),
        lambda i, w: T.embedding(i, w, padding_idx=1),
        [joined(integers(0, 4, (3, 6)), uniform((4, 3)))],
    ),
]

# --------------------------------------------------------------------------- lines and volumes
LINE, VOLUME = [uniform((2, 3, 7)), uniform((0, 3, 7))], [uniform((2, 2, 4, 5, 3))]
SPACE = {1: LINE, 2: [uniform((2, 3, 4, 5))], 3: VOLUME}


def unpooled(count):
    """Maxima of windows of 2, and their places, which are not differentiated."""

    def call(side):
        def run(x):
            y, places = getattr(side, f"max_pool{count}d")(x, 2, return_indices=True)
            return getattr(side, f"max_unpool{count}d")(y, places, 2, output_size=x.shape[2:])

        return run

    return Entry(f"max_unpool{count}d", call(F), call(T), SPACE[count])


LINES_AND_VOLUMES = [
    *[
        alike(f"adaptive_{kind}_pool{count}d", SPACE[count], size)
        for kind in ("avg", "max")
        for count, size in ((1, 3), (1, 9), (3, 2), (3, (1, None, 5)))
    ],
    *[alike(f"adaptive_max_pool{count}d", SPACE[count], 2, return_indices=True) for count in (1, 3)],
    *[alike(f"lp_pool{count}d", SPACE[count], 2, 2) for count in (1, 3)],
    *[alike(f"lp_pool{count}d", SPACE[count], 3.0, 3, 2, True) for count in (1, 3)],
    unpooled(1),
    unpooled(3),
    *[
        alike("conv_transpose3d", [uniform((2, 4, 2, 3, 2), (4, 3, 2, 3, 2), (6,))], groups=2, **options)
        for options in ({}, {"stride": 2, "padding": 1, "output_padding": 1}, {"dilation": (1, 2, 1)})
    ],
    *[
        alike("interpolate", SPACE[count], mode=mode, **options)
        for count, mode in ((1, "linear"), (2, "bicubic"), (3, "trilinear"))
        for options in ({"scale_factor": 1.7}, {"size": 3}, {"size": 9, "align_corners": True})
    ],
    *[
        alike("interpolate", SPACE[count], mode=mode, **options)
        for count in (1, 2, 3)
        for mode in ("nearest", "nearest-exact", "area")
        for options in ({"scale_factor": 2}, {"size": 3})
    ],
    *[
        alike("interpolate", SPACE[2], mode=mode, antialias=True, **options)
        for mode in ("bilinear", "bicubic")
        for options in ({"size": (2, 3)}, {"size": (9, 2)}, {"size": (2, 7), "align_corners": True})
    ],
    alike("channel_shuffle", [uniform((2, 6, 4)), uniform((2, 6, 3, 2))], 3),
    alike("rms_norm", [uniform((2, 3, 4))], (4,)),
    Entry(
        "rms_norm",
        lambda x, w: F.rms_norm(x, (3, 4), w, 0.1),
        lambda x, w: T.rms_norm(x, (3, 4), w, 0.1),
        [uniform((2, 3, 4), (3, 4))],
    ),
]

GRIDS = [
    *[
        Entry(
            "affine_grid",
            lambda t, s=size, c=corners: F.affine_grid(t, s, c),
            lambda t, s=size, c=corners: T.affine_grid(t, s, c),
            [uniform((2, len(size) - 2, len(size) - 1))],
        )
        for size in ((2, 3, 4, 5), (2, 1, 2, 2, 3))
        for corners in (False, True)
    ],
    *[
        alike("grid_sample", draws, mode=mode, padding_mode=padding, align_corners=corners)
        for mode, draws in (
            (
                "bilinear",
                [
                    uniform((2, 3, 4, 5), (2, 3, 2, 2), low=-1.7, high=1.7),
                    uniform((1, 2, 1, 3), (1, 2, 2, 2)),
                ],
            ),
            ("bilinear", [uniform((2, 2, 3, 4, 2), (2, 2, 2, 3, 3), low=-1.7, high=1.7)]),
            ("nearest", [uniform((2, 3, 4, 5), (2, 3, 2, 2), low=-1.7, high=1.7)]),
            ("bicubic", [uniform((2, 3, 4, 5), (2, 3, 2, 2), low=-1.7, high=1.7)]),
        )
        for padding in ("zeros", "border", "reflection")
        for corners in (False, True)
    ],
]

# ------------------------------------------------------------------------ padding of either side by itself
SIDES = (((1, 0), (0, 2)), ((-1, 2), (0, -2)), ((-1, -1), (-2, 0)))


def padded(name, draws, sides, *arguments, theirs=None, **options):
    """An entry whose image is padded, or cut, before the function of the other side."""
    flat = [n for side in reversed(sides) for n in side]
    theirs = theirs or getattr(T, name)
    return Entry(
        name,
        lambda x, *more: getattr(F, name)(x, *more, *arguments, padding=sides, **options),
        lambda x, *more: theirs(T.pad(x, flat), *more, *arguments, **options),
        draws,
    )


UNEVEN = [
    *[padded("conv2d", [uniform((2, 4, 7, 8), (6, 4, 3, 2), (6,))], sides) for sides in SIDES],
    padded("conv1d", [uniform((2, 4, 9), (6, 4, 3), (6,))], ((2, -1),), stride=2),
    padded("conv3d", [uniform((2, 3, 5, 6, 4), (4, 3, 2, 3, 2), (4,))], ((0, 1), (-1, 0), (1, 1))),
    *[padded("avg_pool2d", [uniform((2, 3, 7, 8))], sides, 4) for sides in SIDES],
    padded("max_pool2d", [uniform((2, 3, 7, 8), low=0.1)], ((1, 0), (-1, 2)), 4),
    *[
        Entry(
            "pad",
            lambda x, m=mode: F.pad(x, ((0, 0), (0, 0), (-1, 2), (1, -2)), m),
            lambda x, m=mode: T.pad(x, (1, -2, -1, 2), m),
            [uniform((2, 3, 5, 6))],
        )
        for mode in ("constant", "reflect", "replicate", "circular")
    ],
]

TABLE = [
    *LINES_AND_VOLUMES,
    *GRIDS,
    *UNEVEN,
    *CONVOLUTIONS,
    *SINGLE,
    *COLUMNS,
    *POOLING,
    *NORMALISATION,
    *RESAMPLING,
]
