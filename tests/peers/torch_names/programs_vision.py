"""Programs about images, boxes and models, each a function of `torch` and `tv` that returns what it saw."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module

import numpy as np
from PIL import Image

from tests.peers.torch_names.worlds import refusal

PHOTO = Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 24, 3), np.uint8))


def changes_of_images(torch, tv):
    TF, grey = tv.transforms.functional, PHOTO.convert("L")
    t, whole = torch.rand(3, 8, 10), torch.randint(0, 256, (3, 8, 10), dtype=torch.uint8)
    return [
        TF.to_tensor(np.arange(6, dtype=np.uint8).reshape(2, 3)), TF.to_tensor(PHOTO.convert("1")), TF.to_pil_image(np.zeros((2, 3), np.uint8)), TF.get_dimensions(t), TF.resize(PHOTO, [7]),
        TF.resize(PHOTO, 19, max_size=21), TF.resize(t, [4, 5], antialias=False), TF.resize(t, [16, 5], tv.transforms.InterpolationMode.NEAREST), TF.crop(t, -2, 3, 6, 9), TF.crop(t, 4, 4, 8, 8),
        TF.pad(PHOTO, 2, (1, 2, 3)), TF.rgb_to_grayscale(t), TF.rgb_to_grayscale(t, 3), TF.adjust_hue(grey, 0.2), TF.adjust_hue(PHOTO, 0.25), TF.convert_image_dtype(t, torch.uint8),
        TF.convert_image_dtype(t, torch.float64), TF.invert(whole), TF.solarize(whole, 100), TF.hflip(whole), TF.adjust_brightness(PHOTO, 0.5),
        refusal(TF.to_tensor, t), refusal(TF.normalize, whole, [0.5], [0.5]), refusal(TF.normalize, t, [0.5], [0.0]), refusal(TF.normalize, t[:1], [0.1, 0.2, 0.3], [1.0, 1.0, 1.0]),
    ]  # fmt: skip


def changes_by_chance(torch, tv):
    T, t = tv.transforms, torch.rand(3, 8, 10)
    found = [
        T.RandomGrayscale(0.0)(t), T.RandomCrop((12, 14), pad_if_needed=True)(t), T.RandomCrop((8, 10))(t), refusal(T.RandomCrop(30), t), T.RandomResizedCrop(5, (30.0, 40.0))(PHOTO),
        T.RandomAffine(0, shear=20)(PHOTO), T.RandomAffine(0, shear=(-5, 5, -9, 9))(PHOTO), T.ColorJitter(brightness=(0.5, 0.9))(PHOTO), T.RandomErasing(0.0)(t), T.RandomApply([T.CenterCrop(4)], 1.0)(t),
        str(T.Compose([T.ToTensor(), T.Normalize((0.5,), (0.5,))])), T.RandomErasing(1.0, (1.0, 1.0))(t),
    ]  # fmt: skip
    return (
        found
        + [T.RandAugment(3, 9)(PHOTO) for _ in range(12)]
        + [T.TrivialAugmentWide()(PHOTO) for _ in range(12)]
        + [T.AutoAugment()(PHOTO) for _ in range(12)]
    )


def boxes(torch, tv):
    ops, a = tv.ops, torch.tensor([[0.0, 0, 4, 4], [1.0, 1, 5, 5], [2.0, 0, 7, 3]])
    b = a + 0.5
    found = [
        ops.box_convert(a, x, y) for x in ("xyxy", "xywh", "cxcywh") for y in ("xyxy", "xywh", "cxcywh")
    ]
    found += [
        ops.batched_nms(a, torch.tensor([0.3, 0.9, 0.5]), torch.tensor([0, 0, 1]), 0.2),
        ops.batched_nms(a[:0], torch.zeros(0), torch.zeros(0, dtype=torch.int64), 0.2),
    ]
    found += [
        ops.clip_boxes_to_image(a, (3, 4)),
        ops.remove_small_boxes(a, 3.5),
        ops.masks_to_boxes(torch.tensor([[[0, 1, 1], [0, 0, 1]]], dtype=torch.bool)),
    ]
    for reduction in ("none", "mean", "sum"):
        found += [
            ops.generalized_box_iou_loss(a, b, reduction),
            ops.complete_box_iou_loss(a, b, reduction),
            ops.distance_box_iou_loss(a, b, reduction),
        ]
    img, rois = torch.rand(2, 2, 8, 8), torch.tensor([[0.0, 0, 0, 4, 4], [1.0, 1, 1, 5, 6]])
    found += [
        ops.RoIAlign(2, 1.0, 2)(img, rois),
        ops.RoIPool(2, 1.0)(img, rois),
        ops.Permute([1, 0])(a),
        ops.MLP(4, [3, 2], norm_layer=torch.nn.LayerNorm)(a),
    ]
    found += [
        str(ops.StochasticDepth(0.2, "row")),
        ops.drop_block2d(img, 0.0, 3),
        refusal(ops.stochastic_depth, a, 2.0, "row"),
        refusal(ops.stochastic_depth, a, 0.5, "all"),
        refusal(ops.drop_block2d, img, 2.0, 3),
    ]
    found += [
        ops.Conv2dNormActivation(2, 3, (3, 5), dilation=(2, 1))(img).shape,
        ops.Conv3dNormActivation(1, 2)(torch.rand(2, 1, 3, 3, 3)).shape,
    ]
    return [
        *found,
        tv.utils.make_grid(torch.rand(4, 5)),
        tv.utils.make_grid(torch.rand(1, 4, 5)),
        tv.utils.make_grid(torch.rand(1, 3, 4, 5)),
    ]


def models(torch, tv):
    x, found = torch.rand(1, 3, 64, 64), []
    for make in (
        lambda: tv.models.googlenet(num_classes=3, init_weights=False, aux_logits=False, transform_input=True), lambda: tv.models.mobilenet_v3_small(num_classes=3),
        lambda: tv.models.VisionTransformer(image_size=64, patch_size=16, num_layers=1, num_heads=2, hidden_dim=8, mlp_dim=16, num_classes=3),
        lambda: tv.models.resnet.ResNet(tv.models.resnet.BasicBlock, [1, 1, 1, 1], num_classes=3, zero_init_residual=True),
        lambda: tv.models.resnet.ResNet(tv.models.resnet.Bottleneck, [1, 1, 1, 1], num_classes=3, replace_stride_with_dilation=[False, True, False]),
    ):  # fmt: skip
        torch.manual_seed(0)
        model = make().eval()
        found.append(model(x).detach())
    return [*found, refusal(tv.models.resnet.BasicBlock, 4, 4, groups=2)]


def rarer_changes(torch, tv):
    T, TF, t = tv.transforms, tv.transforms.functional, torch.rand(3, 6, 6)
    v2 = import_module(f"{tv.__name__}.transforms.v2")
    return [
        T.RandomChoice([T.CenterCrop(4)])(PHOTO), str(T.AutoAugment()), TF.rotate(PHOTO, 90), v2.Identity()(t),
        v2.ToDtype(torch.float32)("a text"), refusal(tv.ops.box_convert, t[0, :, :4], "xyxy", "corners"),
        refusal(tv.ops.sigmoid_focal_loss, t, t, reduction="median"),
    ]  # fmt: skip


@contextmanager
def drawn_by(torch, drawer):
    """Call a function in place of those that draw weights: for large networks these take longer than the rest."""
    init, drawing = torch.nn.init, {}
    for name in dir(init):
        if name.endswith(("uniform_", "normal_")):
            drawing[name] = getattr(init, name)
            setattr(init, name, drawer)
    try:
        yield
    finally:
        for name, function in drawing.items():
            setattr(init, name, function)


def fill(model):
    """Give each parameter a pattern."""
    for k, p in enumerate(model.parameters()):
        p.fill_(0.01 / (1 + k % 3)).view(-1)[::7].mul_(-1.5)


def networks_with_the_same_weights(torch, tv):
    found = []
    with drawn_by(torch, lambda w, *_, **__: w):
        for make, size in (
            (lambda: tv.models.alexnet(num_classes=2), 64), (lambda: tv.models.vgg11(num_classes=2), 32),
            (lambda: tv.models.convnext_tiny(num_classes=2), 32),
            (lambda: tv.models.inception_v3(num_classes=2, init_weights=False, aux_logits=False), 75),
        ):  # fmt: skip
            model = make().eval()
            with torch.no_grad():
                fill(model)
                found.append(model(torch.linspace(-1, 1, 3 * size * size).reshape(1, 3, size, size)))
    vit = tv.models.VisionTransformer(64, 16, 1, 2, 8, 16)
    return [*found, refusal(vit, torch.zeros(1, 3, 32, 32))]


def heads_on_the_way(torch, tv):
    x = torch.linspace(-1, 1, 2 * 3 * 96 * 96).reshape(2, 3, 96, 96)
    model = tv.models.googlenet(num_classes=2, init_weights=False).train()
    out = model(x)
    return [type(out).__name__, out._fields, [tuple(part.shape) for part in out]]


def second_classifier_of_inception(torch, tv):
    """With the network before and after it left out; and how far the first weights may lie apart."""
    nn, drawn = torch.nn, []

    class Wide(nn.Module):
        def forward(self, x):
            return x.repeat(1, 256, 1, 1)

    def drawer(w, *_, **options):
        drawn.append((tuple(w.shape), sorted(options.items())))
        return w

    with drawn_by(torch, drawer):
        model = tv.models.inception_v3(num_classes=2, init_weights=True, transform_input=True, dropout=0.0)
    for name, _ in list(model.named_children()):
        if name not in ("AuxLogits", "avgpool", "dropout", "fc"):
            setattr(model, name, nn.Identity())
    model.Conv2d_1a_3x3, model.fc = Wide(), nn.Linear(768, 2)
    with torch.no_grad():
        fill(model)
    x = torch.linspace(-1, 1, 4 * 3 * 17 * 17).sin().reshape(4, 3, 17, 17)
    out = model.train()(x)
    (out.logits.sum() + out.aux_logits.square().sum()).backward()
    slope = model.AuxLogits.conv1.conv.weight.grad
    truncated = [entry for entry in drawn if len(entry[1]) == 4]
    return [
        type(out).__name__,
        out._fields,
        *out,
        slope,
        model.eval()(x),
        len(truncated),
        *truncated[:2],
        truncated[-1],
    ]
