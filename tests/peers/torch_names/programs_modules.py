"""Programs about layers, their functions, and data, each a function of `torch` that returns what it saw."""

from __future__ import annotations

from collections import OrderedDict, namedtuple

import numpy as np

from tests.peers.torch_names.worlds import refusal


def containers(torch):
    nn = torch.nn

    def layers(n):
        return [nn.Linear(k + 1, 1, bias=False) for k in range(n)]

    def widths(found):
        return [type(found).__name__, [layer.in_features for layer in found], list(found.state_dict())]

    seen = []
    for kind in (lambda parts: nn.Sequential(*parts), nn.ModuleList):
        one, last = kind(layers(3)), nn.Linear(7, 1, bias=False)
        seen += [widths(one.append(last)), widths(one.extend(layers(2)))]
        one.insert(1, nn.Linear(9, 1, bias=False))
        seen += [widths(one), one.pop(0).in_features, widths(one), widths(one[1:3]), one[-1].in_features]
        one[0] = nn.Linear(5, 1, bias=False)
        del one[-1]
        seen += [widths(one), widths(one + kind(layers(2)))]
        del one[:2]
        seen += [widths(one), refusal(lambda one=one: one[9])]
    return seen


def attributes(torch):
    nn = torch.nn
    net = nn.BatchNorm1d(2)
    net.register_buffer("later", None)
    net.later = torch.ones(1)
    net.running_mean = torch.full((2,), 3.0)
    net._parameters["weight"] = nn.Parameter(torch.zeros(2))
    net._buffers["running_var"] = torch.full((2,), 5.0)
    whole = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    whole._modules["1"] = nn.Tanh()
    found = [
        list(net.state_dict()),
        net.weight,
        net._parameters["bias"],
        net._buffers["running_mean"],
        net.running_var,
        str(whole),
        list(whole._modules),
    ]
    del whole._modules["1"]
    found += [
        str(whole),
        refusal(lambda: net._parameters["nope"]),
        refusal(lambda: net._buffers["weight"]),
        "weight" in net._parameters,
    ]
    found += [
        refusal(net.register_parameter, "a.b", None),
        refusal(net.register_parameter, "", None),
        refusal(net.register_parameter, "forward", None),
    ]
    found += [
        refusal(net.register_parameter, "c", torch.ones(2)),
        refusal(net.register_buffer, "a.b", None),
        refusal(setattr, net, "weight", 3),
    ]
    return [
        *found,
        refusal(net.load_state_dict, 3),
        refusal(net.load_state_dict, {}),
        refusal(net.load_state_dict, {**net.state_dict(), "more": torch.ones(1)}),
    ]


def walked(torch):
    nn = torch.nn
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 1)))
    net(torch.ones(1, 2)).sum().backward()
    net.zero_grad(set_to_none=False)
    found = [
        net[0].weight.grad,
        [n for n, _ in net.named_modules(prefix="p")],
        [n for n, _ in net.named_parameters("q")],
    ]
    net.zero_grad()
    found += [
        net[0].weight.grad,
        net.cpu() is net,
        net.double()[0].weight.dtype,
        net.float()[0].weight.dtype,
    ]
    found += [
        net.half()[0].weight.dtype,
        net.type(torch.float64)[0].bias.dtype,
        net.to(torch.ones(1))[0].weight.dtype,
    ]
    seen = []
    handle = net[0].register_full_backward_pre_hook(lambda m, g: seen.append(g[0].shape))
    net(torch.ones(1, 2)).sum().backward()
    handle.remove()
    with net[0].register_forward_hook(lambda m, args, out: seen.append(out.shape)):
        net(torch.ones(1, 2))
    net(torch.ones(1, 2))
    other = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 1)))
    other.load_state_dict(net.state_dict(), assign=True)
    return [*found, seen, other[1][0].weight]


def texts(torch):
    nn = torch.nn
    return [str(layer) for layer in (
        nn.Conv2d(3, 6, 3, dilation=2, groups=3, padding=1), nn.ConvTranspose2d(3, 6, 3, 2, output_padding=1), nn.MaxPool2d(2), nn.AvgPool2d(3, 2), nn.AdaptiveAvgPool2d((None, 2)),
        nn.ReLU(True), nn.Dropout(0.2), nn.Fold((4, 4), 2), nn.Unfold(2), nn.PixelShuffle(2), nn.Flatten(), nn.Unflatten(1, (2, 2)), nn.ZeroPad2d(1), nn.LPPool2d(2, 3),
        nn.Upsample(scale_factor=2), nn.Softmax(1), nn.CosineSimilarity(), nn.PairwiseDistance(), nn.EmbeddingBag(4, 2), nn.Embedding(4, 2, padding_idx=0), nn.RReLU(), nn.Hardtanh(-2.0, 2.0),
        nn.Softplus(), nn.Threshold(0.1, 2.0), nn.LocalResponseNorm(2), nn.GroupNorm(2, 4), nn.LayerNorm(4), nn.InstanceNorm2d(3), nn.Bilinear(2, 3, 4), nn.GRU(2, 3), nn.InstanceNorm1d(3, affine=True), nn.Threshold(0.1, 2.0, True), nn.CrossEntropyLoss(), nn.MSELoss(),
    )]  # fmt: skip


