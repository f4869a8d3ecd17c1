"""One expression in two worlds: the same names bound to PyTorch, and to the library of here."""

from __future__ import annotations

import importlib
import io
import tempfile
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from tests.peers.torch_names import (
    expressions_layers,
    expressions_programs,
    expressions_tensors,
    expressions_vision,
)


def expressions(vision=False):
    """(area, expression) of all lines, or those of torchvision; parts are divided by ' | '."""
    others = (expressions_tensors, expressions_layers, expressions_programs)
    for module in (expressions_vision,) if vision else others:
        for area, text in vars(module).items():
            if area.isupper():
                for line in text.strip().splitlines():
                    for part in line.split(" | "):
                        yield area, part.strip()


def world(torch):
    """The names that expressions use."""
    torch.manual_seed(0)
    x = torch.randn(3, 4).requires_grad_()
    p = (torch.rand(3, 4) + 0.1).requires_grad_()
    m = torch.randn(4, 4)
    names = {
        "torch": torch, "np": np, "nn": torch.nn, "F": torch.nn.functional, "D": torch.utils.data,
        "OrderedDict": OrderedDict, "x": x, "p": p, "y": torch.randn(3, 4), "m": m, "v": torch.randn(4),
        "s": m @ m.T + torch.eye(4), "b": torch.randn(3, 3, 4), "img": torch.randn(2, 3, 6, 6).requires_grad_(),
        "ker": torch.randn(4, 3, 3, 3), "k": torch.arange(6), "mask": x > 0, "labels": torch.tensor([0, 3, 1]),
        "i": torch.tensor([[0, 2, 1, 0], [1, 1, 0, 2], [2, 0, 2, 1]]),
    }  # fmt: skip
    return {**names, **vars(habits(torch)), **vars(programs(torch))}


def programs(torch):
    """What programs do around their tensors, for expressions to call."""
    nn = torch.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
            self.add_module("head", nn.Linear(3, 2))
            self.register_module("last", nn.Identity())
            self.register_buffer("seen", torch.zeros(1))
            self.register_parameter("scale", nn.Parameter(torch.ones(1)))
            self.register_parameter("none", None)

        def forward(self, t):
            return self.last(self.head(self.body(t)) * self.scale)

    def net():
        torch.manual_seed(3)
        return Net()

    def built():
        return list(net().state_dict()), [n for n, _ in net().named_parameters()], net().none

    def loaded():
        a, b = net(), Net()
        return str(b.load_state_dict(a.state_dict())), b.head.weight

    def before():
        model, seen = net(), []
        model.register_forward_pre_hook(lambda m, args: seen.append(len(args)))
        model(torch.ones(1, 4))
        return seen

    def behind():
        model, seen = net(), []
        model.head.register_full_backward_hook(lambda m, gi, go: seen.append(go[0].shape))
        model(torch.ones(1, 4)).sum().backward()
        return seen

    def held():
        torch.manual_seed(3)
        model = nn.Sequential(nn.LazyConv2d(2, 3), nn.Flatten(), nn.LazyLinear(2))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        model(torch.ones(1, 1, 4, 4)).sum().backward()
        optimizer.step()
        return [(n, p.detach()) for n, p in model.named_parameters()]

    def within(block):
        with block:
            return (torch.ones(2, requires_grad=True) * 2).requires_grad

    def saved(value):
        file = io.BytesIO()
        torch.save(value, file)
        file.seek(0)
        return torch.load(file)

    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter([1, 2, 3])

    def profiled():
        with torch.autograd.profiler.profile() as found:
            torch.ones(2) + 1
        return found is not None

    def alone():
        dist, tensor = torch.distributed, torch.ones(2)
        with tempfile.TemporaryDirectory() as folder:
            dist.init_process_group("gloo", init_method=f"file://{folder}/group", world_size=1, rank=0)
            dist.all_reduce(tensor, op=dist.ReduceOp.SUM)
            model = torch.nn.parallel.DistributedDataParallel(net())
            (model(torch.ones(1, 4)) ** 2).sum().backward()
            found = [dist.get_rank(), dist.get_world_size(), tensor, list(model.state_dict())]
            dist.destroy_process_group()
        return [*found, model.module.head.weight.grad, dist.is_initialized()]

    def fetched():
        with tempfile.TemporaryDirectory() as folder:
            torch.save({"w": torch.arange(3)}, f"{folder}/a.pt")
            a = torch.hub.load_state_dict_from_url("https://example.org/a.pt", model_dir=folder)
            zoo = importlib.import_module(f"{torch.__name__}.utils.model_zoo")
            b = zoo.load_url("https://example.org/a.pt", model_dir=folder)
            Path(folder, "hubconf.py").write_text(
                "dependencies = ['numpy']\ndef twice(n, plus=0): return 2 * n + plus\n"
            )
            c = torch.hub.load(folder, "twice", 3, source="local", plus=1)
        return [a, b, c]

    def followed():
        futures = importlib.import_module(f"{torch.__name__}.futures")
        first, second = futures.Future(), futures.Future()
        both, later = futures.collect_all([first, second]), first.then(lambda f: f.wait() + 1)
        found = [first.done(), both.done()]
        first.set_result(2)
        found += [both.done(), later.wait(), first.value()]
        second.set_result(5)
        return [*found, both.done(), futures.wait_all([first, second])]

    def behind_each():
        model, seen = net(), []
        model.head.register_backward_hook(lambda m, gi, go: seen.append(go[0].shape))
        model(torch.ones(1, 4)).sum().backward()
        return seen

    def refused(function):
        try:
            return function()
        except Exception as error:
            return type(error).__name__

    return SimpleNamespace(
        alone=alone, fetched=fetched, followed=followed, behind_each=behind_each, refused=refused, held=held, net=net, built=built, loaded=loaded, before=before, behind=behind, within=within, saved=saved, streamed=Stream,
        profiled=profiled,
    )  # fmt: skip


