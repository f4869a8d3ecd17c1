"""Programs about gradients, optimizers and distributions, each a function of `torch` that returns what it saw."""

# ruff: noqa: UP006, UP035, UP045  # types as programs for TorchScript spell them

from __future__ import annotations

import json
import tempfile
from collections import namedtuple
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from tests.peers.torch_names.worlds import refusal


def own_functions(torch):
    """Functions with several results, with a context set up apart, and with constants among the results."""
    Function = torch.autograd.Function

    class Both(Function):
        @staticmethod
        def forward(ctx, a, b):
            total, product = a + b, a * b
            ctx.save_for_backward(a, b, product)
            return total, product, 3

        @staticmethod
        def backward(ctx, g, h, _):
            a, b, product = ctx.saved_tensors
            return g + h * b, g + h * a + 0 * product

    class Apart(Function):
        @staticmethod
        def forward(a, n):
            return a**n

        @staticmethod
        def setup_context(ctx, inputs, output):
            a, ctx.n = inputs
            ctx.save_for_backward(a)

        @staticmethod
        def backward(ctx, g):
            return g * ctx.n * ctx.saved_tensors[0] ** (ctx.n - 1), None

    class Sorted(Function):
        @staticmethod
        def forward(ctx, a):
            values, places = a.sort()
            ctx.mark_non_differentiable(places)
            ctx.set_materialize_grads(False)
            ctx.save_for_backward(places)
            return values, places

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, g, _):
            (places,) = ctx.saved_tensors
            return torch.zeros_like(g).scatter(0, places, g)

    class Exp(Function):
        @staticmethod
        def forward(ctx, a):
            result = a.exp()
            ctx.save_for_backward(result)
            return result

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

    class Rounded(Function):
        @staticmethod
        def forward(ctx, a):
            result = a.round().long()
            ctx.mark_non_differentiable(result)
            return result

        @staticmethod
        def backward(ctx, g):
            raise AssertionError("no gradient flows into whole numbers")

    x, y = (
        torch.tensor([3.0, 1.0, 2.0], requires_grad=True),
        torch.tensor([1.0, 2.0, 4.0], requires_grad=True),
    )
    total, product, number = Both.apply(x, y)
    (total * product).sum().backward()
    found = [
        total.detach(),
        product.detach(),
        number,
        x.grad,
        y.grad,
        Exp.apply(x).grad_fn.name(),
        Rounded.apply(x),
    ]
    values, places = Sorted.apply(x)
    found += [
        *torch.autograd.grad((values * values * torch.arange(3.0)).sum(), x),
        places,
        values.requires_grad,
        places.requires_grad,
    ]
    for function in (lambda a: Apart.apply(a, 3), Exp.apply):
        (g,) = torch.autograd.grad(function(x).sum(), x, create_graph=True)
        found += [g.detach(), *torch.autograd.grad(g.sum(), x)]
    return found


def walks(torch):
    """`backward(inputs=...)`, missing gradients, and what is refused."""
    a, b = torch.ones(2, requires_grad=True), torch.full((2,), 2.0, requires_grad=True)
    (a * b).sum().backward(inputs=[a])
    found = [a.grad, b.grad]
    (a * b * b).sum().backward(inputs=b)
    found += [
        a.grad,
        b.grad,
        *torch.autograd.grad((a * 2).sum(), (a, b), allow_unused=True, materialize_grads=True),
    ]
    found += [
        refusal(lambda: (a * 2).backward()),
        refusal(lambda: torch.ones(2).sum().backward()),
        refusal(lambda: (a * 2).backward(torch.ones(3))),
    ]
    found += [
        refusal(lambda: torch.autograd.grad((a * 2).sum(), b)),
        refusal(torch.autograd.gradcheck, lambda t: t, torch.ones(2)),
    ]
    return found


def derivatives_of_functions(torch):
    whole, x = torch.autograd.functional, torch.tensor([1.0, 2.0])
    constant = torch.ones(2)
    found = [
        whole.jacobian(lambda t: t * t, x),
        whole.jacobian(lambda t: constant * 1, x),
        whole.hessian(lambda t: (t**3).sum(), x),
    ]

    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, g):
            return g * 3

    y = torch.ones(2, dtype=torch.float64, requires_grad=True)
    return [
        *found,
        torch.autograd.gradcheck(Wrong.apply, y, raise_exception=False),
        refusal(torch.autograd.gradcheck, Wrong.apply, y),
    ]