def layers_called_in_other_ways(torch):
    nn = torch.nn
    img, x = torch.randn(2, 3, 6, 6), torch.randn(3, 4)
    found = [
        nn.Conv2d(3, 2, 3)(img[0]), nn.ELU(1.0, True)(x * 1), nn.LeakyReLU(0.2, True)(x * 1), nn.Hardtanh(-0.5, 0.5, True)(x * 1), nn.RReLU(0.1, 0.3)(x), nn.RReLU().eval()(x),
        nn.RReLU(0.1, 0.3, True)(x * 1), nn.SyncBatchNorm.convert_sync_batchnorm(nn.Sequential(nn.BatchNorm1d(4)).eval())(x), nn.MaxUnpool2d(2)(*nn.MaxPool2d(2, return_indices=True)(img)),
        nn.MaxUnpool1d(2)(*nn.MaxPool1d(2, return_indices=True)(x)), nn.BCEWithLogitsLoss(weight=torch.tensor([1.0, 2.0, 3.0, 4.0]))(x, (x > 0).float()),
        nn.ConvTranspose2d(3, 2, 3, stride=2)(img, output_size=(14, 14)), nn.Dropout2d(0.5).eval()(img), nn.FeatureAlphaDropout(0.5)(img), nn.MultiLabelMarginLoss()(x, torch.tensor([[0, 2, -1, 0]] * 3)),
        nn.TripletMarginWithDistanceLoss(distance_function=nn.PairwiseDistance())(x, x + 1, x - 1), nn.MultiheadAttention(4, 2, add_bias_kv=True)(x, x, x)[0],
    ]  # fmt: skip
    bag = nn.EmbeddingBag(5, 3, mode="sum")
    places = torch.tensor([[0, 2], [4, 4]])
    found += [
        bag(places),
        nn.EmbeddingBag(5, 3, _weight=torch.ones(5, 3))(places),
        nn.EmbeddingBag(5, 3, max_norm=0.5)(torch.tensor([0, 1, 2]), torch.tensor([0, 2])),
    ]
    found += [
        refusal(nn.Dropout, 2),
        refusal(nn.ConvTranspose2d, 3, 2, 3, padding_mode="reflect"),
        refusal(nn.GLU, 1, 2, 3),
        refusal(nn.GLU, axe=1),
        refusal(nn.Fold, 2, 3, size=1),
    ]
    return [*found, refusal(nn.ConvTranspose2d(3, 2, 3, stride=2), img, output_size=(20, 20))]