def habits(torch):
    """Small programs that expressions call."""
    nn = torch.nn

    def model():
        torch.manual_seed(1)
        return nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 1)), torch.randn(5, 4)

    def steps(cls, **options):
        net, data = model()
        optimizer = cls(net.parameters(), **options)
        for _ in range(4):
            optimizer.zero_grad()
            (net(data) ** 2).mean().backward()
            optimizer.step()
        return [q.detach() for q in net.parameters()]

    def closure(cls, **options):
        net, data = model()
        optimizer = cls(net.parameters(), **options)

        def loss():
            optimizer.zero_grad()
            value = (net(data) ** 2).mean()
            value.backward()
            return value

        return [float(optimizer.step(loss)) for _ in range(2)]

    def rates(cls, **options):
        net, _ = model()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.8, momentum=0.9)
        scheduler, found = cls(optimizer, **options), []
        for _ in range(5):
            optimizer.step()
            scheduler.step()
            found.append(optimizer.param_groups[0]["lr"])
        return found

    def plateau(**options):
        net, _ = model()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.8)
        scheduler, found = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, "min", **options), []
        for value in (3.0, 2.0, 2.0, 2.0, 2.0, 1.0):
            scheduler.step(value)
            found.append(optimizer.param_groups[0]["lr"])
        return found

    def clipped(most, **options):
        net, data = model()
        (net(data) ** 2).sum().backward()
        total = nn.utils.clip_grad_norm_(net.parameters(), most, **options)
        return [total, *(q.grad for q in net.parameters())]

    def batches(n, **options):
        data = torch.utils.data.TensorDataset(torch.arange(n), torch.arange(n) * 2.0)
        return [batch for _ in range(2) for batch in torch.utils.data.DataLoader(data, **options)]

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            ctx.save_for_backward(t)
            return t * t

        @staticmethod
        def backward(ctx, g):
            (t,) = ctx.saved_tensors
            return 3 * g * t

    def hooked():
        net, data = model()
        seen = []
        handle = net[0].register_forward_hook(lambda m, args, out: seen.append(out.shape))
        net(data)
        handle.remove()
        net(data)
        w = torch.ones(2, requires_grad=True)
        w.register_hook(lambda g: g * 2)
        (w * 3).sum().backward()
        return seen, w.grad

    def retained():
        t = torch.ones(2, requires_grad=True)
        u = t * 3
        u.retain_grad()
        (u * u).sum().backward()
        return t.grad, u.grad

    def no_grads():
        t = torch.ones(2, requires_grad=True)
        with torch.no_grad():
            a = (t * 2).requires_grad
        return a, torch.no_grad()(lambda: (t * 2).requires_grad)(), (t.detach() * 2).requires_grad

    def shortened():
        torch.manual_seed(2)
        table = nn.Embedding(5, 3, scale_grad_by_freq=True, max_norm=1.0)
        places = torch.tensor([0, 1, 1, 4])
        (table(places) ** 2).sum().backward()
        return table.weight, table.weight.grad

    def averaged():
        net, data = model()
        mean = torch.optim.swa_utils.AveragedModel(net)
        for _ in range(3):
            with torch.no_grad():
                for q in net.parameters():
                    q.add_(1.0)
            mean.update_parameters(net)
        return mean(data)

    def twice():
        t = torch.tensor([2.0], requires_grad=True)
        (g,) = torch.autograd.grad((t**3).sum(), t, create_graph=True)
        (g**2).sum().backward()
        return t.grad

    return SimpleNamespace(
        steps=steps, closure=closure, rates=rates, plateau=plateau, clipped=clipped, batches=batches, hooked=hooked,
        square=Square.apply, retained=retained, no_grads=no_grads, averaged=averaged, shortened=shortened, twice=twice,
    )  # fmt: skip