def functions_over_batches(torch):
    func, x = torch.func, torch.arange(6.0).reshape(3, 2)
    Pair = namedtuple("Pair", "a b")
    found = [
        func.vmap(lambda t: (t.sum(), t * 2))(x), func.vmap(lambda t: (t.sum(), t * 2), out_dims=(0, 1))(x), func.vmap(lambda t: {"s": t.sum()})(x)["s"],
        func.vmap(lambda pair: pair[0] + pair[1], in_dims=((0, None),))((x, torch.ones(2))), func.vmap(lambda p: p.a * p.b)(Pair(x, x)),
        func.vmap(lambda d: d["a"] - 1)({"a": x}), refusal(func.vmap(lambda a, b: a + b), x, x[:2]), func.grad(lambda d: (d["a"] ** 2).sum())({"a": x})["a"],
        func.grad(lambda t: (t[0] * t[1]).sum())((x, x + 1)),
    ]  # fmt: skip
    return found


def hooks_of_tensors(torch):
    w, seen = torch.ones(2, requires_grad=True), []
    handle = w.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.clone()))
    (w * 2).sum().backward()
    handle.remove()
    (w * 2).sum().backward()
    with w.register_hook(lambda g: seen.append(g)):
        w.sum().backward()
    w.sum().backward()
    return seen


def profiles(torch):
    seen = []
    with torch.profiler.profile(
        activities=[torch.profiler.ProfilerActivity.CPU], on_trace_ready=lambda p: seen.append("ready")
    ) as found:
        (torch.ones(3, requires_grad=True) @ torch.ones(3)).backward()
        found.step()
    with torch.autograd.profiler.profile() as one, torch.autograd.profiler.record_function("mine"):
        torch.ones(3, requires_grad=True).sum().backward()
    with tempfile.TemporaryDirectory() as folder:
        found.export_chrome_trace(f"{folder}/trace.json")
        rows = json.loads(Path(folder, "trace.json").read_text())["traceEvents"]
    again = torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU])
    again.start()
    again.stop()
    return [
        seen,
        len(rows) > 0,
        len(one.table()) > 0,
        str(one) == one.table(),
        one.self_cpu_time_total >= 0,
    ]


def optimizers(torch):
    def weights():
        return [torch.nn.Parameter(torch.tensor([1.0, -2.0])), torch.nn.Parameter(torch.tensor([3.0]))]

    found, counted = [], []
    a, b = weights()
    optimizer = torch.optim.SGD([("a", a), ("b", b)], lr=0.1, maximize=False)

    def closure():
        optimizer.zero_grad(set_to_none=False)
        loss = (a * a).sum() + (b * b).sum()
        loss.backward()
        return loss

    handle = optimizer.register_step_post_hook(lambda o, args, kwargs: counted.append("after"))
    before = optimizer.register_step_pre_hook(lambda o, args, kwargs: counted.append("before"))
    found += [optimizer.step(closure).item(), optimizer.step(closure).item()]
    handle.remove()
    before.remove()
    optimizer.step(closure)
    optimizer.zero_grad(set_to_none=False)
    found += [
        a.grad,
        b.detach(),
        counted,
        refusal(torch.optim.SGD, a, lr=0.1),
        refusal(torch.optim.SGD, [], lr=0.1),
    ]
    (c, d), kept = weights(), None
    adam = torch.optim.Adam([{"params": [c]}, {"params": [d], "lr": 0.5}], lr=0.1, amsgrad=True)
    for _ in range(2):
        ((c * c).sum() + d.sum()).backward()
        adam.step()
        kept = kept or json.loads(json.dumps({"lr": [g["lr"] for g in adam.param_groups]}))
    again = torch.optim.Adam([{"params": [c]}, {"params": [d], "lr": 0.5}], lr=0.7, amsgrad=True)
    again.load_state_dict(adam.state_dict())
    again.step()
    found += [
        c.detach(),
        d.detach(),
        kept,
        [g["lr"] for g in again.param_groups],
        again.state_dict()["state"][0]["exp_avg"],
    ]
    lines = str(optimizer).splitlines()
    return [
        *found,
        lines[0],
        lines[1],
        [line for line in lines if line.strip().startswith("lr:")],
        lines[-1],
    ]