def functions_called_in_other_ways(torch):
    F = torch.nn.functional
    img, x = torch.randn(2, 3, 6, 6), torch.randn(3, 4)
    y = torch.randn(3, 4)
    pooled, where = F.max_pool2d(img, 2, return_indices=True)
    places = torch.tensor([0, 2, 1, 1])
    found = [
        F.relu(x * 1, True), F.relu_(x * 1), F.leaky_relu_(x * 1, 0.3), F.elu_(x * 1, 0.5), F.selu_(x * 1), F.celu_(x * 1), F.hardtanh_(x * 1, -0.5, 0.5), F.threshold_(x * 1, 0.1, 2.0), F.rrelu_(x * 1),
        F.rrelu(x, training=True), F.rrelu(x, 0.1, 0.3), F.softmax(x), F.softmax(x[0]), F.log_softmax(img[0]), F.softmin(x), F.dropout(x.t(), 0.5), F.dropout(img.permute(0, 2, 3, 1), 0.5),
        F.dropout2d(img, training=False), F.feature_alpha_dropout(img, 0.5, True), F.feature_alpha_dropout(img * 1, 0.5, True, True), F.alpha_dropout(x * 1, 0.5, True, True),
        F.embedding_bag(places, torch.arange(9.0).reshape(3, 3), torch.tensor([0, 3])), F.embedding_bag(places[None], torch.arange(9.0).reshape(3, 3), max_norm=2.0, mode="max"),
        F.max_pool2d(img[0], 2), F.max_pool2d(img[0], 2, return_indices=True), F.avg_pool1d(x, 2), F.max_unpool2d(pooled, where, 2), F.max_unpool2d(pooled[0], where[0], 2),
        F.max_pool2d_with_indices(img, 2), F.adaptive_max_pool2d_with_indices(img, 2), F.interpolate(img, scale_factor=1.6, recompute_scale_factor=True),
        F.interpolate(img, scale_factor=(1.6, 0.7), mode="bilinear", recompute_scale_factor=True), F.upsample_bilinear(img, scale_factor=2), F.upsample_bilinear(img, (4, 9)), F.upsample(img, (4, 4), mode="bilinear"),
        F.mse_loss(x, y[0]), F.l1_loss(x, y.double()), F.mse_loss(x, y, weight=y.abs()), F.mse_loss(x, y, weight=y.abs(), reduction="sum"), F.l1_loss(x, y, weight=y.abs(), reduction="none"),
        F.huber_loss(x, y, weight=y.abs()), F.smooth_l1_loss(x, y, beta=0.0), F.cross_entropy(x[0], torch.tensor(2)), F.cross_entropy(x[0], torch.tensor(2), reduction="none"), F.nll_loss(x[0], torch.tensor(1)),
        F.nll_loss(x[0], torch.tensor(1), reduction="none"), F.kl_div(x, y.softmax(1)), F.kl_div(x, y, reduction="sum", log_target=True), F.multilabel_margin_loss(x, torch.tensor([[0, 2, -1, 0]] * 3)),
        F.triplet_margin_with_distance_loss(x, x + 1, y, margin=2.0, swap=True), F.triplet_margin_with_distance_loss(x, x + 1, y, reduction="none"),
    ]  # fmt: skip
    return [
        *found, refusal(F.dropout, x, 2.0), refusal(F.one_hot, places, 2), refusal(F.mse_loss, x, y, weight=y, reduction="nope"), refusal(F.mse_loss, x, y, reduction="nope"),
        refusal(F.binary_cross_entropy, x.sigmoid(), y[0]), refusal(F.binary_cross_entropy_with_logits, x, y[0]),
    ]  # fmt: skip


def beginnings(torch):
    init = torch.nn.init
    found = [
        init.trunc_normal_(torch.empty(50), std=2.0), init.trunc_normal_(torch.empty(50), mean=1.0, std=0.5, a=-1.0, b=0.5), init.trunc_normal_(torch.empty(4, 4), 0.0, 1.0, -0.1, 3.0), init.sparse_(torch.empty(4, 3), 0.5),
        init.kaiming_uniform_(torch.empty(0, 3)), init.kaiming_normal_(torch.empty(0, 3)), init.xavier_uniform_(torch.empty(3, 4)), init.orthogonal_(torch.empty(3, 3)).abs(), init.dirac_(torch.empty(2, 2, 3)),
    ]  # fmt: skip
    return [
        *found,
        refusal(init.xavier_uniform_, torch.empty(3)),
        refusal(init.kaiming_normal_, torch.empty(3)),
        refusal(init.calculate_gain, "nope"),
    ]


def bounds_of_gradients(torch):
    utils = torch.nn.utils
    w = torch.nn.Parameter(torch.ones(3))
    w.grad = torch.tensor([3.0, -4.0, 0.5])
    utils.clip_grad_value_(w, 1.0)
    found = [w.grad.clone(), utils.clip_grad_norm_([w], 0.5), w.grad.clone()]
    w.grad = torch.tensor([float("inf"), 1.0, 1.0])
    found += [
        refusal(utils.clip_grad_norm_, [w], 1.0, error_if_nonfinite=True),
        utils.clip_grad_norm_([], 1.0),
    ]

    class Double(torch.nn.Module):
        def forward(self, weight):
            return weight * 2

    for leave in (True, False):
        layer = torch.nn.Linear(2, 1, bias=False)
        with torch.no_grad():
            layer.weight.fill_(3.0)
        torch.nn.utils.parametrize.register_parametrization(layer, "weight", Double())
        found.append(layer.weight.detach())
        torch.nn.utils.parametrize.remove_parametrizations(layer, "weight", leave_parametrized=leave)
        found.append(layer.weight.detach())
    return found


def attention(torch):
    nn = torch.nn
    x = torch.randn(2, 3, 4)
    encoder, decoder = (
        nn.TransformerEncoderLayer(4, 2, 8, 0.0, batch_first=True),
        nn.TransformerDecoderLayer(4, 2, 8, 0.0),
    )
    return [
        encoder.linear1.weight,
        decoder.linear2.bias,
        encoder.eval()(x),
        decoder.eval()(x, x),
        nn.MultiheadAttention(4, 2, add_bias_kv=True).bias_k,
    ]