def refusal(function, *args, **kwargs):
    """The built-in type of the error that a call raises, by name; else what it returns."""
    try:
        return function(*args, **kwargs)
    except Exception as error:
        return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")


def plain(value, torch):
    """A result as nested lists of arrays, types and texts."""
    if isinstance(value, torch.Tensor):
        return str(value.dtype), value.detach().numpy().copy()
    if isinstance(value, (str, bytes, bool, int, float, type(None))):
        return value
    if isinstance(value, dict):
        return {key: plain(part, torch) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part, torch) for part in value]
    return str(value)


def outcome(torch, expression):
    """The plain result, and the gradients that reach x, p and img."""
    names = world(torch)
    torch.manual_seed(7)
    result = eval(expression, names)
    found = [plain(result, torch)]
    parts = result if isinstance(result, (list, tuple)) else [result]
    flowing = [r for r in parts if isinstance(r, torch.Tensor) and r.requires_grad and not r.is_leaf]
    if flowing:
        total = sum(
            (r * torch.linspace(0.5, 1.5, r.numel(), dtype=r.dtype).reshape(r.shape)).sum() for r in flowing
        )
        total.backward()
        for name in ("x", "p", "img"):
            if names[name].grad is not None:
                found.append((name, names[name].grad.numpy().copy()))
    return found


def differs(theirs, ours, path="result"):
    """The first difference of two plain results, or None."""
    if isinstance(theirs, np.ndarray) or isinstance(ours, np.ndarray):
        a, b = np.asarray(theirs), np.asarray(ours)
        if a.shape != b.shape or a.dtype != b.dtype:
            return f"{path}: {a.shape} {a.dtype} and {b.shape} {b.dtype}"
        if a.dtype.kind != "f":
            return None if (a == b).all() else f"{path}: values differ"
        bound = {2: 2e-3, 4: 3e-5, 8: 1e-7}[a.dtype.itemsize]
        near = np.allclose(a, b, rtol=bound, atol=bound, equal_nan=True)
        return None if near else f"{path}: off by {np.nanmax(np.abs(a - b)):.2g}"
    if type(theirs) is not type(ours):
        return f"{path}: {theirs!r} and {ours!r}"
    if isinstance(theirs, float):
        near = (
            theirs == ours
            or (np.isnan(theirs) and np.isnan(ours))
            or abs(theirs - ours) <= 1e-5 * max(1, abs(theirs))
        )
        return None if near else f"{path}: {theirs!r} and {ours!r}"
    if isinstance(theirs, (list, tuple)):
        if len(theirs) != len(ours):
            return f"{path}: {len(theirs)} and {len(ours)} parts"
        found = (differs(a, b, f"{path}[{k}]") for k, (a, b) in enumerate(zip(theirs, ours, strict=True)))
        return next((f for f in found if f), None)
    if isinstance(theirs, dict):
        return differs(sorted(theirs.items()), sorted(ours.items()), path)
    return None if theirs == ours else f"{path}: {theirs!r} and {ours!r}"