def schedules(torch):
    def optimizer(rate=0.8):
        return torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=rate)

    kinds, found = torch.optim.lr_scheduler, []
    one = optimizer()
    schedule = kinds.StepLR(one, 2, gamma=0.5)
    for epoch in (0, 3, 4):
        one.step()
        schedule.step(epoch)
        found.append(one.param_groups[0]["lr"])
    found += [schedule.get_last_lr(), schedule.last_epoch]
    two = optimizer()
    two.param_groups[0].update(initial_lr=0.8, lr=0.4)  # as the optimizer was after epoch 3
    schedule = kinds.StepLR(two, 2, gamma=0.5, last_epoch=3)
    two.step()
    schedule.step()
    return [*found, two.param_groups[0]["lr"], schedule.last_epoch]


def averages(torch):
    swa, nn = torch.optim.swa_utils, torch.nn
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    mean, found = swa.AveragedModel(net, multi_avg_fn=swa.get_ema_multi_avg_fn(0.9)), []
    for _ in range(3):
        net(torch.randn(5, 3))
        with torch.no_grad():
            net[0].weight.add_(0.5)
        mean.update_parameters(net)
    found += [mean.module[0].weight, mean.module[1].running_mean, mean.n_averaged]
    data = [(torch.randn(6, 3), torch.zeros(6)) for _ in range(3)]
    swa.update_bn(data, mean)
    found += [
        mean.module[1].running_mean,
        mean.module[1].running_var,
        mean.module[1].num_batches_tracked,
        mean.module[1].momentum,
    ]
    swa.update_bn([x for x, _ in data], net.eval())
    found += [net[1].running_mean, net.training]
    swa.update_bn(data, nn.Linear(3, 1))
    both = swa.AveragedModel(net, use_buffers=True)
    both.update_parameters(net)
    return [*found, both.module[1].running_var]


def moments_of_distributions(torch):
    kinds = torch.distributions
    a, b = torch.tensor([0.2, 0.7]), torch.tensor([1.0, 2.0])
    p = torch.tensor([0.2, 0.5])
    made = (
        kinds.Normal(a, b), kinds.Uniform(a, b), kinds.Exponential(b), kinds.Laplace(a, b), kinds.HalfNormal(b), kinds.Gamma(b, a), kinds.Poisson(b),
        kinds.Binomial(5, p), kinds.Bernoulli(p), kinds.Categorical(p), kinds.OneHotCategorical(p), kinds.Geometric(p), kinds.Multinomial(5, p),
        kinds.MultivariateNormal(b, torch.eye(2) * 2), kinds.Independent(kinds.Normal(a, b), 1), kinds.Beta(a, b), kinds.Dirichlet(b), kinds.Gumbel(a, b),
    )  # fmt: skip
    missing = {
        ("Binomial", "entropy"),
        ("Multinomial", "entropy"),
        ("Beta", "mode"),
        ("Dirichlet", "mode"),
        ("Dirichlet", "variance"),
    }
    found = []
    for each in made:
        for called in ("mean", "variance", "mode", "entropy"):
            if (type(each).__name__, called) in missing:
                continue
            value = refusal(lambda each=each, called=called: getattr(each, called))
            found.append((type(each).__name__, called, refusal(value) if callable(value) else value))
    return found