def data_sets(torch):
    D = torch.utils.data
    ten, stream = (
        D.TensorDataset(torch.arange(10)),
        type(
            "Stream",
            (D.IterableDataset,),
            {"__iter__": lambda self: iter([1, 2, 3]), "__len__": lambda self: 3},
        ),
    )
    both, named = ten + D.TensorDataset(torch.arange(3) + 90), D.StackDataset(a=range(3), b=[4, 5, 6])
    found = [
        len(both),
        both[-1],
        both[10],
        list(stream() + stream()),
        len(named),
        named[1],
        D.Subset(ten, [3, 5])[1],
        ten[[1, 2]],
        len(D.DataLoader(stream(), batch_size=2)),
    ]
    found += [
        list(D.DataLoader(stream(), batch_size=2)),
        list(D.DataLoader(stream(), batch_size=2, drop_last=True)),
        list(D.DataLoader(stream(), batch_size=None)),
        len(D.DataLoader(stream(), batch_size=None)),
    ]
    found += [
        D.Subset(D.TensorDataset(torch.arange(5)), [4, 0]).__getitems__([0, 1]),
        list(D.DataLoader(range(5), batch_size=None)),
        list(D.DataLoader([(1, "a"), (2, "b")], batch_size=2)),
    ]
    found += [
        refusal(D.TensorDataset, torch.ones(2), torch.ones(3)),
        refusal(D.ConcatDataset, []),
        refusal(D.StackDataset),
        refusal(D.StackDataset, [1], [1, 2]),
        refusal(D.random_split, ten, [1, 2]),
    ]
    found += [
        refusal(D.DataLoader, ten, sampler=[1], shuffle=True),
        refusal(D.DataLoader, ten, batch_sampler=[[1]], shuffle=True),
        refusal(D.DataLoader, ten, batch_size=0),
        refusal(lambda: D.Dataset()[0]),
    ]
    return [
        *found,
        list(D.DataLoader(ten, batch_sampler=[[1, 2], [3]])),
        refusal(lambda: len(D.DataLoader(D.ChainDataset([]), batch_size=2))),
    ]


def samplers(torch):
    D = torch.utils.data
    found = [
        list(D.RandomSampler(range(40), replacement=True, num_samples=70)), len(D.RandomSampler(range(4), num_samples=9)), list(D.RandomSampler(range(4), num_samples=9)), len(D.SubsetRandomSampler([3, 5])),
        len(D.WeightedRandomSampler([1.0, 2.0], 5)), list(D.WeightedRandomSampler(torch.tensor([1.0, 2.0, 0.5]), 5)), list(D.BatchSampler(D.SequentialSampler(range(5)), 2, False)), len(D.SequentialSampler(range(3))),
    ]  # fmt: skip

    class Mine(D.Sampler[int]):
        def __init__(self, n):
            super().__init__()
            self.n = n

        def __iter__(self):
            return iter(reversed(range(self.n)))

    split = D.distributed.DistributedSampler(range(8), 2, 1, seed=3)
    found += [list(Mine(3)), list(D.DataLoader(range(3), sampler=Mine(3))), list(split)]
    split.set_epoch(4)
    return [*found, list(split), len(split), refusal(D.distributed.DistributedSampler, range(8), 2, 2)]


def batches_put_together(torch):
    D, Pair = torch.utils.data, namedtuple("Pair", "a b")
    collate, convert = D.default_collate, D.default_convert
    w = torch.ones(2, requires_grad=True)
    pair = collate([Pair(1, 2.0), Pair(3, 4.0)])
    found = [
        collate([w, w]).requires_grad,
        collate([np.ones(2), np.zeros(2)]),
        collate([np.float32(1), np.float32(2)]),
        collate(["a", "b"]),
        collate([b"a"]),
        type(pair).__name__,
        pair.a,
        pair.b,
    ]
    found += [
        collate([{"a": 1}, {"a": 2}]),
        collate([[1, 2.5], [3, 4.5]]),
        collate([(torch.ones(1), "x"), (torch.zeros(1), "y")]),
        collate([OrderedDict(a=1)]),
        collate([True, False]),
    ]
    found += [
        refusal(collate, [[1], [1, 2]]),
        refusal(collate, [object()]),
        convert(np.ones(2)),
        convert({"a": np.ones(1)}),
        convert([np.ones(1), "a"]),
        convert((np.ones(1), 3)),
        convert("a"),
        convert(3),
    ]
    return [*found, convert(np.float32(2)), convert(Pair(np.ones(1), 2))]


def a_transformer_of_several_layers(torch):
    model = torch.nn.Transformer(4, 1, 2, 2, 4, dropout=0.0)
    return [
        *(p.detach() for p in model.parameters()),
        model(torch.ones(3, 1, 4), torch.zeros(2, 1, 4)).detach(),
    ]