def draws_of_distributions(torch):
    kinds = torch.distributions
    a, b, whole = torch.tensor([0.2, 0.7]), torch.tensor([1.0, 2.0]), torch.tensor([[2.0, 0.5], [0.5, 1.0]])
    made = (
        kinds.Uniform(a, b), kinds.Exponential(b), kinds.Laplace(a, b), kinds.Independent(kinds.Normal(a, b), 1), kinds.MultivariateNormal(b, whole),
        kinds.MultivariateNormal(b, precision_matrix=whole), kinds.MultivariateNormal(b, scale_tril=torch.eye(2) * 2), kinds.Bernoulli(a), kinds.OneHotCategorical(b),
    )  # fmt: skip
    found = [each.sample((2,)) for each in made] + [each.rsample() for each in made if each.has_rsample]
    found += [
        kinds.Normal(a, b).sample_n(2),
        kinds.Categorical(b).param_shape,
        kinds.Normal(a, b).cdf(b),
        made[5].covariance_matrix,
    ]
    found += [
        kinds.Poisson(b).sample((3,)).shape,
        kinds.Binomial(5, a).sample((3,)).shape,
        kinds.Binomial(5, torch.tensor([0.3, 0.5])).sample((4000,)).mean(0) // 1,
    ]
    found += [
        kinds.Poisson(b * 10).sample((4000,)).mean(0) // 4,
        kinds.Uniform(a, b).log_prob(a + 0.1),
        made[4].log_prob(b),
        made[4].entropy(),
    ]
    return [
        *found,
        *(refusal(kind) for kind in (kinds.Categorical, kinds.Bernoulli)),
        *(refusal(kind, b, b) for kind in (kinds.Categorical, kinds.Bernoulli)),
    ]


def distances_of_distributions(torch):
    kinds = torch.distributions
    a, b = torch.tensor([0.2, 0.7]), torch.tensor([0.6, 0.3])
    normal = kinds.Independent(kinds.Normal(a, b), 1), kinds.Independent(kinds.Normal(b, a), 1)
    pairs = (
        (kinds.Categorical(a), kinds.Categorical(b)),
        (kinds.Bernoulli(a), kinds.Bernoulli(b)),
        normal,
        (kinds.Uniform(a, a + 1), kinds.Uniform(a - 1, a + 2)),
    )
    return [kinds.kl_divergence(p, q) for p, q in pairs]


def transforms_of_distributions(torch):
    kinds, x = torch.distributions.transforms, torch.tensor([0.2, 0.7])
    chain = kinds.ComposeTransform([kinds.AffineTransform(0.5, 2.0), kinds.ExpTransform()])
    found = [
        chain(x),
        chain.inv(chain(x)),
        chain.log_abs_det_jacobian(x, chain(x)),
        chain.inv.inv(x),
        chain.inv.log_abs_det_jacobian(chain(x), x),
    ]
    for transform in (
        kinds.ExpTransform(),
        kinds.SigmoidTransform(),
        kinds.TanhTransform(),
        kinds.AffineTransform(1.0, 3.0),
    ):
        y = transform(x)
        found += [y, transform.inv(y), transform.log_abs_det_jacobian(x, y)]
    return found


def one_process(torch):
    dist, tensor = torch.distributed, torch.tensor([1.0, 2.0])
    found = [dist.is_torchelastic_launched()]
    with tempfile.TemporaryDirectory() as folder:
        dist.init_process_group("gloo", init_method=f"file://{folder}/group", world_size=1, rank=0)
        try:
            parts, objects, into = [torch.zeros(2)], [None], torch.zeros(2)
            dist.gather(tensor, parts)
            dist.scatter(into, [tensor * 2])
            dist.all_gather_object(objects, {"a": 1})
            found += [
                parts,
                into,
                objects,
                refusal(
                    lambda: dist.init_process_group(
                        "gloo", init_method=f"file://{folder}/b", world_size=1, rank=0
                    )
                ),
            ]
            model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(2, 1))
            with model.no_sync():
                model(tensor).sum().backward()
            found.append(model.module.weight.grad)
        finally:
            dist.destroy_process_group()
    return found


def what_stands_around(torch):
    jit, multi = torch.jit, torch.multiprocessing
    return [
        [jit.isinstance(*case) for case in (
            ([1], List[int]), (["a"], List[int]), ({"a": 1}, Dict[str, int]), ({"a": "b"}, Dict[str, int]), ((1, "a"), Tuple[int, str]), ((1,), Tuple[int, str]),
            (None, Optional[int]), ("a", Optional[int]), ([None], List[Optional[int]]), (3, int), (3, str), ([[1], [2.5]], List[List[int]]),
        )], multi.get_sharing_strategy() in multi.get_all_sharing_strategies(),
        torch.zeros(0).share_memory_().shape, torch.hub.get_dir().endswith("hub"), refusal(torch.hub.load, "nowhere", "a", source="nope"),
    ]  # fmt: skip
